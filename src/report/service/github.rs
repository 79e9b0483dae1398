//! Workflow commands: lines by which a step tells GitHub Actions more than text.
//!
//! Its runner takes a line for a command that begins with `::`, blanks before it or not, and one that has the older `##[` anywhere.

/// A mark at the run's page, beside the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Error,
    Warning,
}

/// What follows folds away below the title.
pub(super) fn group(title: &str) -> String {
    format!("::group::{}", data(title))
}

/// The end of a group.
pub(super) fn end_group() -> String {
    "::endgroup::".to_owned()
}

/// A mark with a title and a text.
pub(super) fn annotation(level: Level, title: &str, text: &str) -> String {
    let word = match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    format!("::{word} title={}::{}", property(title), data(text))
}

/// The line as text that is no command.
pub(super) fn tamed(line: &str) -> String {
    let line = line.replace("##[", "## [");
    let text = line.trim_start();
    if !text.starts_with("::") {
        return line;
    }
    let blanks = line.get(..line.len() - text.len()).unwrap_or_default();
    format!("{blanks}: {}", text.trim_start_matches(':'))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace("##[", "## [")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the runner reads a line: a registered command, its properties and its data.
    fn read(line: &str) -> Option<(String, String, String)> {
        if line.contains("##[") {
            return Some(("old".to_owned(), String::new(), String::new()));
        }
        let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
        let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
        Some((name.to_owned(), properties.to_owned(), data.to_owned()))
    }

    #[test]
    fn no_text_can_be_a_command() {
        for hostile in
            ["::error::x", "  ::add-mask::x", ":::group::x", "a ##[error]x", "\u{a0}::stop-commands::t"]
        {
            assert_eq!(read(&tamed(hostile)), None, "{hostile}");
        }
        assert_eq!(tamed("std::fs says 100%"), "std::fs says 100%");
    }

    #[test]
    fn a_mark_holds_any_title_and_text_in_one_line() {
        let mark = annotation(Level::Error, "a,line=3::b\n", "100%\r\n::error::x\n##[error]y");
        let (name, properties, data) = read(&mark).unwrap();
        assert_eq!(name, "error");
        assert_eq!(properties, "title=a%2Cline=3%3A%3Ab%0A");
        assert_eq!(data, "100%25%0D%0A::error::x%0A## [error]y");
        assert_eq!(mark.lines().count(), 1);
    }
}
