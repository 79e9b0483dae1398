//! What a run knows of its plan: the plan itself, who plays which task, how branches are called. Made anew when the plan changes.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use super::outset::Outset;
use super::settings::{Casting, Isolation, Settings};
use super::{History, RunError, RunEvent, cast};
use crate::agent::Definition;
use crate::genesis::Genesis;
use crate::git::{EpicRefs, slugs_beside};
use crate::plan::{self, Plan, TaskId};

pub(super) struct Ground {
    pub(super) plan: Arc<Plan>,
    /// The names for branches and folders of every task that there is or was.
    slugs: BTreeMap<String, String>,
    /// Who plays each task.
    pub(super) casting: Casting,
    /// By the agent's name.
    pub(super) definitions: HashMap<String, Definition>,
    pub(super) outset: Outset,
}

impl Ground {
    /// Everything that can be known, or be wrong, before a run changes anything.
    pub(super) fn survey(
        settings: &Settings,
        genesis: &Genesis,
        history: &History,
        tell: &dyn Fn(RunEvent),
    ) -> Result<Self, RunError> {
        Self::laid(known_slugs(history), HashMap::new(), settings, genesis, history, tell)
    }

    /// The same for the document as it is now. What is known of tasks that stay is kept.
    ///
    /// # Errors
    /// [`RunError`] if a run could not begin with it.
    pub(super) fn changed(
        &self,
        settings: &Settings,
        genesis: &Genesis,
        history: &History,
        tell: &dyn Fn(RunEvent),
    ) -> Result<Self, RunError> {
        Self::laid(self.slugs.clone(), self.definitions.clone(), settings, genesis, history, tell)
    }

    fn laid(
        mut slugs: BTreeMap<String, String>,
        mut definitions: HashMap<String, Definition>,
        settings: &Settings,
        genesis: &Genesis,
        history: &History,
        tell: &dyn Fn(RunEvent),
    ) -> Result<Self, RunError> {
        let plan = Arc::new(valid_plan(genesis)?);
        let casting = (settings.caster)(&plan).map_err(RunError::Casting)?;
        cast::add_definitions(&mut definitions, &plan, &casting, settings, tell)?;
        let ids: Vec<_> = plan.tasks().map(|(_, task)| task.id.as_str()).collect();
        let names = slugs_beside(&ids, &slugs);
        slugs.extend(ids.iter().map(|id| (*id).to_owned()).zip(names));
        let outset = Outset::new(&plan, genesis, history, settings);
        Ok(Self { plan, slugs, casting, definitions, outset })
    }

    /// The task's name for branches and folders.
    pub(super) fn slug(&self, task: &TaskId) -> &str {
        self.slugs.get(task.as_str()).map_or("", String::as_str)
    }

    /// How many worktrees there will be at once that are not there yet. `place` is where that of a name is.
    pub(super) fn worktrees_to_come(&self, settings: &Settings, place: impl Fn(&str) -> PathBuf) -> usize {
        let to_do = self.plan.tasks().filter(|(index, _)| self.outset.is_to_do(*index));
        let own = to_do.filter(|(_, task)| {
            let isolation = self.casting.get(&task.id).map(|cast| cast.isolation);
            isolation == Some(Isolation::Worktree) && !place(self.slug(&task.id)).exists()
        });
        let most = settings.max_worktrees.map_or(usize::MAX, NonZeroUsize::get);
        let at_once = if settings.keep.goes_when_merged() { settings.jobs.get() } else { usize::MAX };
        own.count().min(most).min(at_once) + usize::from(self.shares_one_to_come(place))
    }

    fn shares_one_to_come(&self, place: impl Fn(&str) -> PathBuf) -> bool {
        let shares =
            |task: &TaskId| self.casting.get(task).is_some_and(|cast| cast.isolation == Isolation::Shared);
        let mut to_do = self.plan.tasks().filter(|(index, _)| self.outset.is_to_do(*index));
        to_do.any(|(_, task)| shares(&task.id)) && !place(EpicRefs::SHARED).exists()
    }

    /// All of them.
    pub(super) fn slugs(&self) -> impl Iterator<Item = &str> {
        self.slugs.values().map(String::as_str)
    }
}

/// What earlier runs called their tasks stays, whatever tasks have come since.
pub fn known_slugs(history: &History) -> BTreeMap<String, String> {
    let named = |(id, story): (&TaskId, &super::TaskHistory)| {
        let attempt = story.last_attempt()?;
        Some((id.to_string(), attempt.started.slug.clone()))
    };
    history.tasks().filter_map(named).collect()
}

fn valid_plan(genesis: &Genesis) -> Result<Plan, RunError> {
    plan::load(genesis)
        .map_err(|diagnostics| RunError::Invalid { source_text: genesis.source().to_owned(), diagnostics })
}
