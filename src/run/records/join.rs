//! Two journals of one plan that have gone different ways, brought together task by task. Pure.
//!
//! What only this clone has worked at since is taken from here. What others have worked at, too, stays as they left it, and with it whatever
//! was built here on work that does not stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::TaskRecord;
use super::fold::{Known, LOCAL, about, kind};
use crate::agent::Outcome;
use crate::git::Oid;
use crate::plan::TaskId;
use crate::run::record::Record;
use crate::run::{Attempt, History};

/// What is true of one clone only, or says nothing that others would miss.
const OWN: [&str; 8] =
    ["journal-begun", "run-started", "run-ending", "run-ended", LOCAL, "verified", "asked", "agent-started"];
/// By these a task's work leaves the integration branch.
const UNMERGING: [&str; 2] = ["set-back", "taken-out"];
/// The plan starts from another commit.
const REBASED: &str = "rebased";

/// What both know.
#[derive(Debug, Default)]
pub(in crate::run) struct Joined {
    /// What the remote's journal gets of the one here.
    pub(in crate::run) lines: Vec<Value>,
    /// Tasks at which only this clone has worked since.
    pub(in crate::run) ours: BTreeSet<TaskId>,
    /// Those of them whose earlier work does not count any more.
    pub(in crate::run) unmerged: BTreeSet<TaskId>,
    /// Tasks that were worked at here, too, and stay as the remote has them.
    pub(in crate::run) given_up: BTreeMap<TaskId, Why>,
    /// Here the plan was to start from another commit: it does not.
    pub(in crate::run) is_rebased: bool,
}

/// Why what was done here does not stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) enum Why {
    /// Others have worked at the task as well.
    Both,
    /// It was decided together with this other task, which does not stand.
    With(TaskId),
    /// It was made on top of what this other task was here, which does not stand.
    OnTop(TaskId),
}

/// What is known on either side.
pub(in crate::run) struct Sides<'a> {
    /// The lines of the journal here.
    pub(in crate::run) here: &'a [Value],
    /// Those of the remote's.
    pub(in crate::run) there: &'a [Value],
    /// What jobs of single tasks have left there.
    pub(in crate::run) records: &'a [TaskRecord],
}

impl Sides<'_> {
    /// `contains`: whether the first commit is the second, or has it for an ancestor.
    pub(in crate::run) fn joined(&self, contains: impl Fn(Oid, Oid) -> bool) -> Joined {
        let news = self.news();
        let mut given_up = both(&news, &self.news_there());
        let worked: BTreeSet<_> = news.iter().flat_map(about).map(TaskId::from).collect();
        let (here, there) = (history(self.here), history(&self.with(&[])));
        let mut is_settled = false;
        while !is_settled {
            let before = given_up.len();
            give_up_together(&news, &mut given_up);
            let ours: Vec<_> = worked.iter().filter(|task| !given_up.contains_key(*task)).cloned().collect();
            let stale = stale(&here, &there, &ours, &contains);
            for task in ours {
                let on = on_top_of(&task, &here, &stale, &contains);
                given_up.extend(on.map(|on| (task, Why::OnTop(on))));
            }
            is_settled = given_up.len() == before;
        }
        let ours: BTreeSet<_> = worked.into_iter().filter(|task| !given_up.contains_key(task)).collect();
        let is_ours = |line: &Value| about(line).into_iter().any(|task| ours.contains(task));
        let set_back = news.iter().filter(|line| kind(line).is_some_and(|fact| UNMERGING.contains(&fact)));
        let unmerged = set_back.filter(|line| is_ours(line)).flat_map(about).map(TaskId::from).collect();
        let mut lines = Known::of(self.there).take(self.here);
        lines.retain(|line| kind(line) != Some(LOCAL) && is_ours(line));
        let is_rebased = news.iter().any(|line| kind(line) == Some(REBASED));
        Joined { lines, ours, unmerged, given_up, is_rebased }
    }

    /// All that the remote knows, with these lines of the journal here.
    pub(in crate::run) fn with(&self, lines: &[Value]) -> Vec<Value> {
        let mut all = [self.there, lines].concat();
        all.extend(Known::of(&all).take_all(self.records));
        all
    }

    /// What has happened here, and nobody else knows.
    fn news(&self) -> Vec<Value> {
        let mut known = Known::of(self.there);
        for record in self.records {
            known.take(&record.facts);
        }
        without_own(known.take(self.here))
    }

    /// What has happened elsewhere, and is not known here.
    fn news_there(&self) -> Vec<Value> {
        without_own(Known::of(self.here).take(&self.with(&[])))
    }
}

