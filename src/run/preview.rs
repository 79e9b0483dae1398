use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::cast::add_definitions;
use super::dispatcher::{check_worktree_dir, worktree_path};
use super::gates::Gate;
use super::ground::known_slugs;
use super::history::GoingOn;
use super::outset::Outset;
use super::settings::{Isolation, Settings, Site};
use super::start::refuse_a_checkout_of_ours;
use super::{History, RunError, TaskHistory};
use crate::agent::{Definition, Identity, Launch, Limits};
use crate::genesis::Genesis;
use crate::git::{EpicRefs, Oid, epic_slug, slugs_beside};
use crate::plan::{Ending, Event, Plan, Schedule, TaskId, TaskIndex};

/// What a run would do with a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The task.
    pub id: TaskId,
    /// Who would do it.
    pub agent: String,
    /// The number that its attempt would have, from 1; of an attempt whose agent is done, its own.
    pub attempt: u32,
    /// The attempt that it would go on with, in what that one has made.
    pub continues: Option<Continued>,
    /// The commit that it would start from, or what that would be made of; none in the checkout itself.
    pub base: Option<String>,
    /// Its branch; none in the checkout itself.
    pub branch: Option<String>,
    /// Where it would work.
    pub worktree: PathBuf,
    /// Which runner plays the agent.
    pub runner: String,
    /// The program with its arguments; none, where the agent is done, and a run goes on with the gates.
    pub command: Option<String>,
    /// The file that its agent's definition would be written to.
    pub definition_file: PathBuf,
    /// The file that its prompt would be written to.
    pub prompt_file: PathBuf,
    /// What its work would have to pass, in that order, as far as it changes what they are for.
    pub gates: Vec<PlannedGate>,
}

/// An earlier attempt that another one would go on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Continued {
    /// Its number.
    pub attempt: u32,
    /// Its session, if that would be taken up again.
    pub session: Option<String>,
}

/// A gate that work would have to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedGate {
    /// What it is called.
    pub name: String,
    /// Its command; or who looks at the work instead.
    pub by: String,
}

/// What a run would do, in the order in which it would start the tasks, were one run at a time and all completed. Touches nothing.
///
/// # Errors
/// [`RunError`] where the run itself could not begin.
pub fn preview(
    site: &Site,
    settings: &Settings,
    plan: &Arc<Plan>,
    genesis: &Genesis,
    history: &History,
) -> Result<Vec<Planned>, RunError> {
    let preview = Preview::new(site, settings, plan, (genesis, history))?;
    let outset = Outset::new(plan, genesis, history, settings);
    order(plan, &outset)?.into_iter().map(|index| preview.task(index)).collect()
}

/// What a run would do with that one task, were it ready. Touches nothing.
///
/// # Errors
/// [`RunError`] where a run could not begin.
pub fn preview_task(
    site: &Site,
    settings: &Settings,
    plan: &Plan,
    (genesis, history): (&Genesis, &History),
    task: TaskIndex,
) -> Result<Planned, RunError> {
    Preview::new(site, settings, plan, (genesis, history))?.task(task)
}

pub(super) fn start_of(site: &Site, settings: &Settings, refs: &EpicRefs) -> Result<Oid, RunError> {
    Ok(match (site.repo.start(refs)?, &settings.base) {
        (Some(start), _) => start,
        (None, Some(base)) => site.repo.resolve(base)?,
        (None, None) => site.repo.head_commit()?,
    })
}

fn order(plan: &Arc<Plan>, outset: &Outset) -> Result<Vec<TaskIndex>, RunError> {
    let mut schedule = Schedule::new(plan, |index| outset.state(index));
    let mut order = Vec::new();
    while let Some(index) = schedule.next_ready() {
        schedule.apply(index, Event::Started)?;
        schedule.apply(index, Event::End(Ending::Completed))?;
        order.push(index);
    }
    Ok(order)
}

struct Preview<'a> {
    site: &'a Site,
    settings: &'a Settings,
    plan: &'a Plan,
    genesis: &'a Genesis,
    history: &'a History,
    refs: EpicRefs,
    start: Oid,
    slugs: Vec<String>,
    /// By the agent's name.
    definitions: HashMap<String, Definition>,
}

impl<'a> Preview<'a> {
    /// Of a run that could begin.
    fn new(
        site: &'a Site,
        settings: &'a Settings,
        plan: &'a Plan,
        (genesis, history): (&'a Genesis, &'a History),
    ) -> Result<Self, RunError> {
        check_worktree_dir(&settings.worktree_dir, &site.repo)?;
        let refs = EpicRefs::new(&epic_slug(&site.epic), &settings.branch)?;
        refuse_a_checkout_of_ours(site, &refs)?;
        let start = start_of(site, settings, &refs)?;
        site.repo.refuse_without_git(start)?;
        let ids: Vec<_> = plan.tasks().map(|(_, task)| task.id.as_str()).collect();
        let slugs = slugs_beside(&ids, &known_slugs(history));
        let mut definitions = HashMap::new();
        // What is to be said of them, a run says.
        add_definitions(&mut definitions, plan, &settings.casting, settings, &|_| ())?;
        Ok(Self { site, settings, plan, genesis, history, refs, start, slugs, definitions })
    }

