use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};

use super::words::Words;
use crate::agent::Kind;
use crate::cli::config;
use crate::cli::locate::Surroundings;
use crate::cli::verbs::status::field;
use crate::genesis::{Code, Task};
use crate::report::clean;

/// Tasks of the plan, and plans as long as none is named.
pub(super) fn plans_and_tasks(words: &Words, current: &str) -> Vec<CompletionCandidate> {
    let mut found = tasks(words, current);
    if words.named_plan().is_none() {
        found.extend(epics(current));
        if found.is_empty() || !current.is_empty() {
            found.extend(files(current));
        }
    }
    found
}

/// Epics, and files and folders that may be plans.
pub(super) fn plans(words: &Words, current: &str) -> Vec<CompletionCandidate> {
    if words.named_plan().is_some() {
        return Vec::new();
    }
    epics(current).into_iter().chain(files(current)).collect()
}

/// Tasks of the plan that are not named yet, with what they are.
pub(super) fn tasks(words: &Words, current: &str) -> Vec<CompletionCandidate> {
    let Some(genesis) = words.plan() else { return Vec::new() };
    let is_open = |task: &&Task| task.id.starts_with(current) && !words.has(&task.id);
    let what = |task: &Task| format!("{}  {}", task.status, clean(&task.name));
    let candidate = |task: &Task| CompletionCandidate::new(&task.id).help(Some(what(task).into()));
    genesis.tasks().iter().filter(is_open).map(candidate).collect()
}

/// Agents that the plan's tasks name.
pub(super) fn agents(words: &Words, current: &str) -> Vec<CompletionCandidate> {
    let Some(genesis) = words.plan() else { return Vec::new() };
    let agents = genesis.tasks().iter().filter_map(|task| Some(task.agent.as_ref()?.id.as_str()));
    beginning(current, agents.collect())
}

/// Runners that are built in, and those of the configuration.
pub(super) fn runners(words: &Words, current: &str) -> Vec<CompletionCandidate> {
    let root = Surroundings::here().ok().and_then(|around| around.root);
    let plan = words.plan_file();
    let folder = plan.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    let loaded = config::load(folder, root.as_deref()).ok();
    let configured = loaded.iter().flat_map(|loaded| loaded.config.runners.keys());
    let mut names: BTreeSet<&str> = configured.map(String::as_str).collect();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Command) {
        names.insert(kind.as_str());
    }
    beginning(current, names)
}

/// Codes of diagnostics, with what they mean.
pub(super) fn codes(_: &Words, current: &str) -> Vec<CompletionCandidate> {
    let is_meant = |code: &&Code| code.as_str().starts_with(&current.to_uppercase());
    let candidate =
        |code: &Code| CompletionCandidate::new(code.as_str()).help(Some(code.title().to_owned().into()));
    Code::ALL.iter().filter(is_meant).map(candidate).collect()
}

/// What `status --field` can show.
pub(super) fn fields(_: &Words, current: &str) -> Vec<CompletionCandidate> {
    let names = field::names();
    beginning(current, names.iter().map(String::as_str).collect())
}

fn epics(current: &str) -> Vec<CompletionCandidate> {
    let epics = Surroundings::here().map(|around| around.epic_names()).unwrap_or_default();
    let epics = epics.into_iter().filter(|epic| epic.starts_with(current));
    epics.map(|epic| CompletionCandidate::new(epic).help(Some("epic".into()))).collect()
}

/// Plans are XML; folders are on the way to one.
fn files(current: &str) -> Vec<CompletionCandidate> {
    let is_xml =
        |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml"));
    PathCompleter::any().filter(is_xml).complete(OsStr::new(current))
}

fn beginning(current: &str, names: BTreeSet<&str>) -> Vec<CompletionCandidate> {
    names.into_iter().filter(|name| name.starts_with(current)).map(CompletionCandidate::new).collect()
}
