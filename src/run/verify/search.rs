//! Which step of the integration branch is to be tried next, or is the one with which the trouble began. Pure.

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Due {
    /// Nothing.
    Nothing,
    /// That step is to be tried.
    Try(usize),
    /// With that step it began to fail: the one before succeeds.
    Culprit(usize),
    /// It fails at the start already.
    Hopeless,
}

/// What is due on a branch whose steps (the start of the plan first) are known to succeed or to fail, as far as they were tried. Another
/// try of the last one is due when `every` steps have come since the last that succeeds, or if `is_last`.
pub(in crate::run) fn due(known: &[Option<bool>], every: usize, is_last: bool) -> Due {
    let Some(last) = known.len().checked_sub(1).filter(|last| *last > 0) else { return Due::Nothing };
    let good = known.iter().rposition(|known| *known == Some(true));
    let after = good.map_or(0, |good| good + 1);
    let bad = known.iter().skip(after).position(|known| *known == Some(false)).map(|bad| after + bad);
    match (good, bad) {
        (Some(good), _) if good == last => Due::Nothing,
        (Some(good), Some(bad)) if bad == good + 1 => Due::Culprit(bad),
        (Some(good), Some(bad)) => Due::Try(good.midpoint(bad)),
        (None, Some(0)) => Due::Hopeless,
        (None, Some(bad)) => Due::Try((bad - 1) / 2),
        (good, None) if is_last || last - good.unwrap_or(0) >= every => Due::Try(last),
        (_, None) => Due::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    #[test]
    fn it_is_tried_after_so_many_steps_and_at_the_end() {
        assert_eq!(due(&[], 1, true), Due::Nothing);
        assert_eq!(due(&[None], 1, true), Due::Nothing, "nothing is merged");
        assert_eq!(due(&[None, None], 1, false), Due::Try(1));
        assert_eq!(due(&[None, YES, None], 2, false), Due::Nothing);
        assert_eq!(due(&[None, YES, None, None], 2, false), Due::Try(3));
        assert_eq!(due(&[None, YES, None], 2, true), Due::Try(2));
        assert_eq!(due(&[None, None, YES], 1, true), Due::Nothing);
    }

    #[test]
    fn a_plan_that_fails_from_the_start_has_no_culprit() {
        assert_eq!(due(&[None, NO], 1, true), Due::Try(0));
        assert_eq!(due(&[NO, NO], 1, true), Due::Hopeless);
        assert_eq!(due(&[YES, NO], 1, true), Due::Culprit(1));
    }

    #[test]
    fn what_comes_while_it_is_searched_for_waits() {
        assert_eq!(due(&[YES, None, None, NO, None, None], 1, true), Due::Try(1));
    }

    proptest! {
        #[test]
        fn the_first_step_that_fails_is_found_in_few_tries(count in 2usize..200, first in 0usize..200) {
            let first = first % count;
            let mut known = vec![None; count];
            let mut tries = 0;
            let found = loop {
                match due(&known, 1, true) {
                    Due::Try(step) => {
                        prop_assert_eq!(known[step], None, "nothing is tried twice");
                        known[step] = Some(step < first);
                        tries += 1;
                    }
                    other => break other,
                }
            };
            prop_assert_eq!(found, if first == 0 { Due::Hopeless } else { Due::Culprit(first) });
            prop_assert!(tries <= 2 + count.ilog2() + 1, "{} of {}", tries, count);
        }
    }
}
