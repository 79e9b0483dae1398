//! The document type declaration. Nothing it points to is ever read, and one with an internal
//! subset is refused: that is where entities are declared.

use std::ops::Range;

use crate::genesis::chars::{is_space, name_len};
use crate::genesis::{Code, Diagnostic};

/// What is wrong with the declaration `source[range]`, from `<!DOCTYPE` to `>`.
pub(super) fn check(source: &str, range: Range<usize>) -> Result<(), Diagnostic> {
    let text = source.get(range.clone()).unwrap_or_default();
    let mut cursor = Cursor { rest: text };
    cursor.declaration().map_err(|message| {
        let at = range.start + (text.len() - cursor.rest.len());
        if cursor.rest.starts_with('[') {
            return Diagnostic::new(Code::Doctype, at..at + 1, SUBSET).help(SUBSET_HELP);
        }
        Diagnostic::new(Code::Doctype, at..range.end, message)
    })
}

const SUBSET: &str = "an internal DTD subset is refused, because it can declare entities";
const SUBSET_HELP: &str = "remove everything from `[` to `]`, and write out the entities it declares";

struct Cursor<'s> {
    rest: &'s str,
}

type Checked = Result<(), &'static str>;

impl Cursor<'_> {
    fn declaration(&mut self) -> Checked {
        self.word("<!DOCTYPE", "expected `<!DOCTYPE`")?;
        self.space()?;
        let name = name_len(self.rest);
        if name == 0 {
            return Err("expected the name of the root element");
        }
        self.advance(name);
        let spaced = self.space().is_ok();
        if spaced && !self.rest.starts_with(['>', '[']) {
            self.external_id()?;
            let _ = self.space();
        }
        self.word(">", "expected `>`")
    }

    fn external_id(&mut self) -> Checked {
        if self.word("PUBLIC", "").is_ok() {
            self.space()?;
            self.literal(is_public_id)?;
        } else {
            self.word("SYSTEM", "expected `SYSTEM`, `PUBLIC` or `>`")?;
        }
        self.space()?;
        self.literal(|_| true)
    }

    fn literal(&mut self, allowed: fn(char) -> bool) -> Checked {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.ok_or("expected an identifier in quotes")?;
        let inside = self.rest.get(1..).unwrap_or_default();
        let len = inside.find(quote).ok_or("a quote is not closed")?;
        if !inside.chars().take_while(|c| *c != quote).all(allowed) {
            return Err("a character that no public identifier has");
        }
        self.advance(len + 2);
        Ok(())
    }

    fn word(&mut self, word: &str, message: &'static str) -> Checked {
        self.rest = self.rest.strip_prefix(word).ok_or(message)?;
        Ok(())
    }

    fn space(&mut self) -> Checked {
        let rest = self.rest.trim_start_matches(is_space);
        if rest.len() == self.rest.len() {
            return Err("expected white space");
        }
        self.rest = rest;
        Ok(())
    }

    fn advance(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
    }
}

fn is_public_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || " \r\n-'()+,./:=?;!*#@$_%".contains(c)
}
