//! What is to land: the integration branch as a whole, or single tasks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Ground;
use crate::cli::context::Known;
use crate::cli::error::CliError;
use crate::cli::works::Works;
use crate::genesis::Status;
use crate::git::{Message, Oid, Piece};
use crate::plan::TaskIndex;
use crate::report::{clean, shell_word};
use crate::run::call;

/// What is to land, in its order, and which tasks that is.
pub(super) struct Pieces {
    pub(super) list: Vec<Piece>,
    /// The tasks whose work is new to the branch, prerequisites first.
    pub(super) tasks: Vec<TaskIndex>,
    /// Their ids.
    names: Vec<String>,
}

impl Pieces {
    /// The named tasks, or all that is finished.
    pub(super) fn of(ground: &Ground<'_>, names: &[String]) -> Result<Self, CliError> {
        let place = (ground.context, ground.known);
        let works = Works::of(place, ground.branches, Some(&ground.into), ground.start)?;
        if names.is_empty() { Self::all(ground, &works) } else { Self::named(ground, &works, names) }
    }

    fn all(ground: &Ground<'_>, works: &Works) -> Result<Self, CliError> {
        let branch = ground.branches.refs.integration();
        let tip = ground.branches.repo.target(&branch.full())?;
        let tip = tip.ok_or_else(|| {
            CliError::usage("nothing is finished yet that could land")
                .hint("`blueprint status` shows how the tasks stand")
        })?;
        refuse_unfinished_work(ground)?;
        let tasks = works.open(&ground.known.plan);
        let names: Vec<_> = tasks.iter().map(|index| id(ground, *index)).collect();
        let message = Message::new(&format!("Land {}: {}", plan_name(ground.known), names.join(", ")))
            .with_body(&described(ground, &tasks));
        Ok(Self {
            list: vec![Piece {
                head: tip,
                message,
                may_forward: true,
                works: works.heads.values().copied().collect(),
            }],
            tasks,
            names,
        })
    }

    fn named(ground: &Ground<'_>, works: &Works, names: &[String]) -> Result<Self, CliError> {
        let wanted: BTreeSet<_> = ground.known.tasks(names)?.into_iter().collect();
        for index in &wanted {
            refuse(ground, works, *index)?;
        }
        refuse_without_their_ground(ground, works, &wanted)?;
        let tasks: Vec<_> =
            works.open(&ground.known.plan).into_iter().filter(|index| wanted.contains(index)).collect();
        let piece = |index: &TaskIndex| {
            let head = works.heads.get(index)?;
            let task = ground.known.plan.task(*index);
            let message = Message::new(&format!("Land task {}: {}", task.id, task.name));
            let message = message.with_body(&described(ground, &[*index]));
            Some(Piece { head: *head, message, may_forward: false, works: Vec::new() })
        };
        let names = tasks.iter().map(|index| id(ground, *index)).collect();
        Ok(Self { list: tasks.iter().filter_map(piece).collect(), tasks, names })
    }

    /// As narration names them.
    pub(super) fn described(&self) -> String {
        match self.names.len() {
            0 => "what the integration branch has beside the tasks".to_owned(),
            1 => format!("task {}", clean(&self.names.join(", "))),
            count => format!("{count} tasks ({})", clean(&self.names.join(", "))),
        }
    }

    /// What to say of a piece that does not fit.
    pub(super) fn conflict(&self, ground: &Ground<'_>, head: Oid, paths: &[PathBuf]) -> CliError {
        let at = self.list.iter().position(|piece| piece.head == head).unwrap_or_default();
        let is_all = ground.branches.repo.target(&ground.branches.refs.integration().full()).ok().flatten()
            == Some(head);
        let what = match self.names.get(at) {
            Some(name) if !is_all => format!("the work of task {}", clean(name)),
            _ => "the plan's work".to_owned(),
        };
        let paths: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
        let into = &ground.into;
        let message = format!(
            "{what} conflicts with what {into} has by now, in {}; nothing was changed",
            paths.join(", ")
        );
        CliError::usage(message).hint(if is_all {
            format!(
                "merge it by hand (`git merge {}` where {into} is checked out, resolve, commit); then `blueprint land` has nothing left to do",
                ground.branches.refs.integration()
            )
        } else {
            "the integration branch may hold a resolution: `blueprint land` without a task lands it all".to_owned()
        })
    }
}

/// What is not finished, and what has no work, does not land.
fn refuse(ground: &Ground<'_>, works: &Works, index: TaskIndex) -> Result<(), CliError> {
    let task = ground.known.plan.task(index);
    if task.status != Status::Completed {
        return Err(CliError::usage(format!(
            "task `{}` is {}: only finished work lands",
            task.id, task.status
        ))
        .hint(format!("`{}` says what it waits for", call("explain", "", &clean(task.id.as_str()), ""))));
    }
    if !works.heads.contains_key(&index) {
        return Err(CliError::usage(format!(
            "task `{}` has no work of its own: it was completed without a branch",
            task.id
        ))
        .hint("there is nothing to land of it; tasks that build on it land without it"));
    }
    Ok(())
}

