//! Front matter that is not YAML, read line by line.
//!
//! Real definitions carry descriptions of many lines with unquoted colons, examples and tags in them. What can be
//! relied on is that keys stand at the beginning of a line.

use super::front_matter::{Fields, items_of};

/// Keys that end a free text, when they stand at the beginning of a line: ours, and those of the agent programs.
const KEYS: &[&str] = &[
    "name",
    "description",
    "tools",
    "model",
    "color",
    "role",
    "capabilities",
    "allowed-tools",
    "author",
    "background",
    "category",
    "disallowedTools",
    "effort",
    "hooks",
    "isolation",
    "maxTurns",
    "mcpServers",
    "memory",
    "mode",
    "permissionMode",
    "priority",
    "skills",
    "tags",
    "temperature",
    "version",
];

/// Reads what can be read; adds to `warnings` what was passed over.
pub(super) fn read(matter: &str, warnings: &mut Vec<String>) -> Fields {
    let entries = first_of_each(entries(matter), warnings);
    let entry = |key: &str| entries.iter().find(|entry| entry.key == key);
    let short = |key: &str| entry(key).and_then(Entry::first_line);
    let list = |key: &str| entry(key).map(Entry::list).unwrap_or_default();
    Fields {
        name: short("name"),
        description: entry("description").and_then(Entry::text),
        tools: list("tools"),
        model: short("model"),
        color: short("color"),
        role: short("role"),
        capabilities: list("capabilities"),
        base_configs: Vec::new(),
    }
}

/// A key and all lines up to the next one.
#[derive(Debug)]
struct Entry<'a> {
    key: &'a str,
    /// What stands behind the colon.
    head: &'a str,
    /// The lines below it.
    lines: Vec<&'a str>,
}

fn entries(matter: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for line in matter.lines().filter(|line| !line.starts_with('#')) {
        let inside = entries.last().map(|entry| entry.key);
        if let Some((key, head)) = key_of(line, inside) {
            entries.push(Entry { key, head, lines: Vec::new() });
        } else if let Some(entry) = entries.last_mut() {
            entry.lines.push(line);
        }
    }
    entries
}

/// Inside a description only a known key ends it: `user: …` and `Context: …` are part of its examples.
fn key_of<'a>(line: &'a str, inside: Option<&str>) -> Option<(&'a str, &'a str)> {
    let (key, head) = line.split_once(':')?;
    let word = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let known = KEYS.contains(&key);
    let separated = known || head.is_empty() || head.starts_with([' ', '\t']);
    (word && separated && (known || inside != Some("description"))).then(|| (key, head.trim()))
}

fn first_of_each<'a>(entries: Vec<Entry<'a>>, warnings: &mut Vec<String>) -> Vec<Entry<'a>> {
    let mut kept: Vec<Entry<'a>> = Vec::new();
    for entry in entries {
        if kept.iter().any(|k| k.key == entry.key) {
            warnings.push(format!("`{}` stands there twice; the first one counts", entry.key));
        } else {
            kept.push(entry);
        }
    }
    kept
}

impl Entry<'_> {
    /// The whole value, over all its lines.
    fn text(&self) -> Option<String> {
        let text = match self.head.strip_prefix(['|', '>']) {
            Some(rest) if rest.trim_end_matches(|c: char| "+-0123456789".contains(c)).is_empty() => {
                self.block(self.head.starts_with('>'))
            }
            _ => unquoted(self.all_lines().join("\n").trim()),
        };
        Some(text).filter(|text| !text.is_empty())
    }

    fn all_lines(&self) -> Vec<&str> {
        std::iter::once(self.head).chain(self.lines.iter().map(|line| line.trim())).collect()
    }

    /// A block scalar: lines less their common indentation, or folded into one.
    fn block(&self, folded: bool) -> String {
        let indent = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let filled = self.lines.iter().filter(|line| !line.trim().is_empty());
        let common = filled.map(indent).min().unwrap_or(0);
        let lines = self.lines.iter().map(|line| line.get(common..).unwrap_or("").trim_end());
        let text = lines.collect::<Vec<_>>().join(if folded { " " } else { "\n" });
        text.trim().to_owned()
    }

    fn first_line(&self) -> Option<String> {
        let text = self.text()?;
        let line = text.lines().find(|line| !line.trim().is_empty())?;
        Some(unquoted(without_comment(line))).filter(|line| !line.is_empty())
    }

    fn list(&self) -> Vec<String> {
        let item = |line: &str| line.trim().strip_prefix('-').map(clean_item);
        let items: Vec<String> = self.lines.iter().filter_map(|line| item(line)).collect();
        if !items.is_empty() {
            return items.into_iter().filter(|item| !item.is_empty()).collect();
        }
        let text = self.text().unwrap_or_default();
        let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
        let items = items_of(inner).into_iter().map(|item| clean_item(&item));
        items.filter(|item| !item.is_empty() && !item.starts_with('@')).collect()
    }
}

fn clean_item(item: &str) -> String {
    unquoted(without_comment(item))
}

fn without_comment(line: &str) -> &str {
    line.split_once(" #").map_or(line, |(before, _)| before).trim()
}

fn unquoted(text: &str) -> String {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(inner) = inner('"') {
        return unescaped(inner);
    }
    match inner('\'') {
        Some(inner) => inner.replace("''", "'"),
        None => text.to_owned(),
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => plain.push(c),
            (_, true) => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other @ ('"' | '\\')) => plain.push(other),
                Some(other) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(matter: &str) -> Fields {
        read(matter, &mut Vec::new())
    }

    #[test]
    fn a_description_may_hold_colons_over_many_lines_at_any_column() {
        let matter = "name: a\ndescription: Use it: always\nuser: \"Hi\"\n  Context: more\n\ttabbed: too\nmodel: opus\n";
        let read = fields(matter);
        assert_eq!(
            read.description.as_deref(),
            Some("Use it: always\nuser: \"Hi\"\nContext: more\ntabbed: too")
        );
        assert_eq!(read.model.as_deref(), Some("opus"));
    }

    #[test]
    fn lists_are_read_in_every_way_they_are_written() {
        for matter in [
            "tools: Read, 'Write' # all",
            "tools: [Read, \"Write\"]",
            "tools:\n  - Read\n\t- Write # x",
            "tools:\n- Read\n- Write",
            "tools: Read,\n  Write",
            "tools:\n  @base-config.yml\n  Read\n  Write",
        ] {
            assert_eq!(fields(matter).tools, ["Read", "Write"], "{matter}");
        }
    }

    #[test]
    fn blocks_lose_their_indentation_only() {
        let read = fields("description: |-\n    one\n      two\n\n    three\nname: x");
        assert_eq!(read.description.as_deref(), Some("one\n  two\n\nthree"));
    }

    #[test]
    fn quoted_values_are_unquoted_and_broken_escapes_kept() {
        let read = fields("name: 'it''s'\ndescription: \"a\\n\\\"b\\\" \\q\\\\\"");
        assert_eq!(read.name.as_deref(), Some("it's"));
        assert_eq!(read.description.as_deref(), Some("a\n\"b\" \\q\\"));
    }

    #[test]
    fn the_first_of_two_keys_counts_and_the_other_is_told() {
        let mut warnings = Vec::new();
        let read = read("name: one\nname: two\n", &mut warnings);
        assert_eq!(read.name.as_deref(), Some("one"));
        assert_eq!(warnings, ["`name` stands there twice; the first one counts"]);
    }
}
