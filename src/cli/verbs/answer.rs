use std::io::{self, Read};

use crate::cli::args::Global;
use crate::cli::context::unknown_task;
use crate::cli::error::{CliError, Kind};
use crate::cli::held::Held;
use crate::cli::live::{TakenUp, next_step};
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::cli::remote::{Jobs, NEXT_JOB, RemoteArgs, Workplace};
use crate::cli::said::Said;
use crate::genesis::{Status, Task};
use crate::plan::TaskId;
use crate::report::clean;
use crate::run::{Answered, Fact, LONGEST_ANSWER, NoAnswer, TaskHistory, answer_in, call, open_question};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint answer genesis.xml auth-api \"use the session store\"\n\n\
The task's agent goes on where it stopped, in its own session where its program can: at once if a run is live, else with the next run. \
`blueprint status TASK` shows the question.")]
pub(crate) struct Args {
    /// The plan, then the task that asks, then the answer; `-`: the answer comes on standard input.
    #[arg(value_name = "GENESIS|TASK|TEXT")]
    arguments: Vec<String>,
    #[command(flatten)]
    remote: RemoteArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("answer", None)?;
    let (remote, arguments) = args.remote.split(&args.arguments);
    let Some((text, before)) = arguments.split_last().filter(|(_, before)| !before.is_empty()) else {
        return Err(
            CliError::usage("which task, and what is the answer?").hint("`blueprint answer TASK TEXT`")
        );
    };
    let text = answer_text(text)?;
    let (workplace, names) = Workplace::open("answer", (remote.as_deref(), Jobs::LetBe), before, global)?;
    let [name] = names else {
        return Err(CliError::usage("one task is answered at a time, with one text")
            .hint("`blueprint answer TASK TEXT`, with quotes around the text"));
    };
    let context = &workplace.context;
    let text = Said::of(context).text(&text);
    let held = Held::open(context)?;
    let plan = context.valid(&held.genesis)?;
    let task = held.genesis.task(name).ok_or_else(|| unknown_task(&plan, name))?.clone();
    let taken_up = TakenUp::by(context, held.run.as_ref())?;
    answer(held, &task, &text, taken_up)?;
    let next = next_step(context, taken_up);
    let is_remote = workplace.close()?;
    output::say(if is_remote { NEXT_JOB } else { &next });
    Ok(0)
}

fn answer_text(given: &str) -> Result<String, CliError> {
    let text = if given == "-" { from_stdin()? } else { given.to_owned() };
    answer_in(&text).map_err(|error| {
        CliError::usage(error).hint(match error {
            NoAnswer::Empty => "`blueprint answer TASK TEXT`",
            NoAnswer::TooLong => "put it into a file of the repository, and name that",
        })
    })
}

fn from_stdin() -> Result<String, CliError> {
    let mut bytes = Vec::new();
    io::stdin()
        .take(LONGEST_ANSWER as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| CliError::new(Kind::Environment, format!("can't read standard input: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A question that nobody has taken the answer of may be answered anew.
fn answer(held: Held<'_>, task: &Task, text: &str, taken_up: TakenUp) -> Result<(), CliError> {
    let (id, by) = (clean(&task.id), actor());
    let story = held.history.task(&task.id);
    if let Some(question) = open_question(&held.genesis, task, story) {
        refuse_a_moment_too_early(&held, task)?;
        let answered = question.answered(task, story, text, &by);
        let transitions = answered.transitions.clone();
        let when = if taken_up == TakenUp::Now { "" } else { " with the next run" };
        held.settle(Fact::Answered(answered), &transitions, || Ok(()))?;
        output::say(&format!("task {id} has its answer, and goes on{when}"));
        return Ok(());
    }
    let untaken = story.and_then(TaskHistory::untaken_answer).filter(|_| task.status == Status::Pending);
    match untaken.cloned() {
        Some(before) if before.text == text => {
            output::say(&format!("task {id} has that answer already"));
            Ok(())
        }
        Some(before) => {
            let again = Answered { text: text.to_owned(), by, transitions: Vec::new(), ..before };
            held.settle(Fact::Answered(again), &[], || Ok(()))?;
            output::say(&format!("task {id} has this answer now, in place of the one before"));
            Ok(())
        }
        None => Err(asks_nothing(task)),
    }
}

/// The run is just about to block the task.
fn refuse_a_moment_too_early(held: &Held<'_>, task: &Task) -> Result<(), CliError> {
    if task.status != Status::InProgress || held.run.is_none() {
        return Ok(());
    }
    let message = format!("the attempt at task `{}` is just ending with its question", task.id);
    Err(CliError::new(Kind::Environment, message).hint("answer it again in a moment"))
}

fn asks_nothing(task: &Task) -> CliError {
    let id = TaskId::from(task.id.as_str());
    let error = CliError::usage(format!("task `{id}` is {} and asks nothing", task.status));
    let of = |verb: &str, rest: &str| call(verb, "", &clean(id.as_str()), rest);
    error.hint(match task.status {
        Status::Pending => {
            format!("what its agent is to know can be said with `{}`", of("retry", "--note TEXT"))
        }
        Status::InProgress => {
            format!("its agent is at work: `{}` shows what it does", of("logs", "--follow"))
        }
        Status::Completed | Status::Failed | Status::Blocked | Status::Cancelled => {
            format!(
                "`{}` has it done again with a word to its agent; `{}` tells its story",
                of("retry", "--note TEXT"),
                of("status", "")
            )
        }
    })
}
