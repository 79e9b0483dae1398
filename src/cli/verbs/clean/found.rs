//! What of a plan is in its repository, and what of that can go.

mod copies;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use super::safe::Safe;
use crate::cli::branches::Branches;
use crate::cli::context::{Context, Known};
use crate::cli::error::CliError;
use crate::genesis::Status;
use crate::git::{BranchName, EpicRefs, Found, Oid};
use crate::plan::TaskId;
use crate::run::abandoned_rehearsals;
use crate::store::Lock;

/// What sort of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Sort {
    Worktree,
    Branch,
    Ref,
    State,
}

impl Sort {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Worktree => "worktree",
            Self::Branch => "branch",
            Self::Ref => "ref",
            Self::State => "state",
        }
    }
}

/// One thing.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    pub(super) kind: Sort,
    /// Its path, or its name.
    pub(super) name: String,
    pub(super) task: Option<String>,
    /// Why it goes, or stays.
    pub(super) why: String,
    /// It stays only because nobody has said `--force`.
    pub(super) needs_force: bool,
    /// Nothing in it is anybody's work.
    #[serde(skip)]
    pub(super) is_makeshift: bool,
    #[serde(skip)]
    pub(super) path: PathBuf,
    /// What a branch or ref points to.
    #[serde(skip)]
    pub(super) at: Option<Oid>,
}

/// All of it.
pub(super) struct Survey {
    /// The branch that work lands in.
    pub(super) into: Option<BranchName>,
    /// In the order in which it is to be removed.
    pub(super) goes: Vec<Item>,
    pub(super) stays: Vec<Item>,
}

/// How the reason begins for which work stays that is not in the branch; its name follows.
pub(super) const NOT_LANDED: &str = "has not landed in";

/// What is to become of a task's things.
enum Fate {
    /// It is over: that is why they can go.
    Over(String),
    /// They stay, and why.
    Open(String),
}

struct Surveyor<'a> {
    context: &'a Context,
    known: &'a Known,
    branches: &'a Branches<'a>,
    safe: Safe,
    force: bool,
    survey: Survey,
}

impl Survey {
    pub(super) fn of(
        context: &Context,
        known: &Known,
        branches: &Branches<'_>,
        into: Option<&str>,
        force: bool,
    ) -> Result<Self, CliError> {
        let start = branches.repo.start(&branches.refs)?;
        let into = match crate::cli::verbs::land::target(branches, &known.history, into, start) {
            Ok(branch) => Some(branch),
            // Nothing has landed in a branch that nobody knows.
            Err(_) if into.is_none() => None,
            Err(error) => return Err(error),
        };
        let safe = Safe::of(context, known, branches, into.as_ref(), start)?;
        let survey = Self { into, goes: Vec::new(), stays: Vec::new() };
        let mut surveyor = Surveyor { context, known, branches, safe, force, survey };
        let mut tasks: Vec<_> = branches.slugs().collect();
        tasks.sort_by_key(|(id, _)| known.plan.find(id).map_or(usize::MAX, |index| index.0));
        for (id, slug) in tasks {
            surveyor.task(id, slug)?;
        }
        surveyor.survey.count_shared_once();
        surveyor.rehearsals();
        surveyor.epic()?;
        surveyor.copies_of_remotes()?;
        let order = |item: &Item| match item.kind {
            Sort::Worktree => 0,
            Sort::Branch => 1,
            Sort::Ref => 2,
            Sort::State => 3,
        };
        surveyor.survey.goes.sort_by_key(order);
        Ok(surveyor.survey)
    }

    /// A worktree that several tasks share goes once, and only when it goes for all of them.
    fn count_shared_once(&mut self) {
        // Of several reasons to stay, the one that `--force` can't overrule is told.
        self.stays.sort_by_key(|item| item.kind == Sort::Worktree && item.needs_force);
        let mut seen = BTreeSet::new();
        let mut is_first = |item: &Item| item.kind != Sort::Worktree || seen.insert(item.path.clone());
        self.stays.retain(&mut is_first);
        self.goes.retain(&mut is_first);
    }
}

