//! The status lists.

use crate::genesis::form::Names;
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;
use crate::genesis::{Ref, Status};

use super::{all, task_ref};

/// The attribute of a list's entry that says which of the list's two statuses it means. Only
/// written where nothing else can: a task that is only referred to has no history.
pub(in crate::genesis) const STATUS: &str = "status";

/// One entry of a status list.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::genesis) struct Listed {
    /// The status that the list is called after.
    pub list: Status,
    /// The status that the entry means: another one that has the same list, or the list's.
    pub status: Status,
    /// The task it names.
    pub reference: Ref,
    /// The entry.
    pub node: Node,
}

/// All entries of all lists, in the order of the text.
pub(super) fn read(xml: Xml<'_>, names: &'static Names) -> Vec<Listed> {
    let trackers = all(xml, Xml::ROOT, names.tracker.paths);
    let lists = trackers.into_iter().flat_map(|tracker| xml.children(tracker));
    lists
        .filter_map(|list| Some((names.lists.status(xml.name(list))?, list)))
        .flat_map(|(status, list)| {
            xml.named(list, names.tracker.entry).map(move |node| entry(xml, names, status, node))
        })
        .collect()
}

/// The entry `node` of the list that is called after `list`.
pub(super) fn entry(xml: Xml<'_>, names: &Names, list: Status, node: Node) -> Listed {
    let said = xml.attribute(node, STATUS).and_then(|word| Status::from_word(&xml.value(&word)));
    let status = said.filter(|said| names.lists.of(*said) == names.lists.of(list));
    Listed { list, status: status.unwrap_or(list), reference: task_ref(xml, node, names.tracker.id), node }
}
