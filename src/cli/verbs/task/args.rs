use clap::Subcommand;

use crate::cli::args::Format;
use crate::run::{Claim, Remark, Says};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint task done --summary \"the API answers\" --deliverable src/api.rs\n\n\
In an attempt, what is said here is the agent's report: blueprint takes it, answers, and itself changes the status when the attempt has \
ended, after commit and merge. Of several reports the last one counts. Elsewhere the plan is changed at once.\n\n\
Exit codes: 0 done, or noted by the run; 2 refused: an argument, or a change that makes no sense; 3 the plan is invalid; \
74 the disk failed; 77 not allowed: another agent's task."
)]
pub(crate) struct Args {
    /// The plan; `$GENESIS_FILE_PATH` if left out, else as for all verbs.
    #[arg(long, global = true, value_name = "GENESIS")]
    pub(super) genesis: Option<String>,
    /// The task; `$TASK_ID` if left out.
    #[arg(long, global = true, value_name = "TASK")]
    task: Option<String>,
    /// Change a task that a live run works on, or complete one whose work has not passed its gates; for a person at a terminal.
    #[arg(long, global = true)]
    pub(super) force: bool,
    #[command(subcommand)]
    pub(super) verb: TaskVerb,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum TaskVerb {
    /// You begin to work on the task.
    #[command(after_help = "Example: blueprint task start auth-api")]
    Start {
        #[command(flatten)]
        named: Named,
    },
    /// The task is done.
    #[command(
        after_help = "Example: blueprint task done --summary \"the API answers\" --deliverable src/api.rs"
    )]
    Done {
        #[command(flatten)]
        named: Named,
        /// What was done, in a sentence.
        #[arg(long, value_parser = text)]
        summary: String,
        /// Something that was made; may be given more than once.
        #[arg(long = "deliverable", value_name = "D", value_parser = text)]
        deliverables: Vec<String>,
        /// What else is to be known.
        #[arg(long)]
        notes: Option<String>,
    },
    /// The task can't be done.
    #[command(after_help = "Example: blueprint task fail --reason \"the schema of table users is missing\"")]
    Fail {
        #[command(flatten)]
        named: Named,
        /// Why.
        #[arg(long, value_parser = text)]
        reason: String,
    },
    /// Something is in the way that somebody else has to remove.
    #[command(after_help = "Example: blueprint task block --reason \"there is no key for the mail service\"")]
    Block {
        #[command(flatten)]
        named: Named,
        /// What.
        #[arg(long, value_parser = text)]
        reason: String,
    },
    /// Ask a person; the task is blocked until there is an answer.
    #[command(after_help = "Example: blueprint task ask \"May sessions outlive a restart?\"")]
    Ask {
        /// The question.
        #[arg(value_parser = text)]
        question: String,
    },
    /// Write down what others should know; the status stays as it is.
    #[command(
        after_help = "A note goes into the plan's audit log, a learning or decision into its knowledge base.\n\n\
Examples:\n  blueprint task note \"the tests need a running database\"\n  \
blueprint task note --learning \"Rows are wide\" --category data \"4 kB each\"\n  \
blueprint task note --decision \"Postgres\" --context \"a store\" \\\n      \
--rationale \"it is there already\" \"We use Postgres 17\""
    )]
    Note(NoteArgs),
    /// Show what there is to know about the task.
    #[command(after_help = "Example: blueprint task show auth-api --format json")]
    Show {
        #[command(flatten)]
        named: Named,
        /// How to print it.
        #[arg(long, default_value = "human")]
        format: Format,
    },
}

/// The task, where nothing else is named by position.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Named {
    /// The task; as `--task`.
    #[arg(value_name = "TASK")]
    id: Option<String>,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct NoteArgs {
    /// The note; the decision itself, if its title does not say it; or a learning's description.
    #[arg(value_parser = text, required_unless_present_any = ["learning", "decision"])]
    text: Option<String>,
    /// A learning, with this title.
    #[arg(long, value_name = "TITLE", value_parser = text, conflicts_with = "decision")]
    learning: Option<String>,
    /// More on the learning.
    #[arg(long, requires = "learning", conflicts_with = "text")]
    description: Option<String>,
    /// What the learning is about.
    #[arg(long, requires = "learning", default_value = "general", value_parser = text)]
    category: String,
    /// A decision, with this title.
    #[arg(long, value_name = "TITLE", value_parser = text, requires_all = ["context", "rationale"])]
    decision: Option<String>,
    /// What made the decision necessary.
    #[arg(long, requires = "decision", value_parser = text)]
    context: Option<String>,
    /// Why this and not the others.
    #[arg(long, requires = "decision", value_parser = text)]
    rationale: Option<String>,
}

/// Anything but blanks.
fn text(argument: &str) -> Result<String, String> {
    if argument.trim().is_empty() {
        return Err("there must be something in it".to_owned());
    }
    Ok(argument.trim().to_owned())
}

impl Args {
    /// The task that is named, by either of two ways.
    pub(super) fn task(&self) -> Result<Option<&str>, String> {
        let by_place = match &self.verb {
            TaskVerb::Start { named }
            | TaskVerb::Done { named, .. }
            | TaskVerb::Fail { named, .. }
            | TaskVerb::Block { named, .. }
            | TaskVerb::Show { named, .. } => named.id.as_deref(),
            TaskVerb::Ask { .. } | TaskVerb::Note(_) => None,
        };
        match (by_place, self.task.as_deref()) {
            (Some(one), Some(other)) if one != other => {
                Err(format!("which task, `{one}` or `{other}`? `--task` names another one"))
            }
            (by_place, by_name) => Ok(by_place.or(by_name)),
        }
    }
}

impl TaskVerb {
    /// What it says of the task; nothing for verbs that say nothing.
    pub(super) fn says(&self) -> Option<Says> {
        let claim = match self.clone() {
            Self::Start { .. } | Self::Show { .. } => return None,
            Self::Done { summary, deliverables, notes, .. } => Claim::Done { summary, deliverables, notes },
            Self::Fail { reason, .. } => Claim::Failed { reason },
            Self::Block { reason, .. } => Claim::Blocked { reason },
            Self::Ask { question } => Claim::Asks { question },
            Self::Note(note) => return Some(Says::Remark(note.remark())),
        };
        Some(Says::Claim(claim))
    }
}

impl NoteArgs {
    fn remark(self) -> Remark {
        let text = self.text.unwrap_or_default();
        match (self.learning, self.decision) {
            (Some(title), _) => {
                let description = self.description.unwrap_or(text);
                Remark::Learning { title, description, category: self.category }
            }
            (None, Some(title)) => {
                let [context, rationale] = [self.context, self.rationale].map(Option::unwrap_or_default);
                let decision = if text.is_empty() { title.clone() } else { text };
                Remark::Decision { title, context, decision, rationale }
            }
            (None, None) => Remark::Note { text },
        }
    }
}
