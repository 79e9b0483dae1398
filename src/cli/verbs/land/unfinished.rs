//! A landing in which somebody was killed.

use std::fs;
use std::io;
use std::path::Path;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::git::{Advance, Repo, Resumed};
use crate::report::{clean, shell_word};
use crate::store::read_json;

/// Ends it, if there is one.
pub(super) fn finish(context: &Context, repo: &Repo) -> Result<(), CliError> {
    let note = context.state.landing();
    let Some(step) = read_json::<Advance>(&note)? else { return Ok(()) };
    match repo.resume(&step)? {
        Resumed::Done => {
            output::say(&format!("note    a landing in {} that had broken off is done now", step.branch));
        }
        Resumed::Overtaken => output::say(&format!(
            "warning a landing in {} had broken off, and the branch has moved since: `git status` in {} shows what it may have left",
            step.branch,
            step.checkout.as_deref().unwrap_or(context.folder()).display()
        )),
        Resumed::Stray(paths) => return Err(stray(&step, &paths)),
    }
    fs::remove_file(&note).map_err(|error| not_removed(&note, &error))
}

/// Says that there is one.
pub(super) fn tell(context: &Context) -> Result<(), CliError> {
    if let Some(step) = read_json::<Advance>(&context.state.landing())? {
        output::say(&format!(
            "note    a landing in {} has broken off: `blueprint land` ends that first",
            step.branch
        ));
    }
    Ok(())
}

fn stray(step: &Advance, paths: &[std::path::PathBuf]) -> CliError {
    let checkout = step.checkout.clone().unwrap_or_default();
    let shown: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
    let words: Vec<_> = paths.iter().map(|path| shell_word(&path.to_string_lossy())).collect();
    let message = format!(
        "a landing in {} broke off, and these files in {} are neither as before nor as after it: {}; nothing was changed",
        step.branch,
        checkout.display(),
        shown.join(", ")
    );
    CliError::new(Kind::Usage, message).hint(format!(
        "keep what you need of them elsewhere; `git -C {} checkout {} -- {}` gives what was there before; then land again",
        shell_word(&checkout.to_string_lossy()),
        step.from,
        words.join(" ")
    ))
}

pub(super) fn not_removed(note: &Path, error: &io::Error) -> CliError {
    CliError::new(Kind::Environment, format!("can't remove {}: {error}", note.display()))
}
