//! `run --detach`: the same run in a session of its own, with its output in a file.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use tempfile::NamedTempFile;

use super::view::Listener;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::help_line::plan_words;
use crate::cli::output;
use crate::run::RunEvent;

/// What the flag becomes for the run in the background.
const DETACHED: &str = "--detached";
/// What the run in the background prints when it has really begun.
const BEGUN: &str = "begun";

/// Starts the run in the background, and waits until it has begun; one that could not says why, with its own exit code.
pub(super) fn start(context: &Context) -> Result<u8, CliError> {
    context.state.make()?;
    let failed =
        |error| CliError::new(Kind::Environment, format!("can't start a run in the background: {error}"));
    let log = NamedTempFile::new_in(context.state.path()).map_err(failed)?;
    let mut child = spawn(log.reopen().map_err(failed)?).map_err(failed)?;
    if has_begun(&mut child) {
        let path = context.state.path().join("run.log");
        log.persist(&path).map_err(|error| failed(error.error))?;
        tell(context, child.id(), &path.to_string_lossy());
        return Ok(0);
    }
    let status = child.wait().map_err(failed)?;
    let said = fs::read_to_string(log.path()).unwrap_or_default();
    output::say(said.trim_end());
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(Kind::Bug.exit_code()))
}

fn spawn(log: File) -> std::io::Result<Child> {
    let mut is_first = true;
    let mut is_the_flag = |argument: &OsString| argument == "--detach" && std::mem::take(&mut is_first);
    let arguments = env::args_os().skip(1);
    let arguments = arguments.map(|argument| if is_the_flag(&argument) { DETACHED.into() } else { argument });
    Command::new(env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
}

fn has_begun(child: &mut Child) -> bool {
    let Some(stdout) = child.stdout.take() else { return false };
    BufReader::new(stdout).lines().map_while(Result::ok).any(|line| line == BEGUN)
}

fn tell(context: &Context, pid: u32, log: &str) {
    let plan = plan_words(&context.path);
    output::say(&format!("the run goes on in the background (process {pid})"));
    output::say(&format!("  its output: {log}"));
    output::say(&format!("next    blueprint attach {plan}   (shows the run; `blueprint stop` ends it)"));
}

/// Makes this process one that no terminal reaches.
pub(super) fn leave_the_terminal() -> Result<(), CliError> {
    let left = rustix::process::setsid();
    left.map(drop)
        .map_err(|error| CliError::new(Kind::Environment, format!("can't leave the terminal: {error}")))
}

/// Tells whoever waits for it that the run has begun.
pub(super) fn announcer() -> Listener {
    Box::new(|event| {
        if matches!(event, RunEvent::Started(_)) {
            // If nobody waits any more, that is their affair.
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{BEGUN}").and_then(|()| out.flush());
        }
    })
}
