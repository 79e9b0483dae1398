//! Giving out work: which attempt a task gets, with what it starts, and what an earlier run's attempt becomes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Dispatcher, Running};
use crate::agent::{Brief, Completion, Definition, Place, Prerequisite};
use crate::genesis::Status;
use crate::git::{EpicRefs, Repo};
use crate::plan::{Event, State, TaskId};
use crate::run::attempt::Link;
use crate::run::continuing::Continuing;
use crate::run::job::{Entry, Job, Resumed};
use crate::run::process::{Stoppable, kill_leftover};
use crate::run::provision::PortBlock;
use crate::run::{Attempt, Cast, Fact, Isolation, RunError, RunEvent, TaskHistory, brief, direct};

impl Dispatcher<'_> {
    /// In progress on disk first, then the attempt.
    pub(super) fn start(&mut self, task: &TaskId) -> Result<(), RunError> {
        self.take_out_old_work()?;
        if self.start_with_gates(task)? {
            return Ok(());
        }
        let number = self.next_attempt(task)?;
        let description = format!("attempt {number} starts");
        let changes = match self.isolation(task) {
            Isolation::Worktree | Isolation::Shared => Some(format!("branch {}", self.branch(task))),
            Isolation::None => None,
        };
        self.transition(task, Status::InProgress, &description, changes, None)?;
        self.apply(task, Event::Started)?;
        self.spawn(task, number, Entry::Fresh)
    }

    /// A task that an earlier run had: its agent is adopted if it lives, its end is judged if it has one, else it is pending again.
    pub(super) fn take_up(&mut self, task: &TaskId) -> Result<(), RunError> {
        let story = self.books.history().task(task.as_str());
        let Some(resumed) = story.and_then(TaskHistory::open_attempt).map(Resumed::of) else {
            let why = "the run that had it ended before its agent started";
            return self.transition(task, Status::Pending, why, None, None);
        };
        let number = resumed.started.attempt;
        let index = self.ground.plan.find(task.as_str());
        if index.is_none_or(|index| self.schedule.state(index) != &State::Ready) {
            // What was begun on work that does not count any more is not gone on with.
            kill_leftover(&self.site.state.attempt(&resumed.started.slug, number))?;
            let why = "a prerequisite is not completed any more";
            return self.transition(task, Status::Pending, why, None, None);
        }
        self.tell(RunEvent::Note(format!("{task}: taking up attempt {number} of an earlier run")));
        self.apply(task, Event::Started)?;
        self.spawn(task, number, Entry::Resumed(Box::new(resumed)))
    }

    pub(super) fn isolation(&self, task: &TaskId) -> Isolation {
        self.ground.casting.get(task).map(|cast| cast.isolation).unwrap_or_default()
    }

    /// An attempt in the checkout itself is made ready at once, so that its beginning is journaled together with the task's new status.
    pub(super) fn spawn(&mut self, task: &TaskId, number: u32, entry: Entry) -> Result<(), RunError> {
        *self.tries.entry(task.clone()).or_default() += 1;
        self.numbers.insert(task.clone(), number);
        let build_jobs = self.build_jobs();
        let ports = self.ports(task, &entry);
        let mut job = Job { build_jobs, ports, ..self.job(task, number, entry) };
        job.limits = self.set_aside(&job);
        job.brief.place.ports = job.ports.as_ref().map(PortBlock::ports);
        if let (Isolation::None, Entry::Fresh) = (job.cast.isolation, &job.entry) {
            let prepared = direct::prepare(&job);
            if let Ok(ready) = &prepared {
                self.record(Fact::AttemptStarted(ready.started.clone()))?;
            }
            job.entry = Entry::Prepared(prepared.map(Box::new));
        }
        let stop = watch::Sender::new(None);
        let stopped = self.stopped.subscribe();
        let stoppable = Stoppable::default();
        let link = Link {
            messages: self.sender.clone(),
            stop: stop.subscribe(),
            stopped,
            stoppable: stoppable.clone(),
            watcher: self.watcher.clone(),
        };
        let (dir, runner) = (job.dir.clone(), Arc::clone(&job.cast.runner));
        let (caps, is_overruled) = ((job.cast.caps, job.limits), false);
        self.running.insert(task.clone(), Running { dir, runner, stoppable, stop, is_overruled, caps });
        self.to_begin.push((job, link));
        Ok(())
    }

    /// An attempt that goes on keeps those that it has.
    fn ports(&mut self, task: &TaskId, entry: &Entry) -> Option<PortBlock> {
        if let Entry::Resumed(resumed) = entry {
            return resumed.started.port_base.map(PortBlock::given);
        }
        let block = self.pacing.ports.claim();
        if block.is_none() {
            let text = "gets no ports of its own: none are free from 20000 to 31999".to_owned();
            self.tell(RunEvent::Warning { task: Some(task.clone()), text });
        }
        block
    }

    fn job(&self, task: &TaskId, number: u32, entry: Entry) -> Job {
        let mut cast = Cast::clone(&self.ground.casting[task]);
        if let Entry::Resumed(resumed) = &entry {
            cast.isolation = resumed.started.isolation;
        }
        let definition = self.ground.definitions.get(&cast.agent).cloned();
        let slug = self.ground.slug(task).to_owned();
        let name = self.place_name(task, cast.isolation);
        let branch = self.common.refs.branch(name);
        let resolving = self.resolving(task, &entry);
        let continuing = self.continuing(task, &entry);
        let continuing =
            continuing.filter(|continuing| continuing.resolution().is_some() == resolving.is_some());
        let worktree = match &continuing {
            Some(continuing) if cast.isolation == Isolation::Worktree && self.was_here(continuing) => {
                continuing.worktree().to_owned()
            }
            _ => self.worktree(name, &entry, cast.isolation),
        };
        let brief = self.brief(task, number, place(&worktree, branch.as_str(), cast.isolation));
        Job {
            common: Arc::clone(&self.common),
            task: task.clone(),
            name: self.name(task),
            attempt: number,
            brief: Brief { going_on: continuing.as_ref().map(Continuing::brief), ..brief },
            branch,
            worktree,
            definition: definition.unwrap_or_else(|| Definition::generic(&cast.agent)),
            results: self.built_on(task).iter().filter_map(|id| self.results.get(id).copied()).collect(),
            may_change_nothing: self.settings.allow_no_changes.iter().any(|id| id == task.as_str()),
            build_jobs: None,
            ports: None,
            resolving,
            gating: self.gating(task, &cast.agent, &entry),
            continuing,
            dir: self.site.state.attempt(&slug, number),
            slug,
            limits: cast.caps,
            cast,
            estimate: self.estimate(task),
            entry,
        }
    }

    fn estimate(&self, task: &TaskId) -> Option<Duration> {
        let index = self.ground.plan.find(task.as_str())?;
        self.ground.plan.task(index).estimate
    }

    /// In document order.
    fn prerequisites(&self, task: &TaskId) -> Vec<TaskId> {
        let plan = &self.ground.plan;
        let before = plan.find(task.as_str()).map(|index| plan.prerequisites(index));
        before.into_iter().flatten().map(|index| self.id(index)).collect()
    }

    /// In document order. One that is completed without work of its own stands for what it needs itself.
    fn built_on(&self, task: &TaskId) -> Vec<TaskId> {
        let plan = &self.ground.plan;
        // What was done in the checkout itself is where everybody finds it.
        let is_in_place =
            |id: &TaskId| self.ground.casting.get(id).is_some_and(|cast| cast.isolation == Isolation::None);
        let adds = |index| {
            let id = &plan.task(index).id;
            self.results.contains_key(id) || is_in_place(id)
        };
        let before = plan.find(task.as_str()).map(|index| plan.built_on(index, adds));
        before.into_iter().flatten().map(|index| self.id(index)).collect()
    }

    /// What its agent is told of, in document order: what it needs, and what its base has in place of that.
    fn told_of(&self, task: &TaskId) -> Vec<TaskId> {
        let mut all = self.prerequisites(task);
        all.extend(self.built_on(task));
        all.sort_by_key(|id| self.ground.plan.find(id.as_str()));
        all.dedup();
        all
    }

    /// What the task's branch and the folder of its worktree are called after.
    pub(super) fn place_name(&self, task: &TaskId, isolation: Isolation) -> &str {
        match isolation {
            Isolation::Worktree | Isolation::None => self.ground.slug(task),
            Isolation::Shared => EpicRefs::SHARED,
        }
    }

    /// An attempt that is resumed stays where it began, whatever the configuration says now.
    /// Whether the earlier attempt was made in this clone: of another machine's the worktree is made anew.
    fn was_here(&self, continuing: &Continuing) -> bool {
        let (slug, attempt) = continuing.of();
        self.site.state.attempt(slug, attempt).path().exists()
    }

    fn worktree(&self, name: &str, entry: &Entry, isolation: Isolation) -> PathBuf {
        let checkout = self.common.repo.workdir().unwrap_or(self.common.repo.common_dir());
        match (entry, isolation) {
            (Entry::Resumed(resumed), _) => resumed.started.worktree.clone(),
            (Entry::Fresh | Entry::Prepared(_), Isolation::None) => checkout.to_owned(),
            (Entry::Fresh | Entry::Prepared(_), Isolation::Worktree | Isolation::Shared) => {
                worktree_path(&self.settings.worktree_dir, checkout, self.common.refs.epic(), name)
            }
        }
    }

    fn brief(&self, id: &TaskId, number: u32, place: Place) -> Brief {
        let prerequisites = self.told_of(id);
        let prerequisites = prerequisites.iter().filter_map(|before| self.prerequisite(before)).collect();
        let history = self.books.history().task(id.as_str());
        let genesis = self.books.genesis();
        let Some(task) = genesis.task(id.as_str()) else { return Brief::default() };
        brief::brief(genesis, task, prerequisites, place, number, history)
    }

    fn prerequisite(&self, id: &TaskId) -> Option<Prerequisite> {
        let genesis = self.books.genesis();
        let task = genesis.task(id.as_str())?;
        let later = self.books.later_result(id.as_str()).map(|result| result.summary.clone());
        let before = brief::prerequisite(genesis, task, self.completion(id));
        Some(Prerequisite { summary: later.or(before.summary), ..before })
    }

    fn completion(&self, id: &TaskId) -> Completion {
        let last = self.books.history().task(id.as_str()).and_then(TaskHistory::last_attempt);
        match self.results.get(id) {
            Some(commit) => Completion::OnBranch { branch: self.branch(id), commit: commit.to_string() },
            None if last.is_some_and(Attempt::succeeded) => Completion::InPlace,
            None => Completion::ByHand,
        }
    }

    /// The journal's next number, but none that has a ref already: a lost journal's attempt keeps its work under it, or one that was
    /// killed before it was journaled has its base there, and perhaps a worktree that holds nothing else any more. One in the checkout has
    /// nothing but its folder.
    pub(super) fn next_attempt(&self, task: &TaskId) -> Result<u32, RunError> {
        let story = self.books.history().task(task.as_str());
        let mut number = story.map_or(1, TaskHistory::next_attempt);
        let refs = &self.common.refs;
        let slug = self.ground.slug(task);
        if self.isolation(task) == Isolation::None {
            while self.site.state.attempt(slug, number).path().exists() {
                number += 1;
            }
            return Ok(number);
        }
        let is_taken = |name: &str| Ok::<_, RunError>(self.common.repo.target(name)?.is_some());
        while is_taken(&refs.attempt(slug, number))? || is_taken(&refs.base(slug, number))? {
            number += 1;
        }
        Ok(number)
    }
}

fn place(folder: &Path, branch: &str, isolation: Isolation) -> Place {
    let branch = match isolation {
        Isolation::Worktree | Isolation::Shared => Some(branch.to_owned()),
        Isolation::None => None,
    };
    Place { folder: folder.to_owned(), branch, is_shared: isolation != Isolation::Worktree, ports: None }
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
pub fn worktree_path(template: &str, checkout: &Path, epic: &str, task: &str) -> PathBuf {
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
