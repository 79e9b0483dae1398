//! `[[gates]]`: what the work of tasks has to pass.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

use super::commands::command;
use super::keys::{Quality, Timeout};
use crate::run::{Bounds, StepCommand, When};

/// One `[[gates]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Table")]
pub struct GateConfig {
    /// What it is called.
    pub name: String,
    /// What sort of gate it is.
    pub kind: GateKind,
    /// For the work of these agents only.
    pub agents: Option<BTreeSet<String>>,
    /// For the work of these tasks only.
    pub tasks: Option<BTreeSet<String>>,
    /// Only for work that changes such files; always, if there are none.
    pub when: Option<Vec<String>>,
    /// Whether it may run beside its neighbours.
    pub parallel: bool,
    /// From this profile on.
    pub quality: Option<Quality>,
    /// How long it may take.
    pub timeout: Option<Timeout>,
    /// How often its agent is told that it did not pass.
    pub rounds: Option<u32>,
}

/// The sorts of gates.
#[derive(Debug, Clone, PartialEq)]
pub enum GateKind {
    /// A command.
    Command {
        /// What is run.
        run: StepCommand,
        /// What it has to print.
        metric: Option<MetricConfig>,
    },
    /// Another agent looks at the work.
    Review {
        /// Who.
        agent: Option<String>,
    },
    /// A person does.
    Approve,
}

/// A number that a command prints.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricConfig {
    /// What it is called in the output.
    pub path: String,
    /// What it has to be, where that is said here.
    pub bounds: Option<Bounds>,
    /// So many rounds without progress are borne.
    pub patience: Option<u32>,
}

/// The table as it stands in the file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    name: String,
    #[serde(default, deserialize_with = "some_command")]
    run: Option<StepCommand>,
    metric: Option<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
    #[serde(default)]
    kind: Kind,
    when: Option<WhenConfig>,
    agents: Option<BTreeSet<String>>,
    tasks: Option<BTreeSet<String>>,
    timeout: Option<Timeout>,
    #[serde(default)]
    parallel: bool,
    quality: Option<Quality>,
    agent: Option<String>,
    rounds: Option<u32>,
    patience: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    #[default]
    Command,
    Review,
    Approve,
}

/// `"always"`, a pattern, or a list of patterns.
#[derive(Deserialize)]
#[serde(untagged)]
enum WhenConfig {
    One(String),
    Many(Vec<String>),
}

impl WhenConfig {
    fn patterns(self) -> Option<Vec<String>> {
        match self {
            Self::One(word) if word == "always" => None,
            Self::One(pattern) => Some(vec![pattern]),
            Self::Many(patterns) => Some(patterns),
        }
    }
}

fn some_command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StepCommand>, D::Error> {
    command(deserializer).map(Some)
}

impl TryFrom<Table> for GateConfig {
    type Error = String;

    fn try_from(mut table: Table) -> Result<Self, String> {
        if table.name.trim().is_empty() {
            return Err("a gate needs a `name`".to_owned());
        }
        table.refuse_what_does_not_fit()?;
        let when = table.when.take().and_then(WhenConfig::patterns);
        if let Some(Err(error)) = when.as_ref().map(|patterns| When::changed(patterns)) {
            return Err(format!("the gate `{}`: `when`: {error}", table.name));
        }
        Ok(Self {
            kind: table.kind()?,
            name: table.name,
            agents: table.agents,
            tasks: table.tasks,
            when,
            parallel: table.parallel,
            quality: table.quality,
            timeout: table.timeout,
            rounds: table.rounds,
        })
    }
}

impl Table {
    fn kind(&self) -> Result<GateKind, String> {
        match (self.kind, &self.run) {
            (Kind::Command, Some(run)) => Ok(GateKind::Command { run: run.clone(), metric: self.metric()? }),
            (Kind::Command, None) => {
                Err(format!("the gate `{}` has no `run`: the command that has to succeed", self.name))
            }
            (Kind::Review, _) => Ok(GateKind::Review { agent: self.agent.clone() }),
            (Kind::Approve, _) => Ok(GateKind::Approve),
        }
    }

