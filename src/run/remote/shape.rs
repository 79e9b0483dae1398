//! What a plan says but for how far it has come: by that a person's change is told from what runs and verbs have written.

use super::StateError;
use super::lineage::whole_lines;
use super::saved::{JOURNAL, PLAN};
use crate::genesis::{Genesis, Project};
use crate::git::{Oid, Repo};

/// All of a plan that somebody has to write by hand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    project: Project,
    /// What each task says, in their order.
    tasks: Vec<Vec<String>>,
    /// Prerequisite and dependent.
    edges: Vec<(String, String)>,
    levels: Vec<(i64, Vec<String>)>,
}

impl Shape {
    /// Nothing, of what is no plan.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let genesis = Genesis::parse(bytes.to_vec()).ok()?;
        let project = Project { status: None, updated_at: None, ..genesis.project().clone() };
        let edges = genesis.edges().iter().map(|edge| (edge.from.id.clone(), edge.to.id.clone())).collect();
        let ids = |refs: &[crate::genesis::Ref]| refs.iter().map(|each| each.id.clone()).collect();
        let levels = genesis.levels().iter().map(|level| (level.number, ids(&level.refs))).collect();
        let says = |task: &crate::genesis::Task| {
            let details = genesis.details(&task.id);
            let named = [&task.agent, &task.estimate]
                .map(|it| it.as_ref().map(|it| it.id.clone()).unwrap_or_default());
            let said = [task.id.clone(), task.name.clone(), details.description].into_iter().chain(named);
            let needs = task.dependencies.iter().map(|needs| format!("needs {}", needs.id));
            said.chain(needs).chain(details.acceptance).collect()
        };
        Some(Self { tasks: genesis.tasks().iter().map(says).collect(), project, edges, levels })
    }
}

/// The plan of the newest state, from `at` back, whose whole story the journal `here` tells as well: from there on the two went different ways.
pub(super) fn common_plan(repo: &Repo, at: Oid, here: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
    for commit in repo.first_parents(at)? {
        let journal = repo.file_at(commit, JOURNAL.as_ref())?.unwrap_or_default();
        let journal = whole_lines(&journal);
        if !journal.is_empty() && here.starts_with(journal) {
            return Ok(repo.file_at(commit, PLAN.as_ref())?);
        }
    }
    Ok(None)
}
