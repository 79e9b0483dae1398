use super::*;
use crate::run::record::Fact;
use crate::run::sample::{at, genesis, history, parsed, transition};
use Status::{Blocked, Completed, Failed, InProgress, Pending};

fn words(genesis: &Genesis, task: &str) -> Vec<String> {
    genesis.details(task).history.iter().map(|event| event.word.clone()).collect()
}

fn told(missing: &[&TransitionRecord]) -> Vec<String> {
    missing.iter().map(|record| format!("{} {}", record.task, record.to)).collect()
}

/// The document after the first so many of the journal's transitions.
fn after(genesis: &Genesis, facts: &[(i64, Fact)]) -> Genesis {
    facts.iter().fold(genesis.clone(), |now, (_, fact)| {
        let Fact::Transition(record) = fact else { return now };
        now.apply(&edit_of(record, &now).unwrap()).unwrap()
    })
}

/// One task's way to completion, at the second attempt.
fn way() -> [(i64, Fact); 4] {
    [
        transition("a", Pending, InProgress, 10),
        transition("a", InProgress, Pending, 20),
        transition("a", Pending, InProgress, 30),
        transition("a", InProgress, Completed, 40),
    ]
}

#[test]
fn a_file_that_has_everything_is_given_back_as_it_is() {
    let before = genesis(&[("a", Pending)]);
    let full = after(&before, &way());
    assert!(missing(&history(way()), &full).is_empty());
    assert_eq!(caught_up(full.clone(), &history(way())).unwrap().source(), full.source());
}

#[test]
fn a_plan_that_we_never_had_to_do_with_misses_nothing() {
    let plan = genesis(&[("a", Pending)]);
    assert!(missing(&history([]), &plan).is_empty());
    assert!(missing(&history([transition("gone", Pending, InProgress, 1)]), &plan).is_empty());
}

/// A crash between journal and file.
#[test]
fn the_last_transition_is_written_where_the_file_has_missed_it() {
    let before = genesis(&[("a", Pending)]);
    for done in 0..way().len() {
        let facts = &way()[..=done];
        let behind = after(&before, &facts[..done]);
        let now = caught_up(behind, &history(facts.to_vec())).unwrap();
        assert_eq!(now.source(), after(&before, facts).source(), "after {done}");
    }
}

/// Somebody put an older file back, by git or from an editor's buffer: it lacks more than one transition.
#[test]
fn a_file_that_is_several_transitions_behind_is_brought_to_where_the_journal_is() {
    let before = genesis(&[("a", Pending)]);
    let history = history(way());
    for behind in 0..way().len() {
        let old = after(&before, &way()[..behind]);
        let now = caught_up(old, &history).unwrap();
        assert_eq!(now.task("a").unwrap().status, Completed, "from {behind}");
        assert!(missing(&history, &now).is_empty(), "from {behind}");
    }
}

#[test]
fn applied_twice_changes_nothing_the_second_time() {
    let before = genesis(&[("a", Pending), ("b", Pending)]);
    let mut facts = way().to_vec();
    facts.push(transition("b", Pending, InProgress, 50));
    let history = history(facts);
    let once = caught_up(before, &history).unwrap();
    let twice = caught_up(once.clone(), &history).unwrap();
    assert_eq!(once.source(), twice.source());
}

#[test]
fn a_file_whose_task_has_gone_on_from_there_wins() {
    let before = genesis(&[("a", Pending)]);
    let facts = [transition("a", Pending, InProgress, 10), transition("a", InProgress, Failed, 20)];
    let by_hand = transition("a", Failed, Pending, 30);
    let newer = after(&after(&before, &facts), &[by_hand]);
    assert!(missing(&history(facts), &newer).is_empty());
}

#[test]
fn a_file_in_which_somebody_else_has_decided_meanwhile_wins() {
    let before = genesis(&[("a", Pending)]);
    let first = transition("a", Pending, InProgress, 10);
    let theirs = transition("a", InProgress, Blocked, 15);
    let file = after(&before, &[first.clone(), theirs]);
    let journal = history([first, transition("a", InProgress, Completed, 20)]);
    assert!(missing(&journal, &file).is_empty());
}

