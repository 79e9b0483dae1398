use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::{INTRODUCTION, Key, TABLES, Table};
use crate::agent::Outcome;
use crate::cli::config::{AgentConfig, Config, GateConfig, PriceConfig, RunnerConfig};

/// The keys that a type reads, by its own word.
fn read_by<T: for<'de> Deserialize<'de>>() -> BTreeSet<String> {
    let Err(error) = toml::from_str::<T>("no-such-key = 1\n") else { panic!("any key is taken") };
    let quoted = error.message().split('`').skip(1).step_by(2).map(str::to_owned);
    quoted.skip(1).collect()
}

fn described(tables: impl Iterator<Item = &'static Table>) -> BTreeSet<String> {
    tables.flat_map(|table| table.keys).map(|key| key.name.to_owned()).collect()
}

fn table(name: &'static str) -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(move |table| table.name.starts_with(name))
}

#[test]
fn every_key_that_is_read_is_described_and_no_other() {
    let top = TABLES.iter().filter(|table| table.about.starts_with("Keys at the top"));
    let tables = ["runners", "agents", "tasks", "limits", "price", "gates"].map(str::to_owned);
    assert_eq!(&read_by::<Config>() - &BTreeSet::from(tables), described(top));
    assert_eq!(read_by::<RunnerConfig>(), described(table("[runners")));
    assert_eq!(read_by::<AgentConfig>(), described(table("[agents")));
    assert_eq!(read_by::<PriceConfig>(), described(table("[price")));
    assert_eq!(read_by::<GateConfig>(), described(table("[[gates")));
}

#[test]
fn a_default_is_what_its_key_takes() {
    let top = TABLES.iter().filter(|table| table.about.starts_with("Keys at the top"));
    for key in top.flat_map(|table| table.keys) {
        let Some(default) = key.default else { continue };
        let line = format!("{} = {default}\n", key.name);
        assert!(toml::from_str::<Config>(&line).is_ok(), "{line}");
    }
}

#[test]
fn the_ends_that_may_pass_are_those_that_count_as_passing() {
    let passing: Vec<_> = Outcome::ALL.iter().filter(|outcome| outcome.is_transient()).collect();
    let default =
        TABLES.iter().flat_map(|table| table.keys).find(|key| key.name == "retry-outcomes").unwrap().default;
    assert_eq!(
        serde_json::to_value(passing).unwrap(),
        serde_json::from_str::<serde_json::Value>(default.unwrap()).unwrap()
    );
}

/// `UPDATE_DOCS=1 cargo test --lib reference` writes the file anew.
#[test]
fn the_book_s_reference_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let text = markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "docs/configuration.md is out of date: `UPDATE_DOCS=1 cargo test --lib reference`"
    );
}

fn markdown() -> String {
    let mut text =
        format!("# Configuration: blueprint.toml\n\n{INTRODUCTION}\n\nThis page is made from the code; ");
    text += "`blueprint man blueprint.toml` shows the same.\n";
    for table in &TABLES {
        let name =
            if table.name.starts_with('[') { format!("`{}`", table.name) } else { table.name.to_owned() };
        write!(
            text,
            "\n## {name}\n\n{}\n\n| key | takes | default | |\n| --- | --- | --- | --- |\n",
            table.about
        )
        .unwrap();
        table.keys.iter().for_each(|key| text += &row(key));
    }
    text
}

fn row(key: &Key) -> String {
    let default = key.default.map_or_else(String::new, |default| format!("`{default}`"));
    format!("| `{}` | {} | {default} | {} |\n", key.name, key.takes, key.about)
}
