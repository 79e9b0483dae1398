//! New elements and how they are written.

use crate::genesis::form::Field;

use super::escape;
use super::layout::Style;

/// An element to be written.
#[derive(Debug, Clone)]
pub(super) enum New {
    /// One that stood elsewhere, byte for byte.
    Moved(String),
    /// A new one.
    Element { name: &'static str, attributes: Vec<(&'static str, String)>, body: Body },
}

/// What is in a new element.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Empty,
    Text(String),
    Children(Vec<New>),
}

impl New {
    /// `<name/>`.
    pub(super) fn empty(name: &'static str) -> New {
        New::Element { name, attributes: Vec::new(), body: Body::Empty }
    }

    /// `<name>text</name>`.
    pub(super) fn text(name: &'static str, text: &str) -> New {
        New::Element { name, attributes: Vec::new(), body: Body::Text(text.to_owned()) }
    }

    /// `<name>` with `children`; an empty element if there are none.
    pub(super) fn with(name: &'static str, children: Vec<New>) -> New {
        let body = if children.is_empty() { Body::Empty } else { Body::Children(children) };
        New::Element { name, attributes: Vec::new(), body }
    }

    /// The same inside new elements of these names, the outermost first.
    pub(super) fn inside(self, names: &[&'static str]) -> New {
        names.iter().rev().fold(self, |new, name| New::with(name, vec![new]))
    }

    /// All of `new` inside new elements of these names, the outermost first; as they are, if there are none.
    pub(super) fn all_inside(new: Vec<New>, names: &[&'static str]) -> Vec<New> {
        names.iter().rev().fold(new, |new, name| vec![New::with(name, new)])
    }

    /// The same with `value` in the first of `fields`.
    #[must_use]
    pub(super) fn field(mut self, fields: &[Field], value: &str) -> New {
        if let New::Element { attributes, body, .. } = &mut self {
            match fields.first() {
                Some(Field::Attribute(name)) => attributes.push((name, value.to_owned())),
                Some(Field::Child(name)) => body.add(New::text(name, value)),
                Some(Field::Text) => *body = Body::Text(value.to_owned()),
                None => {}
            }
        }
        self
    }

    /// The same with one more child.
    #[must_use]
    pub(super) fn child(mut self, child: New) -> New {
        if let New::Element { body, .. } = &mut self {
            body.add(child);
        }
        self
    }

    /// The same with `value` in the first of `fields`, unless it would be empty.
    #[must_use]
    pub(super) fn optional(self, fields: &[Field], value: &str) -> New {
        if escape::clean(value).trim().is_empty() { self } else { self.field(fields, value) }
    }

    /// As text, without the line break and the indentation before it.
    pub(super) fn written(&self, style: &Style<'_>) -> String {
        let mut text = String::new();
        self.write(style, style.indent, &mut text);
        text
    }

    fn write(&self, style: &Style<'_>, indent: &str, text: &mut String) {
        let (name, attributes, body) = match self {
            New::Moved(raw) => return text.push_str(raw),
            New::Element { name, attributes, body } => (name, attributes, body),
        };
        text.extend(["<", name]);
        for (name, value) in attributes {
            text.extend([" ", name, "=\"", &escape::value(value), "\""]);
        }
        match body {
            Body::Empty => return text.push_str("/>"),
            Body::Text(inside) => {
                text.push('>');
                text.push_str(&escape::content(inside.trim(), style.text_break));
            }
            Body::Children(children) => {
                text.push('>');
                write_children(children, style, indent, text);
            }
        }
        text.extend(["</", name, ">"]);
    }
}

fn write_children(children: &[New], style: &Style<'_>, indent: &str, text: &mut String) {
    let inner = format!("{indent}{}", style.unit);
    for child in children {
        if let Some(newline) = style.newline {
            text.push_str(newline);
            text.push_str(&inner);
        }
        child.write(style, &inner, text);
    }
    if let Some(newline) = style.newline {
        text.push_str(newline);
        text.push_str(indent);
    }
}

impl Body {
    fn add(&mut self, child: New) {
        match self {
            Body::Children(children) => children.push(child),
            Body::Empty | Body::Text(_) => *self = Body::Children(vec![child]),
        }
    }
}
