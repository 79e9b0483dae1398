//! The agents that tasks name, against the definitions that are there.

use std::collections::HashMap;
use std::path::Path;

use crate::agent::{Catalogue, Found, Kind};
use crate::cli::casting::kind_of;
use crate::cli::config::Config;
use crate::genesis::{Code, Diagnostic, Genesis, Ref};

/// One diagnostic an agent, at the first task that names it.
pub(super) fn check(genesis: &Genesis, config: &Config, catalogue: &Catalogue) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for named in agents(genesis) {
        match catalogue.find(&named.place.id) {
            Ok(Found::One(definition)) => found.extend(shadowed(&named, &definition.path, catalogue)),
            Ok(Found::Missing { nearest }) => found.extend(unknown(&named, config, &nearest)),
            Err(error) => {
                let span = named.place.span.clone();
                let problem = Diagnostic::new(Code::BadDefinition, span, error.to_string());
                found.push(problem.help("until it can be read, no run begins that needs this agent"));
            }
        }
    }
    found
}

/// An agent that tasks name.
struct Named<'a> {
    /// Where it is named first.
    place: &'a Ref,
    tasks: Vec<&'a str>,
}

/// In the order of the text.
fn agents(genesis: &Genesis) -> Vec<Named<'_>> {
    let mut agents: Vec<Named<'_>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for task in genesis.tasks() {
        let Some(place) = task.agent.as_ref().filter(|agent| !agent.id.is_empty()) else { continue };
        let index = *known.entry(&place.id).or_insert(agents.len());
        if index == agents.len() {
            agents.push(Named { place, tasks: Vec::new() });
        }
        agents[index].tasks.push(&task.id);
    }
    agents
}

/// A program of the user's own (`command`) may be all the definition that an agent needs: there, only a slip is worth a word.
fn unknown(named: &Named<'_>, config: &Config, nearest: &[String]) -> Option<Diagnostic> {
    let agent = &named.place.id;
    let is_own_program = |task: &&str| kind_of(task, agent, config) == Some(Kind::Command);
    if nearest.is_empty() && named.tasks.iter().all(is_own_program) {
        return None;
    }
    let others = match named.tasks.len() - 1 {
        0 => String::new(),
        1 => ", which another task names, too".to_owned(),
        more => format!(", which {more} other tasks name, too"),
    };
    let message = format!("there is no definition of the agent `{agent}`{others}");
    let problem = Diagnostic::new(Code::UnknownAgent, named.place.span.clone(), message);
    Some(match nearest {
        [] => {
            problem.help(format!("define it in `.claude/agents/{agent}.md`; until then a generic one works"))
        }
        near => {
            let near: Vec<_> = near.iter().map(|name| format!("`{name}`")).collect();
            problem.help(format!("did you mean {}?", near.join(" or ")))
        }
    })
}

/// Definitions of the same name behind the one that counts: nothing leads to them.
fn shadowed<'a>(
    named: &'a Named<'_>,
    counts: &'a Path,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Diagnostic> + 'a {
    let agent = &named.place.id;
    let others = catalogue.definitions().filter(move |other| other.name == *agent && other.path != counts);
    others.map(move |other| {
        let (first, path) = (counts.display(), other.path.display());
        let message = format!("the definition of `{agent}` in {path} is never used");
        Diagnostic::new(Code::BadDefinition, named.place.span.clone(), message)
            .help(format!("{first} has the same name and comes first; rename one of them"))
    })
}
