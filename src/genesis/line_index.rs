//! From byte offsets to lines and columns.

use std::fmt;

/// Where the lines of a text begin.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

/// A place as people count it: both from 1, the column in characters.
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
        let breaks = memchr::memchr_iter(b'\n', source.as_bytes());
        let starts = std::iter::once(0).chain(breaks.map(|at| at + 1)).collect();
        LineIndex { source, starts }
    }

    /// The place of byte `offset`; past the end it is the end, inside a character its beginning.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.source.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.source.get(start..offset).map_or(0, |before| before.chars().count());
        Position { line, column: column + 1 }
    }

    /// The bytes of `line` (from 1), without its line break.
    pub fn line_range(&self, line: usize) -> std::ops::Range<usize> {
        let end = self.source.len();
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(end);
        let end = self.starts.get(line).map_or(end, |next| next - 1).max(start);
        let text = self.source.get(start..end).unwrap_or_default();
        start..start + text.strip_suffix('\r').unwrap_or(text).len()
    }
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

    #[test]
    fn the_end_and_beyond_are_the_last_place() {
        assert_eq!(place("ab\n", 3), "2:1");
        assert_eq!(place("ab\n", 99), "2:1");
        assert_eq!(place("", 0), "1:1");
    }
}
