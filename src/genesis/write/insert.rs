//! New elements in their schema position, laid out as their neighbours are.

use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;

use super::Writer;
use super::element::New;
use super::layout::{self, Line, Style, own_line};

/// Where among the children of an element something new goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    After(Node),
    Before(Node),
    /// There are no children.
    Only,
}

impl Writer<'_> {
    /// Adds `new` behind the last element that `path` leads to from `base`, which itself is what
    /// `base_path` leads to from the root. The elements around it are made where they are missing.
    pub(super) fn append(&mut self, base: Node, base_path: &[&'static str], path: &[&'static str], new: New) {
        self.append_all(base, base_path, path, vec![new]);
    }

    /// The same for many, which come together.
    pub(super) fn append_all(
        &mut self,
        base: Node,
        base_path: &[&'static str],
        path: &[&'static str],
        new: Vec<New>,
    ) {
        let [around @ .., name] = path else { return };
        let mut parent = base;
        for (depth, step) in around.iter().enumerate() {
            let Some(found) = self.xml.named(parent, step).last() else {
                let missing = New::all_inside(new, around.get(depth + 1..).unwrap_or_default());
                let path = [base_path, around.get(..depth).unwrap_or_default()].concat();
                let wrapped = New::with(step, missing);
                return self.insert(parent, &path, vec![(step, wrapped)]);
            };
            parent = found;
        }
        self.insert_many(parent, &[base_path, around].concat(), name, &new);
    }

    /// Adds new children of these names to `parent`, each in its schema position.
    pub(super) fn insert(&mut self, parent: Node, path: &[&str], mut children: Vec<(&'static str, New)>) {
        let (xml, order) = (self.xml, self.names.order_in(path));
        children.sort_by_key(|(name, _)| order.iter().position(|other| other == name));
        let mut rest = children.into_iter().map(|(name, new)| (place(xml, parent, order, name), new));
        let mut next = rest.next();
        while let Some((place, new)) = next {
            let mut together = vec![new];
            next = rest.next();
            while let Some((_, new)) = next.take_if(|(other, _)| *other == place) {
                together.push(new);
                next = rest.next();
            }
            self.insert_at(parent, place, &together);
        }
    }

    /// Adds many new children of one name to `parent`, together.
    pub(super) fn insert_many(&mut self, parent: Node, path: &[&str], name: &str, new: &[New]) {
        self.insert_at(parent, self.place(parent, path, name), new);
    }

    /// Where a new child of that name goes in `parent`.
    pub(super) fn place(&self, parent: Node, path: &[&str], name: &str) -> Place {
        place(self.xml, parent, self.names.order_in(path), name)
    }

    pub(super) fn insert_at(&mut self, parent: Node, place: Place, new: &[New]) {
        match place {
            Place::After(sibling) => self.insert_after(parent, sibling, new),
            Place::Before(sibling) => self.insert_before(parent, sibling, new),
            Place::Only => self.insert_only(parent, new),
        }
    }

    fn insert_after(&mut self, parent: Node, sibling: Node, new: &[New]) {
        let span = self.xml.span(sibling);
        match own_line(self.xml, span.start) {
            Some(line) => {
                let limit = self.xml.content(parent).map_or(span.end, |content| content.end);
                let at = layout::end_of_line(self.xml, span.end, limit);
                let style = self.style(line, parent, sibling);
                self.splice(at..at, lines(new, line, line.indent, &style));
            }
            None => self.splice(span.end..span.end, within_line(new, &layout::flat(self.xml))),
        }
    }

    fn insert_before(&mut self, parent: Node, sibling: Node, new: &[New]) {
        let at = self.xml.span(sibling).start;
        match own_line(self.xml, at) {
            Some(line) => {
                let style = self.style(line, parent, sibling);
                let write = |new: &New| format!("{}{}{}", new.written(&style), line.newline, line.indent);
                self.splice(at..at, new.iter().map(write).collect::<String>());
            }
            None => self.splice(at..at, within_line(new, &layout::flat(self.xml))),
        }
    }

    fn insert_only(&mut self, parent: Node, new: &[New]) {
        let Some(content) = self.xml.content(parent) else {
            return self.open_empty(parent, new);
        };
        if let Some(line) = own_line(self.xml, content.end) {
            let at = content.end - line.indent.len() - line.newline.len();
            let text = self.lines_inside(parent, line, new);
            return self.splice(at..at, text);
        }
        let blank = self.xml.slice(content.clone()).trim().is_empty();
        if let Some(line) = own_line(self.xml, self.xml.span(parent).start).filter(|_| blank) {
            let text = self.lines_inside(parent, line, new);
            self.splice(content, format!("{text}{}{}", line.newline, line.indent));
        } else {
            let text = within_line(new, &layout::flat(self.xml));
            self.splice(content.end..content.end, text);
        }
    }

    /// Makes an empty-element tag a pair of tags with `new` between them.
    fn open_empty(&mut self, parent: Node, new: &[New]) {
        let tag = self.xml.start_tag(parent);
        let text = self.xml.slice(tag.clone());
        let kept = text.trim_end_matches("/>").trim_end().len();
        let name = self.xml.name(parent);
        let inside = match own_line(self.xml, tag.start) {
            Some(line) => {
                let text = self.lines_inside(parent, line, new);
                format!("{text}{}{}", line.newline, line.indent)
            }
            None => within_line(new, &layout::flat(self.xml)),
        };
        self.splice(tag.start + kept..tag.end, format!(">{inside}</{name}>"));
    }

    /// `new` on lines of their own inside `parent`, whose last tag begins `line`.
    fn lines_inside(&self, parent: Node, line: Line<'_>, new: &[New]) -> String {
        let unit = layout::unit(self.xml, parent);
        let indent = format!("{}{unit}", line.indent);
        lines(new, line, &indent, &Style { indent: &indent, ..layout::block(line, unit) })
    }

    fn style<'a>(&'a self, line: Line<'a>, parent: Node, sibling: Node) -> Style<'a> {
        let style = layout::block(line, layout::unit(self.xml, parent));
        layout::like(self.xml, style, sibling)
    }
}

fn lines(new: &[New], line: Line<'_>, indent: &str, style: &Style<'_>) -> String {
    new.iter().flat_map(|new| [line.newline.into(), indent.into(), new.written(style)]).collect()
}

fn within_line(new: &[New], style: &Style<'_>) -> String {
    new.iter().map(|new| new.written(style)).collect()
}

/// Behind the last of its like; else where `order` has it: behind what comes before it, unless
/// what comes after it stands earlier in this document.
fn place(xml: Xml<'_>, parent: Node, order: &[&str], name: &str) -> Place {
    if let Some(last) = xml.children(parent).filter(|child| xml.name(*child) == name).last() {
        return Place::After(last);
    }
    let rank = |name: &str| order.iter().position(|other| *other == name);
    let ranked = |child: &Node| rank(xml.name(*child)).zip(rank(name));
    let before = xml.children(parent).filter(|child| ranked(child).is_some_and(|(a, b)| a < b)).last();
    let after = xml.children(parent).find(|child| ranked(child).is_some_and(|(a, b)| a > b));
    match (before, after) {
        (Some(before), Some(after)) if after < before => Place::Before(after),
        (Some(before), _) => Place::After(before),
        (None, Some(after)) => Place::Before(after),
        (None, None) => xml.tree.children(parent).last().map_or(Place::Only, Place::After),
    }
}
