use std::env;
use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use crate::agent;
use crate::cli::args::{Format, Global};
use crate::cli::context::{Context, Known, find_only};
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::genesis::{Status, TaskResult, Transition};
use crate::plan::legal;
use crate::report::{StatusReport, clean, clean_lines, task_lines};
use crate::run::{AgentReport, Says, leave};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint task done --summary \"the API answers\" --deliverable src/api.rs\n\n\
During an attempt, `done` and `fail` are the agent's report: blueprint itself changes the status, after commit and merge."
)]
pub(crate) struct Args {
    /// The plan.
    #[arg(long, global = true, value_name = "GENESIS")]
    genesis: Option<String>,
    /// The task.
    #[arg(long, global = true, value_name = "ID", env = "TASK_ID")]
    task: Option<String>,
    #[command(subcommand)]
    verb: TaskVerb,
}

#[derive(Debug, Clone, Subcommand)]
enum TaskVerb {
    /// You begin to work on the task.
    #[command(after_help = "Example: blueprint task start --task auth-api")]
    Start,
    /// The task is done.
    #[command(
        after_help = "Example: blueprint task done --summary \"the API answers\" --deliverable src/api.rs"
    )]
    Done {
        /// What was done, in a sentence.
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        summary: String,
        /// Something that was made; may be given more than once.
        #[arg(long = "deliverable", value_name = "D")]
        deliverables: Vec<String>,
        /// What else is to be known.
        #[arg(long)]
        notes: Option<String>,
    },
    /// The task can't be done.
    #[command(after_help = "Example: blueprint task fail --reason \"the schema of table users is missing\"")]
    Fail {
        /// Why.
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
    /// Show what there is to know about the task.
    #[command(after_help = "Example: blueprint task show --task auth-api --format json")]
    Show {
        /// How to print it.
        #[arg(long, default_value = "human")]
        format: Format,
    },
}

/// What an attempt was told about itself, by its environment.
struct Attempt {
    token: String,
    task: String,
    worktree: PathBuf,
}

impl Attempt {
    fn of_this_process() -> Option<Self> {
        let text = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let worktree = PathBuf::from(env::var_os("WORKTREE_PATH")?);
        Some(Self { token: text("BLUEPRINT_TASK_TOKEN")?, task: text("TASK_ID")?, worktree })
    }
}

pub(super) fn run(args: Args, global: &Global) -> Result<u8, CliError> {
    let name = args.task.ok_or_else(|| {
        CliError::usage("which task?").hint("name it with `--task ID` (agents have it in TASK_ID)")
    })?;
    let path = find_only(args.genesis.as_ref())?;
    let (context, known) = Context::open(path, global)?.known()?;
    let index = known.task(&name)?;
    if let TaskVerb::Show { format } = args.verb {
        return show(&context, &known, &name, format);
    }
    let attempt = Attempt::of_this_process();
    let is_live = known.run.is_some() && known.plan.task(index).status == Status::InProgress;
    match attempt {
        Some(attempt) => report(&attempt, &known, &name, &args.verb),
        None if is_live && context_has_attempt(&known, &name) => Err(refused(&name)),
        None => change(&context, &name, &args.verb),
    }
}

fn context_has_attempt(known: &Known, name: &str) -> bool {
    known.history.task(name).is_some_and(|story| story.open_attempt().is_some())
}

fn refused(name: &str) -> CliError {
    CliError::new(Kind::Forbidden, format!("task `{name}` is being worked on by a live run"))
        .hint("only its own agent can report on it; wait for the run, or end it")
}