impl Surveyor<'_> {
    fn task(&mut self, id: &str, slug: &str) -> Result<(), CliError> {
        let mut items = self.things(id, slug)?;
        if items.is_empty() {
            return Ok(());
        }
        let why = match self.fate(id) {
            Fate::Over(why) => why,
            Fate::Open(why) => {
                items.retain(|item| item.kind != Sort::Ref);
                self.survey.stays.extend(items.into_iter().map(|item| Item { why: why.clone(), ..item }));
                return Ok(());
            }
        };
        for item in items {
            self.sort_out(item, &why)?;
        }
        Ok(())
    }

    fn fate(&self, id: &str) -> Fate {
        let Some(index) = self.known.plan.find(id) else { return Fate::Over("in the plan no more".into()) };
        let is_alive = self.known.history.task(id).is_some_and(|story| {
            let mut dirs =
                story.attempts.iter().map(|a| self.context.state.attempt(&a.started.slug, a.started.attempt));
            dirs.any(|dir| dir.lock().exists() && matches!(Lock::try_take(&dir.lock()), Ok(None)))
        });
        if is_alive {
            return Fate::Open("its agent is still at work".into());
        }
        let into = self.survey.into.as_ref().map_or_else(|| "any branch".to_owned(), ToString::to_string);
        match self.known.plan.task(index).status {
            Status::Cancelled => Fate::Over("cancelled".into()),
            Status::Completed if self.safe.has_landed(id) => Fate::Over(format!("landed in {into}")),
            Status::Completed if !self.safe.has_work(id) => {
                Fate::Over("completed without work of its own".into())
            }
            Status::Completed => Fate::Open(format!("{NOT_LANDED} {into}")),
            status @ (Status::Pending | Status::InProgress | Status::Failed | Status::Blocked) => {
                Fate::Open(format!("the task is {status}"))
            }
        }
    }

    /// Worktrees first, then its branch, then refs.
    fn things(&self, id: &str, slug: &str) -> Result<Vec<Item>, CliError> {
        let (repo, refs) = (self.branches.repo, &self.branches.refs);
        let branch = refs.branch(slug);
        let mut items: Vec<_> = self
            .worktrees(id, &branch)?
            .into_iter()
            .map(|path| item(Sort::Worktree, path.display().to_string(), id, None, path))
            .collect();
        if let Some(tip) = repo.target(&branch.full())? {
            items.push(item(Sort::Branch, branch.as_str().to_owned(), id, Some(tip), PathBuf::new()));
        }
        let (attempts, bases) = (refs.attempt(slug, 0), refs.base(slug, 0));
        let folders = [&attempts, &bases].map(|name| name.strip_suffix('0').unwrap_or(name).to_owned());
        let own = repo.own_refs(refs)?.into_iter();
        let own = own.filter(|(name, _)| folders.iter().any(|folder| name.starts_with(folder.as_str())));
        items.extend(own.map(|(name, tip)| item(Sort::Ref, name, id, Some(tip), PathBuf::new())));
        Ok(items)
    }

    fn worktrees(&self, id: &str, branch: &BranchName) -> Result<BTreeSet<PathBuf>, CliError> {
        let repo = self.branches.repo;
        let attempts = self.known.history.task(id).into_iter().flat_map(|story| &story.attempts);
        let known = attempts
            .filter(|attempt| !attempt.started.branch.is_empty())
            .map(|attempt| attempt.started.worktree.clone());
        let listed = repo
            .worktrees()?
            .into_iter()
            .filter(|(_, has)| has.as_ref() == Some(branch))
            .map(|(path, _)| path);
        let mut found = BTreeSet::new();
        for path in known.chain(listed) {
            if let Found::Ours(worktree) = repo.worktree_at(&path)? {
                found.insert(worktree.path().to_owned());
            }
        }
        Ok(found)
    }

    /// Of a task that is over.
    fn sort_out(&mut self, item: Item, why: &str) -> Result<(), CliError> {
        let (repo, task) = (self.branches.repo, item.task.as_deref());
        let doubt = match (item.kind, item.at) {
            (Sort::Worktree, _) => self.safe.doubt_of_worktree(repo, task, &item.path)?,
            (Sort::Branch | Sort::Ref, Some(tip)) => self.safe.doubt(repo, task, tip)?,
            (Sort::Branch | Sort::Ref | Sort::State, _) => None,
        };
        match doubt {
            Some(doubt) if !self.force => {
                self.survey.stays.push(Item { why: doubt, needs_force: true, ..item });
            }
            // A worktree can't be without it.
            None if item.kind == Sort::Branch && self.has_kept_worktree(&item) => {
                self.survey.stays.push(Item { why: "its worktree stays".into(), needs_force: true, ..item });
            }
            Some(doubt) => self.survey.goes.push(Item { why: format!("{why}; {doubt}"), ..item }),
            None => self.survey.goes.push(Item { why: why.to_owned(), ..item }),
        }
        Ok(())
    }

    fn has_kept_worktree(&self, branch: &Item) -> bool {
        let mut stays = self.survey.stays.iter();
        stays.any(|item| item.kind == Sort::Worktree && item.task == branch.task)
    }

    /// What trials have left that were killed: whatever the plan's tasks do, nobody needs it.
    fn rehearsals(&mut self) {
        for left in abandoned_rehearsals(&self.context.state) {
            let path = left.worktree.clone();
            let found = item(Sort::Worktree, path.display().to_string(), "", None, path);
            let why = "a `doctor --live` that was killed made it".to_owned();
            self.survey.goes.push(Item { why, is_makeshift: true, ..found });
        }
    }

    /// What is left when all tasks are over.
    fn epic(&mut self) -> Result<(), CliError> {
        let is_over =
            |(_, task): (_, &crate::plan::Task)| matches!(self.fate(task.id.as_str()), Fate::Over(_));
        let tasks_over = self.known.plan.tasks().all(is_over) && self.survey.stays.is_empty();
        self.shared_branch(tasks_over)?;
        self.verification(tasks_over)?;
        let all_over = tasks_over && self.survey.stays.is_empty();
        let (repo, refs) = (self.branches.repo, &self.branches.refs);
        let branch = refs.integration();
        let Some(tip) = repo.target(&branch.full())? else {
            return self.state(all_over);
        };
        let integration = item(Sort::Branch, branch.as_str().to_owned(), "", Some(tip), PathBuf::new());
        if !all_over {
            let why = "finished work is merged here until the plan is over".to_owned();
            self.survey.stays.push(Item { why, ..integration });
            return Ok(());
        }
        self.sort_out(integration, "all tasks are over")?;
        let replaced = refs.replaced(0);
        let replaced = replaced.strip_suffix('0').unwrap_or(&replaced).to_owned();
        for (name, tip) in repo.own_refs(refs)? {
            if name == refs.start() || name.starts_with(&replaced) {
                self.sort_out(item(Sort::Ref, name, "", Some(tip), PathBuf::new()), "all tasks are over")?;
            }
        }
        self.state(self.survey.stays.is_empty())
    }

    /// The branch of the worktree that all tasks share.
    fn shared_branch(&mut self, all_over: bool) -> Result<(), CliError> {
        let branch = self.branches.refs.branch(EpicRefs::SHARED);
        let Some(tip) = self.branches.repo.target(&branch.full())? else { return Ok(()) };
        let shared = item(Sort::Branch, branch.as_str().to_owned(), "", Some(tip), PathBuf::new());
        if all_over {
            return self.sort_out(shared, "all tasks are over");
        }
        let why = "tasks share it until the plan is over".to_owned();
        self.survey.stays.push(Item { why, ..shared });
        Ok(())
    }

    /// The worktree in which what is merged is tried: nobody works there, and what lies in it was checked out or made by a command.
    fn verification(&mut self, all_over: bool) -> Result<(), CliError> {
        let Some(path) = self.branches.verified_in(self.context)? else { return Ok(()) };
        let Found::Ours(worktree) = self.branches.repo.worktree_at(&path)? else { return Ok(()) };
        if worktree.branch()?.is_some() {
            return Ok(());
        }
        let found = item(Sort::Worktree, path.display().to_string(), "", None, path);
        let is_of_use = self.context.config()?.config.verify_integration.is_some();
        let found = Item { is_makeshift: true, ..found };
        if is_of_use && !all_over {
            let why = "what is merged is tried here until the plan is over".to_owned();
            self.survey.stays.push(Item { why, ..found });
        } else {
            let why = if all_over { "all tasks are over" } else { "nothing is tried here any more" };
            self.survey.goes.push(Item { why: why.to_owned(), ..found });
        }
        Ok(())
    }

    fn state(&mut self, goes: bool) -> Result<(), CliError> {
        let path = self.context.state.path().to_owned();
        if goes && path.exists() && !self.context.state.landing().exists() {
            let state = item(Sort::State, path.display().to_string(), "", None, path);
            let is_empty = self.known.plan.is_empty();
            let why = if is_empty { "a plan that has no tasks" } else { "a plan that is over" };
            self.sort_out(state, &format!("journal and logs of {why}"))?;
        }
        Ok(())
    }
}

fn item(kind: Sort, name: String, task: &str, at: Option<Oid>, path: PathBuf) -> Item {
    let task = Some(TaskId::from(task).to_string()).filter(|task| !task.is_empty());
    Item { kind, name, task, why: String::new(), needs_force: false, is_makeshift: false, path, at }
}
