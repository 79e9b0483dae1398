use std::collections::HashMap;

use super::settings::{Casting, Settings};
use super::{RunError, RunEvent};
use crate::agent::{Catalogue, Definition, Found, Kind};
use crate::genesis::Status;
use crate::plan::Plan;

/// Adds the definition of each agent that tasks which are not completed need and that is not known yet, by the agent's name.
///
/// A missing one is a warning, and a generic one is used; with `require-definitions` it is an error.
pub(super) fn add_definitions(
    known: &mut HashMap<String, Definition>,
    plan: &Plan,
    casting: &Casting,
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
            let needs_one = is_missed(agent, plan, casting);
            known.insert(agent.to_owned(), definition((agent, needs_one), settings, &catalogue, tell)?);
        }
    }
    Ok(())
}

/// Whether it is worth a word that it has no definition: not where tasks merely name nobody, nor where a program of the user's own plays it,
/// which may be all the definition that it needs. `doctor` and `validate` see it so, too.
fn is_missed(agent: &str, plan: &Plan, casting: &Casting) -> bool {
    let played = plan.tasks().filter_map(|(_, task)| Some((task, casting.get(&task.id)?)));
    let mut its = played.filter(|(_, cast)| cast.agent == agent).peekable();
    // A reviewer, whom the configuration names.
    its.peek().is_none() || its.any(|(task, cast)| task.agent.is_some() && cast.kind != Kind::Command)
}

fn definition(
    (agent, needs_one): (&str, bool),
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
        Found::Missing { nearest } if nearest.is_empty() && !needs_one => Ok(Definition::generic(agent)),
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
