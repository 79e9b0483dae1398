use std::path::Path;

use super::{Explanation, Tried, WouldRun};
use crate::genesis::Status;
use crate::report::status::color;
use crate::report::text::{clean, clean_lines, folded};
use crate::run::{Continued, PERSON};

/// How far facts stand from the edge, and their values from that.
const NAME: usize = 14;

/// An explanation for people, in lines of at most `width` columns where words allow. Paths and command lines stand whole, to be copied.
pub fn explain_lines(explanation: &Explanation, width: u16) -> String {
    let style = color(explanation.status);
    let mut page = Page { text: String::new(), width: width.into() };
    page.line(&format!("{}  {style}{}{style:#}", clean(&explanation.id), explanation.status));
    for (place, why) in explanation.why.iter().enumerate() {
        page.words(if place == 0 { "why" } else { "" }, why);
    }
    if let Some(tried) = &explanation.last_attempt {
        let by = if tried.runner == PERSON {
            "a person".into()
        } else {
            format!("runner {}", clean(&tried.runner))
        };
        page.title(&format!("Attempt {}, by {by}", tried.number));
        page.tried(tried);
    }
    if let Some(would_run) = &explanation.would_run {
        page.title(&match would_run.command {
            Some(_) => format!("{} would make attempt {}", by_what(explanation), would_run.attempt),
            None => format!(
                "A run would go on with the gates of attempt {}: its agent is done",
                would_run.attempt
            ),
        });
        page.would_run(would_run);
    }
    page.title("What you can do");
    for advice in &explanation.advice {
        match &advice.command {
            Some(command) => {
                page.line(&format!("  {command}"));
                page.indented(&advice.why);
            }
            None => page.text.push_str(&folded(&clean(&advice.why), "  ", "  ", page.width)),
        }
    }
    page.text
}

/// What has to come before a run does anything with it.
fn by_what(explanation: &Explanation) -> &'static str {
    match (explanation.status, explanation.asks) {
        (Status::Blocked, true) => "Once it is answered, a run",
        (Status::Failed | Status::Blocked, _) => "After a `retry`, a run",
        _ if explanation.waits_for.iter().any(|before| stands_still(before.status)) => {
            "Once nothing keeps it from that, a run"
        }
        _ => "A run",
    }
}

/// What does not go on without a person.
fn stands_still(status: Status) -> bool {
    match status {
        Status::Failed | Status::Blocked | Status::Cancelled => true,
        Status::Pending | Status::InProgress | Status::Completed => false,
    }
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.extend([line, "\n"]);
    }

    fn title(&mut self, title: &str) {
        self.text.extend(["\n", title, "\n"]);
    }

    /// Text that may be broken between words.
    fn words(&mut self, name: &str, text: &str) {
        let blank = " ".repeat(NAME);
        let mut first = format!("  {name:<width$}", width = NAME - 2);
        for line in clean_lines(text).lines().filter(|line| !line.is_empty()) {
            self.text.push_str(&folded(line, &first, &blank, self.width));
            first.clone_from(&blank);
        }
    }

    fn indented(&mut self, text: &str) {
        self.text.push_str(&folded(&clean(text), "      ", "      ", self.width));
    }

    /// What is to be copied whole.
    fn fact(&mut self, name: &str, value: &str) {
        self.line(&format!("  {name:<width$}{}", clean(value), width = NAME - 2));
    }

    fn tried(&mut self, tried: &Tried) {
        match tried.outcome {
            Some(outcome) => self.fact("outcome", outcome.as_str()),
            None => self.fact("outcome", "it is not over"),
        }
        self.place(tried.base.as_deref(), tried.branch.as_deref(), tried.worktree.as_deref());
        if !tried.here {
            self.words("files", &elsewhere(tried.host.as_deref()));
        }
        if let Some(command) = &tried.command {
            self.fact("command", command);
        }
        let files =
            [("definition", &tried.definition_file), ("prompt", &tried.prompt_file), ("log", &tried.log)];
        for (name, file) in files {
            if let Some(file) = file {
                self.fact(name, &file.to_string_lossy());
            }
        }
    }

    fn would_run(&mut self, would_run: &WouldRun) {
        let definition = would_run.definition.as_ref();
        let of = definition.map_or("a general definition".into(), |file| file.to_string_lossy());
        self.fact("agent", &format!("{} ({of})", would_run.agent));
        self.fact("runner", &would_run.runner);
        if let Some(continues) = &would_run.continues {
            self.fact("goes on", &went_on(continues));
        }
        self.place(would_run.base.as_deref(), would_run.branch.as_deref(), Some(&would_run.worktree));
        if let Some(command) = &would_run.command {
            self.fact("command", command);
        }
        for (place, gate) in would_run.gates.iter().enumerate() {
            self.fact(if place == 0 { "gates" } else { "" }, &format!("{}: {}", gate.name, gate.by));
        }
    }

    /// A folder that is not on this machine, or not any more, is none to be named.
    fn place(&mut self, base: Option<&str>, branch: Option<&str>, folder: Option<&Path>) {
        if let Some(base) = base {
            self.fact("base", base);
        }
        if let Some(branch) = branch {
            self.fact("branch", branch);
        }
        match (branch, folder.map(Path::to_string_lossy)) {
            (Some(_), Some(folder)) => self.fact("worktree", &folder),
            (None, Some(folder)) => self.fact("folder", &format!("{folder} (nothing is committed)")),
            (_, None) => {}
        }
    }
}

/// Where what an attempt has left is not.
pub fn elsewhere(host: Option<&str>) -> String {
    let made = host.map_or_else(String::new, |host| format!("; it was made on {}", clean(host)));
    format!("its worktree, prompt and log are not in this clone{made}")
}

fn went_on(Continued { attempt, session }: &Continued) -> String {
    match session {
        Some(session) => format!("with attempt {attempt}, in its session {session}"),
        None => format!("with what attempt {attempt} has made, in a new session"),
    }
}
