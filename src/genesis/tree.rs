//! The elements of a document as an arena of byte offsets: no strings, no recursion.

use std::ops::Range;

use super::shift::Shift;

/// The place of an element in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node(pub(super) u32);

/// All elements, in the order of their start tags, the root first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tree {
    elements: Vec<Element>,
}

/// One element. Offsets are bytes of the source; documents are far smaller than 4 GiB.
#[derive(Debug, Clone, PartialEq, Eq)]
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

    /// Moves every element to where the edit that `shift` knows has put it.
    pub(super) fn shift(&mut self, shift: &Shift) {
        let mut passed = 0;
        for element in &mut self.elements {
            passed = shift.passed(passed, element.start as usize);
            match shift.even(passed, element.end as usize) {
                Some(by) => element.move_by(by),
                None => element.move_apart(shift),
            }
        }
    }

    /// Puts `new`, whose top elements are children of `parent`, in the place of `nodes`, whole elements inside `parent`.
    pub(super) fn replace(&mut self, parent: Node, nodes: &Range<u32>, new: &Tree) {
        let grown = i64::from(small(new.len())) - i64::from(nodes.end - nodes.start);
        let moved = |place: u32| u32::try_from(i64::from(place) + grown).unwrap_or(u32::MAX);
        for element in self.elements.iter_mut().skip(nodes.end as usize).filter(|_| grown != 0) {
            element.after = moved(element.after);
            if element.parent >= nodes.end {
                element.parent = moved(element.parent);
            }
        }
        self.widen(parent, moved);
        let inside = |element: &Element| Element {
            after: element.after + nodes.start,
            parent: if element.parent == u32::MAX { parent.0 } else { element.parent + nodes.start },
            ..element.clone()
        };
        self.elements.splice(nodes.start as usize..nodes.end as usize, new.elements.iter().map(inside));
    }

    /// `node` and all elements around it end later, or earlier.
    fn widen(&mut self, node: Node, moved: impl Fn(u32) -> u32) {
        let mut at = Some(node.0);
        while let Some(element) = at.and_then(|at| self.elements.get_mut(at as usize)) {
            element.after = moved(element.after);
            at = Some(element.parent).filter(|parent| Some(*parent) != at);
        }
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

impl Element {
    fn is_empty_tag(&self) -> bool {
        self.content_end == self.end
    }

    fn move_by(&mut self, by: i64) {
        let places =
            [&mut self.start, &mut self.name_end, &mut self.content, &mut self.content_end, &mut self.end];
        for place in places {
            *place = u32::try_from(i64::from(*place) + by).unwrap_or(u32::MAX);
        }
    }

    /// The edit is inside of it, between its tags.
    fn move_apart(&mut self, shift: &Shift) {
        let start = |place: u32| small(shift.start(place as usize));
        let end = |place: u32| small(shift.end(place as usize));
        self.content_end = if self.is_empty_tag() { end(self.content_end) } else { start(self.content_end) };
        self.start = start(self.start);
        self.name_end = end(self.name_end);
        self.content = end(self.content);
        self.end = end(self.end);
    }
}

/// An offset or index as the arena stores it. The scanner refuses texts that are too large for it.
pub(super) fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