fn without_own(mut lines: Vec<Value>) -> Vec<Value> {
    lines.retain(|line| kind(line).is_none_or(|fact| !OWN.contains(&fact)));
    lines
}

fn history(lines: &[Value]) -> History {
    let facts = lines.iter().filter_map(|line| serde_json::from_value::<Record>(line.clone()).ok());
    History::from_records(facts)
}

fn both(here: &[Value], there: &[Value]) -> BTreeMap<TaskId, Why> {
    let there: BTreeSet<_> = there.iter().flat_map(about).collect();
    let both = here.iter().flat_map(about).filter(|task| there.contains(task));
    both.map(|task| (TaskId::from(task), Why::Both)).collect()
}

/// What was decided of several tasks at once holds for all of them, or for none.
fn give_up_together(news: &[Value], given_up: &mut BTreeMap<TaskId, Why>) {
    let mut is_settled = false;
    while !is_settled {
        is_settled = true;
        for line in news {
            let tasks = about(line);
            let Some(gone) = tasks.iter().find(|task| given_up.contains_key(**task)).copied() else {
                continue;
            };
            for task in tasks {
                if !given_up.contains_key(task) {
                    given_up.insert(TaskId::from(task), Why::With(TaskId::from(gone)));
                    is_settled = false;
                }
            }
        }
    }
}

/// The work that counts here, of tasks that are not `ours`, and does not count there.
fn stale(
    here: &History,
    there: &History,
    ours: &[TaskId],
    contains: impl Fn(Oid, Oid) -> bool,
) -> Vec<(TaskId, Oid)> {
    let counting = |history: &History, task: &TaskId| work_of(history, task);
    let others = here.tasks().filter(|(task, _)| !ours.contains(task));
    let known = others.filter_map(|(task, _)| Some((task.clone(), counting(here, task)?)));
    let stands =
        |(task, commit): &(TaskId, Oid)| counting(there, task).is_some_and(|there| contains(there, *commit));
    known.filter(|work| !stands(work)).collect()
}

/// The commit with the work that a task's dependents are built on; nothing, if it is not done, or has changed nothing.
fn work_of(history: &History, task: &TaskId) -> Option<Oid> {
    let story = history.task(task.as_str())?;
    let forgotten = story.again.as_ref().map_or(0, |again| again.attempts_before);
    let is_done =
        |attempt: &&Attempt| matches!(attempt.outcome(), Some(Outcome::Completed | Outcome::NoChanges));
    let attempt = story.attempts.iter().skip(forgotten).rev().find(is_done)?;
    attempt.commit().filter(|commit| commit.to_string() != attempt.started.base)
}

