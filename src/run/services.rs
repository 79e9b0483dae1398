//! What is known of the services behind runners: all tasks of one runner run into the same limit, and fail to log in together.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::pause::pause;
use crate::agent::Outcome;
use crate::plan::TaskId;

/// After a limit one task goes ahead; the others follow when it has not run into it again within this time.
const HEAD_START: Duration = Duration::from_mins(1);

/// Runners by their names, as far as their services gave reason to wait.
#[derive(Debug, Default)]
pub(super) struct Services {
    limited: BTreeMap<String, Limited>,
    /// Those that nothing is started with any more, and the task by which that was found out.
    shut: BTreeMap<String, TaskId>,
}

/// A service that refused more work for now.
#[derive(Debug)]
struct Limited {
    /// The limit ends then, as far as is known.
    until: Timestamp,
    /// How long it was to wait for.
    length: Duration,
    /// How often in a row work was refused.
    times: u32,
    /// Nobody has gone ahead since.
    is_untried: bool,
    /// Nothing starts before then.
    closed_until: Timestamp,
}

impl Services {
    /// An attempt ran into a limit, which ends at `until` if that is known. Gives the time before which nothing more is started with the
    /// runner, if that is news.
    pub(super) fn refused(
        &mut self,
        runner: &str,
        until: Option<Timestamp>,
        now: Timestamp,
        jitter: f64,
    ) -> Option<Timestamp> {
        let before = self.limited.get(runner);
        let known = before.map(|limited| limited.until).filter(|until| *until > now);
        let times = before.map_or(0, |limited| limited.times) + u32::from(known.is_none());
        let backed_off = || now.checked_add(pause(Outcome::RateLimited, times, jitter));
        // Those that ran side by side are refused one after another: that is one refusal.
        let until = until.or(known).or_else(|| backed_off().ok()).unwrap_or(now);
        let until = known.map_or(until, |known| known.max(until));
        let length = until.duration_since(now).try_into().unwrap_or_default();
        let limited = Limited { until, length, times, is_untried: true, closed_until: until };
        self.limited.insert(runner.to_owned(), limited);
        known.is_none().then_some(until)
    }

    /// An attempt begins. Gives the time before which no other one is started with the runner, if this one goes ahead.
    pub(super) fn began(&mut self, runner: &str, now: Timestamp) -> Option<Timestamp> {
        let limited = self.limited.get_mut(runner).filter(|limited| limited.is_untried)?;
        limited.is_untried = false;
        limited.closed_until = now.checked_add(limited.length.min(HEAD_START)).ok()?;
        Some(limited.closed_until)
    }

    /// An attempt ended otherwise: the service works.
    pub(super) fn worked(&mut self, runner: &str, now: Timestamp) {
        if self.limited.get(runner).is_some_and(|limited| limited.until <= now) {
            self.limited.remove(runner);
        }
    }

    /// Nothing is started with the runner any more: `task` found out that nobody can work with it. False if that was known.
    pub(super) fn shut(&mut self, runner: &str, task: &TaskId) -> bool {
        let is_news = !self.shut.contains_key(runner);
        self.shut.entry(runner.to_owned()).or_insert_with(|| task.clone());
        is_news
    }

    /// A person wants that task of the runner to be tried again, limit or not: they have mended what was wrong, or know better.
    pub(super) fn forgive(&mut self, runner: &str, task: &TaskId) {
        self.shut.retain(|_, culprit| culprit != task);
        self.limited.remove(runner);
    }

    /// Before when nothing starts, by runner.
    pub(super) fn closed(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.limited.iter().map(|(runner, limited)| (runner.as_str(), limited.closed_until))
    }

    /// With which runners nothing starts any more, and whose fault that is.
    pub(super) fn all_shut(&self) -> Vec<(String, TaskId)> {
        self.shut.iter().map(|(runner, task)| (runner.clone(), task.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn refused(services: &mut Services, until: Option<i64>, now: i64) -> Option<i64> {
        services.refused("claude", until.map(at), at(now), 0.0).map(Timestamp::as_second)
    }

    fn closed(services: &Services) -> Vec<i64> {
        services.closed().map(|(_, until)| until.as_second()).collect()
    }

    #[test]
    fn a_service_that_says_when_is_asked_again_then() {
        let mut services = Services::default();
        assert_eq!(refused(&mut services, Some(7_200), 0), Some(7_200));
        assert_eq!(closed(&services), [7_200]);
    }

    #[test]
    fn those_that_are_refused_side_by_side_count_as_one_and_the_latest_time_holds() {
        let mut services = Services::default();
        assert_eq!(refused(&mut services, None, 0), Some(15));
        assert_eq!(refused(&mut services, None, 1), None);
        assert_eq!(closed(&services), [15]);
        assert_eq!(refused(&mut services, Some(60), 2), None);
        assert_eq!(closed(&services), [60]);
    }

    #[test]
    fn a_service_that_goes_on_refusing_is_asked_ever_less_often_until_it_works() {
        let mut services = Services::default();
        assert_eq!(refused(&mut services, None, 0), Some(15));
        assert_eq!(refused(&mut services, None, 100), Some(130));
        assert_eq!(refused(&mut services, None, 200), Some(260));
        services.worked("claude", at(300));
        assert_eq!(refused(&mut services, None, 400), Some(415));
    }

    #[test]
    fn an_attempt_that_began_before_and_works_ends_no_limit() {
        let mut services = Services::default();
        refused(&mut services, Some(7_200), 0);
        services.worked("claude", at(10));
        assert_eq!(closed(&services), [7_200]);
    }

    #[test]
    fn a_limit_is_forgotten_when_a_person_wants_a_task_tried_again() {
        let mut services = Services::default();
        refused(&mut services, Some(7_200), 0);
        services.forgive("claude", &TaskId::from("a"));
        assert_eq!(closed(&services), [0; 0]);
    }

    #[test]
    fn after_a_limit_one_goes_ahead_of_the_others() {
        let mut services = Services::default();
        refused(&mut services, Some(7_200), 0);
        assert_eq!(services.began("claude", at(7_200)), Some(at(7_260)));
        assert_eq!(services.began("claude", at(7_260)), None);
        refused(&mut services, Some(7_305), 7_300);
        assert_eq!(services.began("claude", at(7_305)), Some(at(7_310)), "no longer than the limit itself");
        assert_eq!(services.began("other", at(0)), None);
    }

    #[test]
    fn a_runner_that_is_shut_stays_so_until_its_culprit_is_tried_again() {
        let mut services = Services::default();
        let [a, b] = ["a", "b"].map(TaskId::from);
        assert_eq!((services.shut("claude", &a), services.shut("claude", &b)), (true, false));
        services.forgive("claude", &b);
        assert_eq!(services.all_shut(), [("claude".to_owned(), a.clone())]);
        services.forgive("claude", &a);
        assert_eq!(services.all_shut(), []);
    }
}
