//! Giving out work: which attempt a task gets, with what it starts, and what an earlier run's attempt becomes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Dispatcher;
use crate::agent::{Brief, Definition, Prerequisite};
use crate::genesis::Status;
use crate::git::{Oid, Repo};
use crate::plan::{Ending, Event, State, TaskIndex};
use crate::run::attempt::{Link, attempt};
use crate::run::job::{Entry, Job, Resumed};
use crate::run::process::kill_leftover;
use crate::run::{Cause, RunError, RunEvent, TaskHistory, brief};

impl Dispatcher<'_> {
    /// In progress on disk first, then the attempt.
    pub(super) fn start(&mut self, index: TaskIndex) -> Result<(), RunError> {
        if !self.is_still_pending(index)? {
            return Ok(());
        }
        let number = self.next_attempt(index)?;
        let description = format!("attempt {number} starts");
        let changes = format!("branch {}", self.branch(index));
        self.transition(index, Status::InProgress, &description, Some(changes), None)?;
        self.schedule.apply(index, Event::Started)?;
        self.spawn(index, number, Entry::Fresh);
        Ok(())
    }

    /// A person may have taken the task, or finished it, while it waited for its turn.
    fn is_still_pending(&mut self, index: TaskIndex) -> Result<bool, RunError> {
        let id = self.id(index);
        self.books.genesis = self.site.plan.load()?;
        let Some(status) = self.books.genesis.task(id.as_str()).map(|task| task.status) else {
            self.tell(RunEvent::Note(format!("{id} is not in the plan any more")));
            return self.leave(index, Ending::Cancelled, Cause::Cancelled);
        };
        match status {
            Status::Pending => Ok(true),
            Status::Completed => {
                self.find_result(index)?;
                self.leave(index, Ending::Completed, Cause::Completed)
            }
            Status::InProgress => {
                self.note_foreign(index);
                self.leave(index, Ending::Foreign, Cause::Foreign)
            }
            Status::Failed => self.leave(index, Ending::Failed, Cause::Failed),
            Status::Blocked => self.leave(index, Ending::Blocked, Cause::Blocked),
            Status::Cancelled => self.leave(index, Ending::Cancelled, Cause::Cancelled),
        }
    }

    pub(super) fn leave(
        &mut self,
        index: TaskIndex,
        ending: Ending,
        cause: Cause,
    ) -> Result<bool, RunError> {
        let lost = self.schedule.apply(index, Event::End(ending))?;
        if !lost.is_empty() {
            self.tell_lost(lost, index, cause);
        }
        Ok(false)
    }

    /// A task that an earlier run had: its agent is adopted if it lives, its end is judged if it has one, else it is pending again.
    pub(super) fn take_up(&mut self, index: TaskIndex) -> Result<(), RunError> {
        let story = self.books.history.task(self.ground.plan.task(index).id.as_str());
        let Some(resumed) = story.and_then(TaskHistory::open_attempt).map(Resumed::of) else {
            let why = "the run that had it ended before its agent started";
            return self.transition(index, Status::Pending, why, None, None);
        };
        let (id, number) = (self.id(index), resumed.started.attempt);
        if self.schedule.state(index) != &State::Ready {
            // What was begun on work that does not count any more is not gone on with.
            kill_leftover(&self.site.state.attempt(&resumed.started.slug, number))?;
            let why = "a prerequisite is not completed any more";
            return self.transition(index, Status::Pending, why, None, None);
        }
        self.tell(RunEvent::Note(format!("{id}: taking up attempt {number} of an earlier run")));
        self.schedule.apply(index, Event::Started)?;
        self.spawn(index, number, Entry::Resumed(Box::new(resumed)));
        Ok(())
    }

    fn spawn(&mut self, index: TaskIndex, number: u32, entry: Entry) {
        *self.tries.entry(index).or_default() += 1;
        self.numbers.insert(index, number);
        let job = self.job(index, number, entry);
        self.running.insert(index, job.dir.clone());
        let link = Link { messages: self.sender.clone(), stop: self.stop.subscribe() };
        tokio::spawn(attempt(job, link));
    }

    fn job(&self, index: TaskIndex, number: u32, entry: Entry) -> Job {
        let task = self.ground.plan.task(index);
        let cast = self.settings.casting[&task.id].clone();
        let definition = self.ground.definitions.get(&cast.agent).cloned();
        let branch = self.common.refs.branch(&self.ground.slugs[index.0]);
        let worktree = self.worktree(index, &entry);
        Job {
            common: Arc::clone(&self.common),
            index,
            task: task.id.clone(),
            name: task.name.clone(),
            slug: self.ground.slugs[index.0].clone(),
            attempt: number,
            brief: self.brief(index, number, &worktree, branch.as_str()),
            branch,
            worktree,
            definition: definition.unwrap_or_else(|| Definition::generic(&cast.agent)),
            results: self.prerequisite_results(index),
            may_change_nothing: self.settings.allow_no_changes.iter().any(|id| id == task.id.as_str()),
            dir: self.site.state.attempt(&self.ground.slugs[index.0], number),
            cast,
            entry,
        }
    }

    fn prerequisite_results(&self, index: TaskIndex) -> Vec<Oid> {
        let before = self.ground.plan.prerequisites(index);
        before.into_iter().filter_map(|before| self.results.get(&before).copied()).collect()
    }

    /// An attempt that is resumed stays where it began, whatever the configuration says now.
    fn worktree(&self, index: TaskIndex, entry: &Entry) -> PathBuf {
        match entry {
            Entry::Resumed(resumed) => resumed.started.worktree.clone(),
            Entry::Fresh => worktree_path(
                &self.settings.worktree_dir,
                self.common.repo.workdir().unwrap_or(self.common.repo.common_dir()),
                self.common.refs.epic(),
                &self.ground.slugs[index.0],
            ),
        }
    }

    fn brief(&self, index: TaskIndex, number: u32, worktree: &Path, branch: &str) -> Brief {
        let id = &self.ground.plan.task(index).id;
        let prerequisites =
            self.ground.plan.prerequisites(index).into_iter().filter_map(|before| self.prerequisite(before));
        let history = self.books.history.task(id.as_str());
        let Some(task) = self.books.genesis.task(id.as_str()) else { return Brief::default() };
        brief::brief(&self.books.genesis, task, prerequisites.collect(), worktree, branch, number, history)
    }

    fn prerequisite(&self, index: TaskIndex) -> Option<Prerequisite> {
        let task = self.books.genesis.task(self.ground.plan.task(index).id.as_str())?;
        let branch = || self.common.refs.branch(&self.ground.slugs[index.0]).as_str().to_owned();
        let result = self.results.get(&index).map(|commit| (branch(), commit.to_string()));
        Some(brief::prerequisite(task, result))
    }

    /// The journal's next number, but none that has a ref already: a lost journal's attempt keeps its work under it, or one that was
    /// killed before it was journaled has its base there, and perhaps a worktree that holds nothing else any more.
    fn next_attempt(&self, index: TaskIndex) -> Result<u32, RunError> {
        let story = self.books.history.task(self.ground.plan.task(index).id.as_str());
        let mut number = story.map_or(1, TaskHistory::next_attempt);
        let refs = &self.common.refs;
        let slug = &self.ground.slugs[index.0];
        let is_taken = |name: &str| Ok::<_, RunError>(self.common.repo.target(name)?.is_some());
        while is_taken(&refs.attempt(slug, number))? || is_taken(&refs.base(slug, number))? {
            number += 1;
        }
        Ok(number)
    }
}

