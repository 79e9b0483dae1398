//! What agents may use up, and what models cost.

use std::num::NonZeroU64;

use serde::Deserialize;

/// US dollars that may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Usd(pub f64);

impl TryFrom<f64> for Usd {
    type Error = &'static str;

    fn try_from(dollars: f64) -> Result<Self, Self::Error> {
        if dollars.is_finite() && dollars > 0.0 {
            Ok(Self(dollars))
        } else {
            Err("expected US dollars, a number above 0")
        }
    }
}

impl std::str::FromStr for Usd {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim_start_matches('$').parse::<f64>();
        number.map_err(|_| "expected US dollars, such as 2.50".to_owned())?.try_into().map_err(str::to_owned)
    }
}

/// Tokens that may be used, those that are read and those that are written together.
pub type TokenCount = NonZeroU64;

/// `[price."MODEL"]`: what a million tokens of a model cost, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PriceConfig {
    /// Of those that the model reads.
    pub input: Rate,
    /// Of those that it writes.
    pub output: Rate,
    /// Of those that it reads from its cache; as all others that it reads, if left out.
    pub cached_input: Option<Rate>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Rate(pub f64);

impl TryFrom<f64> for Rate {
    type Error = &'static str;

    fn try_from(dollars: f64) -> Result<Self, Self::Error> {
        if dollars.is_finite() && dollars >= 0.0 {
            Ok(Self(dollars))
        } else {
            Err("expected US dollars for a million tokens, a number from 0 up")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_with_and_without_their_sign_and_nothing_else_is() {
        let read = ["2.50", "$3"].map(|text| text.parse::<Usd>().unwrap().0.to_string());
        assert_eq!(read, ["2.5", "3"]);
        for text in ["", "0", "-1", "nan", "inf", "2 EUR"] {
            assert!(text.parse::<Usd>().unwrap_err().contains("US dollars"), "{text}");
        }
    }
}
