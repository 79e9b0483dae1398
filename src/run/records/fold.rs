//! Facts out of a journal into a record, and out of records into a journal. Pure: lines of JSON, whatever version wrote them.

use std::collections::HashSet;

use serde_json::Value;

use super::TaskRecord;

/// True of the clone in which it happened, and of no other: each merges for itself.
pub(super) const LOCAL: &str = "merged";
/// What a person, or the run, decides of several tasks at once.
const OF_SEVERAL: [&str; 2] = ["set-back", "taken-out"];

/// The facts of a journal that belong into the record of a task.
pub(super) fn of_task<'j>(journal: &'j [Value], task: &str) -> impl Iterator<Item = &'j Value> {
    journal.iter().filter(move |line| kind(line) != Some(LOCAL) && about(line).contains(&task))
}

/// Which fact a line is.
pub(super) fn kind(line: &Value) -> Option<&str> {
    text(line, "fact")
}

/// The tasks that a line is about; none, where it is about the plan or a run.
pub(super) fn about(line: &Value) -> Vec<&str> {
    let named = text(line, "task").into_iter();
    let is_of_several = kind(line).is_some_and(|fact| OF_SEVERAL.contains(&fact));
    let listed = |key: &str| {
        let list = line.get(key).filter(|_| is_of_several).and_then(Value::as_array);
        list.into_iter().flatten()
    };
    let others = listed("tasks").filter_map(Value::as_str);
    let changed = listed("transitions").filter_map(|transition| text(transition, "task"));
    named.chain(others).chain(changed).collect()
}

/// What a journal has already.
#[derive(Debug, Default)]
pub(super) struct Known(HashSet<Key>);

/// Tells facts apart: two of one kind about one attempt don't happen in the same nanosecond.
///
/// Not all of a fact, since numbers may lose their last digit on the way from one file to the next.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    time: String,
    fact: String,
    task: Option<String>,
    attempt: Option<u64>,
    /// By what an outbox's request or a gate is told apart.
    of: Option<String>,
}

impl Key {
    fn of(line: &Value) -> Option<Self> {
        let owned = |key| text(line, key).map(str::to_owned);
        Some(Self {
            time: owned("time")?,
            fact: owned("fact")?,
            task: owned("task"),
            attempt: line.get("attempt").and_then(Value::as_u64),
            of: owned("request").or_else(|| owned("gate")).or_else(|| owned("to")),
        })
    }
}

impl Known {
    /// What stands in these lines of a journal.
    pub(super) fn of(journal: &[Value]) -> Self {
        Self(journal.iter().filter_map(Key::of).collect())
    }

    /// Those of the lines that are new, in their order; they are known from now on. What is no fact is passed over.
    pub(super) fn take(&mut self, lines: &[Value]) -> Vec<Value> {
        let is_new = |line: &&Value| Key::of(line).is_some_and(|key| self.0.insert(key));
        lines.iter().filter(is_new).cloned().collect()
    }

    /// The same of several records: each one's facts stay in their order, whatever the clocks of the machines said.
    pub(super) fn take_all<'r>(&mut self, records: impl IntoIterator<Item = &'r TaskRecord>) -> Vec<Value> {
        let taken = records.into_iter().map(|record| self.take(&record.facts));
        let mut taken: Vec<_> = taken.filter(|lines| !lines.is_empty()).collect();
        taken.sort_by_key(|lines| lines.first().and_then(|line| text(line, "time").map(str::to_owned)));
        taken.into_iter().flatten().collect()
    }
}

fn text<'l>(line: &'l Value, key: &str) -> Option<&'l str> {
    line.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::TaskId;

    fn fact(second: u32, fact: &str, task: &str) -> Value {
        json!({"time": format!("2026-01-01T00:00:{second:02}Z"), "fact": fact, "task": task, "attempt": 1})
    }

    fn record(task: &str, facts: Vec<Value>) -> TaskRecord {
        TaskRecord { facts, ..TaskRecord::new("shop", &TaskId::from(task)) }
    }

    #[test]
    fn a_record_gets_what_is_about_its_task_but_no_merge() {
        let several = json!({"time": "2026-01-01T00:00:09Z", "fact": "set-back", "by": "ada",
            "tasks": ["b"], "note": null, "transitions": [{"task": "a"}]});
        let journal = [
            json!({"time": "2026-01-01T00:00:00Z", "fact": "run-started", "run": "a"}),
            fact(1, "attempt-started", "a"),
            fact(2, "attempt-started", "b"),
            fact(3, "merged", "a"),
            several.clone(),
            fact(10, "of-a-later-version", "a"),
        ];
        let of = |task| of_task(&journal, task).cloned().collect::<Vec<_>>();
        assert_eq!(of("a"), [journal[1].clone(), several.clone(), journal[5].clone()]);
        assert_eq!(of("b"), [journal[2].clone(), several]);
        assert!(of("c").is_empty());
    }

    #[test]
    fn each_fact_is_folded_in_once_however_often_and_in_whatever_order_records_come() {
        let (a, b) = (fact(1, "attempt-started", "a"), fact(2, "attempt-ended", "a"));
        let other = fact(1, "attempt-started", "b");
        let mut known = Known::of(std::slice::from_ref(&a));
        let records = [record("a", vec![a.clone(), b.clone()]), record("b", vec![other.clone()])];
        assert_eq!(known.take_all(&records), [other, b]);
        assert!(known.take_all(records.iter().rev()).is_empty());
    }

    #[test]
    fn a_clock_that_went_back_does_not_mix_up_a_task() {
        let facts = vec![fact(9, "attempt-started", "a"), fact(3, "attempt-ended", "a")];
        let records = [record("a", facts.clone()), record("b", vec![fact(5, "transition", "b")])];
        let taken = Known::default().take_all(&records);
        assert_eq!(taken.iter().filter(|line| line["task"] == "a").cloned().collect::<Vec<_>>(), facts);
    }

    #[test]
    fn what_differs_in_a_last_digit_is_the_same_fact_and_what_is_none_is_left_out() {
        let mut first = fact(1, "attempt-ended", "a");
        first["cost_usd"] = json!(0.1);
        let mut second = first.clone();
        second["cost_usd"] = json!(0.100_000_000_000_000_02);
        let mut known = Known::of(&[first]);
        assert!(known.take(&[second, json!(3), json!({"fact": "x"}), json!(null)]).is_empty());
    }
}
