//! A plan that is run in this clone: the kernel tells when something changes.

use super::{Seen, closed, place};
use crate::cli::error::CliError;
use crate::run::{Moment, observe};

pub(super) fn watch(mut seen: Seen, look: &dyn Fn() -> Result<Seen, CliError>) -> Result<u8, CliError> {
    let Some(run) = seen.looked.known.run.clone() else { return Ok(0) };
    let (plan, state) = (seen.looked.context.path.clone(), seen.looked.context.state.clone());
    let mut show = place();
    let lift = |error| CliError::run(&plan, error);
    let over = observe(&plan, &state, &run, &lift, &mut |moment| {
        match moment {
            Moment::Suspended => return show.pause(),
            Moment::Changed => match look() {
                Ok(now) => seen = now,
                // A person may be at it with an editor: what was seen last stands until it can be read again.
                Err(error) => return show.trouble(&unreadable(&error)),
            },
            Moment::Passed | Moment::Resized | Moment::Continued => {}
        }
        show.show(moment, &seen)
    });
    closed(show, &seen, over)
}

fn unreadable(error: &CliError) -> String {
    let last = error.message.lines().last().unwrap_or_default();
    format!("note    the plan can't be read at the moment: {last}")
}
