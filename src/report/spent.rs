//! What attempts used up, as people read it.

use crate::agent::Tokens;
use crate::run::{BudgetEnd, Caps, Used};

/// `$1.25, 12 000 tokens`, as far as it is known; nothing if none of it is.
pub(super) fn spent(used: Used) -> Option<String> {
    let cost = used.cost_usd.map(dollars);
    let tokens = used.tokens.map(|tokens| format!("{} tokens", grouped(tokens.total())));
    let known: Vec<_> = cost.into_iter().chain(tokens).collect();
    (!known.is_empty()).then(|| known.join(", "))
}

/// `12 000 in, 345 out`.
pub(super) fn in_and_out(tokens: Tokens) -> String {
    let cached = match tokens.cached {
        0 => String::new(),
        cached => format!(" ({} of them from the cache)", grouped(cached)),
    };
    format!("{} in{cached}, {} out", grouped(tokens.input), grouped(tokens.output))
}

/// US dollars: cents matter, and of less than that the first digits do.
pub fn dollars(cost: f64) -> String {
    if cost > 0.0 && cost < 0.01 { format!("${cost:.4}") } else { format!("${cost:.2}") }
}

/// What was used of a run's budget.
pub(super) fn budget(budget: &BudgetEnd, used: Used) -> String {
    let counted = budget.counted_usd.unwrap_or_default();
    let guessed = counted - used.cost_usd.unwrap_or_default();
    let guess = if guessed > 0.005 {
        format!(" ({} of it guessed, for agents that could not say)", dollars(guessed))
    } else {
        String::new()
    };
    let cost = budget.cost_usd.map(|most| format!("{} of {}{guess}", dollars(counted), dollars(most)));
    let tokens = used.tokens.map_or(0, Tokens::total);
    let tokens = budget.tokens.map(|most| format!("{} of {} tokens", grouped(tokens), grouped(most)));
    format!("budget: {} used", cost.into_iter().chain(tokens).collect::<Vec<_>>().join(", "))
}

/// How one attempt is too much for a budget; `needed` is what it may use up, as far as that is more.
pub fn too_small(needed: Caps, most: Caps) -> String {
    let cost = needed.cost_usd.zip(most.cost_usd);
    let cost = cost.map(|(needed, most)| format!("{}, more than {}", dollars(needed), dollars(most)));
    let tokens = needed.tokens.zip(most.tokens);
    let tokens =
        tokens.map(|(needed, most)| format!("{} tokens, more than {}", grouped(needed), grouped(most)));
    let all: Vec<_> = cost.into_iter().chain(tokens).collect();
    format!("one attempt may use up {}", all.join("; and "))
}

/// What a run might use up.
pub(super) fn caps(most: Caps) -> String {
    let tokens = most.tokens.map(|tokens| format!("{} tokens", grouped(tokens)));
    most.cost_usd.map(dollars).into_iter().chain(tokens).collect::<Vec<_>>().join(" and ")
}

/// With a blank before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_small_sums_keep_their_digits() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
        assert_eq!([0.0, 0.0042, 1.25].map(dollars), ["$0.00", "$0.0042", "$1.25"]);
    }

    #[test]
    fn only_what_is_known_is_told() {
        let tokens = Tokens { input: 1_000, output: 20, cached: 900 };
        assert_eq!(spent(Used::default()), None);
        let used = Used { cost_usd: Some(0.5), tokens: Some(tokens) };
        assert_eq!(spent(used).as_deref(), Some("$0.50, 1 020 tokens"));
        assert_eq!(in_and_out(tokens), "1 000 in (900 of them from the cache), 20 out");
    }

    #[test]
    fn of_a_budget_it_is_said_what_of_it_is_a_guess() {
        let end = BudgetEnd {
            cost_usd: Some(2.0),
            tokens: Some(5_000),
            counted_usd: Some(1.5),
            ..BudgetEnd::default()
        };
        let used = Used { cost_usd: Some(1.25), tokens: None };
        assert_eq!(
            budget(&end, used),
            "budget: $1.50 of $2.00 ($0.25 of it guessed, for agents that could not say), 0 of 5 000 tokens used"
        );
    }
}
