//! Lists of ids in text: `a, b c`.

use crate::genesis::Ref;
use crate::genesis::chars::SPACE;
use crate::genesis::scan::Attribute;
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;

/// Whether `c` ends an id.
pub(super) fn separates(c: char) -> bool {
    c == ',' || SPACE.contains(&c)
}

/// The ids in `node`: in its text, or one in each element inside it, as its text or its `id`.
pub(super) fn read(xml: Xml<'_>, node: Node) -> Vec<Ref> {
    let mut children = xml.children(node).peekable();
    if children.peek().is_none() {
        return in_text(xml, node);
    }
    children.flat_map(|child| in_child(xml, child)).collect()
}

/// The ids in an attribute.
pub(super) fn value(xml: Xml<'_>, attribute: &Attribute) -> Vec<Ref> {
    let raw = xml.slice(attribute.value.clone());
    if raw.contains('&') {
        let whole = |(_, id): (usize, &str)| Ref { id: id.to_owned(), span: attribute.value.clone() };
        return words(&xml.value(attribute)).map(whole).collect();
    }
    exact(raw, attribute.value.start)
}

/// An element that says something, but names no task where one is looked for, is a reference to none: it must not go unseen.
fn in_child(xml: Xml<'_>, child: Node) -> Vec<Ref> {
    let found = in_text(xml, child);
    if !found.is_empty() {
        return found;
    }
    match xml.attribute(child, "id") {
        Some(id) => vec![Ref { id: xml.value(&id).into_owned(), span: id.value }],
        None if xml.has_attributes(child) => vec![Ref { id: String::new(), span: xml.start_tag(child) }],
        None => Vec::new(),
    }
}

fn in_text(xml: Xml<'_>, node: Node) -> Vec<Ref> {
    let content = xml.content(node).unwrap_or_default();
    let raw = xml.slice(content.clone());
    if raw.contains(['<', '&']) {
        // What the text says stands nowhere in the source as such: the whole is the place.
        let whole = |(_, id): (usize, &str)| Ref { id: id.to_owned(), span: xml.text_span(node) };
        return words(&xml.text(node)).map(whole).collect();
    }
    exact(raw, content.start)
}

/// The ids in `raw`, which begins at the byte `start`.
fn exact(raw: &str, start: usize) -> Vec<Ref> {
    let place = |(at, id): (usize, &str)| Ref { id: id.to_owned(), span: start + at..start + at + id.len() };
    words(raw).map(place).collect()
}

/// The words of `text`, each with the byte it begins at.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split(separates).filter_map(move |word| {
        let start = at;
        at += word.len() + 1;
        (!word.is_empty()).then_some((start, word))
    })
}
