use std::collections::HashMap;

use super::settings::Settings;
use super::{RunError, RunEvent};
use crate::agent::{Catalogue, Definition, Found};
use crate::genesis::Status;
use crate::plan::{Plan, TaskId};

/// The definition of each agent that tasks which are not completed need, by the agent's name.
///
/// A missing one is a warning, and a generic one is used; with `require-definitions` it is an error.
pub(super) fn definitions(
    plan: &Plan,
    settings: &Settings,
    catalogue: &Catalogue,
    tell: &dyn Fn(RunEvent),
) -> Result<HashMap<String, Definition>, RunError> {
    let mut found = HashMap::new();
    for (_, task) in plan.tasks().filter(|(_, task)| task.status != Status::Completed) {
        let Some(agent) = agent_of(settings, &task.id) else { continue };
        if !found.contains_key(agent) {
            found.insert(agent.to_owned(), definition(agent, settings, catalogue, tell)?);
        }
    }
    Ok(found)
}

fn agent_of<'s>(settings: &'s Settings, task: &TaskId) -> Option<&'s str> {
    settings.casting.get(task).map(|cast| cast.agent.as_str())
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
