//! The pieces of a document that an edit leaves to be scanned anew; the rest of the tree only moves.

use std::ops::Range;

use super::Splice;
use super::scan::{Around, scan_piece};
use super::shift::{Shift, moved};
use super::tree::{Node, Tree};
use super::xml::Xml;

/// A piece of an element's content, from behind one child to before another, that holds one splice or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    /// The element that it is in.
    pub(super) parent: Node,
    /// The elements that stand in it, as they were.
    pub(super) nodes: Range<u32>,
    /// How many stand there now.
    pub(super) grown_to: u32,
    /// Its bytes, as they were.
    old: Range<usize>,
    /// Its splices, by their number.
    splices: Range<usize>,
}

/// The tree of a document after an edit, and what in it is new.
#[derive(Debug)]
pub(super) struct Patched {
    pub(super) tree: Tree,
    pub(super) patches: Vec<Patch>,
}

/// Changes `tree`, that of `old`, into that of `new`, which is `old` with `splices` made.
///
/// `None` if it has to be scanned as a whole: because the edit touches the root's own tags, or leaves something that is not well-formed.
pub(super) fn patch(
    mut tree: Tree,
    old: &str,
    new: &str,
    splices: &[Splice],
    shift: &Shift,
) -> Option<Patched> {
    let (mut patches, pieces) = prepare(&tree, old, new, splices, shift)?;
    tree.shift(shift);
    for (patch, piece) in patches.iter_mut().zip(&pieces).rev() {
        patch.grown_to = u32::try_from(piece.len()).unwrap_or(u32::MAX);
        tree.replace(patch.parent, &patch.nodes, piece);
    }
    Some(Patched { tree, patches })
}

fn prepare(
    tree: &Tree,
    old: &str,
    new: &str,
    splices: &[Splice],
    shift: &Shift,
) -> Option<(Vec<Patch>, Vec<Tree>)> {
    let xml = Xml { source: old, tree };
    let patches = patches(xml, splices)?;
    let root_xmlns = xml.attribute(Xml::ROOT, "xmlns").map(|attribute| attribute.value);
    let scan = |patch: &Patch| {
        let start = moved(patch.old.start, shift.by(patch.splices.start));
        let end = moved(patch.old.end, shift.by(patch.splices.end));
        let foreign = tree.element(patch.parent).foreign;
        let around = Around { root_xmlns: root_xmlns.clone(), foreign, depth: depth(xml, patch.parent) };
        scan_piece(new, start..end, around)
    };
    let pieces = patches.iter().map(scan).collect::<Option<_>>()?;
    Some((patches, pieces))
}

/// The patches in the order of the text; none overlaps another.
fn patches(xml: Xml<'_>, splices: &[Splice]) -> Option<Vec<Patch>> {
    let mut patches: Vec<Patch> = Vec::new();
    for (number, splice) in splices.iter().enumerate() {
        let mut next = around(xml, splice, number)?;
        while let Some(last) =
            patches.pop_if(|last| last.old.start >= next.old.start && next.old.end >= last.old.end)
        {
            next.splices.start = last.splices.start;
        }
        match patches.last_mut() {
            Some(last) if last.old.start <= next.old.start && next.old.end <= last.old.end => {
                last.splices.end = next.splices.end;
            }
            Some(last) if next.old.start < last.old.end => return None,
            _ => patches.push(next),
        }
    }
    Some(patches)
}

/// The smallest piece that holds the splice.
fn around(xml: Xml<'_>, splice: &Splice, number: usize) -> Option<Patch> {
    let Range { start, end } = splice.range;
    let mut parent = Xml::ROOT;
    let mut content = inside(xml, parent, &splice.range)?;
    loop {
        let mut old = content.clone();
        let mut nodes = parent.0 + 1..xml.tree.element(parent).after;
        let mut deeper = None;
        for child in xml.tree.children(parent) {
            let span = xml.span(child);
            if span.end <= start {
                old.start = span.end;
                nodes.start = xml.tree.element(child).after;
            } else if span.start >= end {
                old.end = span.start;
                nodes.end = child.0;
                break;
            } else if let Some(content) = inside(xml, child, &splice.range) {
                deeper = Some((child, content));
                break;
            }
        }
        let Some((child, content_of_child)) = deeper else {
            return Some(Patch { parent, nodes, grown_to: 0, old, splices: number..number + 1 });
        };
        (parent, content) = (child, content_of_child);
    }
}

/// The content of `node`, if `range` is in it.
fn inside(xml: Xml<'_>, node: Node, range: &Range<usize>) -> Option<Range<usize>> {
    xml.content(node).filter(|content| content.start <= range.start && range.end <= content.end)
}

fn depth(xml: Xml<'_>, node: Node) -> usize {
    std::iter::successors(Some(node), |node| xml.parent(*node)).count()
}
