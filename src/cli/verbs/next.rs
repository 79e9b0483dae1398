use std::time::Duration;

use serde::Serialize;

use crate::cli::args::Global;
use crate::cli::context::Known;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::remote::RemoteArgs;
use crate::genesis::Status;
use crate::plan::{ASSUMED_ESTIMATE, Ending, Event, Schedule, State, TaskIndex};
use crate::report::{clean, short};
use crate::run::open_question;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint next genesis.xml --format json")]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// How to print it.
    #[arg(long, default_value = "human")]
    format: NextFormat,
    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum NextFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// A matrix for jobs of GitHub Actions.
    Github,
}

#[derive(Serialize)]
struct Ready<'a> {
    id: &'a str,
    agent: Option<&'a str>,
    /// Seconds of estimated work on the longest path from here, the task included.
    urgency: u64,
    /// For people: some of that nobody has estimated.
    #[serde(skip)]
    is_assumed: bool,
}

/// A question that has to be answered before its task can go on.
#[derive(Serialize)]
struct Asking<'a> {
    id: &'a str,
    agent: Option<&'a str>,
    question: String,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let known = args.remote.look_at(args.genesis.as_ref(), global)?.known;
    let ready = ready(&known)?;
    let tasks: Vec<_> = ready.iter().map(|&index| describe(&known, index)).collect();
    match args.format {
        NextFormat::Human => output::page(&(human(&tasks) + &asked(&asking(&known))))?,
        NextFormat::Json => {
            let next = serde_json::json!({"version": 1, "tasks": tasks, "questions": asking(&known)});
            output::json(&next)?;
        }
        NextFormat::Github => {
            let jobs = tasks.iter().map(|task| serde_json::json!({"task": task.id, "agent": task.agent}));
            let matrix = serde_json::json!({"include": jobs.collect::<Vec<_>>()});
            output::data(&format!("{matrix}\n"))?;
        }
    }
    Ok(0)
}

/// The tasks that could start now, in the order in which a run would start them.
fn ready(known: &Known) -> Result<Vec<TaskIndex>, CliError> {
    let mut schedule = Schedule::new(&known.plan, |index| match known.plan.task(index).status {
        Status::Pending => State::Ready,
        Status::Completed => State::Ended(Ending::Completed),
        Status::InProgress => State::Ended(Ending::Foreign),
        Status::Failed => State::Ended(Ending::Failed),
        Status::Blocked => State::Ended(Ending::Blocked),
        Status::Cancelled => State::Ended(Ending::Cancelled),
    });
    let mut ready = Vec::new();
    while let Some(index) = schedule.next_ready() {
        ready.push(index);
        schedule
            .apply(index, Event::Started)
            .map_err(|error| CliError::new(crate::cli::error::Kind::Bug, error))?;
    }
    Ok(ready)
}

fn describe(known: &Known, index: TaskIndex) -> Ready<'_> {
    let task = known.plan.task(index);
    Ready {
        id: task.id.as_str(),
        agent: task.agent.as_deref(),
        urgency: known.plan.urgency(index).as_secs(),
        is_assumed: known.plan.is_urgency_assumed(index),
    }
}

fn human(tasks: &[Ready<'_>]) -> String {
    let line = |task: &Ready<'_>| {
        let agent = task.agent.map_or_else(String::new, |agent| format!("  {}", clean(agent)));
        let sign = if task.is_assumed { "~" } else { "" };
        let urgency = format!("{sign}{}", short(Duration::from_secs(task.urgency)));
        format!("{:<24} {urgency:>8}{agent}\n", clean(task.id))
    };
    let mut text: String = tasks.iter().map(line).collect();
    if tasks.iter().any(|task| task.is_assumed) {
        let hours = ASSUMED_ESTIMATE.as_secs() / 3600;
        text.push_str(&format!("~ where a task on the way has no estimate, {hours}h is assumed for it\n"));
    }
    text
}

fn asking(known: &Known) -> Vec<Asking<'_>> {
    let asking = |(index, task): (TaskIndex, &crate::plan::Task)| {
        let id = task.id.as_str();
        let question = open_question(&known.genesis, known.genesis.task(id)?, known.history.task(id))?.text;
        let Ready { id, agent, .. } = describe(known, index);
        Some(Asking { id, agent, question })
    };
    known.plan.tasks().filter_map(asking).collect()
}

/// Below the tasks that are ready.
fn asked(asking: &[Asking<'_>]) -> String {
    let line = |asking: &Asking<'_>| {
        let question =
            clean(asking.question.lines().find(|line| !line.trim().is_empty()).unwrap_or_default());
        format!("{:<24} {:>8}  {question}\n", clean(asking.id), "asks")
    };
    asking.iter().map(line).collect()
}
