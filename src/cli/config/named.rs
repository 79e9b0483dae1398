//! What a `blueprint.toml` names, and where: tasks, agents, folders of agents.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a name in a configuration is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameOf {
    Task,
    Agent,
    /// A folder of agent definitions, relative to the configuration's own.
    AgentFolder,
    /// A limit that a task needs.
    LimitOfTask,
    /// A limit that an agent needs.
    LimitOfAgent,
    /// A gate.
    Gate,
    /// A gate that is described there.
    NewGate,
}

/// A name in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) of: NameOf,
    pub(crate) name: String,
    /// Its bytes in the file.
    pub(crate) span: Range<usize>,
    /// The key that holds it, for messages.
    pub(crate) key: &'static str,
    /// The task or agent in whose table it stands.
    pub(crate) within: Option<String>,
}

/// All names in `text`, in its order; none in a text that is no TOML.
pub(crate) fn named(text: &str) -> Vec<Named> {
    let Ok(root) = DeTable::parse(text) else { return Vec::new() };
    let root = root.get_ref();
    let mut found = keys(root, "agents", NameOf::Agent);
    found.extend(keys(root, "tasks", NameOf::Task));
    found.extend(words_of(root, "tasks", "needs-limit", NameOf::LimitOfTask));
    found.extend(words_of(root, "agents", "needs-limit", NameOf::LimitOfAgent));
    found.extend(words_of(root, "tasks", "gates", NameOf::Gate));
    found.extend(words_of(root, "agents", "gates", NameOf::Gate));
    found.extend(words(root, "allow-no-changes", NameOf::Task));
    found.extend(words(root, "agent-dirs", NameOf::AgentFolder));
    let gates = root.get("gates").and_then(|gates| gates.get_ref().as_array());
    for gate in gates.into_iter().flat_map(|gates| gates.iter()) {
        if let DeValue::Table(gate) = gate.get_ref() {
            found.extend(words(gate, "name", NameOf::NewGate));
            found.extend(words(gate, "agents", NameOf::Agent));
            found.extend(words(gate, "tasks", NameOf::Task));
        }
    }
    found.sort_by_key(|named| named.span.start);
    found
}

/// The keys of the table `key`.
fn keys(root: &DeTable<'_>, key: &'static str, of: NameOf) -> Vec<Named> {
    let Some(DeValue::Table(table)) = root.get(key).map(Spanned::get_ref) else { return Vec::new() };
    let name = |name: &Spanned<_>| Named {
        of,
        name: String::from(name.get_ref() as &str),
        span: name.span(),
        key,
        within: None,
    };
    table.keys().map(name).collect()
}

/// The words of the list `list` in the tables in the table `key`.
fn words_of(root: &DeTable<'_>, key: &'static str, list: &'static str, of: NameOf) -> Vec<Named> {
    let Some(DeValue::Table(tables)) = root.get(key).map(Spanned::get_ref) else { return Vec::new() };
    let of_table = |(owner, table): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let needed = table.get_ref().as_table().map_or_else(Vec::new, |table| words(table, list, of));
        let owner = String::from(owner.get_ref() as &str);
        needed
            .into_iter()
            .map(move |named| Named { within: Some(owner.clone()), ..named })
            .collect::<Vec<_>>()
    };
    tables.iter().flat_map(of_table).collect()
}

/// The words of the list `key`, or its only one.
fn words(table: &DeTable<'_>, key: &'static str, of: NameOf) -> Vec<Named> {
    let Some(value) = table.get(key) else { return Vec::new() };
    let word = |word: &Spanned<DeValue<'_>>| {
        let name = word.get_ref().as_str()?.to_owned();
        Some(Named { of, name, span: word.span(), key, within: None })
    };
    match value.get_ref().as_array() {
        Some(list) => list.iter().filter_map(word).collect(),
        None => word(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{NameOf, named};

    #[test]
    fn every_key_that_names_something_is_found_with_its_place() {
        let text = "allow-no-changes = [\"a\"]\nagent-dirs = ['agents']\n[agents.dev]\nrunner = 'x'\n[tasks.\"b c\"]\nneeds-limit = 'db'\ngates = ['g']\n\
                    [[gates]]\nname = 'g'\nrun = 'r'\nagents = ['qa']\ntasks = ['d']\n";
        let found: Vec<_> = named(text)
            .into_iter()
            .map(|named| (named.of, named.name, text[named.span].to_owned()))
            .collect();
        let expected = [
            (NameOf::Task, "a", "\"a\""),
            (NameOf::AgentFolder, "agents", "'agents'"),
            (NameOf::Agent, "dev", "dev"),
            (NameOf::Task, "b c", "\"b c\""),
            (NameOf::LimitOfTask, "db", "'db'"),
            (NameOf::Gate, "g", "'g'"),
            (NameOf::NewGate, "g", "'g'"),
            (NameOf::Agent, "qa", "'qa'"),
            (NameOf::Task, "d", "'d'"),
        ];
        let expected = expected.map(|(of, name, place)| (of, name.to_owned(), place.to_owned()));
        assert_eq!(found, expected);
        assert_eq!(named("= nonsense"), []);
    }
}
