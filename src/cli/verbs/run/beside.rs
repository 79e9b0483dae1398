//! What goes on beside a run, and may go on when it is over.

use std::rc::Rc;

use super::View;
use crate::cli::config::NotifyConfig;
use crate::cli::context::Context;
use crate::cli::elsewhere::Elsewhere;
use crate::cli::notify::{Notifier, Place, Programs};
use crate::run::{Asides, Settings};

/// What is told from there, and the programs that were started to tell somebody.
pub(super) struct Beside {
    pub(super) asides: Asides,
    programs: Rc<Programs>,
}

impl Beside {
    pub(super) fn new() -> Self {
        let asides = Asides::default();
        let programs = Rc::new(Programs::new(asides.clone()));
        Self { asides, programs }
    }

    /// Who tells somebody of the run, where the configuration says so.
    pub(super) fn notifier(
        &self,
        context: &Context,
        notify: Option<NotifyConfig>,
        settings: &Settings,
        elsewhere: Option<Elsewhere>,
    ) -> Option<Notifier> {
        let place = Place::new(&context.path, &context.epic, elsewhere);
        let log = context.state.path().join("notify.log");
        notify.map(|notify| Notifier::new(notify, place, &settings.secrets, log, &self.programs))
    }

    /// Comes to an end with all of it: what no run has told any more is told now, as far as `view` shows such things.
    pub(super) fn end(&self, view: View) {
        if let Some(trouble) = self.programs.end() {
            self.asides.warn(trouble);
        }
        // Bars are for a run that goes on.
        let show = if view == View::Bars { View::Lines } else { view }.show();
        self.asides.take().iter().for_each(show);
    }
}
