use clap::{Args, Parser, Subcommand, ValueEnum};

use super::verbs;

/// Runs a genesis.xml plan: a DAG of tasks, each done by a coding agent in a git worktree of its own.
#[derive(Debug, Parser)]
#[command(name = "blueprint", version, max_term_width = 100, propagate_version = true)]
#[command(
    after_help = "Example: blueprint run genesis.xml\n\nGENESIS is a file, a folder with a genesis.xml, or an epic's name. Left out, it is \
$GENESIS_FILE_PATH, ./genesis.xml, or the only .claude/epics/*/genesis.xml.\n\n\
Exit codes: 0 completed, 1 a task failed, 2 usage or configuration, 3 the plan is invalid, 4 a task is blocked, \
5 another run holds the plan, 6 the budget is used up, 70 a bug, 74 disk or git failed, 77 not allowed, 127 called as xmlstarlet, and the real \
one is not installed, 130 interrupted (143 by TERM)."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    /// None: the morning view.
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
}

/// What holds for every verb.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "For every verb")]
pub(crate) struct Global {
    /// Colours in what is printed.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: When,
    /// Log more, to standard error; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Say only what went wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Show long output at once, not by `$PAGER` (or `less`) on a terminal.
    #[arg(long, global = true)]
    pub(super) no_pager: bool,
    /// How log lines are written.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
    /// The epic's name for branches and state, where the plan's own is taken.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) epic: Option<String>,
}

impl Default for Global {
    fn default() -> Self {
        let (color, log_format) = (When::Auto, LogFormat::Text);
        Self { color, verbose: 0, quiet: false, no_pager: false, log_format, epic: None }
    }
}

/// When to do something that suits terminals only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Run all tasks that can run, until nothing is left.
    Run(verbs::run::Args),
    /// Show how a plan or some of its tasks stand.
    Status(verbs::status::Args),
    /// Show which tasks are ready now, the most urgent first.
    Next(verbs::next::Args),
    /// Show why a task waits or failed, what would run it, and what to do.
    Explain(verbs::explain::Args),
    /// Show everything that is wrong with a plan.
    Validate(verbs::validate::Args),
    /// Make the places agree that tell the tasks' statuses.
    Repair(verbs::repair::Args),
    /// Show the plan's graph.
    Graph(verbs::graph::Args),
    /// Tell how a plan went: as Markdown, as JSON, or as a page.
    Report(verbs::report::Args),
    /// Show what a task's agent printed.
    Logs(verbs::logs::Args),
    /// Show what a task has changed.
    Diff(verbs::diff::Args),
    /// Take a task over: a person does it, in its worktree.
    Take(verbs::take::Args),
    /// Hand in a task that you have taken, or return it to the agents.
    Give(verbs::give::Args),
    /// Remove worktrees, branches and state of what is over; shows first what that is.
    Clean(verbs::clean::Args),
    /// Say what is fine, what is not, and what to do about it.
    Doctor(verbs::doctor::Args),
    /// Have tasks that have not begun start from a newer commit.
    RebasePlan(verbs::rebase_plan::Args),
    /// Merge finished work into the branch that the plan started from.
    Land(verbs::land::Args),
    /// Add a task to a plan, also while it runs.
    Add(verbs::add::Args),
    /// Let tasks count as done without work, also while the plan runs.
    Skip(verbs::skip::Args),
    /// Answer a task's question: its agent goes on where it stopped.
    Answer(verbs::answer::Args),
    /// Merge work that changes protected paths, as it is.
    Approve(verbs::approve::Args),
    /// Set tasks back to be done again, completed ones too, with all that depends on them.
    Retry(verbs::retry::Args),
    /// Cancel tasks: end their agents; what depends on them is not run.
    Cancel(verbs::cancel::Args),
    /// Show what a live run does.
    Attach(verbs::attach::Args),
    /// Have a live run start nothing new for now.
    Pause(verbs::pause::Args),
    /// Have a paused run go on.
    Resume(verbs::resume::Args),
    /// Have a live run end.
    Stop(verbs::stop::Args),
    /// Fold what jobs of single tasks have left in a git remote into the plan.
    Sync(verbs::sync::Args),
    /// Change or show one task: the agents' own door.
    Task(verbs::task::Args),
    /// Make a first genesis.xml and blueprint.toml.
    Init(verbs::init::Args),
    /// Write a CI workflow in which every task is a job.
    Ci(verbs::ci::Args),
    /// Print a completion script for a shell.
    Completions(verbs::completions::Args),
    /// Print a man page, or write them all.
    Man(verbs::man::Args),
    /// What runs above every agent; started by `run`.
    #[command(name = crate::run::SUPERVISE, hide = true)]
    Supervise(verbs::supervise::Args),
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn every_verb_s_help_has_an_example_and_each_is_a_call_that_is_taken() {
        let mut command = Cli::command();
        command.build();
        let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help");
        shown.for_each(check);
    }

    fn check(verb: &Command) {
        let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        let calls: Vec<_> =
            help.split("blueprint ").skip(1).filter(|call| call.starts_with(call_of(verb))).collect();
        assert!(!calls.is_empty(), "{} has no example", verb.get_name());
        for call in calls {
            let words = words(call);
            let parsed = Cli::try_parse_from(["blueprint".to_owned()].into_iter().chain(words.clone()));
            assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
        }
        verb.get_subcommands().filter(|verb| verb.get_name() != "help").for_each(check);
    }

    fn call_of(verb: &Command) -> &str {
        verb.get_bin_name().and_then(|name| name.strip_prefix("blueprint ")).unwrap_or_default()
    }

    /// The words of a call, to where the line or what is for the shell begins.
    fn words(call: &str) -> Vec<String> {
        let call = call.replace("\\\n", " ");
        let line = call.lines().next().unwrap_or_default();
        let mut words = vec![String::new()];
        let mut quote = None;
        for c in line.chars() {
            let is_new = words.last().is_some_and(String::is_empty);
            match c {
                _ if quote == Some(c) => quote = None,
                '"' | '\'' if quote.is_none() && is_new => quote = Some(c),
                '|' | '>' | '&' | ')' | '\'' | ';' if quote.is_none() => break,
                ' ' if quote.is_none() => words.push(String::new()),
                _ => words.last_mut().unwrap().push(c),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }
}
