//! What goes wrong with saving beside a run: each kind of trouble is told once, until saving works again.

use std::fmt::Display;
use std::mem::{Discriminant, discriminant};

use crate::git::RemoteError;
use crate::run::Asides;

/// Tells it as the run's own warnings and notes are told.
#[derive(Debug)]
pub(in crate::run) struct Troubles {
    asides: Asides,
    /// What can't be saved.
    what: String,
    /// The kinds that were told; nothing for what is no trouble of the remote's.
    told: Vec<Option<Discriminant<RemoteError>>>,
}

impl Troubles {
    /// `what` is to be saved, and where.
    pub(in crate::run) fn new(asides: Asides, what: String) -> Self {
        Self { asides, what, told: Vec::new() }
    }

    /// It could not be saved, for a reason of that kind; `then` says what follows from that.
    pub(in crate::run) fn tell(&mut self, kind: Option<&RemoteError>, error: &dyn Display, then: &str) {
        let kind = kind.map(discriminant);
        if !self.told.contains(&kind) {
            self.told.push(kind);
            self.asides.warn(format!("can't save {}: {error}; {then}", self.what));
        }
    }

    /// It was saved.
    pub(in crate::run) fn are_over(&mut self) {
        if !self.told.is_empty() {
            self.told.clear();
            self.asides.note(format!("saving works again: {} is saved", self.what));
        }
    }

    /// Something else to look at.
    pub(in crate::run) fn say(&self, text: impl Into<String>) {
        self.asides.warn(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunEvent;

    fn away(said: &str) -> RemoteError {
        RemoteError::Unreachable { remote: "origin".into(), said: said.into(), is_final: false }
    }

    #[test]
    fn each_kind_is_told_once_until_it_works_again() {
        let asides = Asides::default();
        let mut troubles = Troubles::new(asides.clone(), "it".into());
        let refused = RemoteError::Refused { remote: "origin".into(), said: "no".into() };
        troubles.are_over();
        for error in [&away("a"), &away("b"), &refused, &refused, &away("c")] {
            troubles.tell(Some(error), error, "then");
        }
        troubles.tell(None, &"the disk is full", "then");
        troubles.are_over();
        troubles.are_over();
        troubles.tell(Some(&away("d")), &away("d"), "then");
        let told = asides.take().into_iter().map(|event| match event {
            RunEvent::Note(text) | RunEvent::Warning { text, .. } => text,
            other => panic!("{other:?}"),
        });
        let expected = [
            "can't save it: can't reach remote `origin`: a; then",
            "can't save it: remote `origin` refused the push: no; then",
            "can't save it: the disk is full; then",
            "saving works again: it is saved",
            "can't save it: can't reach remote `origin`: d; then",
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }
}
