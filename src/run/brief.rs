use super::history::TaskHistory;
use super::job::Job;
use crate::agent::{self, Brief, Completion, Documents, EarlierAttempt, Knowledge, Place, Prerequisite};
use crate::genesis::{self, Genesis, Known};
use crate::git::Conflict;

/// What an agent is told, from the document and from what is known of earlier attempts.
pub(super) fn brief(
    genesis: &Genesis,
    task: &genesis::Task,
    prerequisites: Vec<Prerequisite>,
    place: Place,
    attempt: u32,
    history: Option<&TaskHistory>,
) -> Brief {
    let details = genesis.details(&task.id);
    let task = agent::TaskBrief {
        id: task.id.clone(),
        name: task.name.clone(),
        description: details.description,
        acceptance: details.acceptance,
        estimate: task.estimate.as_ref().map(|estimate| estimate.id.clone()),
    };
    Brief {
        project: project(genesis.project()),
        knowledge: agent::relevant(&task, &knowledge(genesis)),
        task,
        prerequisites,
        // What there is stands in the worktree, which is still to be made.
        documents: Documents::default(),
        place,
        attempt,
        earlier: history.map(earlier).unwrap_or_default(),
        note: history.and_then(|history| history.again.as_ref()?.note.clone()),
        answers: history.map(TaskHistory::answers).unwrap_or_default(),
        going_on: None,
        conflict: None,
    }
}

impl Job {
    /// All that the attempt's agent is told, now that its place is made.
    pub(super) fn whole_brief(&self, conflict: Option<&Conflict>) -> Brief {
        let named = &self.definition.reads;
        Brief { documents: self.common.offer.find(&self.worktree, named), ..self.brief_of(conflict) }
    }
}

fn knowledge(genesis: &Genesis) -> Vec<Knowledge> {
    let told =
        |known: Known| Knowledge { kind: known.kind, title: known.title, text: known.texts.join("\n") };
    genesis.known().into_iter().map(told).collect()
}

fn project(project: &genesis::Project) -> agent::ProjectBrief {
    let quality = project.quality.iter().map(|quality| agent::QualityBrief {
        name: quality.name.clone(),
        target: quality.target.clone(),
        measurement: quality.measurement.clone(),
    });
    agent::ProjectBrief {
        name: project.project_name.clone(),
        epic: project.epic_name.clone(),
        problem: project.problem.clone(),
        objectives: project.objectives.clone(),
        constraints: project.constraints.clone(),
        languages: project.languages.clone(),
        frameworks: project.frameworks.clone(),
        databases: project.databases.clone(),
        infrastructure: project.infrastructure.clone(),
        quality: quality.collect(),
    }
}

/// A prerequisite, with what came of it.
pub(super) fn prerequisite(genesis: &Genesis, task: &genesis::Task, by: Completion) -> Prerequisite {
    let result = genesis.details(&task.id).result;
    Prerequisite {
        id: task.id.clone(),
        name: task.name.clone(),
        summary: result.map(|result| result.summary),
        by,
    }
}

fn earlier(history: &TaskHistory) -> Vec<EarlierAttempt> {
    let ended = history.attempts.iter().filter_map(|attempt| attempt.ended.as_ref());
    let earlier = ended.map(|(ended, _)| EarlierAttempt {
        number: ended.attempt,
        outcome: ended.outcome,
        note: ended.detail.clone().or_else(|| ended.summary.clone()),
        commit: ended.commit.clone(),
    });
    earlier.collect()
}
