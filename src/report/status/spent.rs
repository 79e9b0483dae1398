use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::agent::Tokens;
use crate::run::{Attempt, History, REVIEW, Used};

/// What all attempts at a plan used up, as far as it is known: together, by agent, and by run.
#[derive(Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Spent {
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
    pub agents: Vec<SpentByAgent>,
    pub runs: Vec<SpentByRun>,
}

/// What the attempts of one agent, played by one runner, used up.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct SpentByAgent {
    pub agent: String,
    pub runner: String,
    pub attempts: usize,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
}

/// What the attempts used up that one run started.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct SpentByRun {
    pub run: String,
    pub attempts: usize,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
}

impl Spent {
    /// Of all attempts that the journal knows. What people did themselves is not counted.
    pub(super) fn of(history: &History) -> Self {
        let mut agents = BTreeMap::<_, Sum>::new();
        let mut runs = BTreeMap::<_, Sum>::new();
        let attempts = history.tasks().flat_map(|(_, story)| &story.attempts);
        for attempt in attempts.filter(|attempt| !attempt.started.run.is_empty()) {
            let started = &attempt.started;
            let agent = (started.agent.as_deref().unwrap_or_default(), started.runner.as_str());
            let reviews: Vec<_> = attempt.reviews().collect();
            let reviewed = reviews.iter().fold(Used::default(), |all, (_, used)| all.plus(*used));
            agents.entry(agent).or_default().add(attempt, attempt.used().since(reviewed));
            for (reviewer, used) in reviews {
                agents.entry((reviewer, REVIEW)).or_default().add(attempt, used);
            }
            runs.entry(started.run.as_str()).or_default().add(attempt, attempt.used());
        }
        let all = runs.values().fold(Used::default(), |all, sum| all.plus(sum.used));
        for span in history.runs() {
            if let Some(sum) = runs.get_mut(span.run.as_str()) {
                sum.used = span.used;
            } else if span.used.is_known() {
                let first = Some(span.started);
                runs.insert(&span.run, Sum { attempts: 0, used: span.used, first });
            }
        }
        let mut runs: Vec<_> = runs.into_iter().collect();
        runs.sort_by_key(|(_, sum)| sum.first);
        Self {
            cost_usd: all.cost_usd,
            tokens: all.tokens,
            agents: agents.into_iter().map(|(of, sum)| by_agent(of, &sum)).collect(),
            runs: runs.into_iter().map(|(run, sum)| by_run(run, &sum)).collect(),
        }
    }

    /// Together.
    pub fn used(&self) -> Used {
        Used { cost_usd: self.cost_usd, tokens: self.tokens }
    }
}

impl SpentByAgent {
    /// Together.
    pub fn used(&self) -> Used {
        Used { cost_usd: self.cost_usd, tokens: self.tokens }
    }
}

#[derive(Debug, Default)]
struct Sum {
    attempts: usize,
    used: Used,
    first: Option<Timestamp>,
}

impl Sum {
    fn add(&mut self, attempt: &Attempt, used: Used) {
        self.attempts += 1;
        self.used = self.used.plus(used);
        self.first = self.first.into_iter().chain([attempt.at]).min();
    }
}

fn by_agent((agent, runner): (&str, &str), sum: &Sum) -> SpentByAgent {
    let Used { cost_usd, tokens } = sum.used;
    let (agent, runner) = (agent.to_owned(), runner.to_owned());
    SpentByAgent { agent, runner, attempts: sum.attempts, cost_usd, tokens }
}

fn by_run(run: &str, sum: &Sum) -> SpentByRun {
    let Used { cost_usd, tokens } = sum.used;
    SpentByRun { run: run.to_owned(), attempts: sum.attempts, cost_usd, tokens }
}
