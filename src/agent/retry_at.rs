//! When a limit of the service ends, by what a program says about it.
//!
//! Programs say it in many ways, most of them meant for people: `usage limit reached|1762952400`, `resets 7pm (Europe/Paris)`,
//! `reset at Feb 3 at 10am`, `resets in 2h 30m`, `retry-after: 30`. What can't be read so is no time.

use jiff::civil::{Date, Time};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

/// The longest limits that there are last weeks; what is said to end later is no such time.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Words of a message after its mark that may belong to the time.
const WORDS: usize = 8;
/// Seconds since 1970 beyond this are milliseconds.
const MOST_SECONDS: i64 = 100_000_000_000;

/// The moment at which a limit ends that a program ran into at `at`, if the message says so; always later than `at`.
pub(super) fn retry_at(message: &str, at: &Zoned) -> Option<Timestamp> {
    let message = message.to_lowercase();
    let readers: [fn(&str, &Zoned) -> Option<Timestamp>; 3] = [by_epoch, by_header, by_clock];
    readers.iter().find_map(|read| believable(read(&message, at)?, at))
}

/// The moment that many seconds (or milliseconds) after the beginning of 1970.
pub(super) fn of_epoch(number: i64, at: &Zoned) -> Option<Timestamp> {
    let moment = if number.abs() > MOST_SECONDS {
        Timestamp::from_millisecond(number)
    } else {
        Timestamp::from_second(number)
    };
    believable(moment.ok()?, at)
}

fn believable(moment: Timestamp, at: &Zoned) -> Option<Timestamp> {
    let left = moment.duration_since(at.timestamp());
    (left > SignedDuration::ZERO && left <= LONGEST).then_some(moment)
}

/// `limit reached|1762952400`.
fn by_epoch(message: &str, at: &Zoned) -> Option<Timestamp> {
    let (_, rest) = message.split_once("limit reached|")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    of_epoch(digits.parse().ok()?, at)
}

/// `retry-after: 30`, `"retry_after": 1.5`, `Retry-After: Wed, 21 Oct 2026 07:28:00 GMT`, `retry after 2 minutes`.
fn by_header(message: &str, at: &Zoned) -> Option<Timestamp> {
    let marks = ["retry-after", "retry_after", "retry after"];
    let rest = marks.iter().find_map(|mark| Some(message.split_once(mark)?.1))?;
    let rest = rest.trim_start_matches([':', '=', '"', '\'', ' ', '\t']).lines().next()?;
    span(rest).and_then(|span| at.timestamp().checked_add(span).ok()).or_else(|| date(rest))
}

fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim_end_matches(['"', '\'', ',', '}', ' ']);
    let stamp = text.to_uppercase().parse().ok();
    stamp.or_else(|| rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
}

/// `30`, `1.5`, `30s`, `2 minutes`, `2h 30m`; a number alone means seconds.
fn span(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut whole: Option<f64> = None;
    while let Some((number, after)) = leading_number(rest.trim_start()) {
        let unit: String = after.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        let Some(seconds) = seconds_of(&unit, whole.is_none()) else { break };
        whole = Some(whole.unwrap_or(0.0) + number * seconds);
        rest = after.trim_start().get(unit.len()..)?;
    }
    SignedDuration::try_from_secs_f64(whole?).ok()
}

fn leading_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    // A date or a time of day begins with a number, too.
    let is_part = rest.starts_with(['-', ':']);
    Some((number.parse().ok().filter(|_| !is_part)?, rest))
}

fn seconds_of(unit: &str, may_be_bare: bool) -> Option<f64> {
    match unit {
        "" => may_be_bare.then_some(1.0),
        "ms" | "milliseconds" => Some(0.001),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(3_600.0),
        "d" | "day" | "days" => Some(86_400.0),
        _ => None,
    }
}

/// `resets 7pm (UTC)`, `will reset at 11:30pm`, `resets Feb 3 at 10am`, `resets in 2 hours`, `resets at 2026-01-14T14:00:00Z`.
fn by_clock(message: &str, at: &Zoned) -> Option<Timestamp> {
    let marks = ["resets", "reset at", "reset in", "try again at", "try again in"];
    let (mark, rest) = marks.iter().find_map(|mark| Some((mark, message.split_once(mark)?.1)))?;
    let rest = rest.lines().next()?.trim_start_matches([':', ' ']);
    if let Some(rest) = rest.strip_prefix("in ").or_else(|| mark.ends_with(" in").then_some(rest)) {
        return at.timestamp().checked_add(span(rest)?).ok();
    }
    let words: Vec<_> = rest.split([' ', ',']).filter(|word| !word.is_empty()).take(WORDS).collect();
    let first = words.iter().find(|word| !matches!(**word, "at" | "at:"))?;
    date(first.trim_end_matches('.')).or_else(|| TimeOfDay::read(&words).moment(at))
}

/// A time as people say it.
#[derive(Debug, Default)]
struct TimeOfDay {
    month: Option<i8>,
    day: Option<i8>,
    time: Option<Time>,
    zone: Option<TimeZone>,
}

impl TimeOfDay {
    /// As far as the words are such a time.
    fn read(words: &[&str]) -> Self {
        let mut told = Self::default();
        for word in words {
            if !told.take(word) {
                break;
            }
        }
        told
    }

