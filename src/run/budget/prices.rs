use std::collections::BTreeMap;

use crate::agent::Tokens;

/// What a million tokens of a model cost, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Those that it reads.
    pub input: f64,
    /// Those that it reads from its cache.
    pub cached_input: f64,
    /// Those that it writes.
    pub output: f64,
}

/// Prices by the names of models, or of runners.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices(BTreeMap<String, Price>);

impl Prices {
    /// From names and prices.
    pub fn new(prices: impl IntoIterator<Item = (String, Price)>) -> Self {
        Self(prices.into_iter().collect())
    }

    /// What tokens cost, by the first of those names that there is a price for.
    pub(in crate::run) fn cost<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
        tokens: Tokens,
    ) -> Option<f64> {
        names.into_iter().find_map(|name| self.of(name)).map(|price| price.cost(tokens))
    }

    /// The price of that very name, else of the longest one that it begins with: models have their dates at the end.
    fn of(&self, name: &str) -> Option<&Price> {
        let beginnings = self.0.iter().filter(|(known, _)| name.starts_with(known.as_str()));
        beginnings.max_by_key(|(known, _)| known.len()).map(|(_, price)| price)
    }
}

impl Price {
    #[expect(clippy::cast_precision_loss, reason = "so many tokens nobody pays for")]
    fn cost(self, tokens: Tokens) -> f64 {
        let fresh = tokens.input.saturating_sub(tokens.cached) as f64;
        let (cached, output) = (tokens.cached.min(tokens.input) as f64, tokens.output as f64);
        (fresh * self.input + cached * self.cached_input + output * self.output) / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices() -> Prices {
        let price = |input| Price { input, cached_input: input / 10.0, output: input * 5.0 };
        Prices::new([("gpt-5".to_owned(), price(1.0)), ("gpt-5-mini".to_owned(), price(0.2))])
    }

    fn cost(names: &[&str], input: u64, cached: u64, output: u64) -> Option<f64> {
        prices().cost(names.iter().copied(), Tokens { input, output, cached })
    }

    #[test]
    fn tokens_that_are_read_from_the_cache_have_a_price_of_their_own() {
        assert_eq!(cost(&["gpt-5"], 1_000_000, 0, 100_000), Some(1.5));
        assert_eq!(cost(&["gpt-5"], 1_000_000, 1_000_000, 0), Some(0.1));
        assert_eq!(cost(&["gpt-5"], 0, u64::MAX, 0), Some(0.0), "more from the cache than at all");
    }

    #[test]
    fn a_model_goes_by_the_longest_name_that_it_begins_with_and_the_first_name_counts() {
        assert_eq!(cost(&["gpt-5-mini-2025-08-07"], 1_000_000, 0, 0), Some(0.2));
        assert_eq!(cost(&["o9", "gpt-5.1"], 1_000_000, 0, 0), Some(1.0));
        assert_eq!(cost(&["o9"], 1, 0, 0), None);
    }
}
