//! When what somebody has is free for others who have heard nothing of them.

use jiff::{SignedDuration, Timestamp};

/// Clocks of two machines may be so far apart.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// Whether others may take what was to be renewed until `expires`.
pub(in crate::run) fn is_over(expires: Timestamp, now: Timestamp) -> bool {
    now.duration_since(expires) > MARGIN
}

/// The first full second from which on others may take it.
pub(in crate::run) fn free_at(expires: Timestamp) -> Timestamp {
    let over = expires.checked_add(MARGIN).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(over.as_second().saturating_add(1)).unwrap_or(Timestamp::MAX)
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
}
