//! What the run may use up: an attempt starts only if its share of that is there, whatever others in flight may still use.

use std::collections::BTreeSet;

use super::Dispatcher;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Ending, Event, State, TaskId, TaskIndex};
use crate::run::attempt::ShareAsked;
use crate::run::budget::{Account, Fit, Opened, Player};
use crate::run::job::{Job, Report};
use crate::run::record::AttemptEnded;
use crate::run::{Attempt, BudgetEnd, Caps, Cause, RunError, RunEvent, Used};

/// What of the budget is used up, and who goes without.
pub(super) struct Spending {
    pub(super) account: Account,
    /// Tasks that are not started, or whose work is not reviewed, because the share for that is not there.
    pub(super) short: BTreeSet<TaskId>,
    /// Reviews that wait for their share.
    pub(super) waiting: Vec<ShareAsked>,
    is_told: bool,
    /// Runners of which it is told that nobody knows what they cost.
    told_of: BTreeSet<String>,
}

impl Spending {
    pub(super) fn new(account: Account) -> Self {
        Self {
            account,
            short: BTreeSet::new(),
            waiting: Vec::new(),
            is_told: false,
            told_of: BTreeSet::new(),
        }
    }
}

impl Dispatcher<'_> {
    /// Whether the task's next attempt may start, by what it may use up.
    pub(super) fn fit(&self, task: &TaskId) -> Fit {
        self.player_of(task).map_or(Fit::Now, |opened| self.spending.account.fit(&opened))
    }

    fn player_of(&self, task: &TaskId) -> Option<Opened> {
        let cast = self.ground.casting.get(task)?;
        let player = Player { agent: cast.agent.clone(), runner: cast.runner.name().to_owned() };
        Some(Opened { player, caps: cast.caps, is_counted: cast.is_counted() })
    }

    /// An attempt is about to be made: it gets its share. One whose end is known already has had it.
    pub(super) fn set_aside(&mut self, job: &Job) -> Caps {
        let ended = self.books.history().task(job.task.as_str()).and_then(|story| story.attempt(job.attempt));
        let ended = ended.filter(|_| job.entry.has_ended()).map(Attempt::used);
        match (self.player_of(&job.task), ended) {
            (Some(opened), None) => {
                self.warn_of_uncounted(&opened);
                self.spending.account.open(&job.task, job.attempt, &opened)
            }
            (Some(opened), Some(used)) => {
                self.spending.account.take_over(&job.task, job.attempt, &opened.player, used);
                job.cast.caps
            }
            (None, _) => job.cast.caps,
        }
    }

    /// What nobody can count, no budget holds back.
    fn warn_of_uncounted(&mut self, opened: &Opened) {
        let is_limited = self.spending.account.most().is_any() || opened.caps.is_any();
        if is_limited && !opened.is_counted && self.spending.told_of.insert(opened.player.runner.clone()) {
            let text = format!(
                "what the runner `{}` uses up nobody can tell: it counts as nothing against `max-cost` and `max-tokens`",
                opened.player.runner
            );
            self.tell(RunEvent::Warning { task: None, text });
        }
    }

    pub(super) fn note_use(&mut self, task: &TaskId, attempt: u32, so_far: Used) {
        self.spending.account.note(task, attempt, so_far);
    }

    /// The attempt's end is known, so that it needs its share no more.
    pub(super) fn settle_account(&mut self, ended: &AttemptEnded) {
        let used = Used { cost_usd: ended.cost_usd, tokens: ended.tokens };
        let (has_worked, may_have_used) = (ended.outcome.is_of_the_program(), may_have_used(ended.outcome));
        self.spending.account.settle(&ended.task, ended.attempt, used, has_worked, may_have_used);
        if has_worked {
            self.warn_of_silent(&ended.task, used);
        }
        self.give_waiting_shares();
    }

    /// Of one that had not even begun.
    pub(super) fn give_back_share(&mut self, task: &TaskId) {
        let number = self.attempt_number(task);
        self.spending.account.release(task, number);
        self.give_waiting_shares();
    }

    fn warn_of_silent(&mut self, task: &TaskId, used: Used) {
        let Some(opened) = self.player_of(task).filter(|opened| opened.is_counted) else { return };
        let runner = opened.player.runner;
        let is_limited = self.spending.account.most().cost_usd.is_some() && used.cost_usd.is_none();
        if is_limited && self.spending.told_of.insert(runner.clone()) {
            let text = format!(
                "{runner} does not say what it costs: that counts as nothing against `max-cost`, until `[price.{runner}]` or the price of its model stands in blueprint.toml"
            );
            self.tell(RunEvent::Warning { task: None, text });
        }
    }

    /// A program that tells only at its end what it used may have used more than its attempt might.
    pub(super) fn warn_of_excess(&self, task: &TaskId, report: &Report, limits: Caps) {
        let excess = limits.exceeded_by(report.used()).filter(|_| report.outcome != Outcome::OutOfBudget);
        if let Some(text) = excess {
            let text = format!("{text}: its program told of that only at its end");
            self.tell(RunEvent::Warning { task: Some(task.clone()), text });
        }
    }

    /// The task is not started in this run: what is left is not enough for it. It stays pending.
    pub(super) fn leave_for_want(&mut self, index: TaskIndex) -> Result<(), RunError> {
        let task = self.id(index);
        self.schedule.apply(index, Event::End(Ending::Interrupted))?;
        self.spending.short.insert(task.clone());
        self.tell_short(&task);
        Ok(())
    }

    fn tell_short(&mut self, task: &TaskId) {
        if !std::mem::replace(&mut self.spending.is_told, true) {
            let text = self.why_short(task);
            self.tell(RunEvent::Warning { task: None, text });
        }
    }

    fn why_short(&self, task: &TaskId) -> String {
        let account = &self.spending.account;
        let used = used_of(account);
        let may_use = self.player_of(task).map(|opened| may_use(account, &opened)).unwrap_or_default();
        let why = if account.is_used_up() {
            format!("the budget is used up ({used})")
        } else {
            format!("what is left of the budget is not enough ({used} are used up)")
        };
        format!("{why}: {task}{may_use} is not started; running agents finish")
    }

    /// The task is pending again: nothing was wrong with it but that the run's money was gone.
    pub(super) fn end_for_want(&mut self, task: &TaskId, report: &Report) -> Result<(), RunError> {
        self.spending.short.insert(task.clone());
        self.spending.is_told = true;
        self.end(task, report, Status::Pending, Ending::Interrupted, Cause::Interrupted)
    }

    /// The task's next attempt, which would begin at once, waits until its share of the budget is there.
    pub(super) fn wait_for_share(&mut self, task: &TaskId, description: &str) -> Result<(), RunError> {
        self.transition(task, Status::Pending, description, None, None)?;
        self.apply(task, Event::Rest { until: jiff::Timestamp::now() }).map(drop)
    }

    /// What the run used up.
    pub(super) fn used(&self) -> Used {
        self.spending.account.used()
    }

    pub(super) fn used_by_agents(&self) -> Vec<(String, Used)> {
        let all = self.spending.account.of_agents().filter(|(_, used)| used.is_known());
        all.map(|(agent, used)| (agent.to_owned(), used)).collect()
    }

    /// What became of the budget, if there is one.
    pub(super) fn budget_end(&self) -> Option<BudgetEnd> {
        let account = &self.spending.account;
        let is_open = |task: &&TaskId| {
            let index = self.ground.plan.find(task.as_str());
            index.is_some_and(|index| *self.schedule.state(index) == State::Ended(Ending::Interrupted))
        };
        let short: Vec<_> = self.spending.short.iter().filter(is_open).cloned().collect();
        let Caps { cost_usd, tokens } = account.most();
        let is_there = account.most().is_any();
        let needed = self.needed(&short);
        is_there.then(|| BudgetEnd { cost_usd, tokens, counted_usd: account.counted_cost(), short, needed })
    }

    /// What the cheapest attempt at these tasks needs, if none of them could begin with the whole budget.
    fn needed(&self, short: &[TaskId]) -> Option<Caps> {
        let of = |task: &TaskId| self.spending.account.needed(&self.player_of(task)?);
        let all: Option<Vec<_>> = short.iter().map(of).collect();
        let cost = |caps: &Caps| caps.cost_usd.unwrap_or_default();
        all?.into_iter().min_by(|one, other| {
            cost(one).total_cmp(&cost(other)).then_with(|| one.tokens.cmp(&other.tokens))
        })
    }
}

