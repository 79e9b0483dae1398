//! The attributes of a tag: `name = "value"`, and what can be wrong with them.

use std::collections::HashSet;
use std::ops::Range;

use memchr::{memchr, memchr2};

use crate::genesis::chars::{is_space, is_space_byte, name_len};
use crate::genesis::{Code, Diagnostic, shown::shown};

use super::problems::Problems;
use super::reference;

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::genesis) struct Attribute {
    /// The name's bytes in the source.
    pub name: Range<usize>,
    /// The value's bytes, without the quotes.
    pub value: Range<usize>,
}

/// The attributes in `source[at..end]`, one after another; ends after the first error.
#[derive(Debug, Clone)]
pub(in crate::genesis) struct Attributes<'s> {
    source: &'s str,
    at: usize,
    end: usize,
}

impl<'s> Attributes<'s> {
    /// The attributes of the tag part `range`, which begins behind the tag's name and ends before
    /// its `>`, `/>` or `?>`.
    pub(in crate::genesis) fn new(source: &'s str, range: Range<usize>) -> Attributes<'s> {
        Attributes { source, at: range.start, end: range.end }
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.at..self.end).unwrap_or_default()
    }

    fn skip_space(&mut self) -> bool {
        let skipped = self.rest().bytes().take_while(|byte| is_space_byte(*byte)).count();
        self.at += skipped;
        skipped > 0
    }

    fn attribute(&mut self, spaced: bool) -> Result<Attribute, Diagnostic> {
        let name = self.at..self.at + name_len(self.rest());
        if name.is_empty() || !spaced {
            let message = if spaced { "expected the name of an attribute" } else { UNSPACED };
            return Err(self.wrong(self.at, message));
        }
        self.at = name.end;
        self.skip_space();
        if !self.rest().starts_with('=') {
            return Err(self.wrong(name.start, "an attribute without a value"));
        }
        self.at += 1;
        self.skip_space();
        Ok(Attribute { name, value: self.value()? })
    }

    fn value(&mut self) -> Result<Range<usize>, Diagnostic> {
        let rest = self.rest();
        let quote = rest.bytes().next().filter(|byte| matches!(byte, b'"' | b'\''));
        let quote = quote.ok_or_else(|| self.wrong(self.at, "a value without quotes"))?;
        let inside = rest.as_bytes().get(1..).unwrap_or_default();
        let len = memchr(quote, inside).ok_or_else(|| self.wrong(self.at, "a quote is not closed"))?;
        let value = self.at + 1..self.at + 1 + len;
        self.at = value.end + 1;
        Ok(value)
    }

    /// The problem with what begins at `at`: up to the next white space is marked.
    fn wrong(&self, at: usize, message: &str) -> Diagnostic {
        let rest = self.source.get(at..self.end).unwrap_or_default();
        let len = rest.find(is_space).unwrap_or(rest.len());
        Diagnostic::new(Code::Attribute, at..at + len, message)
    }
}

const UNSPACED: &str = "expected white space before this";

impl Iterator for Attributes<'_> {
    type Item = Result<Attribute, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        let spaced = self.skip_space();
        if self.at >= self.end {
            return None;
        }
        let attribute = self.attribute(spaced);
        if attribute.is_err() {
            self.at = self.end;
        }
        Some(attribute)
    }
}

/// Checks the attributes in `source[range]`; the value of `xmlns` if there is one.
pub(super) fn check(source: &str, range: Range<usize>, problems: &mut Problems) -> Option<Range<usize>> {
    // Most tags have none.
    if range.is_empty() {
        return None;
    }
    let mut names = Names::default();
    let mut xmlns = None;
    for attribute in Attributes::new(source, range) {
        match attribute {
            Ok(Attribute { name, value }) => {
                let word = source.get(name.clone()).unwrap_or_default();
                if !names.insert(word) {
                    let message = format!("the attribute {} is given twice", shown(word));
                    problems.note(Code::Attribute, name, message);
                }
                check_value(source, value.clone(), problems);
                xmlns = if word == "xmlns" { Some(value) } else { xmlns };
            }
            Err(problem) => problems.push(problem),
        }
    }
    xmlns
}

fn check_value(source: &str, value: Range<usize>, problems: &mut Problems) {
    let text = source.get(value.clone()).unwrap_or_default();
    if memchr2(b'<', b'&', text.as_bytes()).is_none() {
        return;
    }
    if let Some(at) = text.find('<') {
        let at = value.start + at;
        let problem = Diagnostic::new(Code::Attribute, at..at + 1, "`<` in an attribute's value");
        problems.push(problem.help("write `&lt;`, or close the quote before"));
    }
    reference::check_all(source, value, problems);
}

/// Names seen. Real tags have a handful; a hostile one may have a million.
#[derive(Default)]
struct Names<'s> {
    few: [&'s str; 8],
    count: usize,
    many: HashSet<&'s str>,
}

impl<'s> Names<'s> {
    fn insert(&mut self, name: &'s str) -> bool {
        let known = self.few.iter().take(self.count).any(|other| *other == name);
        match self.few.get_mut(self.count) {
            Some(free) => {
                *free = name;
                self.count += 1;
                !known
            }
            None => !known && self.many.insert(name),
        }
    }
}
