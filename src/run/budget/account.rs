use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::averages::{Averages, Player, Thing, number};
use super::purse::{Expected, Purse};
use super::{Caps, Used};
use crate::plan::TaskId;
use crate::run::History;

/// Whose share it is: an attempt's, or a review's of its work, at the gate of that name.
pub(super) type Key = (TaskId, u32, Option<String>);

fn of_attempt(task: &TaskId, number: u32) -> Key {
    (task.clone(), number, None)
}

/// What a run may use up, and who has used up what of it.
#[derive(Debug)]
pub(in crate::run) struct Account {
    most: Caps,
    cost: Option<Purse>,
    tokens: Option<Purse>,
    averages: Averages,
    open: BTreeMap<Key, Open>,
    /// Attempts that have ended, and what is counted of them, for which agent.
    ended: BTreeMap<(TaskId, u32), (Arc<str>, Used)>,
    /// The names of those agents.
    agents: BTreeSet<Arc<str>>,
    used: Used,
    of_agents: BTreeMap<String, Used>,
}

#[derive(Debug)]
struct Open {
    player: Player,
    is_counted: bool,
    /// Of a review: something it used has been told, as its attempt's.
    is_told: bool,
}

/// Whether an attempt may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Fit {
    /// Its share is there.
    Now,
    /// It may be there when an attempt that is under way has ended.
    Later,
    /// It will not be there in this run.
    Never,
}

/// An attempt that is about to be made.
#[derive(Debug, Clone)]
pub(in crate::run) struct Opened {
    pub(in crate::run) player: Player,
    /// What it may use up for itself.
    pub(in crate::run) caps: Caps,
    /// Whether its program can say what it uses.
    pub(in crate::run) is_counted: bool,
}

impl Account {
    /// Of a run that may use so much; what earlier ones used teaches what attempts cost.
    pub(in crate::run) fn new(most: Caps, history: &History) -> Self {
        Self {
            most,
            cost: most.cost_usd.map(Purse::new),
            #[expect(clippy::cast_precision_loss, reason = "so many tokens nobody uses")]
            tokens: most.tokens.map(|most| Purse::new(most as f64)),
            averages: Averages::of(history),
            open: BTreeMap::new(),
            ended: BTreeMap::new(),
            agents: BTreeSet::new(),
            used: Used::default(),
            of_agents: BTreeMap::new(),
        }
    }

    /// What the run may use up.
    pub(in crate::run) fn most(&self) -> Caps {
        self.most
    }

    /// What attempts of this run used, as far as it is known.
    pub(in crate::run) fn used(&self) -> Used {
        self.used
    }

    /// The same by agent.
    pub(in crate::run) fn of_agents(&self) -> impl Iterator<Item = (&str, Used)> {
        self.of_agents.iter().map(|(agent, used)| (agent.as_str(), *used))
    }

    /// What counts as used up of the run's US dollars, guesses for attempts that could not say included.
    pub(in crate::run) fn counted_cost(&self) -> Option<f64> {
        self.cost.as_ref().map(Purse::used)
    }

    /// Whether one more attempt may start.
    pub(in crate::run) fn fit(&self, attempt: &Opened) -> Fit {
        let things = [(&self.cost, Thing::Cost), (&self.tokens, Thing::Tokens)];
        let limited = || things.iter().filter_map(|(purse, thing)| Some((purse.as_ref()?, *thing)));
        if limited().all(|(purse, thing)| purse.fits(self.expected(attempt, thing))) {
            return Fit::Now;
        }
        let short = limited().filter(|(purse, thing)| !purse.fits(self.expected(attempt, *thing)));
        let mut settled = short.map(|(purse, _)| purse.is_settled());
        if settled.any(|is_settled| is_settled) { Fit::Never } else { Fit::Later }
    }

    /// An attempt begins, and gets its share; gives what it may use up at most.
    pub(in crate::run) fn open(&mut self, task: &TaskId, number: u32, attempt: &Opened) -> Caps {
        self.open_as(of_attempt(task, number), attempt)
    }

    /// The same for a review of its work at a gate.
    pub(in crate::run) fn open_review(
        &mut self,
        (task, number, gate): (&TaskId, u32, &str),
        review: &Opened,
    ) -> Caps {
        self.open_as((task.clone(), number, Some(gate.to_owned())), review)
    }

