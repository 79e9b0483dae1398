//! What a document is called: its first heading.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::agent::legible::legible;
use crate::agent::log_text::cut;

/// A document whose heading comes later than that (in bytes) has none.
const LOOKED_AT: u64 = 16 * 1024;
/// Characters of a heading that are shown.
const LONGEST: usize = 120;

/// The first heading of a file; nothing where it has none, or can't be read.
pub(super) fn heading(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
    first_heading(&legible(&String::from_utf8_lossy(&bytes)))
}

fn first_heading(text: &str) -> Option<String> {
    let mut lines = below_front_matter(text.trim_start_matches(['\u{feff}', '\u{fffd}'])).lines().peekable();
    let mut is_code = false;
    while let Some(line) = lines.next() {
        let line = line.trim();
        is_code ^= line.starts_with("```") || line.starts_with("~~~");
        let is_underlined = lines.peek().is_some_and(|next| is_rule(next));
        let title = marked(line).or_else(|| (is_underlined && !line.is_empty()).then_some(line));
        if let Some(title) = title.filter(|_| !is_code) {
            return Some(cut(title, LONGEST));
        }
    }
    None
}

/// `## Title ##` of Markdown, `= Title` of `AsciiDoc`.
fn marked(line: &str) -> Option<&str> {
    let sign = line.chars().next().filter(|c| matches!(c, '#' | '='))?;
    let title = line.trim_start_matches(sign).strip_prefix([' ', '\t'])?;
    Some(title.trim().trim_end_matches('#').trim_end()).filter(|title| !title.is_empty())
}

/// What stands under a title in Markdown and reStructuredText.
fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 3 && (line.chars().all(|c| c == '=') || line.chars().all(|c| c == '-'))
}

fn below_front_matter(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("---\n") else { return text };
    rest.split_once("\n---\n").map_or(text, |(_, below)| below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_found_in_the_ways_that_documents_write_them() {
        for (text, title) in [
            ("# One\n# Two", Some("One")),
            ("\u{feff}\n\ntext\n## Deep ##\n", Some("Deep")),
            ("---\ntitle: x\n# no: heading\n---\n# Real\n", Some("Real")),
            ("Title\n=====\n", Some("Title")),
            ("Title\n-----", Some("Title")),
            ("= Guide\n", Some("Guide")),
            ("```\n# a comment\n```\n# Real", Some("Real")),
            ("#hashtag\n#!/bin/sh\n\n---\n", None),
            ("", None),
        ] {
            assert_eq!(first_heading(text).as_deref(), title, "{text:?}");
        }
    }

    #[test]
    fn a_heading_is_one_short_line() {
        assert_eq!(first_heading(&format!("# {}", "x".repeat(500))).unwrap().chars().count(), LONGEST);
    }
}
