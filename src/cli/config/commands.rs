//! Keys that say what command is to be run.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::keys::Timeout;
use crate::run::{Step, StepCommand};

/// The longest that a step may take that has no `timeout`.
const TIMEOUT: Duration = Duration::from_mins(15);
/// Characters of a command that stand for its name.
const NAME: usize = 60;

/// A step: `"npm ci"` (for `sh -c`), `["npm", "ci"]` (a program and its arguments), or a table that has such a command as `run`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "one line a key would say its name again")]
pub struct StepConfig {
    pub run: StepCommand,
    pub name: Option<String>,
    pub timeout: Option<Timeout>,
    /// Only for `verify-integration`: it runs after so many merges.
    pub every: Option<NonZeroU32>,
}

impl StepConfig {
    /// The step to be run; without a name it is called by its command.
    pub fn step(&self) -> Step {
        let name = self.name.clone().unwrap_or_else(|| shortened(&self.run.to_string()));
        let timeout = self.timeout.map_or(TIMEOUT, |timeout| timeout.0);
        Step { name, command: self.run.clone(), timeout }
    }
}

fn shortened(command: &str) -> String {
    let line = command.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let is_whole = line.chars().count() <= NAME && command.trim() == line;
    if is_whole { line.to_owned() } else { line.chars().take(NAME).chain(['…']).collect() }
}

impl FromStr for StepConfig {
    type Err = String;

    /// A text for the shell, as a flag has it.
    fn from_str(text: &str) -> Result<Self, String> {
        of_text::<de::value::Error>(text).map_err(|error| error.to_string())
    }
}

/// The table as it stands in the file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    #[serde(deserialize_with = "command")]
    run: StepCommand,
    name: Option<String>,
    timeout: Option<Timeout>,
    every: Option<NonZeroU32>,
}

impl<'de> Deserialize<'de> for StepConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written { with_table: true })
    }
}

pub(super) fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StepCommand, D::Error> {
    deserializer.deserialize_any(Written { with_table: false }).map(|step| step.run)
}

/// However it is written.
struct Written {
    with_table: bool,
}

impl<'de> Visitor<'de> for Written {
    type Value = StepConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command: a text for the shell, or a list of a program and its arguments")?;
        if self.with_table { f.write_str(", or a table with it as `run`") } else { Ok(()) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<StepConfig, E> {
        of_text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<StepConfig, A::Error> {
        let words = Vec::<String>::deserialize(SeqAccessDeserializer::new(list))?;
        if words.first().is_none_or(String::is_empty) {
            return Err(A::Error::custom("a list that is a command begins with a program"));
        }
        plain(StepCommand::Program(words))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<StepConfig, A::Error> {
        if !self.with_table {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        let Table { run, name, timeout, every } = Table::deserialize(MapAccessDeserializer::new(table))?;
        Ok(StepConfig { run, name, timeout, every })
    }
}

fn of_text<E: Error>(text: &str) -> Result<StepConfig, E> {
    if text.trim().is_empty() {
        return Err(E::custom("an empty command does nothing"));
    }
    plain(StepCommand::Shell(text.to_owned()))
}

/// NUL bytes can't be given to a program.
fn plain<E: Error>(run: StepCommand) -> Result<StepConfig, E> {
    if run.to_string().contains('\0') {
        return Err(E::custom("a command can't have a NUL byte in it"));
    }
    Ok(StepConfig { run, name: None, timeout: None, every: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        steps: Vec<StepConfig>,
    }

    fn read(steps: &str) -> Result<Vec<StepConfig>, String> {
        toml::from_str::<File>(&format!("steps = [{steps}]"))
            .map(|file| file.steps)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_step_is_a_text_a_list_or_a_table() {
        let steps =
            read(r#""npm ci", ["npm", "ci"], { run = "make", name = "all", timeout = "2m", every = 3 }"#);
        let steps = steps.unwrap();
        let made = steps.iter().map(StepConfig::step).collect::<Vec<_>>();
        let program = StepCommand::Program(vec!["npm".into(), "ci".into()]);
        assert_eq!(
            made[0],
            Step { name: "npm ci".into(), command: StepCommand::Shell("npm ci".into()), timeout: TIMEOUT }
        );
        assert_eq!(made[1], Step { name: "npm ci".into(), command: program, timeout: TIMEOUT });
        assert_eq!((made[2].name.as_str(), made[2].timeout), ("all", Duration::from_mins(2)));
        assert_eq!(steps[2].every.unwrap().get(), 3);
    }

    #[test]
    fn what_is_no_command_is_refused_in_words_that_say_what_one_is() {
        for (steps, says) in [
            ("''", "an empty command does nothing"),
            ("[]", "begins with a program"),
            ("3", "a text for the shell"),
            ("{ run = { run = 'x' } }", "a program and its arguments"),
            ("{ run = 'x', timout = '1m' }", "unknown field `timout`"),
            ("{ name = 'x' }", "missing field `run`"),
            ("\"a\\u0000b\"", "NUL byte"),
        ] {
            let error = read(steps).unwrap_err();
            assert!(error.contains(says), "{steps}: {error}");
        }
    }

    #[test]
    fn a_long_command_is_called_by_its_beginning() {
        assert_eq!(shortened(&"x".repeat(80)), "x".repeat(NAME) + "…");
        assert_eq!(shortened("\n  one\n  two\n"), "one…");
    }
}
