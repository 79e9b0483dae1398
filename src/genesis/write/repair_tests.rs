//! Random damage: after a repair nothing repairable is left, no status has changed, and a second repair finds nothing to do.

use proptest::prelude::*;

use super::golden_tests::{BARE, PLAN};
use super::property_tests::{assert_untouched_outside, statuses};
use super::random_plan::recipe;
use crate::genesis::{Code, Genesis};

/// A plan of every form.
const FORMS: [&str; 10] = [
    PLAN,
    BARE,
    include_str!("../../../tests/forms/bare.xml"),
    include_str!("../../../tests/forms/canonical-namespaces.xml"),
    include_str!("../../../tests/forms/daemon-crlf-tabs.xml"),
    include_str!("../../../tests/forms/epic-attributes-one-line.xml"),
    include_str!("../../../tests/forms/epic.xml"),
    include_str!("../../../tests/forms/guide-nodes-one-line.xml"),
    include_str!("../../../tests/forms/guide.xml"),
    include_str!("../../../tests/forms/workflow-bom.xml"),
];

fn parsed(source: &str) -> Genesis {
    Genesis::parse(source.as_bytes().to_vec()).unwrap()
}

/// Repairs and checks all that a repair promises.
fn repaired(genesis: &Genesis) -> Genesis {
    let edit = genesis.repair();
    let after = genesis.apply(&edit).unwrap();
    assert_untouched_outside(genesis.source(), &edit, after.source());
    assert_eq!(
        statuses(&after),
        statuses(genesis),
        "no status changes\n{}\n{}",
        genesis.source(),
        after.source()
    );
    let left: Vec<_> = after.diagnostics().iter().filter(|found| found.code.is_repairable()).collect();
    assert!(left.is_empty(), "{left:?}\n{}\n{}", genesis.source(), after.source());
    assert!(after.repair().is_empty(), "twice is once: {:?}\n{}", after.repair(), after.source());
    let repairable = genesis.diagnostics().iter().any(|found| found.code.is_repairable());
    assert_eq!(edit.is_empty(), !repairable, "an edit exactly where something can be repaired");
    after
}

fn plan(inside: &str) -> Genesis {
    parsed(&format!("<projectGenesis>\n<executionPlan>{inside}</executionPlan>\n</projectGenesis>"))
}

#[test]
fn a_plan_without_fault_is_left_alone() {
    for source in FORMS {
        let genesis = parsed(source);
        if genesis.diagnostics().iter().all(|found| !found.code.is_repairable()) {
            assert!(genesis.repair().is_empty());
        }
    }
}

#[test]
fn a_list_whose_entries_all_change_keeps_its_layout() {
    let genesis = plan(
        "<tasks><task id='a'><statusHistory><event><status>done</status></event></statusHistory></task>\
         <task id='b'/><task id='c' status='failed'/></tasks>\n\
         <statusTracker>\n  <pending>\n    <taskRef  id=\"a\" x='1'/> <!-- kept -->\n  </pending>\n  <completed/>\n\
         </statusTracker>",
    );
    insta::assert_snapshot!(repaired(&genesis).source());
}

#[test]
fn a_status_that_only_the_task_itself_tells_is_not_lost_in_the_lists() {
    let genesis = plan(
        "<tasks><task id='a' status='blocked'/><task id='b'><status>cancelled</status></task></tasks>\
         <statusTracker/>",
    );
    insta::assert_snapshot!(repaired(&genesis).source());
}

#[test]
fn a_status_that_an_entry_says_beside_its_list_follows_when_it_moves() {
    let genesis = plan(
        "<tasks><task id='a'><statusHistory><event><status>completed</status></event></statusHistory></task></tasks>\
         <statusTracker><pending><taskRef id='a' status='pending'/></pending><completed/></statusTracker>",
    );
    let repaired = repaired(&genesis);
    assert!(repaired.source().contains("<completed><taskRef id='a' status='completed'/></completed>"));
}

#[test]
fn entries_that_name_no_task_and_words_that_are_no_status_stay() {
    let source = "<tasks><task id='a' status='in review'/></tasks>\
         <statusTracker><pending><taskRef id='a'/><taskRef id='zz'/></pending><failed><taskRef/></failed></statusTracker>";
    let genesis = plan(source);
    assert!(genesis.repair().is_empty());
    assert!(genesis.diagnostics().iter().any(|found| found.code == Code::UnknownTaskRef));
}

fn repeated(line: impl Fn(usize) -> String) -> String {
    (0..10_000).fold(String::new(), |text, n| text + &line(n))
}

#[test]
fn ten_thousand_misplaced_tasks_are_one_edit() {
    let tasks: String = repeated(|n| format!("<task id='t{n}'/>\n"));
    let refs: String = repeated(|n| format!("<taskRef id='t{n}'/>\n<taskRef id='t{n}'/>\n"));
    let lists = format!("<statusTracker><failed>\n{refs}</failed></statusTracker>");
    repaired(&plan(&format!("<tasks>{tasks}</tasks>{lists}")));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_disagrees_agrees_afterwards(recipe in recipe()) {
        repaired(&parsed(&recipe.document()));
    }

    /// Lines go, come twice, change places and lose their line breaks, and statuses become others, in every form.
    #[test]
    fn what_can_be_read_can_be_repaired(
        form in prop::sample::select(FORMS.to_vec()),
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8), 1..12),
    ) {
        // Some of them are written in one line.
        let form = form.replace("><", ">\n<");
        let mut lines: Vec<String> = form.split_inclusive('\n').map(str::to_owned).collect();
        for (which, damage) in damages {
            let at = which.index(lines.len());
            match damage {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => lines.swap(at, at.saturating_sub(1)),
                3 => lines[at] = lines[at].trim().to_owned(),
                4 => lines[at] = lines[at].replace("pending", "completed"),
                _ => lines[at] = lines[at].replace("completed", "failed").replace('1', "7"),
            }
        }
        let Ok(genesis) = Genesis::parse(lines.concat().into_bytes()) else { return Ok(()) };
        if genesis.diagnostics().iter().all(|found| !found.is_error()) {
            repaired(&genesis);
        } else {
            genesis.apply(&genesis.repair()).unwrap();
        }
    }
}
