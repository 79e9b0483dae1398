use std::io::{self, Read, Write};
use std::thread::sleep;
use std::time::Duration;

use crate::cli::args::Global;
use crate::cli::context::{Context, Known, find};
use crate::cli::error::{CliError, Kind};
use crate::cli::masked_log::{MaskedLog, secrets_of};
use crate::cli::output;

use crate::agent::Secrets;
use crate::plan::TaskIndex;
use crate::run::{History, Record};
use crate::store::{AttemptDir, read_records};

/// How often `--follow` looks for more.
const LOOK: Duration = Duration::from_millis(200);
/// So much of a log is in memory at once, in bytes.
const BLOCK: usize = 64 * 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint logs genesis.xml auth-api --follow")]
pub(crate) struct Args {
    /// The plan, if it has to be named, and the task.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
    /// Which attempt, from 1; the newest, if left out.
    #[arg(long, value_name = "N")]
    attempt: Option<u32>,
    /// Go on until the attempt ends.
    #[arg(long)]
    follow: bool,
    /// What was printed on standard error, too, after the rest (also shown where there is no rest).
    #[arg(long)]
    stderr: bool,
    /// What setup steps printed, too, before the rest (also shown where no agent was started).
    #[arg(long)]
    steps: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let (path, names) = find(&args.arguments)?;
    let [name] = names else {
        return Err(CliError::usage("name one task").hint("`blueprint logs [GENESIS] TASK`"));
    };
    let (context, known) = Context::open(path, global)?.known()?;
    let index = known.task(name)?;
    let attempt = known.attempt(name, args.attempt)?;
    let dir = context.state.attempt(&attempt.started.slug, attempt.started.attempt);
    let secrets = secrets_of(&context, attempt, &dir);
    let mut out = MaskedLog::open(&dir.stdout(), &secrets).ok();
    if args.steps || out.is_none() {
        show_steps(&dir, &secrets)?;
    }
    if let Some(out) = &mut out {
        out.is_whole_unless(args.follow);
        copy(out)?;
    }
    if args.follow {
        follow(
            &context,
            &known,
            index,
            attempt.started.attempt,
            || MaskedLog::open(&dir.stdout(), &secrets).ok(),
            out,
        )?;
    }
    let is_silent = dir.stdout().metadata().is_ok_and(|log| log.len() == 0);
    if (args.stderr || is_silent)
        && let Ok(mut errors) = MaskedLog::open(&dir.stderr(), &secrets)
    {
        errors.is_whole();
        copy(&mut errors)?;
    }
    if is_silent && dir.stderr().metadata().is_ok_and(|log| log.len() == 0) {
        output::say(&format!("note    attempt {} printed nothing", attempt.started.attempt));
    }
    Ok(0)
}

/// What each step printed, in the order in which they ran.
fn show_steps(dir: &AttemptDir, secrets: &Secrets) -> Result<(), CliError> {
    for step in dir.past_steps() {
        if let Ok(mut log) = MaskedLog::open(&step.stdout(), secrets) {
            log.is_whole();
            let name = step.path().file_name().unwrap_or_default().to_string_lossy();
            output::say(&format!("step    {name}"));
            copy(&mut log)?;
        }
    }
    Ok(())
}

fn follow<'s>(
    context: &Context,
    known: &Known,
    index: TaskIndex,
    number: u32,
    open: impl Fn() -> Option<MaskedLog<'s>>,
    mut out: Option<MaskedLog<'s>>,
) -> Result<(), CliError> {
    let id = known.plan.task(index).id.as_str();
    loop {
        let is_over = is_over(context, id, number)?;
        if out.is_none() {
            out = open();
        }
        if let Some(out) = &mut out {
            out.is_whole_unless(!is_over);
            copy(out)?;
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

/// What is there from where the file stands, as it is: an agent's colours are its own. Block by block: an agent may have printed more than
/// there is memory.
fn copy(file: &mut impl Read) -> Result<(), CliError> {
    let mut block = vec![0; BLOCK];
    let mut out = io::stdout().lock();
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => return written(out.flush()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(CliError::new(Kind::Environment, format!("can't read the log: {error}")));
            }
        };
        written(out.write_all(block.get(..count).unwrap_or_default()))?;
    }
}

/// A reader that has gone (`blueprint logs x | head -1`) wants no more.
fn written(done: io::Result<()>) -> Result<(), CliError> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            Err(CliError::new(Kind::Environment, format!("can't write to standard output: {error}")))
        }
        Ok(()) => Ok(()),
    }
}