/// Without a history in the file nobody can tell a task that was set back from one that was never written.
#[test]
fn a_task_without_a_history_is_only_brought_forward_by_one_step() {
    let bare = |list: &str| {
        let lists = ["pending", "inProgress", "completed", "failed"].map(|name| {
            let task = if name == list { "<taskRef id=\"a\"/>" } else { "" };
            format!("<{name}>{task}</{name}>")
        });
        parsed(&format!("<statusTracker>{}</statusTracker>", lists.concat()))
    };
    let facts = [transition("a", Pending, InProgress, 10), transition("a", InProgress, Failed, 20)];
    let history = history(facts);
    assert_eq!(told(&missing(&history, &bare("inProgress"))), ["a failed"]);
    assert!(missing(&history, &bare("failed")).is_empty());
    assert!(missing(&history, &bare("pending")).is_empty(), "set back by hand");
    let now = caught_up(bare("inProgress"), &history).unwrap();
    assert_eq!(now.task("a").unwrap().status, Failed);
    assert!(missing(&history, &now).is_empty());
}

#[test]
fn what_is_missing_comes_in_the_order_in_which_it_happened() {
    let ids = ["a", "b", "c", "d", "e", "f"];
    let before = genesis(&ids.map(|id| (id, Pending)));
    // The same second, as of a machine with no better clock: the document's order then.
    let facts =
        ids.iter().rev().map(|id| transition(id, Pending, InProgress, if *id == "f" { 5 } else { 9 }));
    let facts: Vec<_> = facts.collect();
    let order = ["f", "a", "b", "c", "d", "e"].map(|id| format!("{id} in-progress"));
    for _ in 0..10 {
        assert_eq!(told(&missing(&history(facts.clone()), &before)), order);
    }
}

#[test]
fn a_clock_that_was_set_back_mixes_up_no_task() {
    let before = genesis(&[("a", Pending)]);
    let facts = [transition("a", Pending, InProgress, 100), transition("a", InProgress, Completed, 50)];
    let now = caught_up(before, &history(facts)).unwrap();
    assert_eq!(words(&now, "a"), ["pending", "in-progress", "completed"]);
}

#[test]
fn a_result_is_written_with_its_transition() {
    let (second, Fact::Transition(mut record)) = transition("a", Pending, Completed, 10) else { panic!() };
    record.result = Some(crate::genesis::TaskResult { summary: "all <done>".into(), ..Default::default() });
    let now = caught_up(genesis(&[("a", Pending)]), &history([(second, Fact::Transition(record))])).unwrap();
    let task = now.details("a");
    assert_eq!(task.result.as_ref().unwrap().summary, "all <done>");
    assert_eq!(task.history.last().unwrap().timestamp.as_deref(), Some(at(10).to_string().as_str()));
}

#[test]
fn what_an_agent_wrote_itself_is_taken_back_and_what_we_wrote_is_not() {
    let running = after(&genesis(&[("a", Pending)]), &way()[..1]);
    let (_, Fact::Transition(ours)) = transition("a", InProgress, Completed, 40) else { panic!() };
    let theirs = after(&running, &[transition("a", InProgress, Completed, 35)]);
    assert!(!is_written(&ours, &running) && !is_written(&ours, &theirs));
    let back = theirs.apply(&take_back(&ours, &theirs).unwrap()).unwrap();
    assert_eq!(back.task("a").unwrap().status, InProgress);
    let written = back.apply(&edit_of(&ours, &back).unwrap()).unwrap();
    assert!(is_written(&ours, &written));
    assert!(take_back(&ours, &written).unwrap().is_empty());
    assert!(take_back(&ours, &running).unwrap().is_empty());
}

