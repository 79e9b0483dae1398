use std::collections::HashMap;

use super::settings::{Cast, Settings};
use super::{RunError, RunEvent};
use crate::agent::{Catalogue, Definition, Found};
use crate::genesis::Status;
use crate::plan::{Plan, TaskId};

/// Adds the definition of each agent that tasks which are not completed need and that is not known yet, by the agent's name.
///
/// A missing one is a warning, and a generic one is used; with `require-definitions` it is an error.
pub(super) fn add_definitions(
    known: &mut HashMap<String, Definition>,
    plan: &Plan,
    casting: &HashMap<TaskId, Cast>,
    settings: &Settings,
    tell: &dyn Fn(RunEvent),
) -> Result<(), RunError> {
    let open = plan.tasks().filter(|(_, task)| task.status != Status::Completed);
    let mut agents: Vec<_> =
        open.filter_map(|(_, task)| Some(casting.get(&task.id)?.agent.as_str())).collect();
    agents.extend(settings.gates.reviewers());
    let is_first = known.is_empty();
    agents.retain(|agent| !known.contains_key(*agent));
    if agents.is_empty() {
        return Ok(());
    }
    let catalogue = Catalogue::read(&settings.agent_folders);
    for warning in catalogue.warnings().iter().filter(|_| is_first) {
        tell(RunEvent::Warning { task: None, text: warning.clone() });
    }
    for agent in agents {
        if !known.contains_key(agent) {
            known.insert(agent.to_owned(), definition(agent, settings, &catalogue, tell)?);
        }
    }
    Ok(())
}

fn definition(
    agent: &str,
    settings: &Settings,
    catalogue: &Catalogue,
    tell: &dyn Fn(RunEvent),
) -> Result<Definition, RunError> {
    match catalogue.find(agent)? {
        Found::One(definition) => {
            for warning in &definition.warnings {
                let text = format!("agent `{agent}` ({}): {warning}", definition.path.display());
                tell(RunEvent::Warning { task: None, text });
            }
            Ok(*definition)
        }
        Found::Missing { nearest } if settings.require_definitions => {
            Err(RunError::NoDefinition { agent: agent.to_owned(), nearest })
        }
        Found::Missing { nearest } => {
            tell(RunEvent::Warning { task: None, text: missing(agent, &nearest) });
            Ok(Definition::generic(agent))
        }
    }
}

fn missing(agent: &str, nearest: &[String]) -> String {
    let meant = match nearest {
        [] => String::new(),
        names => format!(" (did you mean {}?)", names.join(" or ")),
    };
    format!("no definition for the agent `{agent}`{meant}; it works with a generic one")
}