    fn metric(&self) -> Result<Option<MetricConfig>, String> {
        let (at_least, at_most) = (self.at_least, self.at_most);
        if [at_least, at_most].into_iter().flatten().any(|bound| !bound.is_finite()) {
            return Err(format!("the gate `{}`: `at-least` and `at-most` are numbers", self.name));
        }
        if at_least.zip(at_most).is_some_and(|(least, most)| least > most) {
            return Err(format!("the gate `{}`: `at-least` is more than `at-most`", self.name));
        }
        let is_bounded = at_least.is_some() || at_most.is_some();
        let is_metric = is_bounded || self.metric.is_some() || self.patience.is_some();
        Ok(is_metric.then(|| MetricConfig {
            path: self.metric.clone().unwrap_or_else(|| self.name.clone()),
            bounds: is_bounded.then_some(Bounds { at_least, at_most }),
            patience: self.patience,
        }))
    }

    /// A key that has no effect is a mistake.
    fn refuse_what_does_not_fit(&self) -> Result<(), String> {
        let (is_command, is_review) = (self.kind == Kind::Command, self.kind == Kind::Review);
        let keys = [
            ("run", self.run.is_some(), is_command),
            ("metric", self.metric.is_some(), is_command),
            ("at-least", self.at_least.is_some(), is_command),
            ("at-most", self.at_most.is_some(), is_command),
            ("patience", self.patience.is_some(), is_command),
            ("agent", self.agent.is_some(), is_review),
            ("timeout", self.timeout.is_some(), is_command || is_review),
            ("rounds", self.rounds.is_some(), is_command || is_review),
            ("parallel", self.parallel, is_command || is_review),
        ];
        let kind = match self.kind {
            Kind::Command => "command",
            Kind::Review => "review",
            Kind::Approve => "approve",
        };
        match keys.iter().find(|(_, is_set, fits)| *is_set && !fits) {
            None => Ok(()),
            Some((key, ..)) => Err(format!(
                "the gate `{}` has `{key}`, which a gate of the kind `{kind}` has not",
                self.name
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        gates: Vec<GateConfig>,
    }

    fn read(gate: &str) -> Result<GateConfig, String> {
        let file = toml::from_str::<File>(&format!("[[gates]]\n{gate}"));
        file.map(|mut file| file.gates.remove(0)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_gate_is_a_command_a_review_or_an_approval() {
        let tests = read("name = 't'\nrun = ['cargo', 'test']\nwhen = 'src/**'\nparallel = true").unwrap();
        assert!(matches!(&tests.kind, GateKind::Command { metric: None, .. }));
        assert_eq!((tests.when, tests.parallel), (Some(vec!["src/**".to_owned()]), true));
        let review = read("name = 'r'\nkind = 'review'\nagent = 'critic'\nwhen = 'always'").unwrap();
        assert_eq!((review.kind, review.when), (GateKind::Review { agent: Some("critic".into()) }, None));
        assert_eq!(read("name = 'a'\nkind = 'approve'").unwrap().kind, GateKind::Approve);
    }

    #[test]
    fn a_metric_is_called_as_its_gate_where_nothing_else_is_said() {
        let GateKind::Command { metric, .. } = read("name = 'pct'\nrun = 'x'\nat-least = 80").unwrap().kind
        else {
            panic!("a command")
        };
        let bounds = Some(Bounds { at_least: Some(80.0), at_most: None });
        assert_eq!(metric, Some(MetricConfig { path: "pct".into(), bounds, patience: None }));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_gate_s_name_and_the_key() {
        for (gate, says) in [
            ("name = 't'", "the gate `t` has no `run`"),
            ("name = ' '\nrun = 'x'", "a gate needs a `name`"),
            ("run = 'x'", "missing field `name`"),
            (
                "name = 'r'\nkind = 'review'\nrun = 'x'",
                "`r` has `run`, which a gate of the kind `review` has not",
            ),
            ("name = 'a'\nkind = 'approve'\nrounds = 2", "`a` has `rounds`"),
            ("name = 't'\nrun = 'x'\nagent = 'y'", "`t` has `agent`"),
            ("name = 't'\nrun = 'x'\nat-least = 3\nat-most = 2", "`at-least` is more than `at-most`"),
            ("name = 't'\nrun = 'x'\nat-least = nan", "are numbers"),
            ("name = 't'\nrun = 'x'\nwhen = 'a/['", "the gate `t`: `when`"),
            ("name = 't'\nrun = ''", "an empty command does nothing"),
            ("name = 't'\nrun = 'x'\nkind = 'k'", "unknown variant `k`"),
            ("name = 't'\nrun = 'x'\ntimout = '1m'", "unknown field `timout`"),
        ] {
            let error = read(gate).unwrap_err();
            assert!(error.contains(says), "{gate}: {error}");
        }
    }
}
