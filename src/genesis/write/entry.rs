//! New entries of logs: what they say stands where the entries beside them say it.

use crate::genesis::form::{EntryNames, Field, Part};
use crate::genesis::tree::Node;
use crate::genesis::view::in_place;

use super::Writer;
use super::element::New;

/// What an entry is to say. Parts without a text are left out.
type Said<'a> = [(Part, Option<&'a str>)];

impl Writer<'_> {
    /// An entry that says `said`, like `sample` where there is one.
    pub(super) fn new_entry(
        &self,
        name: &'static str,
        names: &EntryNames,
        said: &Said<'_>,
        sample: Option<Node>,
    ) -> New {
        let text_of = |part: Part| said.iter().find(|(known, _)| *known == part).and_then(|(_, text)| *text);
        let mut places: Vec<(Field, &str)> = Vec::new();
        for (part, fields) in names.parts {
            places.extend(self.like(fields, sample).zip(text_of(*part)));
        }
        // Attributes stand before children, whatever the order of the parts.
        places.sort_by_key(|(field, _)| !matches!(field, Field::Attribute(_)));
        let new = New::empty(name);
        places.into_iter().fold(new, |new, (field, text)| new.optional(&[field], text))
    }

    /// The place of a value among `fields`: where the sample has it, else the usual one.
    pub(super) fn like(&self, fields: &[Field], sample: Option<Node>) -> Option<Field> {
        let in_sample = |field: &&Field| {
            // Text leaves no room for children.
            **field != Field::Text && sample.is_some_and(|node| in_place(self.xml, node, **field).is_some())
        };
        fields.iter().find(in_sample).or(fields.first()).copied()
    }
}
