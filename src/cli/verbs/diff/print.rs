//! A change, printed.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anstream::ColorChoice;
use anstyle::{AnsiColor, Effects, Style};
use serde::Serialize;

use super::Change;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::cli::pager::Paged;
use crate::git::{ChangeKind, FileChange, Later, LineKind, Oid, Repo};
use crate::report::{clean, clean_line};

/// So many signs stand for the file that has changed most.
const LONGEST_BAR: usize = 40;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    task: &'a str,
    attempt: u32,
    base: String,
    /// The commit that is compared; none, while it is what lies in the worktree.
    commit: Option<String>,
    worktree: Option<&'a Path>,
    insertions: usize,
    deletions: usize,
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    path: String,
    old_path: Option<String>,
    change: &'static str,
    insertions: Option<usize>,
    deletions: Option<usize>,
}

/// `schemas/diff.schema.json` says what each key means.
pub(super) fn json(repo: &Repo, change: &Change<'_>) -> Result<(), CliError> {
    let files = repo.changes(change.base, &change.later)?;
    let (insertions, deletions) = sums(&files);
    let (commit, worktree) = match &change.later {
        Later::Commit(commit) => (Some(*commit), None),
        Later::Worktree(worktree) => (None, Some(worktree.path())),
    };
    output::json(&Document {
        version: 1,
        task: change.task,
        attempt: change.attempt,
        base: change.base.to_string(),
        commit: commit.as_ref().map(Oid::to_string),
        worktree,
        insertions,
        deletions,
        files: files.iter().map(file).collect(),
    })
}

fn file(file: &FileChange) -> File {
    File {
        path: file.path.to_string_lossy().into_owned(),
        old_path: file.old_path.as_ref().map(|path| path.to_string_lossy().into_owned()),
        change: match file.kind {
            ChangeKind::Added => "added",
            ChangeKind::Deleted => "deleted",
            ChangeKind::Modified => "modified",
            ChangeKind::Renamed => "renamed",
            ChangeKind::TypeChanged => "type-changed",
        },
        insertions: file.lines.map(|(added, _)| added),
        deletions: file.lines.map(|(_, removed)| removed),
    }
}

fn sums(files: &[FileChange]) -> (usize, usize) {
    files.iter().filter_map(|file| file.lines).fold((0, 0), |sum, lines| (sum.0 + lines.0, sum.1 + lines.1))
}

/// The paths as they are, so that programs can take them.
pub(super) fn names(repo: &Repo, change: &Change<'_>) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    for file in repo.changes(change.base, &change.later)? {
        let path = file.path.as_os_str().as_encoded_bytes();
        written(out.write_all(&[path, b"\n"].concat()))?;
    }
    Ok(())
}

pub(super) fn stat(repo: &Repo, change: &Change<'_>) -> Result<(), CliError> {
    let files = repo.changes(change.base, &change.later)?;
    let names: Vec<_> = files.iter().map(name).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let most = files.iter().filter_map(|file| file.lines).map(|(a, b)| a + b).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (file, name) in files.iter().zip(&names) {
        let amount = match file.lines {
            None => "not text".to_owned(),
            Some(lines) => format!("{:>5} {}", lines.0 + lines.1, bar(lines, most)),
        };
        lines.push(format!(" {name:width$} | {}\n", amount.trim_end()));
    }
    let (added, removed) = sums(&files);
    let plural = if files.len() == 1 { "" } else { "s" };
    let of_added = if added == 1 { "" } else { "s" };
    lines.push(format!(
        " {} file{plural} changed, {added} line{of_added} added, {removed} removed\n",
        files.len()
    ));
    output::page(&lines.concat())
}

fn name(file: &FileChange) -> String {
    let shown = |path: &Path| clean(&path.to_string_lossy());
    match &file.old_path {
        Some(old) => format!("{} => {}", shown(old), shown(&file.path)),
        None => shown(&file.path),
    }
}

fn bar((added, removed): (usize, usize), most: usize) -> String {
    let signs = |count: usize| {
        if most <= LONGEST_BAR { count } else { (count * LONGEST_BAR).div_ceil(most.max(1)) }
    };
    let (green, red) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default());
    format!("{green}{}{green:#}{red}{}{red:#}", "+".repeat(signs(added)), "-".repeat(signs(removed)))
}

/// Byte by byte what `git apply` takes; on a terminal, in colours and without what could drive it.
pub(super) fn patch(repo: &Repo, change: &Change<'_>) -> Result<(), CliError> {
    let is_terminal = io::stdout().is_terminal();
    let is_coloured = match ColorChoice::global() {
        ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => anstream::stdout().current_choice() != ColorChoice::Never && is_terminal,
    };
    let mut out = BufWriter::new(Paged::new());
    let mut done = Ok(());
    repo.patch(change.base, &change.later, |kind, line| {
        if done.is_ok() {
            done = match (is_coloured, is_terminal) {
                (false, false) => out.write_all(line),
                (is_coloured, _) => shown(&mut out, kind, line, is_coloured),
            };
        }
    })?;
    written(done.and_then(|()| out.into_inner().map_err(io::IntoInnerError::into_error)?.end()))
}

fn shown(out: &mut impl Write, kind: LineKind, text: &[u8], is_coloured: bool) -> io::Result<()> {
    let style = if is_coloured { style(kind) } else { Style::new() };
    // A header is several lines.
    for line in String::from_utf8_lossy(text).lines() {
        writeln!(out, "{style}{}{style:#}", clean_line(line))?;
    }
    Ok(())
}

fn style(kind: LineKind) -> Style {
    match kind {
        LineKind::Header => Style::new().effects(Effects::BOLD),
        LineKind::Hunk => AnsiColor::Cyan.on_default(),
        LineKind::Added => AnsiColor::Green.on_default(),
        LineKind::Removed => AnsiColor::Red.on_default(),
        LineKind::Context => Style::new(),
    }
}

/// A reader that has gone (`blueprint diff x | head -1`) wants no more.
fn written(done: io::Result<()>) -> Result<(), CliError> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::new(Kind::Environment, format!("can't write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