    fn task(&self, index: TaskIndex) -> Result<Planned, RunError> {
        let id = &self.plan.task(index).id;
        let slug = &self.slugs[index.0];
        let checkout = self.site.repo.require_workdir()?;
        let place = |name: &str, base: String| {
            let folder = worktree_path(&self.settings.worktree_dir, checkout, self.refs.epic(), name);
            (folder, Some(base), Some(self.refs.branch(name).as_str().to_owned()))
        };
        let cast = &self.settings.casting[id];
        let story = self.history.task(id.as_str());
        let going_on = story.and_then(|story| story.going_on(Some(cast.runner.name())));
        let (folder, base, branch) = match cast.isolation {
            Isolation::Worktree => {
                place(slug, going_on.map_or_else(|| self.base(index), |on| on.with.started.base.clone()))
            }
            Isolation::Shared => place(EpicRefs::SHARED, "what is there when it starts".to_owned()),
            Isolation::None => (checkout.to_owned(), None, None),
        };
        let at_gates = story.and_then(TaskHistory::goes_on_with_gates);
        let attempt = at_gates.or_else(|| story.map(TaskHistory::next_attempt)).unwrap_or(1);
        let dir = self.site.state.attempt(slug, attempt);
        Ok(Planned {
            id: id.clone(),
            agent: cast.agent.clone(),
            attempt,
            continues: going_on.filter(|_| at_gates.is_none()).map(Continued::of),
            base,
            branch,
            runner: cast.runner.name().to_owned(),
            command: at_gates.is_none().then(|| self.command(index, attempt, (&folder, going_on))),
            worktree: folder,
            definition_file: dir.definition(),
            prompt_file: dir.prompt(),
            gates: self.gates(id),
        })
    }

    fn gates(&self, task: &TaskId) -> Vec<PlannedGate> {
        let Settings { gates, casting, secrets, .. } = self.settings;
        let gates = gates.of(task.as_str(), &casting[task].agent, &self.genesis.project().quality);
        let planned = |gate: &Arc<Gate>| PlannedGate {
            name: gate.name.clone(),
            by: secrets.masked(&gate.fingerprint()),
        };
        gates.iter().map(planned).collect()
    }

    fn base(&self, index: TaskIndex) -> String {
        let start: String = self.start.to_string().chars().take(10).collect();
        let known = |index: TaskIndex| self.genesis.task(self.plan.task(index).id.as_str());
        let adds = |index| known(index).is_none_or(|task| !self.genesis.is_skipped(task));
        let before = self.plan.built_on(index, adds);
        let names: Vec<_> = before.into_iter().map(|before| self.plan.task(before).id.as_str()).collect();
        if names.is_empty() { start } else { format!("{start} with the work of {}", names.join(", ")) }
    }

    fn command(
        &self,
        index: TaskIndex,
        attempt: u32,
        (worktree, going_on): (&Path, Option<GoingOn<'_>>),
    ) -> String {
        let id = &self.plan.task(index).id;
        let cast = &self.settings.casting[id];
        let dir = self.site.state.attempt(&self.slugs[index.0], attempt);
        let generic = Definition::generic(&cast.agent);
        let line = cast.runner.command_line(&Launch {
            task: id.as_str(),
            agent: &cast.agent,
            attempt,
            token: "<token>",
            session: "<session>",
            resume: going_on.and_then(|going_on| going_on.session),
            limits: Limits { cost_usd: cast.caps.cost_usd, turns: None },
            genesis: self.site.plan.path(),
            worktree,
            config_dir: &self.settings.config_dir,
            definition: self.definitions.get(&cast.agent).unwrap_or(&generic),
            definition_file: &dir.definition(),
            prompt_file: &dir.prompt(),
            definition_text: "<definition>",
            prompt_text: "<prompt>",
            outbox: None,
            programs: None,
            build_jobs: None,
            identity: Identity { name: &cast.agent, email: "<address>" },
            place_env: &[],
            env: &self.settings.env,
            policy: &self.settings.env_policy,
        });
        let line = line.map_or_else(|error| format!("none: {error}"), |line| line.to_string());
        self.settings.secrets.masked(&line)
    }
}

impl Continued {
    fn of(going_on: GoingOn<'_>) -> Self {
        Self { attempt: going_on.with.started.attempt, session: going_on.session.map(str::to_owned) }
    }
}
