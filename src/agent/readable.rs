//! An agent program's output as text for a person.

use serde::de::IgnoredAny;

use super::legible::legible;
use super::log_text::{cut, plain};
use super::structured::Structured;
use super::{Event, Runner};

/// Characters of what a tool was used on, or of what it said when it failed.
const LONGEST: usize = 2_000;
/// Lines of what a tool said when it failed; the last ones count.
const LINES: usize = 20;

/// Turns output into text, line by line: what the agent said as it is, everything else behind a word that says what it is.
pub struct Readable {
    runner: Box<dyn Runner>,
    /// What the agent said last: programs repeat it at their end.
    said: String,
    /// It may go on in the middle of a line.
    is_saying: bool,
}

impl Readable {
    /// Of the output of that program.
    pub fn new(runner: Box<dyn Runner>) -> Self {
        Self { runner, said: String::new(), is_saying: false }
    }

    /// What a whole line of output says, with its line ends; nothing, as a rule. What is no event at all is shown as it is.
    pub fn line(&mut self, line: &str) -> String {
        if serde_json::from_str::<IgnoredAny>(line).is_ok() {
            return self.runner.events(line).into_iter().map(|event| self.event(event)).collect();
        }
        let line = safe(line);
        if line.trim().is_empty() { String::new() } else { self.ended_line() + &line + "\n" }
    }

    /// What is still to be written when nothing follows.
    pub fn end(&mut self) -> String {
        self.ended_line()
    }

    fn ended_line(&mut self) -> String {
        if std::mem::take(&mut self.is_saying) { "\n".to_owned() } else { String::new() }
    }

    fn event(&mut self, event: Event) -> String {
        if let Event::SaidMore(text) = event {
            return self.say_more(&text);
        }
        self.ended_line() + &self.told(event)
    }

    fn told(&mut self, event: Event) -> String {
        match event {
            Event::Said(text) | Event::SaidMore(text) => self.say(&text),
            Event::Ended(Ok(Some(says))) if safe(&says).trim() != self.said.trim() => self.say(&says),
            Event::Ended(Ok(_)) | Event::Spent { .. } | Event::Using { .. } => String::new(),
            Event::Tool { name, on: Some(on) } => behind("tool", &cut(&format!("{name}: {on}"), LONGEST)),
            Event::Tool { name, on: None } => behind("tool", &name),
            Event::ToolFailed(what) => behind("failed", &last_lines(&what)),
            Event::Changed(path) => behind("changed", &path),
            Event::Denied(what) => behind("denied", &what),
            Event::Ended(Err(fault)) => behind("error", &fault.message),
            Event::Complained(what) => behind("error", &what),
            other @ (Event::Started { .. } | Event::Retried(_) | Event::Limited { .. }) => {
                other.line().map(|line| behind("note", &line)).unwrap_or_default()
            }
        }
    }

    fn say(&mut self, text: &str) -> String {
        let words = Structured::in_message(text).map(|answer| answer.words());
        safe(words.as_deref().unwrap_or(text)).trim_end().clone_into(&mut self.said);
        format!("{}\n", self.said)
    }

    fn say_more(&mut self, text: &str) -> String {
        let text = safe(text);
        if !self.is_saying {
            self.said.clear();
        }
        self.said.push_str(&text);
        self.is_saying = !self.said.ends_with('\n');
        text
    }
}

/// Without what could drive a terminal.
fn safe(text: &str) -> String {
    legible(&plain(text))
}

/// Further lines stand below the first.
fn behind(word: &str, text: &str) -> String {
    let text = safe(text);
    let lines: Vec<_> = text.trim().lines().map(str::trim_end).collect();
    format!("{word:<8}{}\n", lines.join("\n        "))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.trim().lines().collect();
    let from = lines.len().saturating_sub(LINES);
    let shown = lines.get(from..).unwrap_or_default().join("\n");
    cut(&if from > 0 { format!("…\n{shown}") } else { shown }, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, RunnerSpec, build};
    use super::*;

    fn shown(kind: Kind, output: &str) -> String {
        let mut readable = Readable::new(build(RunnerSpec::new("r", kind)).unwrap());
        let lines: String = output.lines().map(|line| readable.line(line)).collect();
        lines + &readable.end()
    }

    const CLAUDE: &str = concat!(
        r#"{"type":"system","subtype":"init","model":"opus","session_id":"s"}"#,
        "\n",
        r#"{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"error":"rate_limit"}"#,
        "\n",
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"I begin.\nWith the tests."},{"type":"tool_use","name":"Bash","input":{"command":"cargo test\n--all"}}]}}"#,
        "\n",
        r#"{"type":"user","message":{"content":[{"type":"tool_result","is_error":true,"content":"Exit code 101\n2 tests failed"}]}}"#,
        "\n",
        r#"{"type":"user","message":{"content":[{"type":"tool_result","content":"fine"}]}}"#,
        "\n",
        "warning: not \u{1b}[31mJSON\u{202e}\n",
        r#"{"type":"moon"}"#,
        "\n",
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"All done.\n"}]}}"#,
        "\n",
        r#"{"type":"result","subtype":"success","is_error":false,"result":"All done.","permission_denials":[{"tool_name":"WebFetch"}]}"#,
    );

    #[test]
    fn what_claude_did_reads_as_a_story() {
        let told = shown(Kind::Claude, CLAUDE);
        insta::assert_snapshot!(told);
    }

    #[test]
    fn words_that_come_in_pieces_are_put_together() {
        let piece = |text: &str| {
            format!(r#"{{"type":"message","role":"assistant","content":"{text}","delta":true}}"#)
        };
        let tool = r#"{"type":"tool_use","tool_name":"read_file","parameters":{}}"#;
        let output = [piece("One "), piece("two."), tool.to_owned(), piece("Three.")].join("\n");
        assert_eq!(shown(Kind::Gemini, &output), "One two.\ntool    read_file\nThree.\n");
    }

    #[test]
    fn an_answer_that_is_an_object_is_shown_in_its_words() {
        let answer =
            r#"{\"status\":\"needs_clarification\",\"summary\":\"Half done.\",\"question\":\"Which?\"}"#;
        let output =
            format!(r#"{{"type":"item.completed","item":{{"type":"agent_message","text":"{answer}"}}}}"#);
        assert_eq!(shown(Kind::Codex, &output), "Half done.\nWhich?\n");
    }

    #[test]
    fn of_what_a_failed_tool_said_the_end_is_shown() {
        let many = (0..50).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
        let told = last_lines(&many);
        assert!(told.starts_with("…\nline 30\n") && told.ends_with("line 49"), "{told}");
    }

    proptest::proptest! {
        #[test]
        fn no_output_is_too_odd(lines in proptest::collection::vec("(?s).{0,40}|\\{\"type\":\"(assistant|user|result|error|text)\".{0,20}\\}", 0..8)) {
            for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Command) {
                let told = shown(kind, &lines.join("\n"));
                proptest::prop_assert!(!told.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
            }
        }
    }
}
