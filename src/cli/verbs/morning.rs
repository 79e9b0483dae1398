//! `blueprint` alone: what there is to do, for a person who comes back to a plan.

use std::path::{Path, PathBuf};

use clap::CommandFactory;

use crate::cli::args::{Cli, Global};
use crate::cli::branches::Branches;
use crate::cli::context::{Context, Known, find, plans_here};
use crate::cli::error::{CliError, Kind};
use crate::cli::live::report;
use crate::cli::output;
use crate::cli::sizes::own_change;
use crate::cli::works::Works;
use crate::git::Oid;
use crate::plan::TaskIndex;
use crate::report::{
    Finished, Morning, Reader, Review, Size, Surroundings, brief_lines, clean, morning_lines, shell_word,
};

use super::land::target;

/// The size of so many changes is looked up: each is a comparison of two commits.
const SIZED: usize = 12;

/// The one plan that is here; of several, how each stands; where there is none, what the program can do.
pub(super) fn run(global: &Global) -> Result<u8, CliError> {
    match plans_here()?.as_slice() {
        [] => {
            output::tell(&Cli::command().render_help().to_string());
            output::say("note    there is no genesis.xml here: `blueprint init` makes a first one");
            Ok(Kind::Usage.exit_code())
        }
        [plan] => one(plan, global),
        plans => all(plans, global),
    }
}

/// The view of the plan that `arguments` name, or mean.
pub(super) fn of(arguments: &[String], global: &Global) -> Result<u8, CliError> {
    let (path, names) = find(arguments)?;
    if let Some(name) = names.first() {
        return Err(CliError::usage(format!("`--todo` is about a whole plan, and `{name}` is none"))
            .hint("`blueprint explain TASK` says what there is to do about one task"));
    }
    one(&path, global)
}

fn one(path: &Path, global: &Global) -> Result<u8, CliError> {
    output::page(&shown(path, global, None, morning_lines)?)?;
    Ok(0)
}

/// What `lines` makes of a plan as it is now, which is called by that name, or else as one would type its file.
fn shown(
    path: &Path,
    global: &Global,
    name: Option<&str>,
    lines: impl FnOnce(&Morning<'_>, &Reader) -> String,
) -> Result<String, CliError> {
    let (context, known) = open(path, global)?;
    let report = report(&context, &known, |_| true)?;
    let around = Surroundings {
        plan_name: &name.map_or_else(|| output::typed(&context.path), str::to_owned),
        plan: &known.plan,
        history: &known.history,
        state: &context.state,
        is_there: Path::exists,
        distance: None,
        is_live: known.run.is_some(),
        is_paused: report.run.as_ref().is_some_and(|run| run.paused),
        is_ending: report.run.as_ref().is_some_and(|run| run.ending),
    };
    let review = review(&context, &known).unwrap_or_else(|error| {
        output::say(&format!("note    it can't be said what there is to review: {error}"));
        Review::default()
    });
    Ok(lines(&Morning { report: &report, around: &around, review }, &reader()))
}

/// Of each what needs somebody, and how to see more of it.
fn all(plans: &[PathBuf], global: &Global) -> Result<u8, CliError> {
    let mut text = String::new();
    for path in plans {
        let epic = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let name = shell_word(&clean(&epic));
        let shown = match shown(path, global, Some(&epic), brief_lines) {
            Ok(shown) => format!("{shown}see     blueprint status {name} --todo\n\n"),
            // One that can't be read keeps nobody from seeing the others.
            Err(_) => format!("{name} is no valid plan: `blueprint validate {name}` says why\n\n"),
        };
        text.push_str(&shown);
    }
    text.pop();
    output::page(&text)?;
    Ok(0)
}

fn reader() -> Reader {
    Reader::of(output::width())
}

fn open(path: &Path, global: &Global) -> Result<(Context, Known), CliError> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Context::open(path, global)?.known()
}

/// What is finished, and has not landed.
fn review(context: &Context, known: &Known) -> Result<Review, CliError> {
    if context.repo.is_none() {
        return Ok(Review::default());
    }
    let branches = Branches::of(context, &known.plan, &known.history)?;
    let start = branches.repo.start(&branches.refs)?;
    // Nobody knows yet where it is to land: then nothing has.
    let into = target(&branches, &known.history, None, start).ok();
    let works = Works::of((context, known), &branches, into.as_ref(), start)?;
    let finished = |(place, index): (usize, TaskIndex)| {
        let task = known.plan.task(index).id.to_string();
        let size = works.heads.get(&index).filter(|_| place < SIZED);
        let size = size.and_then(|head| size_of(&branches, known, &task, *head));
        Finished { task, size }
    };
    let open = works.open(&known.plan).into_iter().enumerate().map(finished).collect();
    Ok(Review { into: into.map(|into| into.to_string()), open, landed: works.landed.len() })
}

/// How much of its own a task's work changes.
fn size_of(branches: &Branches<'_>, known: &Known, task: &str, head: Oid) -> Option<Size> {
    let attempt = known.history.task(task)?.success()?;
    let own = || own_change(branches.repo, attempt);
    let since = || branches.repo.changed(attempt.started.base.parse().ok()?, head).ok();
    let stat = if attempt.commit() == Some(head) { own() } else { since() }?;
    Some(Size { files: stat.files, insertions: stat.insertions, deletions: stat.deletions })
}
