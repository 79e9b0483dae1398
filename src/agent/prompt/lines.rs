//! Text that is not ours, laid out in a frame: names of parts stand at the beginning of a line, and nothing that is quoted does.

use crate::agent::legible::legible;
use crate::agent::log_text::cut;

/// Characters of a field, which is one line.
const FIELD: usize = 500;
/// Characters of a text.
const TEXT: usize = 60_000;
/// Characters of one item of a list.
const ITEM: usize = 4_000;
/// Characters of all items of a list: programs refuse a prompt of more than a million.
const LIST: usize = 60_000;

/// Named parts of a frame; a part without content leaves no trace.
#[derive(Default)]
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn done(self) -> String {
        self.0.trim().to_owned()
    }

    pub(super) fn field(&mut self, name: &str, value: &str) {
        let value = cut(&one_line(value), FIELD);
        if !value.is_empty() {
            self.0.push_str(&format!("{name}: {value}\n"));
        }
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        let text = dedented(&legible(text));
        if text.is_empty() {
            return;
        }
        let shown = cut(&text, TEXT);
        let name = if shown == text {
            name.to_owned()
        } else {
            format!("{name} (cut: the plan's file has the rest)")
        };
        self.0.push_str(&format!("\n{name}:\n{}\n", indented(&shown)));
    }

    pub(super) fn items(&mut self, name: &str, items: &[String]) {
        let items: Vec<_> =
            items.iter().map(|item| dedented(&legible(item))).filter(|item| !item.is_empty()).collect();
        if items.is_empty() {
            return;
        }
        self.0.push_str(&format!("\n{name}:\n"));
        let mut room = LIST;
        for (place, item) in items.iter().enumerate() {
            let item = cut(item, ITEM);
            let Some(left) = room.checked_sub(item.chars().count()) else {
                self.0.push_str(&format!(
                    "({} more are left out: the plan's file has them)\n",
                    items.len() - place
                ));
                return;
            };
            room = left;
            self.0.push_str(&format!("- {}\n", indented(&item).trim_start()));
        }
    }
}

/// The text, two blanks to the right.
pub(super) fn indented(text: &str) -> String {
    let line = |line: &str| {
        if line.is_empty() { String::new() } else { format!("  {line}") }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Text of an XML document carries the indentation of the document: what all lines but the first share is not the
/// text's own.
fn dedented(text: &str) -> String {
    let text = text.trim();
    let rest = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let indent = rest.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(0);
    let lines = text.lines().enumerate().map(|(n, line)| {
        let line = if n == 0 { line } else { line.get(indent..).unwrap_or_default() };
        line.trim_end()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The words of a text, with single blanks between them.
pub(super) fn one_line(text: &str) -> String {
    legible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
