use std::collections::HashMap;

use super::Used;
use super::purse::Expected;
use crate::agent::Tokens;
use crate::run::{Attempt, History};

/// Who makes an attempt: which agent, played by which runner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::run) struct Player {
    pub(in crate::run) agent: String,
    pub(in crate::run) runner: String,
}

/// What attempts used that have ended, on average: by agent and runner, and by runner alone.
#[derive(Debug, Default)]
pub(super) struct Averages {
    of_players: HashMap<Player, Means>,
    of_runners: HashMap<String, Means>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Means {
    cost: Mean,
    tokens: Mean,
}

#[derive(Debug, Default, Clone, Copy)]
struct Mean {
    sum: f64,
    count: u32,
    /// So many ended without a word on it, though they had done their work.
    silent: u32,
}

/// Which of the two.
#[derive(Debug, Clone, Copy)]
pub(super) enum Thing {
    Cost,
    Tokens,
}

impl Averages {
    /// Of all attempts that the journal knows the end of.
    pub(super) fn of(history: &History) -> Self {
        let mut averages = Self::default();
        for attempt in history.tasks().flat_map(|(_, story)| &story.attempts) {
            averages.add_past(attempt);
        }
        averages
    }

    fn add_past(&mut self, attempt: &Attempt) {
        let (Some((ended, _)), Some(agent)) = (&attempt.ended, &attempt.started.agent) else { return };
        let player = Player { agent: agent.clone(), runner: attempt.started.runner.clone() };
        let used = Used { cost_usd: ended.cost_usd, tokens: ended.tokens };
        self.add(&player, used, ended.outcome.is_of_the_program());
    }

    /// One more has ended; `has_worked`: its program came to an end of its own, and could have said what that took.
    pub(super) fn add(&mut self, player: &Player, used: Used, has_worked: bool) {
        let of_runner = self.of_runners.entry(player.runner.clone()).or_default();
        of_runner.add(used, has_worked);
        self.of_players.entry(player.clone()).or_default().add(used, has_worked);
    }

    /// What one more attempt is expected to use.
    pub(super) fn expected(&self, player: &Player, thing: Thing) -> Expected {
        let of_player = self.of_players.get(player).map(|means| means.of(thing));
        let of_runner = self.of_runners.get(&player.runner).map(|means| means.of(thing));
        let known = of_player.and_then(Mean::value).or_else(|| of_runner.and_then(Mean::value));
        match (known, of_runner) {
            (Some(mean), _) => Expected::About(mean),
            (None, Some(mean)) if mean.silent > 0 => Expected::Uncounted,
            (None, _) => Expected::Unknown,
        }
    }
}

impl Means {
    fn add(&mut self, used: Used, has_worked: bool) {
        self.cost.add(used.cost_usd, has_worked);
        self.tokens.add(used.tokens.map(number), has_worked);
    }

    fn of(&self, thing: Thing) -> Mean {
        match thing {
            Thing::Cost => self.cost,
            Thing::Tokens => self.tokens,
        }
    }
}

impl Mean {
    fn add(&mut self, used: Option<f64>, has_worked: bool) {
        match used {
            Some(used) => (self.sum, self.count) = (self.sum + used, self.count + 1),
            None => self.silent += u32::from(has_worked),
        }
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// Tokens as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "so many tokens nobody uses")]
pub(super) fn number(tokens: Tokens) -> f64 {
    tokens.total() as f64
}