    /// Whether the word belongs to it.
    fn take(&mut self, word: &str) -> bool {
        let bare = word.trim_matches(['(', ')', '.']);
        if matches!(bare, "at" | "on" | "·") {
            return true;
        }
        if let Some(month) = month(bare) {
            self.month = Some(month);
        } else if self.month.is_some() && self.day.is_none() && bare.parse::<i8>().is_ok() {
            self.day = bare.parse().ok();
        } else if let Some(time) = time(bare) {
            self.time = Some(time);
        } else if let Some(zone) = self.time.and_then(|_| TimeZone::get(bare).ok()) {
            self.zone = Some(zone);
        } else {
            return false;
        }
        true
    }

    /// The first such moment after `at`; in its zone, unless another one is said.
    fn moment(self, at: &Zoned) -> Option<Timestamp> {
        let zone = self.zone.unwrap_or_else(|| at.time_zone().clone());
        let now = at.with_time_zone(zone.clone());
        let moment = |date: Date| Some(date.to_datetime(self.time?).to_zoned(zone.clone()).ok()?.timestamp());
        let (first, step) = match (self.month, self.day) {
            (Some(month), Some(day)) => (Date::new(now.year(), month, day).ok()?, 1.year()),
            _ => (now.date(), 1.day()),
        };
        let found = moment(first)?;
        if found > at.timestamp() { Some(found) } else { moment(first.checked_add(step).ok()?) }
    }
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let place = MONTHS.iter().position(|month| word.starts_with(month))?;
    i8::try_from(place + 1).ok()
}

/// `7pm`, `11:30pm`, `14:05`.
fn time(word: &str) -> Option<Time> {
    let (clock, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        (None, None) => (word, None),
    };
    let (hour, minute) = clock.split_once(':').unwrap_or((clock, if half.is_some() { "0" } else { "" }));
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wednesday, 14 January 2026, half past one in the afternoon, in Paris.
    fn now() -> Zoned {
        "2026-01-14T13:30:00+01:00[Europe/Paris]".parse().unwrap()
    }

    fn told(message: &str) -> Option<String> {
        retry_at(message, &now()).map(|moment| moment.to_string())
    }

    #[test]
    fn every_way_to_say_when_a_limit_ends_is_read() {
        for (message, moment) in [
            ("Claude AI usage limit reached|1768399200", "2026-01-14T14:00:00Z"),
            ("Claude AI usage limit reached|1768399200000", "2026-01-14T14:00:00Z"),
            ("You've hit your limit · resets 7pm (UTC)", "2026-01-14T19:00:00Z"),
            ("You've hit your limit · resets 7pm", "2026-01-14T18:00:00Z"),
            ("You've hit your limit · resets 9am (America/New_York)", "2026-01-14T14:00:00Z"),
            ("Your limit will reset at 1pm (Etc/GMT+5).", "2026-01-14T18:00:00Z"),
            ("5-hour limit reached · resets 12:30am", "2026-01-14T23:30:00Z"),
            ("weekly limit · resets Jan 16 at 10am (UTC)", "2026-01-16T10:00:00Z"),
            ("weekly limit · resets Feb 3, 10:15am (UTC)", "2026-02-03T10:15:00Z"),
            ("limit resets at: 2026-01-14T14:00:00Z", "2026-01-14T14:00:00Z"),
            ("quota exceeded, resets in 2h 30m.", "2026-01-14T15:00:00Z"),
            ("please try again in 20s", "2026-01-14T12:30:20Z"),
            ("Retry-After: 90", "2026-01-14T12:31:30Z"),
            ("{\"error\":\"busy\",\"retry_after\":1.5}", "2026-01-14T12:30:01.5Z"),
            ("retry after 2 minutes", "2026-01-14T12:32:00Z"),
            ("retry-after: Wed, 14 Jan 2026 14:00:00 GMT", "2026-01-14T14:00:00Z"),
            ("retry-after: 2026-01-14T14:00:00Z", "2026-01-14T14:00:00Z"),
        ] {
            assert_eq!(told(message).as_deref(), Some(moment), "{message}");
        }
    }

    #[test]
    fn what_is_past_or_absurdly_far_or_no_time_is_none() {
        for message in [
            "",
            "Claude AI usage limit reached|1749924000",
            "Claude AI usage limit reached|99999999999999999999",
            "limit reached|4102444800",
            "resets soon",
            "resets 13pm",
            "resets 25:99",
            "resets Feb 31 at 3pm",
            "resets in a while",
            "retry-after: 0",
            "retry-after: 1e999",
            "retry-after: Wed, 14 Jan 2015 14:00:00 GMT",
            "retry-after: 99999999999999999999",
            "the rate limit was hit",
        ] {
            assert_eq!(told(message), None, "{message}");
        }
    }

    #[test]
    fn a_time_of_day_that_is_over_means_the_next_day_and_a_date_the_next_year() {
        assert_eq!(told("resets 9am").as_deref(), Some("2026-01-15T08:00:00Z"));
        let eve: Zoned = "2026-12-31T20:00:00+00:00[UTC]".parse().unwrap();
        let moment = retry_at("resets Jan 2 at 3pm", &eve).unwrap();
        assert_eq!(moment.to_string(), "2027-01-02T15:00:00Z");
    }

    proptest::proptest! {
        #[test]
        fn no_message_is_too_odd(
            text in "(?s)(resets|reset at|retry-after|limit reached\\||[:| .()0-9apm-]|in|jan|utc|.){0,40}"
        ) {
            if let Some(moment) = retry_at(&text, &now()) {
                proptest::prop_assert!(moment > now().timestamp());
            }
        }
    }
}
