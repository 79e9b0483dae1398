//! How the neighbours are laid out: lines, indentation, line breaks.

use std::ops::Range;

use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;

/// The beginning of a line that an element or end tag has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) indent: &'a str,
    pub(super) newline: &'static str,
}

/// How a new element is written.
#[derive(Debug, Clone)]
pub(super) struct Style<'a> {
    /// What the element begins its line with; empty where it stands within a line.
    pub(super) indent: &'a str,
    /// Between the lines; `None` for an element that stands within a line.
    pub(super) newline: Option<&'static str>,
    /// What one more level is indented by.
    pub(super) unit: &'a str,
    /// For a line break in text.
    pub(super) text_break: &'static str,
}

const BLANKS: [char; 2] = [' ', '\t'];

/// The line that begins at `offset` but for blanks; `None` if something else stands before it.
pub(super) fn own_line(xml: Xml<'_>, offset: usize) -> Option<Line<'_>> {
    let before = xml.slice(0..offset);
    let text = before.trim_end_matches(BLANKS);
    let indent = before.get(text.len()..).unwrap_or_default();
    let newline = match text {
        _ if text.ends_with("\r\n") => "\r\n",
        _ if text.ends_with('\n') => "\n",
        "" | "\u{FEFF}" => first_newline(xml)?,
        _ => return None,
    };
    Some(Line { indent, newline })
}

/// Where to add something behind the element that ends at `offset`: the end of its line, if only
/// blanks and comments follow there, so that the line stays as it is; else at once.
pub(super) fn end_of_line(xml: Xml<'_>, offset: usize, limit: usize) -> usize {
    let rest = xml.slice(offset..limit);
    let mut behind = rest.trim_start_matches(BLANKS);
    while let Some(comment) = behind.strip_prefix("<!--").and_then(|text| text.split_once("-->")) {
        if comment.0.contains('\n') {
            return offset;
        }
        behind = comment.1.trim_start_matches(BLANKS);
    }
    let ends = behind.starts_with('\n') || behind.starts_with("\r\n");
    if ends { offset + rest.len() - behind.len() } else { offset }
}

/// The whole lines of an element that has them for itself, else the element alone.
pub(super) fn whole_lines(xml: Xml<'_>, span: Range<usize>) -> Range<usize> {
    let behind = xml.slice(span.end..xml.source.len());
    let blank = behind.len() - behind.trim_start_matches(BLANKS).len();
    let newline = match behind.get(blank..).unwrap_or_default() {
        rest if rest.starts_with("\r\n") => 2,
        rest if rest.starts_with('\n') => 1,
        _ => return span,
    };
    match own_line(xml, span.start) {
        Some(line) => span.start - line.indent.len()..span.end + blank + newline,
        None => span,
    }
}

/// What the children of `node` are indented by, more than `node`: as far as its own children, its
/// surroundings or the rest of the document tell.
pub(super) fn unit(xml: Xml<'_>, node: Node) -> &str {
    let mut outer = Some(node);
    while let Some(node) = outer {
        if let Some(unit) = unit_inside(xml, node) {
            return unit;
        }
        outer = xml.parent(node);
    }
    let indent = own_line(xml, xml.span(node).start).map_or("", |line| line.indent);
    if indent.starts_with('\t') { "\t" } else { "  " }
}

/// What the first child of `node` that has its own line is indented by, more than `node`.
pub(super) fn unit_inside(xml: Xml<'_>, node: Node) -> Option<&str> {
    let outer = own_line(xml, xml.span(node).start)?.indent;
    let child = xml.children(node).next()?;
    let inner = own_line(xml, xml.span(child).start)?.indent;
    inner.strip_prefix(outer).filter(|unit| !unit.is_empty())
}

/// The style of elements within a line.
pub(super) fn flat(xml: Xml<'_>) -> Style<'_> {
    let text_break = first_newline(xml).unwrap_or("&#10;");
    Style { indent: "", newline: None, unit: "", text_break }
}

/// The style of elements on lines of their own.
pub(super) fn block<'a>(line: Line<'a>, unit: &'a str) -> Style<'a> {
    let Line { indent, newline } = line;
    Style { indent, newline: Some(newline), unit, text_break: newline }
}

/// `style` for an element like `sample`: in one line if that one is.
pub(super) fn like<'a>(xml: Xml<'a>, style: Style<'a>, sample: Node) -> Style<'a> {
    match xml.children(sample).next() {
        Some(child) if own_line(xml, xml.span(child).start).is_none() => Style { newline: None, ..style },
        Some(_) => Style { unit: unit_inside(xml, sample).unwrap_or(style.unit), ..style },
        None => style,
    }
}

fn first_newline(xml: Xml<'_>) -> Option<&'static str> {
    let at = xml.source.find('\n')?;
    Some(if xml.slice(0..at).ends_with('\r') { "\r\n" } else { "\n" })
}
