//! Who is told of what needs a person.

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::commands::command;
use crate::run::StepCommand;

/// `notify`: a command that finds a JSON document on its standard input, or a table that can name an address, too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "one line a key would say its name again")]
pub struct NotifyConfig {
    pub run: Option<StepCommand>,
    pub webhook: Option<Webhook>,
    /// All, if nothing is said.
    pub on: Option<Vec<Notice>>,
}

/// An address that is sent the same document, or the variable of the environment that has it (`$NAME`): often it is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Webhook {
    /// As it is.
    Address(String),
    /// In that variable.
    Variable(String),
}

/// What somebody can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// A task failed for good.
    TaskFailed,
    /// A task waits for a person.
    TaskBlocked,
    /// A task waits for an answer.
    Question,
    /// The run is over.
    RunEnded,
}

impl Notice {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskFailed => "task-failed",
            Self::TaskBlocked => "task-blocked",
            Self::Question => "question",
            Self::RunEnded => "run-ended",
        }
    }
}

/// The table as it stands in the file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    run: Option<Command>,
    webhook: Option<Webhook>,
    on: Option<Vec<Notice>>,
}

#[derive(Deserialize)]
struct Command(#[serde(deserialize_with = "command")] StepCommand);

impl<'de> Deserialize<'de> for NotifyConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = NotifyConfig;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a command, or a table with `run`, `webhook` or both")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NotifyConfig, E> {
        command(serde::de::value::StrDeserializer::new(text)).map(only)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<NotifyConfig, A::Error> {
        command(serde::de::value::SeqAccessDeserializer::new(list)).map(only)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<NotifyConfig, A::Error> {
        let Table { run, webhook, on } =
            Table::deserialize(serde::de::value::MapAccessDeserializer::new(table))?;
        if run.is_none() && webhook.is_none() {
            return Err(A::Error::custom("it names nobody: give `run`, `webhook` or both"));
        }
        Ok(NotifyConfig { run: run.map(|run| run.0), webhook, on })
    }
}

fn only(run: StepCommand) -> NotifyConfig {
    NotifyConfig { run: Some(run), webhook: None, on: None }
}

impl<'de> Deserialize<'de> for Webhook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix('$') {
            Some(name) if !name.is_empty() => Ok(Self::Variable(name.to_owned())),
            None if text.starts_with("https://") || text.starts_with("http://") => Ok(Self::Address(text)),
            Some(_) | None => Err(D::Error::custom(
                "not an address that begins with `https://` or `http://`, nor a variable like `$SLACK_WEBHOOK`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        notify: NotifyConfig,
    }

    fn read(notify: &str) -> Result<NotifyConfig, String> {
        toml::from_str::<File>(&format!("notify = {notify}"))
            .map(|file| file.notify)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn it_is_a_command_or_a_table() {
        let program = StepCommand::Program(vec!["notify-send".into(), "x".into()]);
        assert_eq!(read("['notify-send', 'x']").unwrap(), only(program));
        assert_eq!(read("'mail me'").unwrap(), only(StepCommand::Shell("mail me".into())));
        let table = read("{ run = 'x', webhook = '$HOOK', on = ['question', 'run-ended'] }").unwrap();
        assert_eq!(table.webhook, Some(Webhook::Variable("HOOK".into())));
        assert_eq!(table.on, Some(vec![Notice::Question, Notice::RunEnded]));
    }

    #[test]
    fn what_is_neither_is_refused_in_words_that_help() {
        for (notify, says) in [
            ("{}", "it names nobody"),
            ("{ on = ['question'] }", "it names nobody"),
            ("{ webhook = 'ftp://x' }", "begins with `https://`"),
            ("{ webhook = '$' }", "begins with `https://`"),
            ("{ run = 'x', on = ['all'] }", "unknown variant `all`"),
            ("{ run = 'x', at = 1 }", "unknown field `at`"),
            ("3", "a command, or a table"),
        ] {
            let error = read(notify).unwrap_err();
            assert!(error.contains(says), "{notify}: {error}");
        }
    }
}
