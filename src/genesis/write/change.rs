//! Changes of what is there: texts, attributes, whole elements.

use std::ops::Range;

use crate::genesis::Splice;
use crate::genesis::chars::SPACE;
use crate::genesis::form::Field;
use crate::genesis::pieces::{Kind, pieces};
use crate::genesis::tree::Node;

use super::element::New;
use super::{Writer, escape, layout};

impl Writer<'_> {
    /// Makes `text` the text of `node`. Comments in it, and the white space around it, stay.
    pub(super) fn set_text(&mut self, node: Node, text: &str) {
        if *self.xml.text(node) == *text {
            return;
        }
        let text = escape::content(text, "&#10;");
        let Some(content) = self.xml.content(node) else {
            return self.open_with_text(node, &text);
        };
        let mut words = self.words(&content).into_iter();
        self.splice(words.next().unwrap_or(content.start..content.start), text);
        for other in words {
            self.splice(other, "");
        }
    }

    /// Makes `value` the value in one place of `node`. A child that is missing is not made.
    pub(super) fn set_field(&mut self, node: Node, field: Field, value: &str) {
        match field {
            Field::Child(name) => {
                if let Some(child) = self.xml.child(node, name) {
                    self.set_text(child, value);
                }
            }
            Field::Attribute(name) => {
                let splices = self.attribute(node, name, Some(value));
                self.splices.extend(splices);
            }
            Field::Text => self.set_text(node, value),
        }
    }

    /// What gives `node` the attribute `name` with `value`, or takes it away.
    pub(super) fn attribute(&self, node: Node, name: &str, value: Option<&str>) -> Vec<Splice> {
        let known = self.xml.attribute(node, name);
        let (range, text) = match (known, value) {
            (None, None) => return Vec::new(),
            (Some(known), Some(value)) if *self.xml.value(&known) == *value => return Vec::new(),
            (Some(known), Some(value)) => (known.value, escape::value(value).replace('\'', "&apos;")),
            (Some(known), None) => {
                let before = self.xml.slice(0..known.name.start);
                (before.trim_end_matches(SPACE).len()..known.value.end + 1, String::new())
            }
            (None, Some(value)) => {
                let at = self.end_of_attributes(node);
                (at..at, format!(" {name}=\"{}\"", escape::value(value)))
            }
        };
        vec![Splice { range, text }]
    }

    /// Puts `new` in the place of `node`.
    pub(super) fn replace(&mut self, node: Node, new: &New) {
        let span = self.xml.span(node);
        let style = match layout::own_line(self.xml, span.start) {
            Some(line) => {
                let around = self.xml.parent(node).unwrap_or(node);
                layout::like(self.xml, layout::block(line, layout::unit(self.xml, around)), node)
            }
            None => layout::flat(self.xml),
        };
        let text = new.written(&style);
        self.splice(span, text);
    }

    /// Takes `node` away, and its line with it.
    pub(super) fn remove(&mut self, node: Node) {
        let lines = layout::whole_lines(self.xml, self.xml.span(node));
        self.splice(lines, "");
    }

    /// Behind the last attribute in the tag of `node`.
    fn end_of_attributes(&self, node: Node) -> usize {
        let tag = self.xml.start_tag(node);
        let text = self.xml.slice(tag.clone()).trim_end_matches('>');
        // Only an empty-element tag ends in a slash.
        tag.start + text.strip_suffix('/').unwrap_or(text).trim_end_matches(SPACE).len()
    }

    fn open_with_text(&mut self, node: Node, text: &str) {
        let tag = self.xml.start_tag(node);
        let kept = self.xml.slice(tag.clone()).trim_end_matches("/>").trim_end().len();
        let name = self.xml.name(node);
        self.splice(tag.start + kept..tag.end, format!(">{text}</{name}>"));
    }

    /// The bytes that make up the text in `content`: no comments, no white space at the ends.
    fn words(&self, content: &Range<usize>) -> Vec<Range<usize>> {
        let raw = self.xml.slice(content.clone());
        let trimmed = |(kind, range): (Kind, Range<usize>)| {
            let text = raw.get(range.clone()).unwrap_or_default();
            let start = range.start + text.len() - text.trim_start_matches(SPACE).len();
            let end = range.start + text.trim_end_matches(SPACE).len();
            (kind != Kind::Markup && start < end).then(|| content.start + start..content.start + end)
        };
        pieces(raw).filter_map(trimmed).collect()
    }
}
