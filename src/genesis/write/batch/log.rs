//! What a batch adds to the audit log.

use crate::genesis::form::Path;
use crate::genesis::tree::Node;
use crate::genesis::write::Writer;
use crate::genesis::write::insert::Place;
use crate::genesis::write::transition::written;
use crate::genesis::xml::Xml;
use crate::genesis::{Genesis, Splice, Transition};

/// So many bytes are kept together: a single text would have to be copied again and again as it grows.
const PIECE: usize = 64 * 1024;

/// The audit log, and what is added at its end.
#[derive(Debug)]
pub(super) struct Log {
    path: Path,
    parent: Node,
    place: Place,
    sample: Option<Node>,
    shouts: bool,
    added: Vec<Splice>,
}

impl Log {
    /// The log that `path` leads to; nothing, if there is none, or one without entries: behind none, no other can be added by itself.
    pub(super) fn at(writer: &Writer<'_>, path: Path) -> Option<Self> {
        let (name, around) = path.split_last()?;
        let parent = around.iter().try_fold(Xml::ROOT, |node, step| writer.xml.named(node, step).last())?;
        let place = writer.place(parent, around, name);
        let (sample, shouts) = writer.log_style(path);
        (place != Place::Only).then(|| Self { path, parent, place, sample, shouts, added: Vec::new() })
    }

    /// Adds what is said of a transition.
    pub(super) fn add(&mut self, genesis: &Genesis, transition: &Transition<'_>) {
        let mut writer = Writer::of(genesis);
        let at = written(transition.at);
        let said = writer.said_in_log(transition, &at, true);
        let new = writer.log_entry(self.path, self.sample, self.shouts, &said.parts());
        writer.insert_at(self.parent, self.place, &[new]);
        writer.splices.into_iter().for_each(|splice| self.append(splice));
    }

    fn append(&mut self, splice: Splice) {
        let has_room = |last: &&mut Splice| last.text.len() + splice.text.len() <= PIECE;
        match self.added.last_mut().filter(has_room) {
            Some(last) => last.text.push_str(&splice.text),
            None => self.added.push(splice),
        }
    }

    /// All that was added, at one place, in its order.
    pub(super) fn added(&self) -> &[Splice] {
        &self.added
    }
}
