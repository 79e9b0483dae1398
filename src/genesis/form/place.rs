//! How a table says where something stands in a document.

use std::fmt;

/// The names of elements that lead from one element to others deep inside it.
pub(in crate::genesis) type Path = &'static [&'static str];

/// Where one thing stands in files that vary, the usual place first: what is new is written there,
/// unless the file has another of these already.
pub(in crate::genesis) type Paths = &'static [Path];

/// Where a value stands in its element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::genesis) enum Field {
    /// In the text of a child element.
    Child(&'static str),
    /// In an attribute.
    Attribute(&'static str),
    /// In the text of the element itself.
    Text,
}

/// The places of one value in its element, the usual one first. Of several that are there, the
/// first holds the value.
pub(in crate::genesis) type Fields = &'static [Field];

/// A value that stands in the element that a path leads to.
#[derive(Debug, Clone, Copy)]
pub(in crate::genesis) struct Place {
    /// From the root.
    pub around: Path,
    pub field: Field,
}

/// The places of one value in the document, the usual one first.
pub(in crate::genesis) type Places = &'static [Place];

/// Many texts of one kind, such as criteria. Of several paths the first that leads anywhere counts.
#[derive(Debug, Clone, Copy)]
pub(in crate::genesis) struct Texts {
    pub paths: Paths,
    /// The attributes that together say it where an element has no text.
    pub parts: &'static [&'static str],
}

/// An entry of some log, and what it says where.
#[derive(Debug, Clone, Copy)]
pub(in crate::genesis) struct EntryNames {
    /// To each entry.
    pub paths: Paths,
    /// Whether the form has a place for it even where a file has none yet.
    pub made: bool,
    /// What an entry says, in the form's order.
    pub parts: &'static [(Part, Fields)],
}

/// One of the things that entries say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::genesis) enum Part {
    Id,
    Time,
    Status,
    Kind,
    Title,
    Description,
    Actor,
    Changes,
    Category,
    Context,
    Decision,
    Rationale,
    Value,
    Unit,
}

impl Place {
    /// In the text of a child.
    pub(super) const fn child(around: Path, name: &'static str) -> Place {
        Place { around, field: Field::Child(name) }
    }

    /// In an attribute.
    pub(super) const fn attribute(around: Path, name: &'static str) -> Place {
        Place { around, field: Field::Attribute(name) }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Child(name) => write!(f, "`{name}`"),
            Field::Attribute(name) => write!(f, "an attribute `{name}`"),
            Field::Text => f.write_str("a text"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = match self.field {
            Field::Child(name) => format!("`<{name}>`"),
            field => field.to_string(),
        };
        match self.around.last() {
            Some(around) => write!(f, "{field} to `{around}`"),
            None => f.write_str(&field),
        }
    }
}

impl Texts {
    /// Texts that stand nowhere but in their elements.
    pub(super) const fn plain(paths: Paths) -> Texts {
        Texts { paths, parts: &[] }
    }

    /// Criteria: some are written as `<criterion metric="…" target="…"/>`.
    pub(super) const fn criteria(paths: Paths) -> Texts {
        Texts { paths, parts: &["metric", "target"] }
    }
}

impl EntryNames {
    /// The places of one part; none where the form's entries do not say it.
    pub(in crate::genesis) fn of(&self, part: Part) -> Fields {
        self.parts.iter().find(|(known, _)| *known == part).map_or(&[], |(_, fields)| *fields)
    }

    /// Whether the form's entries say this.
    pub(in crate::genesis) fn says(&self, part: Part) -> bool {
        !self.of(part).is_empty()
    }
}
