//! Start tags, end tags, and whether they match.

use std::ops::Range;

use crate::genesis::chars::{is_space, name_len};
use crate::genesis::tree::{Element, small};
use crate::genesis::{Code, Diagnostic, shown::shown};

use super::driver::{Open, Scanner};
use super::{MAX_DEPTH, attributes};

impl Scanner<'_> {
    /// The start tag `span`, or an empty-element tag.
    pub(super) fn start_tag(&mut self, span: Range<usize>, empty: bool) {
        let inside = span.start + 1..span.end - if empty { 2 } else { 1 };
        let text = self.source.get(inside.clone()).unwrap_or_default();
        let name = inside.start..inside.start + name_len(text);
        if name.is_empty() {
            return self.no_tag(span.start);
        }
        self.check_place(&name);
        let rest = name.end..inside.end;
        let xmlns = attributes::check(self.source, rest, &mut self.problems);
        self.open_element(&span, name, xmlns);
        if empty {
            self.close_element(span.end..span.end);
        }
    }

    /// The end tag `span`.
    pub(super) fn end_tag(&mut self, span: Range<usize>) {
        let inside = span.start + 2..span.end - 1;
        if self.open.last().is_some_and(|open| self.same(&open.name, &inside)) {
            return self.close_element(span);
        }
        let text = self.source.get(inside.clone()).unwrap_or_default();
        let name = text.split(is_space).next().unwrap_or_default();
        if !text.get(name.len()..).unwrap_or_default().chars().all(is_space) {
            let message = "an end tag holds nothing but a name";
            self.problems.note(Code::Markup, span.clone(), message);
        }
        match self.open.last() {
            Some(open) if self.source.get(open.name.clone()) == Some(name) => {
                self.close_element(span);
            }
            Some(open) => self.mismatch(span, name, open.clone()),
            None => {
                let message = format!("the end tag {} has no start tag", shown(name));
                self.problems.note(Code::TagMismatch, span, message);
                self.stopped = true;
            }
        }
    }

    /// Notes that the element whose name is `source[name]` is still open at the end.
    pub(super) fn unclosed(&mut self, name: Range<usize>) {
        let word = shown(self.source.get(name.clone()).unwrap_or_default());
        let message = format!("the element {word} is never closed");
        self.problems.note(Code::TagMismatch, name, message);
    }

    pub(super) fn open_element(
        &mut self,
        span: &Range<usize>,
        name: Range<usize>,
        xmlns: Option<Range<usize>>,
    ) {
        let around = self.open.last();
        let foreign = match &xmlns {
            // Where no namespace is given, it is that of the element around.
            None => around.is_some_and(|open| open.foreign),
            Some(_) => {
                around.is_some() && self.namespace(xmlns.as_ref()) != self.namespace(self.root_xmlns())
            }
        };
        let node = self.tree.open(Element {
            start: small(span.start),
            name_end: small(name.end),
            content: small(span.end),
            content_end: small(span.end),
            end: small(span.end),
            after: 0,
            parent: around.map_or(0, |open| open.node.0),
            foreign,
        });
        self.root.get_or_insert(node);
        self.open.push(Open { node, name, xmlns, foreign });
        if self.depth + self.open.len() > MAX_DEPTH {
            let message = format!("elements nested more than {MAX_DEPTH} deep");
            self.problems.note(Code::TooLarge, span.clone(), message);
            self.stopped = true;
        }
    }

    pub(super) fn close_element(&mut self, end_tag: Range<usize>) {
        if let Some(open) = self.open.pop() {
            self.tree.close(open.node, end_tag);
        }
    }

    /// The default namespace given at `xmlns`; empty is the same as none.
    fn namespace(&self, xmlns: Option<&Range<usize>>) -> &str {
        xmlns.and_then(|span| self.source.get(span.clone())).unwrap_or_default()
    }

    fn same(&self, name: &Range<usize>, other: &Range<usize>) -> bool {
        let bytes = self.source.as_bytes();
        bytes.get(name.clone()) == bytes.get(other.clone())
    }

    fn root_xmlns(&self) -> Option<&Range<usize>> {
        self.open.first().and_then(|root| root.xmlns.as_ref())
    }

    fn check_place(&mut self, name: &Range<usize>) {
        if self.open.is_empty() && self.root.is_some() {
            let word = shown(self.source.get(name.clone()).unwrap_or_default());
            let message = format!("{word} is a second root element");
            self.problems.note(Code::OutsideRoot, name.clone(), message);
        }
    }

    /// A `<` that begins no tag is most probably meant as text: what follows is looked at as such.
    fn no_tag(&mut self, at: usize) {
        let problem = Diagnostic::new(Code::Markup, at..at + 1, "this `<` begins no tag");
        self.problems.push(problem.help("write `&lt;` for the character itself"));
        self.at = at + 1;
    }

    fn mismatch(&mut self, span: Range<usize>, name: &str, open: Open) {
        let expected = shown(self.source.get(open.name.clone()).unwrap_or_default());
        let message = format!("the end tag {} does not close {expected}", shown(name));
        let problem = Diagnostic::new(Code::TagMismatch, span, message);
        let problem = problem.label(format!("expected the end of {expected}"));
        self.problems.push(problem.related(open.name, format!("{expected} begins here")));
        self.stopped = true;
    }
}
