//! What reviews may use up of the run's budget: one begins only if its share is there, as an attempt does.

use super::Dispatcher;
use super::spend::used_of;
use crate::agent::Outcome;
use crate::plan::TaskId;
use crate::run::attempt::ShareAsked;
use crate::run::budget::Fit;
use crate::run::gates::GateEnded;
use crate::run::job::Report;
use crate::run::{RunError, RunEvent, Used};

impl Dispatcher<'_> {
    /// A review gets its share, at once or when others have ended; or it is told that there will be none.
    pub(super) fn give_share(&mut self, asked: ShareAsked) {
        let account = &mut self.spending.account;
        match account.fit(&asked.by) {
            Fit::Now => {
                let key = (&asked.task, asked.attempt, asked.gate.as_str());
                let caps = account.open_review(key, &asked.by);
                if asked.answer.send(Some(caps)).is_err() {
                    // It was told to end meanwhile.
                    account.drop_review(key);
                }
            }
            Fit::Later => self.spending.waiting.push(asked),
            Fit::Never => {
                self.tell_unreviewed(&asked);
                self.spending.short.insert(asked.task);
                // Nobody waits for it any more: then it is ended otherwise.
                let _ = asked.answer.send(None);
            }
        }
    }

    /// Somebody has given back what is left of a share.
    pub(super) fn give_waiting_shares(&mut self) {
        for asked in std::mem::take(&mut self.spending.waiting) {
            if !asked.answer.is_closed() {
                self.give_share(asked);
            }
        }
    }

    /// What it cost is counted by now, as its attempt's.
    pub(super) fn end_review(&mut self, ended: &GateEnded) {
        let used = Used { cost_usd: ended.cost_usd, tokens: ended.tokens };
        self.spending.account.end_review((&ended.task, ended.attempt, &ended.gate), used);
        self.give_waiting_shares();
    }

    fn tell_unreviewed(&mut self, asked: &ShareAsked) {
        let account = &self.spending.account;
        let cost = account.most().cost_usd.and_then(|_| account.expected_cost(&asked.by));
        let cost = cost.map_or_else(String::new, |cost| format!(", which may cost ${cost:.2},"));
        let text = format!(
            "the budget is used up ({}): the review `{}` of its work{cost} is not made; a run with a budget for it goes on there",
            used_of(account),
            asked.gate
        );
        self.tell(RunEvent::Warning { task: Some(asked.task.clone()), text });
    }

    /// Whether the attempt has ended because there was no share for a review of its work.
    pub(super) fn is_unreviewed(&self, task: &TaskId, report: &Report) -> bool {
        report.outcome == Outcome::Interrupted && self.spending.short.contains(task)
    }

    /// Its work is kept, and goes on with its gates in the next run.
    pub(super) fn end_unreviewed(&mut self, task: &TaskId, report: &Report) -> Result<(), RunError> {
        let why = "the run's budget had no share for a review of its work".to_owned();
        self.end_for_want(task, &Report { detail: Some(why), ..report.clone() })
    }
}