/// Of which stale work a task's own contains any.
fn on_top_of(
    task: &TaskId,
    here: &History,
    stale: &[(TaskId, Oid)],
    contains: impl Fn(Oid, Oid) -> bool,
) -> Option<TaskId> {
    let last = here.task(task.as_str())?.last_attempt()?;
    let commits = [last.started.base.parse().ok(), last.commit(), last.resolution()];
    let is_in = |work: Oid| commits.iter().flatten().any(|commit| contains(*commit, work));
    stale.iter().find(|(_, work)| is_in(*work)).map(|(task, _)| task.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::sample::{at, ended, started};

    fn fact(second: u32, fact: &str, task: &str) -> Value {
        json!({"time": format!("2026-01-01T00:00:{second:02}Z"), "fact": fact, "task": task, "attempt": 1})
    }

    fn set_back(second: u32, tasks: &[&str]) -> Value {
        let time = format!("2026-01-01T00:00:{second:02}Z");
        json!({"time": time, "fact": "set-back", "by": "ada", "tasks": tasks, "note": null, "transitions": []})
    }

    /// An attempt that began at that second and base, and ended with that commit.
    fn done(second: i64, task: &str, (base, commit): (&str, &str)) -> [Value; 2] {
        let [started, ended] = [started(task, 1, second), ended(task, 1, Outcome::Completed, second + 1)]
            .map(|(second, fact)| serde_json::to_value(Record { time: at(second), fact }).unwrap());
        let with = |mut line: Value, key: &str, digit: &str| {
            line[key] = digit.repeat(40).into();
            line
        };
        [with(started, "base", base), with(ended, "commit", commit)]
    }

    fn joined(here: &[Value], there: &[Value], records: &[TaskRecord]) -> Joined {
        Sides { here, there, records }.joined(|commit, ancestor| commit == ancestor)
    }

    fn ids(tasks: &[&str]) -> BTreeSet<TaskId> {
        tasks.iter().map(|task| TaskId::from(*task)).collect()
    }

    #[test]
    fn what_only_this_clone_has_worked_at_is_taken_from_here_but_for_its_merges() {
        let common = fact(1, "attempt-started", "a");
        let (mine, merge) = (fact(2, "attempt-ended", "a"), fact(3, LOCAL, "a"));
        let theirs = fact(4, "attempt-started", "b");
        let run = json!({"time": "2026-01-01T00:00:05Z", "fact": "run-started"});
        let joined = joined(&[common.clone(), mine.clone(), merge, run], &[common, theirs], &[]);
        assert_eq!((joined.lines, joined.ours), (vec![mine], ids(&["a"])));
        assert!(joined.given_up.is_empty() && joined.unmerged.is_empty() && !joined.is_rebased);
    }

    #[test]
    fn what_others_have_worked_at_as_well_stays_as_they_left_it_whether_the_journal_says_so_or_a_record() {
        let (mine, theirs) = (fact(2, "attempt-started", "a"), fact(3, "attempt-started", "a"));
        let record = TaskRecord { facts: vec![theirs.clone()], ..TaskRecord::new("e", &TaskId::from("a")) };
        let other = fact(1, "attempt-started", "b");
        for (there, records) in [(vec![other.clone(), theirs], vec![]), (vec![other], vec![record])] {
            let joined = joined(std::slice::from_ref(&mine), &there, &records);
            assert_eq!(joined.given_up, BTreeMap::from([(TaskId::from("a"), Why::Both)]));
            assert!(joined.lines.is_empty() && joined.ours.is_empty());
        }
    }

    #[test]
    fn what_was_decided_of_several_tasks_at_once_holds_for_all_or_none() {
        let here = [set_back(1, &["a", "b"]), set_back(2, &["b", "c"]), set_back(3, &["d"])];
        let joined = joined(&here, &[fact(1, "attempt-started", "c")], &[]);
        let with = |task: &str| Why::With(TaskId::from(task));
        let given_up = [("a", with("b")), ("b", with("c")), ("c", Why::Both)];
        assert_eq!(joined.given_up, given_up.map(|(task, why)| (TaskId::from(task), why)).into());
        assert_eq!((joined.ours, joined.unmerged), (ids(&["d"]), ids(&["d"])));
        assert_eq!(joined.lines, here[2..]);
    }

    #[test]
    fn what_was_made_on_top_of_work_that_does_not_stand_does_not_stand_either() {
        let here = [done(1, "a", ("0", "1")), done(3, "b", ("1", "2")), done(5, "c", ("2", "3"))].concat();
        let on_their_own = done(7, "d", ("0", "4"));
        let joined = joined(&[&here[..], &on_their_own].concat(), &done(2, "a", ("0", "5")), &[]);
        let on_top = |task: &str| Why::OnTop(TaskId::from(task));
        let given_up = [("a", Why::Both), ("b", on_top("a")), ("c", on_top("b"))];
        assert_eq!(joined.given_up, given_up.map(|(task, why)| (TaskId::from(task), why)).into());
        assert_eq!((joined.lines, joined.ours), (on_their_own.to_vec(), ids(&["d"])));
    }
}
