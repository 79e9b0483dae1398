//! A clone that has done work of its own while others worked at the plan: refs and journal of both are brought together, and nothing is let go.

mod put_away;

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::{RemotePlan, Saved, StateError};
use crate::git::{EpicRefs, Oid, RefMap, Repo, Yield};
use crate::plan::TaskId;
use crate::run::record::Record;
use crate::run::records::{Joined, Sides, records_of};
use crate::run::{Attempt, History, Site, TaskHistory};
use crate::store::Lock;

/// The two, brought together.
#[derive(Debug)]
pub(super) struct Apart {
    joined: Joined,
    /// What both know, that of jobs of single tasks included.
    pub(super) history: History,
    /// The journal that says it.
    pub(super) journal: Vec<u8>,
    /// What was known here.
    here: History,
    /// Refs of tasks that stay as they are here, and folders of such refs.
    ours: HashSet<String>,
    /// Where the refs are of tasks that go, by the task.
    going: BTreeMap<TaskId, RefMap>,
}

impl Apart {
    /// `here`: the journal of this clone, in whole lines.
    pub(super) fn find(
        site: &Site,
        plan: &RemotePlan,
        fetched: &RefMap,
        here: &[u8],
        saved: &Saved,
    ) -> Result<Self, StateError> {
        let (here, there, records) = (lines(here), lines(&saved.journal), records_of(plan, fetched)?);
        let sides = Sides { here: &here, there: &there, records: &records };
        let joined = sides.joined(|commit, ancestor| site.repo.has(commit, ancestor));
        let mut journal = saved.journal.clone();
        for line in &joined.lines {
            journal.extend(line.to_string().bytes().chain([b'\n']));
        }
        let history = History::from_records(facts(&sides.with(&joined.lines)));
        let here = History::from_records(facts(&here));
        let names = |task: &TaskId| {
            here.task(task.as_str()).map(|story| names_of(&plan.refs, story)).unwrap_or_default()
        };
        let ours = joined.ours.iter().flat_map(names).collect();
        let local = local_refs(&site.repo, &plan.refs, joined.given_up.keys().flat_map(names))?;
        let of = |task: &TaskId| {
            let names: HashSet<_> = names(task).into_iter().collect();
            let own = local.iter().filter(|(name, _)| is_among(&names, name));
            own.map(|(name, at)| (name.clone(), *at)).collect()
        };
        let going = joined.given_up.keys().map(|task| (task.clone(), of(task))).collect();
        Ok(Self { joined, history, journal, here, ours, going })
    }

    /// Has nobody's agent lose its task under its hands.
    ///
    /// # Errors
    /// [`StateError::Diverged`] names a task that others have worked at, and at which an agent of this clone is at work now.
    pub(super) fn refuse_live_agents(&self, site: &Site, plan: &RemotePlan) -> Result<(), StateError> {
        for task in self.joined.given_up.keys() {
            for Attempt { started, .. } in self.attempts_that_go(task) {
                let dir = site.state.attempt(&started.slug, started.attempt);
                if dir.path().exists() && Lock::try_take(&dir.lock())?.is_none() {
                    let (remote, task) = (plan.remote.name().to_owned(), task.clone());
                    return Err(StateError::Diverged { remote, task });
                }
            }
        }
        Ok(())
    }

    /// What a local ref does that the remote has, too.
    pub(super) fn yields(&self, name: &str) -> Yield {
        if is_among(&self.ours, name) { Yield::Never } else { Yield::Always }
    }

    /// What the refs of tasks are called that this clone brings along.
    pub(super) fn slugs(&self) -> impl Iterator<Item = String> {
        let stories = self.joined.ours.iter().filter_map(|task| self.here.task(task.as_str()));
        stories.filter_map(slug).map(str::to_owned)
    }

    /// The tasks that stay as the remote has them, though something was done here.
    pub(super) fn given_up(&self) -> impl Iterator<Item = &TaskId> {
        self.joined.given_up.keys()
    }

    /// Attempts that nobody but this clone knows of, at a task that goes.
    fn attempts_that_go(&self, task: &TaskId) -> impl Iterator<Item = &Attempt> {
        let known = self.history.task(task.as_str());
        let is_known = move |attempt: &Attempt| {
            known.is_some_and(|known| {
                known.attempts.iter().any(|other| {
                    other.started.token_hash == attempt.started.token_hash && other.at == attempt.at
                })
            })
        };
        let story = self.here.task(task.as_str());
        story.into_iter().flat_map(|story| &story.attempts).filter(move |attempt| !is_known(attempt))
    }
}

/// The local refs that go by these names, or lie in folders of these names.
fn local_refs(
    repo: &Repo,
    refs: &EpicRefs,
    names: impl Iterator<Item = String>,
) -> Result<Vec<(String, Oid)>, StateError> {
    let names: HashSet<_> = names.collect();
    let own = repo.own_refs(refs)?.into_iter().filter(|(name, _)| is_among(&names, name));
    let branches = repo.targets(names.iter().filter(|name| name.starts_with("refs/heads/")).cloned())?;
    Ok(own.chain(branches).collect())
}

/// What a task's branch is called, and the folders of what its attempts left and started from.
fn names_of(refs: &EpicRefs, story: &TaskHistory) -> Vec<String> {
    let Some(slug) = slug(story) else { return Vec::new() };
    let folder = |name: String| name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let folders = [refs.attempt(slug, 1), refs.base(slug, 1)].into_iter().filter_map(folder);
    folders.chain([refs.branch(slug).full()]).collect()
}

fn slug(story: &TaskHistory) -> Option<&str> {
    story.last_attempt().map(|attempt| attempt.started.slug.as_str())
}

fn is_among(names: &HashSet<String>, name: &str) -> bool {
    names.contains(name) || name.rsplit_once('/').is_some_and(|(folder, _)| names.contains(folder))
}

fn lines(journal: &[u8]) -> Vec<Value> {
    let lines = journal.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

fn facts(lines: &[Value]) -> impl Iterator<Item = Record> {
    lines.iter().filter_map(|line| serde_json::from_value(line.clone()).ok())
}
