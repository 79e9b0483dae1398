use std::time::Duration;

use thiserror::Error;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
/// Planners count working days: a day is eight hours, a week five days.
const WORKING_DAY: f64 = 8.0 * HOUR;
const WORKING_WEEK: f64 = 5.0 * WORKING_DAY;
/// Longer than any project; keeps sums along a path far from overflow.
const LONGEST: f64 = 100.0 * 365.0 * 24.0 * HOUR;

/// Why an estimate could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EstimateError {
    /// Nothing but white space.
    #[error("the estimate is empty")]
    Empty,
    /// A unit without a number before it.
    #[error("expected a number before `{0}`")]
    NumberExpected(String),
    /// A number with nothing behind it that says what it counts.
    #[error("`{0}` has no unit (min, h, d, w)")]
    UnitMissing(String),
    /// A word that is no unit of time.
    #[error("unknown unit `{0}` (known: s, min, h, d, w)")]
    UnknownUnit(String),
    /// A sum over a hundred years, or infinite.
    #[error("the estimate is longer than a hundred years")]
    TooLong,
}

/// Reads a planner's estimate, such as `45min`, `1.5h`, `1h30m`, `40 hours` or `3 days`.
///
/// A day has 8 working hours, a week 5 such days. Parts add up.
///
/// # Errors
/// [`EstimateError`] when the text is not a sequence of number and unit.
pub fn parse_estimate(text: &str) -> Result<Duration, EstimateError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(EstimateError::Empty);
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !(c.is_ascii_digit() || c == '.'));
        let Ok(value) = number.parse::<f64>() else {
            return Err(EstimateError::NumberExpected(head(rest)));
        };
        let (unit, after) = split_where(after.trim_start(), |c| !c.is_alphabetic());
        seconds += value * unit_seconds(unit, number)?;
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '.');
    }
    if seconds > LONGEST {
        return Err(EstimateError::TooLong);
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn unit_seconds(unit: &str, number: &str) -> Result<f64, EstimateError> {
    match unit.to_lowercase().as_str() {
        "" => Err(EstimateError::UnitMissing(number.to_owned())),
        "s" | "sec" | "secs" | "second" | "seconds" => Ok(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Ok(MINUTE),
        "h" | "hr" | "hrs" | "hour" | "hours" => Ok(HOUR),
        "d" | "day" | "days" => Ok(WORKING_DAY),
        "w" | "wk" | "week" | "weeks" => Ok(WORKING_WEEK),
        _ => Err(EstimateError::UnknownUnit(head(unit))),
    }
}

fn split_where(text: &str, is_end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(is_end).unwrap_or(text.len()))
}

/// The first few characters, for a message: estimates can be any text.
fn head(text: &str) -> String {
    text.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_spelling_planners_use() {
        let minutes = |m: f64| Ok(Duration::from_secs_f64(m * 60.0));
        for (text, expected) in [
            ("45min", 45.0),
            ("90 min", 90.0),
            ("2h", 120.0),
            ("1.5h", 90.0),
            ("1h30m", 90.0),
            ("1h 30 min", 90.0),
            ("1 hour, 30 minutes", 90.0),
            ("1d", 480.0),
            ("40 hours", 2400.0),
            ("3 days", 1440.0),
            ("1w", 2400.0),
            ("  2 Hrs. ", 120.0),
            ("30s", 0.5),
            ("0h", 0.0),
        ] {
            assert_eq!(parse_estimate(text), minutes(expected), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        use EstimateError::*;
        for (text, expected) in [
            ("", Empty),
            ("  ", Empty),
            ("soon", NumberExpected("soon".into())),
            ("2", UnitMissing("2".into())),
            ("2 parsecs", UnknownUnit("parsecs".into())),
            ("2-3h", UnitMissing("2".into())),
            ("-2h", NumberExpected("-2h".into())),
            ("1.2.3h", NumberExpected("1.2.3h".into())),
            ("999999999999999999 weeks", TooLong),
        ] {
            assert_eq!(parse_estimate(text), Err(expected), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse_estimate(&text);
        }
    }
}
