//! The YAML at the head of a definition, read strictly where it is YAML, and line by line where it is not.

use saphyr::{LoadableYamlNode, Yaml};

use super::definition::Reason;
use super::lenient;

/// A definition's text, cut in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split<'a> {
    /// What stands between the two lines of `---`, if the text begins with one.
    pub matter: Option<&'a str>,
    /// What stands below.
    pub body: &'a str,
}

/// Cuts the front matter off a text.
pub(super) fn split(text: &str) -> Result<Split<'_>, Reason> {
    let start = text.len() - text.trim_start().len();
    let mut lines = text[start..].split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if first.trim_end() != "---" {
        return Ok(Split { matter: None, body: text });
    }
    let from = start + first.len();
    let mut to = from;
    for line in lines {
        if line.trim_end() == "---" {
            return Ok(Split { matter: Some(&text[from..to]), body: &text[to + line.len()..] });
        }
        to += line.len();
    }
    Err(Reason::Unclosed)
}

/// What the front matter says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub name: Option<String>,
    pub description: Option<String>,
    pub tools: Vec<String>,
    pub model: Option<String>,
    pub color: Option<String>,
    pub role: Option<String>,
    pub capabilities: Vec<String>,
    pub base_configs: Vec<String>,
}

impl Fields {
    /// Reads the front matter; adds to `warnings` what had to be guessed.
    pub(super) fn read(matter: &str, warnings: &mut Vec<String>) -> Fields {
        let mut fields = strict(matter).unwrap_or_else(|why| {
            warnings.push(format!("front matter is no YAML that can be used ({why}); read line by line"));
            lenient::read(matter, warnings)
        });
        fields.base_configs = base_configs(matter);
        fields
    }
}

/// More than this many nested list items in one line, and the strict parser's recursion could exhaust the stack.
const MAX_NESTED: usize = 32;

/// The one mapping that a YAML text holds; none where it holds nothing.
pub(super) fn mapping_of(text: &str) -> Result<Option<Yaml<'_>>, String> {
    let nested = |line: &str| line.matches("- ").count() + line.matches("? ").count();
    if text.lines().any(|line| nested(line) > MAX_NESTED) {
        return Err("nested too deeply".to_owned());
    }
    let mut documents = Yaml::load_from_str(text).map_err(|error| error.info().to_owned())?;
    match (documents.pop(), documents.is_empty()) {
        (None, _) => Ok(None),
        (Some(document), true) if document.is_mapping() => Ok(Some(document)),
        (Some(_), _) => Err("not one mapping".to_owned()),
    }
}

fn strict(matter: &str) -> Result<Fields, String> {
    let Some(mapping) = &mapping_of(matter)? else { return Ok(Fields::default()) };
    Ok(Fields {
        name: text(mapping, "name")?,
        description: text(mapping, "description")?,
        tools: list(mapping, "tools")?,
        model: text(mapping, "model")?,
        color: text(mapping, "color")?,
        role: text(mapping, "role")?,
        capabilities: list(mapping, "capabilities")?,
        base_configs: Vec::new(),
    })
}

/// A text; other scalars (`name: 007`) go to the reader of lines, which leaves them as they are written.
fn text(mapping: &Yaml<'_>, key: &str) -> Result<Option<String>, String> {
    match mapping.as_mapping_get(key) {
        None => Ok(None),
        Some(value) if value.is_null() => Ok(None),
        Some(value) => match value.as_str() {
            Some(text) => Ok(Some(text.trim().to_owned()).filter(|t| !t.is_empty())),
            None => Err(format!("`{key}` is not a text")),
        },
    }
}

/// A list, or a text with its items.
pub(super) fn list(mapping: &Yaml<'_>, key: &str) -> Result<Vec<String>, String> {
    let Some(items) = mapping.as_mapping_get(key).and_then(|value| value.as_sequence()) else {
        return Ok(text(mapping, key)?.map(|t| items_of(&t)).unwrap_or_default());
    };
    let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(|| format!("`{key}` is not a list of texts"))
}

/// The items of a list written in one text: cut at commas and line ends, but not inside brackets
/// (`Bash(git add:*, git commit:*)` is one tool).
pub(super) fn items_of(text: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let parts = text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '\n' || (c == ',' && depth == 0)
    });
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The names of `@NAME-base-config.yml` references, wherever they stand, each once.
///
/// Only plain file names: a definition does not choose folders for us.
fn base_configs(matter: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for word in matter.split_whitespace().flat_map(|word| word.split("\\n")) {
        let word = word.trim_matches(|c: char| "\"'`,;()[]<>".contains(c)).trim_end_matches('.');
        let Some(name) = word.strip_prefix('@') else {
            continue;
        };
        let plain = name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
        let known = [".yml", ".yaml"]
            .iter()
            .any(|end| name.strip_suffix(end).is_some_and(|rest| rest.ends_with("base-config")));
        if plain && known && !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_front_matter_is_all_body() {
        let text = "# Title\n---\nmore\n";
        assert_eq!(split(text), Ok(Split { matter: None, body: text }));
    }

    #[test]
    fn front_matter_ends_at_the_first_closing_line_and_the_rest_is_unchanged() {
        let split = split("\r\n---\r\nname: a\r\n--- \r\n\r\nbody\r\n---\r\n").unwrap();
        assert_eq!(split.matter, Some("name: a\r\n"));
        assert_eq!(split.body, "\r\nbody\r\n---\r\n");
    }

    #[test]
    fn commas_inside_brackets_do_not_cut() {
        let items = items_of("Read, Bash(git add:*, git commit:*),,\n Write ");
        assert_eq!(items, ["Read", "Bash(git add:*, git commit:*)", "Write"]);
    }

    #[test]
    fn references_are_found_anywhere_and_only_as_plain_names() {
        let matter = "@a-base-config.yml\ndescription: see `@b-base-config.yaml`, \\n@c-base-config.yml\\n\n  \
                      @a-base-config.yml @../up-base-config.yml me@x-base-config.yml @other.yml";
        assert_eq!(base_configs(matter), ["a-base-config.yml", "b-base-config.yaml", "c-base-config.yml"]);
    }

    #[test]
    fn yaml_that_would_exhaust_the_stack_is_not_given_to_the_parser() {
        let matter = format!("name: deep\nx:\n  {}a\n", "- ".repeat(400_000));
        let mut warnings = Vec::new();
        assert_eq!(Fields::read(&matter, &mut warnings).name.as_deref(), Some("deep"));
        assert_eq!(warnings.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_front_matter_is_too_odd(matter in "(?s)([a-z]{0,4}[:|>\"'@#&*!%{}\\[\\],\\-? \t\r\n\u{feff}é😀\\\\]{0,3}){0,40}") {
            let _ = Fields::read(&matter, &mut Vec::new());
            let _ = split(&matter);
        }
    }
}