/// Single tasks land only on what they were built on.
fn refuse_without_their_ground(
    ground: &Ground<'_>,
    works: &Works,
    wanted: &BTreeSet<TaskIndex>,
) -> Result<(), CliError> {
    let Some((task, missing)) = wanted
        .iter()
        .map(|index| (*index, missing(ground, works, *index, wanted)))
        .find(|(_, all)| !all.is_empty())
    else {
        return Ok(());
    };
    let (task, ids) = (clean(&id(ground, task)), missing.iter().map(|index| id(ground, *index)));
    let missing = ids.collect::<Vec<_>>().join(", ");
    Err(CliError::usage(format!("task `{task}` builds on work that has not landed: {missing}"))
        .hint(format!("land that with it: `{}`", with_their_ground(ground, works, wanted))))
}

/// What it builds on, and has neither landed nor is to land with it.
fn missing(
    ground: &Ground<'_>,
    works: &Works,
    index: TaskIndex,
    wanted: &BTreeSet<TaskIndex>,
) -> Vec<TaskIndex> {
    let is_missing = |before: &TaskIndex| {
        works.heads.contains_key(before) && !works.landed.contains(before) && !wanted.contains(before)
    };
    ground.known.plan.prerequisites(index).into_iter().filter(is_missing).collect()
}

/// The command that lands all that was named, as it was to land, with all that it builds on.
fn with_their_ground(ground: &Ground<'_>, works: &Works, wanted: &BTreeSet<TaskIndex>) -> String {
    let mut all = wanted.clone();
    let mut open: Vec<_> = wanted.iter().copied().collect();
    while let Some(index) = open.pop() {
        let more = missing(ground, works, index, &all);
        all.extend(more.iter().copied());
        open.extend(more);
    }
    let order = ground.known.plan.topological().iter().filter(|index| all.contains(index));
    let ids: Vec<_> = order.map(|index| clean(&id(ground, *index))).collect();
    let dashes = if ids.iter().any(|id| id.starts_with('-')) { " --" } else { "" };
    let ids: Vec<_> = ids.iter().map(|id| shell_word(id)).collect();
    format!("blueprint land{}{dashes} {}", ground.args.flags(), ids.join(" "))
}

/// The branch may hold work that counts no more, or not yet: a live run is just merging it, or it could not be taken out.
fn refuse_unfinished_work(ground: &Ground<'_>) -> Result<(), CliError> {
    let Ground { branches, known, into, start, .. } = ground;
    let merged = branches.repo.tasks_merged(&branches.refs.integration(), *start, into)?;
    let is_open = |name: &String| {
        known.plan.find(name).is_some_and(|index| known.plan.task(index).status != Status::Completed)
    };
    let Some(open) = merged.into_iter().find(is_open) else { return Ok(()) };
    let status = known.plan.find(&open).map_or(Status::Pending, |index| known.plan.task(index).status);
    let hint = if known.run.is_some() {
        "a live run is at it: wait a moment, or name the tasks that are to land"
    } else {
        "name the tasks that are to land"
    };
    Err(CliError::usage(format!(
        "{} holds work of task `{}`, which is {status}",
        branches.refs.integration(),
        clean(&open)
    ))
    .hint(hint))
}

fn id(ground: &Ground<'_>, index: TaskIndex) -> String {
    ground.known.plan.task(index).id.to_string()
}

/// A line for each task.
fn described(ground: &Ground<'_>, tasks: &[TaskIndex]) -> String {
    let line = |index: &TaskIndex| {
        let task = ground.known.plan.task(*index);
        let summary = ground.known.genesis.details(task.id.as_str()).result.map(|result| result.summary);
        let summary = summary.map_or_else(String::new, |summary| format!(" ({})", clean(&summary)));
        format!("- {}: {}{summary}", task.id, clean(&task.name))
    };
    tasks.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What the commit of the plan's own state says.
pub(super) fn message_of_plan(known: &Known) -> Message {
    let done = known.plan.tasks().filter(|(_, task)| task.status == Status::Completed).count();
    let name = plan_name(known);
    Message::new(&format!("State of the plan {name}: {done} of {} tasks completed", known.plan.len()))
}

fn plan_name(known: &Known) -> String {
    let project = known.genesis.project();
    let name = [&project.epic_name, &project.project_name].into_iter().find(|name| !name.trim().is_empty());
    name.map_or_else(|| "the plan".to_owned(), |name| clean(name))
}
