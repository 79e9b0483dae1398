//! The configuration files, against the plan.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Examined;
use crate::cli::casting::DEFAULT_AGENT;
use crate::cli::config::{self, ConfigError, Loaded, NameOf};
use crate::cli::{gates, sharing};
use crate::genesis::{Code, Diagnostic, Genesis, nearest};

/// What the configuration names and nobody has. The file at the repository's root serves other plans, too: in it only folders are looked at.
pub(super) fn check(folder: &Path, root: Option<&Path>, loaded: &Loaded, genesis: &Genesis) -> Vec<Examined> {
    let known = Known::of(genesis, loaded);
    let examined = config::files(folder, root).into_iter().filter_map(|path| {
        let source = fs::read_to_string(&path).ok()?;
        let is_the_plans_own = path.parent() == Some(folder);
        let names = config::named(&source).into_iter();
        let names =
            names.filter(|named| is_the_plans_own || !matches!(named.of, NameOf::Task | NameOf::Agent));
        let diagnostics = names.filter_map(|named| known.misfit(&named, loaded)).collect();
        Some(Examined { path, source, diagnostics })
    });
    examined.filter(|examined| !examined.diagnostics.is_empty()).collect()
}

/// A configuration that keeps every run from beginning.
pub(super) fn unreadable(folder: &Path, error: ConfigError) -> Examined {
    let (path, at, message, hint) = match error {
        ConfigError::Read { path, source } => (path, 0, format!("can't be read: {source}"), None),
        ConfigError::Invalid { path, at, message, hint, .. } => (path, at, message, hint),
    };
    let path = if path.as_os_str().is_empty() { folder.to_owned() } else { path };
    let source = fs::read_to_string(&path).unwrap_or_default();
    let end = source.get(at..).and_then(|rest| rest.find(|c: char| c.is_whitespace() || c == '='));
    let problem = Diagnostic::new(Code::BadConfig, at..at + end.unwrap_or(0), message);
    let problem = match hint {
        Some(hint) => problem.help(hint),
        None => problem,
    };
    Examined { path, source, diagnostics: vec![problem] }
}

/// The names that the plan has.
struct Known<'a> {
    tasks: BTreeSet<&'a str>,
    agents: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    /// Agents that review the work of others have no tasks.
    fn of(genesis: &'a Genesis, loaded: &'a Loaded) -> Self {
        let agent = |task: &'a crate::genesis::Task| {
            task.agent.as_ref().map_or(DEFAULT_AGENT, |agent| agent.id.as_str())
        };
        Self {
            tasks: genesis.tasks().iter().map(|task| task.id.as_str()).collect(),
            agents: genesis.tasks().iter().map(agent).chain(gates::reviewers(&loaded.config)).collect(),
        }
    }

    fn misfit(&self, named: &config::Named, loaded: &Loaded) -> Option<Diagnostic> {
        let (what, known) = match named.of {
            NameOf::Task => ("a task", &self.tasks),
            NameOf::Agent => ("an agent", &self.agents),
            NameOf::AgentFolder => return no_folder(named, &loaded.dir),
            NameOf::LimitOfTask => return no_limit(named, &self.tasks, loaded),
            NameOf::LimitOfAgent => return no_limit(named, &self.agents, loaded),
            NameOf::Gate => return no_gate(named, loaded),
            NameOf::NewGate => return two_gates(named, loaded),
        };
        if known.contains(named.name.as_str()) {
            return None;
        }
        let (key, name) = (named.key, &named.name);
        let message = format!("`{key}` names {what} that the plan does not have: `{name}`");
        let problem = Diagnostic::new(Code::NamesNothing, named.span.clone(), message);
        Some(match nearest(name, known.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        })
    }
}

/// A limit that there is not keeps a run from beginning, if somebody in the plan needs it.
fn no_limit(named: &config::Named, known: &BTreeSet<&str>, loaded: &Loaded) -> Option<Diagnostic> {
    named.within.as_deref().filter(|owner| known.contains(owner))?;
    let way_out = sharing::known(&named.name, &loaded.config.limits).err()?;
    let message = format!("`{}` names a limit that there is not: `{}`", named.key, named.name);
    Some(Diagnostic::new(Code::BadConfig, named.span.clone(), message).help(way_out))
}

/// A gate that there is not keeps a run from beginning.
fn no_gate(named: &config::Named, loaded: &Loaded) -> Option<Diagnostic> {
    let way_out = gates::known(&named.name, &loaded.config).err()?;
    let message = format!("`gates` names a gate that there is not: `{}`", named.name);
    Some(Diagnostic::new(Code::BadConfig, named.span.clone(), message).help(way_out))
}

/// Nor does a run begin with two gates of one name.
fn two_gates(named: &config::Named, loaded: &Loaded) -> Option<Diagnostic> {
    let same = loaded.config.gates.iter().filter(|gate| gate.name == named.name);
    let message = format!("two [[gates]] are called `{}`", named.name);
    (same.count() > 1).then(|| {
        Diagnostic::new(Code::BadConfig, named.span.clone(), message)
            .help("each gate needs a name of its own")
    })
}

fn no_folder(named: &config::Named, dir: &Path) -> Option<Diagnostic> {
    let folder = dir.join(&named.name);
    if folder.is_dir() {
        return None;
    }
    let message = format!("there is no folder `{}` for agent definitions", named.name);
    let problem = Diagnostic::new(Code::BadDefinition, named.span.clone(), message);
    Some(
        problem.help(format!("`agent-dirs` is relative to the configuration's folder: {}", folder.display())),
    )
}