/// From within an attempt: a report for the run, which decides after commit and merge.
fn report(attempt: &Attempt, known: &Known, name: &str, verb: &TaskVerb) -> Result<u8, CliError> {
    if attempt.task != name {
        let message = format!("this attempt is about task `{}`; it can't change `{name}`", attempt.task);
        return Err(CliError::new(Kind::Forbidden, message));
    }
    if !known.history.task(name).is_some_and(|story| story.is_told(&attempt.token)) {
        let message = format!("BLUEPRINT_TASK_TOKEN is not that of the attempt under way at task `{name}`");
        return Err(
            CliError::new(Kind::Forbidden, message).hint("only the agent of that attempt can report on it")
        );
    }
    let says = match verb.clone() {
        // It is in progress already: the run has written that before the agent was started.
        TaskVerb::Start | TaskVerb::Show { .. } => return Ok(0),
        TaskVerb::Done { summary, deliverables, notes } => Says::Done { summary, deliverables, notes },
        TaskVerb::Fail { reason } => Says::Failed { reason },
    };
    leave(&attempt.worktree, &AgentReport { token: attempt.token.clone(), says })?;
    output::say(&format!(
        "noted for task {}; blueprint writes the status when this attempt has ended",
        clean(name)
    ));
    Ok(0)
}

/// By a person, or by an agent that nobody runs: the transition itself.
fn change(context: &Context, name: &str, verb: &TaskVerb) -> Result<u8, CliError> {
    let (to, description, result) = match verb {
        TaskVerb::Show { .. } => return Ok(0),
        TaskVerb::Start => (Status::InProgress, "started by hand".to_owned(), None),
        TaskVerb::Done { summary, deliverables, notes } => {
            let result = TaskResult {
                summary: summary.clone(),
                deliverables: deliverables.clone(),
                notes: notes.clone(),
            };
            (Status::Completed, format!("completed by hand: {summary}"), Some(result))
        }
        TaskVerb::Fail { reason } => {
            let result = TaskResult { summary: reason.clone(), ..TaskResult::default() };
            (Status::Failed, format!("failed: {reason}"), Some(result))
        }
    };
    let actor = actor();
    let file = context.plan_file()?;
    let committed = file.commit(|genesis| {
        let from = genesis.task(name).map_or(Status::Pending, |task| task.status);
        legal(from, to)
            .map_err(|error| CliError::from(error).hint(format!("task `{name}` is {from} in the plan")))?;
        let transition = Transition {
            task: name,
            to,
            at: Timestamp::now(),
            actor: &actor,
            description: &description,
            changes: None,
            result: result.clone(),
            project: None,
        };
        genesis.transition(&transition).map_err(|error| CliError::edit(&error))
    });
    let committed = committed.map_err(|error| CliError::commit(&context.path, error))?;
    let did = if committed.changed { "is now" } else { "was already" };
    output::say(&format!("task {} {did} {to}", clean(name)));
    Ok(0)
}

/// Who does it: the agent, if the environment names one, else the person who is logged in.
fn actor() -> String {
    let named = ["BLUEPRINT_AGENT", "USER", "LOGNAME"].into_iter().filter_map(|name| env::var(name).ok());
    named.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

fn show(context: &Context, known: &Known, name: &str, format: Format) -> Result<u8, CliError> {
    let index = known.task(name)?;
    let (genesis, run) = (&known.genesis, known.run.as_ref());
    let report = StatusReport::new(&context.path, genesis, &known.plan, &known.history, run, |i| i == index);
    if format == Format::Json {
        output::json(&report)?;
        return Ok(0);
    }
    let status: String = report.tasks.iter().map(task_lines).collect();
    let Some(task) = genesis.task(name) else { return Ok(0) };
    let brief = agent::TaskBrief {
        id: task.id.clone(),
        name: task.name.clone(),
        description: task.description.clone(),
        acceptance: task.acceptance.clone(),
        estimate: task.estimate.as_ref().map(|estimate| estimate.id.clone()),
    };
    output::data(&format!("{status}{}", described(&brief)))?;
    Ok(0)
}

fn described(brief: &agent::TaskBrief) -> String {
    let mut text = format!("\n{}\n", clean_lines(brief.description.trim()));
    for criterion in &brief.acceptance {
        text.extend(["  - ", &clean(criterion), "\n"]);
    }
    text
}