/// A model of who writes: we by the journal, then the file; a stranger who puts older files back, and people who edit what is there.
mod strangers {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        /// A transition of ours; the file gets what it lacks with it.
        Ours { task: usize },
        /// A transition of ours that reaches the journal and, because of a crash, not the file.
        Crash { task: usize },
        /// The file is what it was so many versions ago.
        Revert { back: usize },
        /// Somebody rewords a task.
        Reword { task: usize },
        /// Somebody rewords a task in an editor's buffer that is so many versions old.
        StaleReword { task: usize, back: usize },
        /// A person sets a task back.
        Retry { task: usize },
    }

    fn step() -> impl Strategy<Value = Step> {
        let (task, back) = (0..TASKS.len(), 0..6_usize);
        prop_oneof![
            4 => task.clone().prop_map(|task| Step::Ours { task }),
            1 => task.clone().prop_map(|task| Step::Crash { task }),
            2 => back.clone().prop_map(|back| Step::Revert { back }),
            2 => task.clone().prop_map(|task| Step::Reword { task }),
            2 => (task.clone(), back).prop_map(|(task, back)| Step::StaleReword { task, back }),
            1 => task.prop_map(|task| Step::Retry { task }),
        ]
    }

    const TASKS: [&str; 3] = ["a", "b", "c"];

    /// The file as it is, all that it was, and the journal.
    struct World {
        file: Genesis,
        versions: Vec<Genesis>,
        facts: Vec<(i64, Fact)>,
        second: i64,
    }

    impl World {
        fn new() -> Self {
            let file = genesis(&TASKS.map(|id| (id, Pending)));
            Self { versions: vec![file.clone()], file, facts: Vec::new(), second: 100 }
        }

        fn take(&mut self, step: &Step) {
            self.second += 10;
            match step {
                Step::Ours { task } => {
                    self.catch_up();
                    self.journal(TASKS[*task]);
                    self.catch_up();
                }
                Step::Crash { task } => {
                    self.catch_up();
                    self.journal(TASKS[*task]);
                }
                Step::Revert { back } => self.file = self.version(*back),
                Step::Reword { task } => self.file = self.reworded(&self.file, TASKS[*task]),
                Step::StaleReword { task, back } => {
                    self.file = self.reworded(&self.version(*back), TASKS[*task]);
                }
                Step::Retry { task } => self.retry(TASKS[*task]),
            }
            self.versions.push(self.file.clone());
        }

        fn version(&self, back: usize) -> Genesis {
            self.versions[self.versions.len().saturating_sub(1 + back)].clone()
        }

        fn reworded(&self, genesis: &Genesis, task: &str) -> Genesis {
            let old = format!("<name>{}</name>", genesis.task(task).unwrap().name);
            let text = genesis.source();
            let at = text.find(&format!("id=\"{task}\"")).unwrap();
            let (before, after) = text.split_at(at);
            let after = after.replacen(&old, &format!("<name>{task}{}</name>", self.second), 1);
            Genesis::parse(format!("{before}{after}").into_bytes()).unwrap()
        }

        /// The next one that makes sense from where the task is.
        fn journal(&mut self, task: &str) {
            let from = self.file.task(task).unwrap().status;
            let to = match from {
                Pending | Status::Cancelled => InProgress,
                InProgress if self.second % 3 == 0 => Pending,
                InProgress => Completed,
                Completed | Failed | Blocked => Pending,
            };
            self.facts.push(transition(task, from, to, self.second));
        }

        fn retry(&mut self, task: &str) {
            self.catch_up();
            let Some(status) = self.file.task(task).map(|task| task.status).filter(|is| *is != Pending)
            else {
                return;
            };
            let (_, by_hand) = transition(task, status, Pending, self.second);
            self.file = after(&self.file, &[(self.second, by_hand)]);
        }

        fn catch_up(&mut self) {
            self.file = caught_up(self.file.clone(), &history(self.facts.clone())).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn whoever_writes_what_the_journal_is_in_the_file_and_nobodys_words_are_lost(
            steps in proptest::collection::vec(step(), 1..30)
        ) {
            let mut world = World::new();
            for step in &steps {
                world.take(step);
                let names = TASKS.map(|id| world.file.task(id).unwrap().name.clone());
                world.catch_up();
                // What is caught up on changes nobody's words.
                prop_assert_eq!(TASKS.map(|id| world.file.task(id).unwrap().name.clone()), names);
                prop_assert!(missing(&history(world.facts.clone()), &world.file).is_empty());
                prop_assert!(world.file.diagnostics().iter().all(|found| !found.is_error()));
                for task in world.file.tasks() {
                    let journal = history(world.facts.clone());
                    let Some(story) = journal.task(&task.id) else { continue };
                    let Some(last) = story.transitions.last() else { continue };
                    // Where a person has had the last word in the file, that wins; else ours does.
                    let is_ours = |event: &Event| story.transitions.iter().any(|ours| is_event_of(ours, event));
                    let details = world.file.details(&task.id);
                    let by_hand = details.history.iter().skip(1).next_back().is_some_and(|event| !is_ours(event));
                    prop_assert!(by_hand || task.status == last.to, "{} is {}", task.id, task.status);
                }
            }
        }
    }
}
