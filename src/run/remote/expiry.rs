//! When what somebody has is free for others who have heard nothing of them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::run::record::ProcessId;
use crate::run::supervisor::{identity, is_gone, namespace};

/// Clocks of two machines may be so far apart.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);
/// As long as that it holds, where nobody says how long.
const USUAL: Duration = Duration::from_mins(2);

/// Whether others may take what was to be renewed until `expires`, as far as the clock tells.
pub(in crate::run) fn is_over(expires: Timestamp, now: Timestamp) -> bool {
    now.duration_since(expires) > MARGIN
}

/// The first full second from which on others may take it.
pub(in crate::run) fn free_at(expires: Timestamp) -> Timestamp {
    let over = expires.checked_add(MARGIN).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(over.as_second().saturating_add(1)).unwrap_or(Timestamp::MAX)
}

/// How long something is somebody's, unless they renew it, and which process is to do that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::run) struct Vitals {
    /// In milliseconds, by any clock.
    lasts_ms: u64,
    process: ProcessId,
    /// Where its number means that process.
    namespace: String,
}

/// What is known of whoever has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Standing {
    /// It is theirs.
    Lives,
    /// It is nobody's: its time is over, and its process has ended.
    Dead,
    /// Its time is over by our clock, or can't be by theirs. Whether it is renewed is to be seen.
    Doubtful,
}

impl Vitals {
    /// Those of this process.
    pub(in crate::run) fn own(lasts: Duration) -> Self {
        let lasts_ms = lasts.as_millis().try_into().unwrap_or(u64::MAX);
        Self { lasts_ms, process: identity(std::process::id()), namespace: namespace() }
    }

    /// Whether its process is known to have ended.
    pub(in crate::run) fn are_gone(&self) -> bool {
        !self.namespace.is_empty() && self.namespace == namespace() && is_gone(&self.process)
    }
}

/// How long that may be, at most, until it is renewed.
pub(in crate::run) fn lasts(vitals: Option<&Vitals>) -> Duration {
    vitals.map_or(USUAL, |vitals| Duration::from_millis(vitals.lasts_ms))
}

/// How it stands with what is somebody's until `expires`, by their clock.
pub(in crate::run) fn standing(expires: Timestamp, vitals: Option<&Vitals>, now: Timestamp) -> Standing {
    let left = expires.duration_since(now) - MARGIN;
    let is_too_long = vitals.is_some() && left > SignedDuration::try_from(lasts(vitals)).unwrap_or(left);
    if !is_over(expires, now) && !is_too_long {
        Standing::Lives
    } else if vitals.is_some_and(Vitals::are_gone) {
        Standing::Dead
    } else {
        Standing::Doubtful
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_time_that_is_named_it_is_free_and_not_long_before() {
        for millisecond in [100_000, 100_001, 100_500, 100_999] {
            let expires = Timestamp::from_millisecond(millisecond).unwrap();
            let free = free_at(expires);
            assert!(is_over(expires, free), "{expires}");
            assert!(!is_over(expires, free - SignedDuration::from_secs(1)), "{expires}");
            assert_eq!(free.subsec_nanosecond(), 0);
        }
        assert_eq!(free_at(Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn whose_time_is_over_is_dead_only_if_its_process_is_and_else_doubtful_as_is_who_has_too_much_time() {
        let own = Vitals::own(Duration::from_mins(2));
        let gone = |namespace: &str| Vitals {
            process: ProcessId { pid: i32::MAX as u32, ..own.process.clone() },
            namespace: namespace.to_owned(),
            ..own.clone()
        };
        let now = Timestamp::from_second(1_000_000).unwrap();
        let stands =
            |seconds, vitals: &Vitals| standing(now + SignedDuration::from_secs(seconds), Some(vitals), now);
        let dead = gone(&own.namespace);
        for (seconds, vitals, expected) in [
            (100, &own, Standing::Lives),
            (100, &dead, Standing::Lives),
            (-6, &own, Standing::Doubtful),
            (-6, &dead, Standing::Dead),
            (-6, &gone("pid:[1]"), Standing::Doubtful),
            (3600, &own, Standing::Doubtful),
        ] {
            assert_eq!(stands(seconds, vitals), expected, "{seconds} {vitals:?}");
        }
        assert_eq!(standing(Timestamp::MAX, None, now), Standing::Lives);
        assert_eq!(standing(Timestamp::MIN, None, now), Standing::Doubtful);
        assert_eq!(standing(Timestamp::MAX, Some(&own), Timestamp::MIN), Standing::Doubtful);
    }
}
