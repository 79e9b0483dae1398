mod view;

use std::thread::sleep;
use std::time::Duration;

use crate::agent::{Readable, Secrets};
use crate::cli::args::Global;
use crate::cli::casting::program;
use crate::cli::context::{Context, Known, find};
use crate::cli::error::CliError;
use crate::cli::masked_log::{MaskedLog, secrets_of};
use crate::cli::output;
use crate::cli::pager::Paged;
use crate::report::clean;
use crate::run::{Attempt, History, PERSON, Record, call};
use crate::store::{AttemptDir, read_records};
use view::{View, written};

/// How often `--follow` looks for more.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags that have nothing to do with each other")]
#[command(after_help = "Example: blueprint logs genesis.xml auth-api --follow")]
pub(crate) struct Args {
    /// The plan, if it has to be named, and the task.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
    /// Which attempt, from 1; the newest, if left out.
    #[arg(long, value_name = "N")]
    attempt: Option<u32>,
    /// Go on until the attempt ends.
    #[arg(short, long)]
    follow: bool,
    /// What the agent's program printed as it is, instead of what it says: agent programs print an object of JSON a line.
    #[arg(long)]
    raw: bool,
    /// What was printed on standard error, too, after the rest (also shown where there is no rest).
    #[arg(long)]
    stderr: bool,
    /// What setup steps and gates printed, too, before the rest (also shown where no agent was started).
    #[arg(long)]
    steps: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let (path, names) = find(&args.arguments)?;
    let [name] = names else {
        return Err(CliError::usage("name one task").hint("`blueprint logs [GENESIS] TASK`"));
    };
    let (context, known) = Context::open(path, global)?.known_with_records()?;
    let index = known.task(name)?;
    let attempt = known.attempt(name, args.attempt)?;
    let dir = context.state.attempt(&attempt.started.slug, attempt.started.attempt);
    if !is_here(&known, attempt, &dir) {
        return Err(not_here(&known, attempt, &clean(name)));
    }
    let secrets = secrets_of(&context, attempt, &dir);
    let open = || MaskedLog::open(&dir.stdout(), &secrets).ok();
    let mut log = open();
    let mut page = if args.follow || args.steps || log.is_none() { Paged::at_once() } else { Paged::new() };
    let mut view = if args.raw { View::AsItIs } else { view_of(&context, &attempt.started.runner) };
    if args.steps || log.is_none() {
        show_steps(&dir, &secrets, &mut page)?;
    }
    if let Some(log) = &mut log {
        log.is_whole_unless(args.follow);
        view.show(log, &mut page)?;
    }
    if args.follow {
        let id = known.plan.task(index).id.as_str();
        follow(&context, (id, attempt.started.attempt), open, log, (&mut view, &mut page))?;
    }
    view.end(&mut page)?;
    let is_silent = dir.stdout().metadata().is_ok_and(|log| log.len() == 0);
    if (args.stderr || is_silent)
        && let Ok(mut errors) = MaskedLog::open(&dir.stderr(), &secrets)
    {
        errors.is_whole();
        View::AsItIs.show(&mut errors, &mut page)?;
    }
    written(page.end())?;
    if is_silent && dir.stderr().metadata().is_ok_and(|log| log.len() == 0) {
        output::say(&format!("note    attempt {} printed nothing", attempt.started.attempt));
    }
    Ok(0)
}

/// The log of an attempt that is under way may still have to be made.
fn is_here(known: &Known, attempt: &Attempt, dir: &AttemptDir) -> bool {
    dir.path().exists() || (attempt.ended.is_none() && known.run.is_some())
}

/// A state that comes from a remote has the journal of other machines, and not what their agents printed.
fn not_here(known: &Known, attempt: &Attempt, id: &str) -> CliError {
    let number = attempt.started.attempt;
    if attempt.started.runner == PERSON {
        return CliError::usage(format!("attempt {number} at task `{id}` was a person's: it has no log"));
    }
    let made = known.history.host_of(attempt).map(|host| format!("; it was made on {}", clean(host)));
    let made = made.unwrap_or_default();
    CliError::usage(format!("the log of attempt {number} at task `{id}` is not in this clone{made}")).hint(
        format!(
            "`{}` tells what is known of it; the log of a CI job may have been kept with the job",
            call("status", "", id, "")
        ),
    )
}

/// What each step printed, in the order in which they ran.
fn show_steps(dir: &AttemptDir, secrets: &Secrets, page: &mut Paged) -> Result<(), CliError> {
    for step in dir.past_steps() {
        if let Ok(mut log) = MaskedLog::open(&step.stdout(), secrets) {
            log.is_whole();
            let name = step.path().file_name().unwrap_or_default().to_string_lossy();
            output::say(&format!("step    {name}"));
            View::AsItIs.show(&mut log, page)?;
        }
    }
    Ok(())
}

/// What a program of the user's own prints is for people already, as far as anybody knows.
fn view_of(context: &Context, runner: &str) -> View {
    let known = context.config().ok().and_then(|loaded| program(runner, &loaded.config));
    known.map_or(View::AsItIs, |program| View::readable(Readable::new(program)))
}

fn follow<'s>(
    context: &Context,
    (id, number): (&str, u32),
    open: impl Fn() -> Option<MaskedLog<'s>>,
    mut log: Option<MaskedLog<'s>>,
    (view, page): (&mut View, &mut Paged),
) -> Result<(), CliError> {
    loop {
        let is_over = is_over(context, id, number)?;
        if log.is_none() {
            log = open();
        }
        if let Some(log) = &mut log {
            log.is_whole_unless(!is_over);
            view.show(log, page)?;
        }
        if is_over {
            return Ok(());
        }
        sleep(LOOK);
    }
}

/// The journal has its end, or nobody is there any more to write it.
fn is_over(context: &Context, id: &str, number: u32) -> Result<bool, CliError> {
    let history = History::from_records(read_records::<Record>(&context.state.journal())?.records);
    let attempts = history.task(id).map(|story| story.attempts.as_slice()).unwrap_or_default();
    let open = attempts.iter().any(|attempt| attempt.started.attempt == number && attempt.ended.is_none());
    let live = crate::store::RunLock::live_owner(&context.state.run_lock())?.is_some();
    Ok(!(open && live))
}
