//! From byte offsets to lines and columns.

use std::fmt;
use std::ops::Range;

use memchr::{memchr_iter, memrchr};

/// Where the lines of a text begin. Takes a few bytes for each block of text, whatever is in it, and answers as fast for a text that is
/// one line.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    source: &'a str,
    /// What comes before each block of [`BLOCK`] bytes.
    blocks: Vec<Before>,
}

const BLOCK: usize = 4096;
/// No editor shows it, and none counts it.
const BOM: char = '\u{FEFF}';

#[derive(Debug, Clone, Copy, Default)]
struct Before {
    /// Line breaks.
    breaks: usize,
    /// Characters of the line that the block begins in.
    characters: usize,
}

/// A place as people count it: both from 1, the column in characters, a byte order mark not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of `source`. A line ends with `\n` (so also with `\r\n`).
    pub fn new(source: &'a str) -> LineIndex<'a> {
        let mut next = Before::default();
        let blocks = source.as_bytes().chunks(BLOCK).map(|block| {
            let before = next;
            next = before.and(block);
            before
        });
        LineIndex { source, blocks: blocks.collect() }
    }

    /// The place of byte `offset`; past the end it is the end, inside a character its beginning.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.source.floor_char_boundary(offset);
        // The end may be just behind the last block.
        let block = (offset / BLOCK).min(self.blocks.len().saturating_sub(1));
        let before = self.blocks.get(block).copied().unwrap_or_default();
        let Before { breaks, characters } = before.and(self.bytes(block * BLOCK..offset));
        let unseen = usize::from(breaks == 0 && self.source.starts_with(BOM));
        Position { line: breaks + 1, column: characters.saturating_sub(unseen) + 1 }
    }

    /// The bytes of `line` (from 1), without its line break.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let end = self.source.len();
        let start = match line.checked_sub(2) {
            None => 0,
            Some(breaks) => self.break_after(breaks).map_or(end, |at| at + 1),
        };
        let end = self.break_after(line.saturating_sub(1)).unwrap_or(end).max(start);
        let text = self.source.get(start..end).unwrap_or_default();
        start..start + text.strip_suffix('\r').unwrap_or(text).len()
    }

    /// The line break that has `breaks` others before it.
    fn break_after(&self, breaks: usize) -> Option<usize> {
        let block = self.blocks.partition_point(|block| block.breaks <= breaks).checked_sub(1)?;
        let start = block * BLOCK;
        let to_pass = breaks - self.blocks.get(block)?.breaks;
        memchr_iter(b'\n', self.bytes(start..start + BLOCK)).nth(to_pass).map(|at| start + at)
    }

    fn bytes(&self, range: Range<usize>) -> &'a [u8] {
        let end = range.end.min(self.source.len());
        self.source.as_bytes().get(range.start..end).unwrap_or_default()
    }
}

impl Before {
    /// What comes before the end of `bytes`, which follow.
    fn and(self, bytes: &[u8]) -> Before {
        let (characters, line) = match memrchr(b'\n', bytes) {
            Some(at) => (0, bytes.get(at + 1..).unwrap_or_default()),
            None => (self.characters, bytes),
        };
        let breaks = self.breaks + memchr_iter(b'\n', bytes).count();
        Before {
            breaks,
            characters: characters + line.iter().filter(|byte| begins_character(**byte)).count(),
        }
    }
}

fn begins_character(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::LineIndex;

    fn place(source: &str, offset: usize) -> String {
        LineIndex::new(source).position(offset).to_string()
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        assert_eq!(place("äö<", 4), "1:3");
        assert_eq!(place("äö<", 3), "1:2", "inside a character is its beginning");
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        assert_eq!(place("\u{FEFF}<a>", 0), "1:1");
        assert_eq!(place("\u{FEFF}<a>", 3), "1:1");
        assert_eq!(place("\u{FEFF}<a>\n<b>", 5), "1:3");
        assert_eq!(place("\u{FEFF}<a>\n<b>", 8), "2:2");
    }

    #[test]
    fn lines_end_with_either_line_break() {
        assert_eq!(place("a\r\nb\nc", 3), "2:1");
        assert_eq!(place("a\r\nb\nc", 5), "3:1");
        let source = "a\r\nbc\n";
        let index = LineIndex::new(source);
        assert_eq!(&source[index.line_range(1)], "a");
        assert_eq!(&source[index.line_range(2)], "bc");
        assert_eq!(&source[index.line_range(3)], "");
        assert_eq!(index.line_range(99), 6..6);
    }

    /// As slow as it is plain.
    fn counted(source: &str, offset: usize) -> (usize, usize) {
        let before = &source[..source.floor_char_boundary(offset)];
        let line = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }

    #[test]
    fn blocks_make_no_difference() {
        let lines =
            ["x".repeat(4095), "ü".repeat(5000), String::new(), "\n".repeat(4097), "🦀\r".repeat(2048)];
        let source = lines.join("\n");
        let index = LineIndex::new(&source);
        for offset in (0..source.len() + 3).step_by(7).chain(4080..4110).chain(8180..8200) {
            let position = index.position(offset);
            assert_eq!((position.line, position.column), counted(&source, offset), "byte {offset}");
        }
        for (n, line) in source.split('\n').enumerate() {
            let expected = line.strip_suffix('\r').unwrap_or(line);
            assert_eq!(&source[index.line_range(n + 1)], expected, "line {}", n + 1);
        }
    }

    #[test]
    fn the_end_and_beyond_are_the_last_place() {
        assert_eq!(place("ab\n", 3), "2:1");
        assert_eq!(place("ab\n", 99), "2:1");
        assert_eq!(place("", 0), "1:1");
    }
}