/// As in `, which may use up $0.40 and 150 tokens,`; nothing where nobody knows.
fn may_use(account: &Account, opened: &Opened) -> String {
    let cost = account.expected_cost(opened).map(|cost| format!("${cost:.2}"));
    let tokens = account.expected_tokens(opened).map(|tokens| format!("{tokens:.0} tokens"));
    let all: Vec<_> = cost.into_iter().chain(tokens).collect();
    if all.is_empty() { String::new() } else { format!(", which may use up {},", all.join(" and ")) }
}

pub(super) fn used_of(account: &Account) -> String {
    let (most, used) = (account.most(), account.used());
    let cost =
        most.cost_usd.map(|most| format!("${:.2} of ${most:.2}", account.counted_cost().unwrap_or(0.0)));
    let tokens = used.tokens.map_or(0, crate::agent::Tokens::total);
    let tokens = most.tokens.map(|most| format!("{tokens} of {most} tokens"));
    cost.into_iter().chain(tokens).collect::<Vec<_>>().join(", ")
}

/// Whether the attempt was ended because the run's budget was used up, not its own cap.
pub(super) fn is_out_of_runs_budget(report: &Report, own: Caps, limits: Caps) -> bool {
    report.outcome == Outcome::OutOfBudget && limits != own
}

/// Whether an attempt with that end may have used something up that its program did not come to tell.
fn may_have_used(outcome: Outcome) -> bool {
    match outcome {
        Outcome::CouldNotStart
        | Outcome::RateLimited
        | Outcome::Unavailable
        | Outcome::Authentication
        | Outcome::OutOfCredit => false,
        Outcome::Completed
        | Outcome::NoChanges
        | Outcome::Failed
        | Outcome::AgentError
        | Outcome::TimedOut
        | Outcome::Killed
        | Outcome::Cancelled
        | Outcome::Interrupted
        | Outcome::PermissionDenied
        | Outcome::OutOfTurns
        | Outcome::OutOfBudget
        | Outcome::Blocked
        | Outcome::NeedsAnswer
        | Outcome::GateFailed
        | Outcome::MergeConflict
        | Outcome::Escaped => true,
    }
}
