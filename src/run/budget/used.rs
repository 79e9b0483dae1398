use serde::{Deserialize, Serialize};

use crate::agent::Tokens;

/// What may be used up at most; nothing, where there is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Caps {
    /// US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Tokens, read and written together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}

impl Caps {
    /// As a run is told it, after other words of its command line.
    pub fn as_flags(self) -> String {
        let cost = self.cost_usd.map(|cost| format!(" --max-cost {cost}"));
        let tokens = self.tokens.map(|tokens| format!(" --max-tokens {tokens}"));
        cost.into_iter().chain(tokens).collect()
    }

    /// With so much of what is asked for instead: of dollars whole cents, and no less than that.
    #[must_use]
    pub fn raised_to(self, needed: Self) -> Self {
        let cents = |cost: f64| (cost * 100.0 - 1e-6).ceil() / 100.0;
        Self { cost_usd: needed.cost_usd.map(cents).or(self.cost_usd), tokens: needed.tokens.or(self.tokens) }
    }

    /// Whether anything is limited.
    pub fn is_any(self) -> bool {
        self.cost_usd.is_some() || self.tokens.is_some()
    }

    /// What of it is used up, in words; nothing, if it holds.
    pub(in crate::run) fn exceeded_by(self, used: Used) -> Option<String> {
        let cost = self.cost_usd.zip(used.cost_usd).filter(|(most, cost)| cost > most);
        let tokens = self.tokens.zip(used.tokens.map(Tokens::total)).filter(|(most, tokens)| tokens > most);
        match (cost, tokens) {
            (Some((most, cost)), _) => Some(format!("it cost ${cost:.2}, and was allowed ${most:.2}")),
            (None, Some((most, tokens))) => Some(format!("it used {tokens} tokens, and was allowed {most}")),
            (None, None) => None,
        }
    }
}

/// What was used up, as far as programs say or a price is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// US dollars.
    pub cost_usd: Option<f64>,
    /// Tokens.
    pub tokens: Option<Tokens>,
}

impl Used {
    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let cost = self.cost_usd.into_iter().chain(more.cost_usd).reduce(|sum, cost| sum + cost);
        Self { cost_usd: cost, tokens: self.tokens.into_iter().chain(more.tokens).reduce(Tokens::plus) }
    }

    /// What of it there was not before.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        let cost = self.cost_usd.map(|cost| (cost - before.cost_usd.unwrap_or(0.0)).max(0.0));
        let read_before = before.tokens.unwrap_or_default();
        let tokens = self.tokens.map(|tokens| Tokens {
            input: tokens.input.saturating_sub(read_before.input),
            output: tokens.output.saturating_sub(read_before.output),
            cached: tokens.cached.saturating_sub(read_before.cached),
        });
        Self { cost_usd: cost, tokens }
    }

    /// Whether anything is known.
    pub fn is_known(self) -> bool {
        self.cost_usd.is_some() || self.tokens.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(cost_usd: Option<f64>, input: u64) -> Used {
        Used { cost_usd, tokens: Some(Tokens { input, output: 1, cached: 0 }) }
    }

    #[test]
    fn what_is_not_known_adds_nothing_and_does_not_become_nothing() {
        assert_eq!(used(None, 2).plus(Used::default()), used(None, 2));
        assert_eq!(used(Some(0.5), 2).plus(used(Some(1.0), 3)).cost_usd, Some(1.5));
        assert_eq!(Used::default().plus(Used::default()), Used::default());
    }

    #[test]
    fn a_budget_that_is_raised_is_enough_and_of_the_rest_as_it_was() {
        let (most, needed) =
            (Caps { cost_usd: Some(0.2), tokens: Some(10) }, |cost_usd| Caps { cost_usd, tokens: None });
        assert_eq!(most.raised_to(needed(Some(0.251))).as_flags(), " --max-cost 0.26 --max-tokens 10");
        assert_eq!(most.raised_to(needed(Some(0.25))).as_flags(), " --max-cost 0.25 --max-tokens 10");
        assert_eq!(most.raised_to(needed(None)), most);
    }

    #[test]
    fn a_cap_is_exceeded_by_what_is_known_to_be_more() {
        let caps = Caps { cost_usd: Some(1.0), tokens: Some(10) };
        assert_eq!(caps.exceeded_by(used(Some(1.0), 9)), None);
        assert_eq!(caps.exceeded_by(Used::default()), None);
        assert_eq!(
            caps.exceeded_by(used(Some(1.25), 0)).as_deref(),
            Some("it cost $1.25, and was allowed $1.00")
        );
        assert_eq!(
            caps.exceeded_by(used(None, 10)).as_deref(),
            Some("it used 11 tokens, and was allowed 10")
        );
    }
}