/// Refuses a template that would give two tasks one folder, or put worktrees where they are in the way.
pub(in crate::run) fn check_worktree_dir(template: &str, repo: &Repo) -> Result<(), RunError> {
    let checkout = repo.require_workdir()?;
    let sample = worktree_path(template, checkout, "epic", "task");
    let reason = if template.starts_with('~') {
        "begins with `~`, which only a shell knows"
    } else if !template.contains("{task}") {
        "has no {task} in it: every task needs a folder of its own"
    } else if sample.starts_with(checkout) {
        "leads into the checkout: build tools and linters would take worktrees there for the project"
    } else if sample.starts_with(repo.common_dir()) {
        "leads into git's own folder"
    } else {
        return Ok(());
    };
    Err(RunError::WorktreeDir { template: template.to_owned(), reason })
}

/// `template` with `{repo}`, `{epic}` and `{task}` filled in, relative to the checkout.
pub(in crate::run) fn worktree_path(template: &str, checkout: &Path, epic: &str, task: &str) -> PathBuf {
    let repo = checkout.file_name().map_or_else(|| "repository".into(), |name| name.to_string_lossy());
    let filled = template.replace("{epic}", epic).replace("{task}", task).replace("{repo}", &repo);
    let mut path = checkout.to_owned();
    for part in Path::new(&filled).components() {
        match part {
            std::path::Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}