    fn open_as(&mut self, key: Key, attempt: &Opened) -> Caps {
        let [cost, tokens] = [Thing::Cost, Thing::Tokens].map(|thing| self.expected(attempt, thing));
        let left = self.cost.as_mut().map(|purse| purse.open(key.clone(), cost));
        let cost_usd = least(left, attempt.caps.cost_usd);
        let left = self.tokens.as_mut().map(|purse| purse.open(key.clone(), tokens));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it came from such a number"
        )]
        let left = left.map(|left| left as u64);
        let tokens = left.into_iter().chain(attempt.caps.tokens).min();
        self.open.insert(
            key,
            Open { player: attempt.player.clone(), is_counted: attempt.is_counted, is_told: false },
        );
        Caps { cost_usd, tokens }
    }

    /// Whether nothing is left of one of the two.
    pub(in crate::run) fn is_used_up(&self) -> bool {
        self.cost.iter().chain(&self.tokens).any(Purse::is_empty)
    }

    /// US dollars that one more attempt is expected to use, where they are limited and that is known.
    pub(in crate::run) fn expected_cost(&self, attempt: &Opened) -> Option<f64> {
        self.cost.as_ref().and_then(|_| self.expected(attempt, Thing::Cost).known())
    }

    /// The same of tokens.
    pub(in crate::run) fn expected_tokens(&self, attempt: &Opened) -> Option<f64> {
        self.tokens.as_ref().and_then(|_| self.expected(attempt, Thing::Tokens).known())
    }

    /// What one more attempt is expected to use of that which is more than there was from the beginning; nothing where a budget of that size is
    /// enough for it.
    pub(in crate::run) fn needed(&self, attempt: &Opened) -> Option<Caps> {
        let too_much = |expected: Option<f64>, purse: &Option<Purse>| {
            expected.filter(|expected| purse.as_ref().is_some_and(|purse| !purse.could_fit(*expected)))
        };
        let cost_usd = too_much(self.expected_cost(attempt), &self.cost);
        let tokens = too_much(self.expected_tokens(attempt), &self.tokens);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of such numbers")]
        let needed = Caps { cost_usd, tokens: tokens.map(|tokens| tokens.ceil() as u64) };
        needed.is_any().then_some(needed)
    }

    fn expected(&self, attempt: &Opened, thing: Thing) -> Expected {
        if !attempt.is_counted {
            return Expected::Uncounted;
        }
        #[expect(clippy::cast_precision_loss, reason = "so many tokens nobody uses")]
        let cap = match thing {
            Thing::Cost => attempt.caps.cost_usd,
            Thing::Tokens => attempt.caps.tokens.map(|tokens| tokens as f64),
        };
        cap.map_or_else(|| self.averages.expected(&attempt.player, thing), Expected::About)
    }

    /// What an attempt that is under way has used so far.
    pub(in crate::run) fn note(&mut self, task: &TaskId, attempt: u32, so_far: Used) {
        let key = of_attempt(task, attempt);
        if let (Some(purse), Some(cost)) = (&mut self.cost, so_far.cost_usd) {
            purse.note(&key, cost);
        }
        if let (Some(purse), Some(tokens)) = (&mut self.tokens, so_far.tokens) {
            purse.note(&key, number(tokens));
        }
    }

    /// An attempt is over. `has_worked`: its program came to an end of its own; `may_have_used`: something may have been used even if
    /// its program did not come to say so. A second end of one attempt adds what it has more than the first.
    pub(in crate::run) fn settle(
        &mut self,
        task: &TaskId,
        attempt: u32,
        used: Used,
        has_worked: bool,
        may_have_used: bool,
    ) {
        let key = of_attempt(task, attempt);
        let Some(Open { player, is_counted, .. }) = self.open.remove(&key) else {
            return self.add_to((task, attempt), used);
        };
        if let Some(purse) = &mut self.cost {
            purse.settle(&key, used.cost_usd, may_have_used);
        }
        if let Some(purse) = &mut self.tokens {
            purse.settle(&key, used.tokens.map(number), may_have_used);
        }
        if is_counted {
            self.averages.add(&player, used, has_worked);
        }
        self.count(&player.agent, used);
        self.note_end((task, attempt), &player.agent, used);
    }

    fn note_end(&mut self, (task, attempt): (&TaskId, u32), agent: &str, used: Used) {
        let known = self.agents.get(agent).cloned();
        let agent = known.unwrap_or_else(|| agent.into());
        self.agents.insert(Arc::clone(&agent));
        self.ended.insert((task.clone(), attempt), (agent, used));
    }

    /// An attempt that had not even begun needs its share no more.
    pub(in crate::run) fn release(&mut self, task: &TaskId, attempt: u32) {
        if self.open.contains_key(&of_attempt(task, attempt)) {
            self.settle(task, attempt, Used::default(), false, false);
        }
        let is_its = |key: &&Key| key.0 == *task && key.1 == attempt;
        let reviews: Vec<_> = self.open.keys().filter(is_its).cloned().collect();
        for review in reviews {
            self.close_review(&review, Used::default(), true);
        }
    }

    /// A review is over. What it used is counted as its attempt's, and teaches what its reviewer's next one may cost.
    pub(in crate::run) fn end_review(&mut self, (task, attempt, gate): (&TaskId, u32, &str), used: Used) {
        self.close_review(&(task.clone(), attempt, Some(gate.to_owned())), used, true);
    }

    /// A review that got its share has not begun.
    pub(in crate::run) fn drop_review(&mut self, (task, attempt, gate): (&TaskId, u32, &str)) {
        self.close_review(&(task.clone(), attempt, Some(gate.to_owned())), Used::default(), false);
    }

    /// What it did not tell counts with its share, as an attempt's does.
    fn close_review(&mut self, key: &Key, used: Used, may_have_used: bool) {
        let Some(Open { player, is_counted, is_told }) = self.open.remove(key) else { return };
        let is_silent = may_have_used && !is_told;
        let things = [(&mut self.cost, used.cost_usd.is_some()), (&mut self.tokens, used.tokens.is_some())];
        for (purse, is_known) in things {
            let is_guessed = is_silent && !is_known;
            let told = (!is_guessed).then_some(0.0);
            let _ = purse.as_mut().and_then(|purse| purse.settle(key, told, is_guessed));
        }
        self.book_review(key, &player.agent, used);
        if is_counted && used.is_known() {
            self.averages.add(&player, used, true);
        }
    }

    /// What was counted as its attempt's is the reviewer's.
    fn book_review(&mut self, (task, attempt, _): &Key, reviewer: &str, used: Used) {
        let agent = self.ended.get(&(task.clone(), *attempt)).map(|(agent, _)| agent);
        if let Some(of_agent) = agent.and_then(|agent| self.of_agents.get_mut(&**agent))
            && used.is_known()
        {
            *of_agent = of_agent.since(used);
            let of_reviewer = self.of_agents.entry(reviewer.to_owned()).or_default();
            *of_reviewer = of_reviewer.plus(used);
        }
    }

    /// An attempt that an earlier run saw the end of is gone on with: what it used before is not this run's.
    pub(in crate::run) fn take_over(&mut self, task: &TaskId, attempt: u32, player: &Player, used: Used) {
        self.note_end((task, attempt), &player.agent, used);
    }

    /// What is done with an attempt's work after its end, such as a review, is counted as its own.
    fn add_to(&mut self, (task, attempt): (&TaskId, u32), used: Used) {
        let Some((agent, before)) = self.ended.get_mut(&(task.clone(), attempt)) else { return };
        let more = used.since(*before);
        *before = used;
        let agent = Arc::clone(agent);
        if more.cost_usd.is_some_and(|cost| cost > 0.0) {
            let reviews = self.open.iter_mut().filter(|(open, _)| open.0 == *task && open.1 == attempt);
            reviews.for_each(|(_, review)| review.is_told = true);
        }
        if let (Some(purse), Some(cost)) = (&mut self.cost, more.cost_usd) {
            purse.charge(cost);
        }
        if let (Some(purse), Some(tokens)) = (&mut self.tokens, more.tokens) {
            purse.charge(number(tokens));
        }
        self.count(&agent, more);
    }

    fn count(&mut self, agent: &str, used: Used) {
        self.used = self.used.plus(used);
        let of_agent = self.of_agents.entry(agent.to_owned()).or_default();
        *of_agent = of_agent.plus(used);
    }
}

fn least(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).min_by(f64::total_cmp)
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
