//! The gates that are commands, on the commit that the plan starts from: what fails there already, no agent may be able to mend.

use std::sync::Arc;
use std::time::Instant;

use super::{Trial, task};
use crate::genesis::{Quality, Status};
use crate::plan::Plan;
use crate::run::attempt::{Link, blocking};
use crate::run::gates::{Check, CommandGate, Gate, GateEnded, Place, Ran, run_command};
use crate::run::job::Job;
use crate::run::provision;
use crate::run::settings::Settings;

/// Those that the work of any open task has to pass, each once. A review costs money, and an approval a person's time.
pub(super) fn due(settings: &Settings, plan: &Plan, quality: &[Quality]) -> Vec<Arc<Gate>> {
    let mut due: Vec<Arc<Gate>> = Vec::new();
    for (_, task) in plan.tasks().filter(|(_, task)| task.status != Status::Completed) {
        let Some(cast) = settings.casting.get(&task.id) else { continue };
        for gate in settings.gates.of(task.id.as_str(), &cast.agent, quality) {
            let is_known = due.iter().any(|known| known.name == gate.name);
            if !is_known && matches!(gate.check, Check::Command(_)) {
                due.push(gate);
            }
        }
    }
    due
}

/// One after another, whatever became of those before.
pub(super) async fn all(job: &Arc<Job>, gates: &[Arc<Gate>], link: &Link) -> Vec<Trial> {
    let mut tried = Vec::new();
    for (number, gate) in (1..).zip(gates) {
        if link.stop.borrow().is_some() {
            break;
        }
        if let Check::Command(command) = &gate.check {
            tried.extend(one(job, (number, gate), command, link).await);
        }
    }
    tried
}

async fn one(
    job: &Arc<Job>,
    (number, gate): (usize, &Arc<Gate>),
    command: &CommandGate,
    link: &Link,
) -> Option<Trial> {
    let began = Instant::now();
    let trial = |complaint: Option<String>, could_run: bool| Trial::Gate {
        name: gate.name.clone(),
        took: began.elapsed(),
        complaint,
        could_run,
    };
    let env = match blocking(job, provision::of_gates).await {
        Ok(Ok(env)) => env,
        Ok(Err(error)) => return Some(trial(Some(error.to_string()), false)),
        Err(bug) => return Some(trial(bug.detail, false)),
    };
    let place = Place {
        means: job.common.means(),
        folder: &job.worktree,
        env: &env,
        logs: &job.dir.steps(),
        confined_as: Some(job),
        link,
    };
    let plain = GateEnded::plain((task(), job.attempt), gate, Some(job.common.start));
    match run_command(place, (number, gate), command, &[], plain).await {
        Ran::Ended(ended) if ended.passed => Some(trial(None, true)),
        Ran::Ended(ended) => Some(trial(ended.detail.or(Some(String::new())), true)),
        Ran::NotRun(why, _) => Some(trial(Some(why), false)),
        Ran::Stopped(_) | Ran::Waits => None,
    }
}
