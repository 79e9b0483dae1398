//! The elements of a document as an arena of byte offsets: no strings, no recursion.

use std::ops::Range;

/// The place of an element in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node(pub(super) u32);

/// All elements, in the order of their start tags, the root first.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    elements: Vec<Element>,
}

/// One element. Offsets are bytes of the source; documents are far smaller than 4 GiB.
#[derive(Debug, Clone)]
pub(super) struct Element {
    /// The `<` of the start tag.
    pub start: u32,
    /// The end of the name in the start tag.
    pub name_end: u32,
    /// Behind the `>` of the start tag.
    pub content: u32,
    /// The `<` of the end tag; behind the tag for an empty-element tag.
    pub content_end: u32,
    /// Behind the `>` of the end tag.
    pub end: u32,
    /// The first element that is not inside this one.
    pub after: u32,
    /// The element around this one; the root's is itself.
    pub parent: u32,
    /// In another default namespace than the root: not ours to read.
    pub foreign: bool,
}

impl Tree {
    /// An empty one with room for `elements`.
    pub(super) fn with_room(elements: usize) -> Tree {
        Tree { elements: Vec::with_capacity(elements) }
    }

    /// Adds an element whose end is not known yet.
    pub(super) fn open(&mut self, element: Element) -> Node {
        let node = Node(small(self.elements.len()));
        self.elements.push(element);
        node
    }

    /// Says where `node` ends: its end tag's bytes.
    pub(super) fn close(&mut self, node: Node, end_tag: Range<usize>) {
        let after = small(self.elements.len());
        if let Some(element) = self.elements.get_mut(node.0 as usize) {
            element.content_end = small(end_tag.start);
            element.end = small(end_tag.end);
            element.after = after;
        }
    }

    /// The element at `node`; an empty one that is not ours for a node of another tree.
    pub(super) fn element(&self, node: Node) -> &Element {
        const NONE: &Element = &Element {
            start: 0,
            name_end: 0,
            content: 0,
            content_end: 0,
            end: 0,
            after: 0,
            parent: 0,
            foreign: true,
        };
        self.elements.get(node.0 as usize).unwrap_or(NONE)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    /// The elements directly inside `node`.
    pub(super) fn children(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        let end = self.element(node).after;
        let first = Some(node.0 + 1).filter(|first| *first < end);
        std::iter::successors(first, move |child| {
            Some(self.element(Node(*child)).after).filter(|next| *next < end && next > child)
        })
        .map(Node)
    }
}

/// An offset or index as the arena stores it. The scanner refuses texts that are too large for it.
pub(super) fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
