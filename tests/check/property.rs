//! What holds for any bytes whatever. Shared by the tests and the fuzz target.

use blueprint::genesis::{Edit, Genesis, Status, Transition, render};
use blueprint::plan;

/// How many tasks of one document are changed: one is like the other.
const TASKS: usize = 4;

/// Reads `bytes`; what is a document is edited and repaired.
///
/// # Panics
/// If something does not hold that should.
pub(crate) fn check(bytes: &[u8]) {
    let genesis = match Genesis::parse(bytes.to_vec()) {
        Ok(genesis) => genesis,
        Err(invalid) => {
            assert!(!invalid.diagnostics.is_empty(), "refused without a reason");
            assert!(!render("f", &invalid.source, &invalid.diagnostics, false, 80).is_empty());
            return;
        }
    };
    assert_eq!(genesis.source().as_bytes(), bytes, "what is read is what is there");
    let _ = render("f", genesis.source(), genesis.diagnostics(), false, 80);
    let is_plan = plan::load(&genesis).is_ok();
    check_repair(&genesis, is_plan);
    let ids: Vec<String> = genesis.tasks().iter().map(|task| task.id.clone()).collect();
    for (n, id) in ids.iter().take(TASKS).enumerate() {
        // A few of all: which, the document itself decides.
        for step in 0..2 {
            check_transition(&genesis, id, Status::ALL[(bytes.len() + n + 3 * step) % Status::ALL.len()]);
        }
    }
}

fn check_repair(genesis: &Genesis, is_plan: bool) {
    let edit = genesis.repair();
    let after = applied(genesis, &edit);
    if is_plan {
        assert!(after.repair().is_empty(), "a second repair finds something:\n{}", after.source());
        assert!(after.diagnostics().iter().all(|found| !found.code.is_repairable()), "{}", after.source());
        for (before, after) in genesis.tasks().iter().zip(after.tasks()) {
            assert_eq!((&before.id, before.status), (&after.id, after.status), "a repair changes no status");
        }
    }
}

fn check_transition(genesis: &Genesis, task: &str, to: Status) {
    let transition = Transition {
        task,
        to,
        at: jiff::Timestamp::UNIX_EPOCH,
        actor: "fuzz <&\"'>",
        description: "]]> -- \u{7} &amp;",
        changes: None,
        result: None,
    };
    let Ok(edit) = genesis.transition(&transition) else { panic!("there is a task {task:?}") };
    let after = applied(genesis, &edit);
    assert_eq!(after.task(task).map(|task| task.status), Some(to), "{task:?}");
    assert!(after.transition(&transition).is_ok_and(|again| again.is_empty()), "twice is once");
}

/// The document with the edit made: readable, and the same wherever the edit says nothing.
fn applied(genesis: &Genesis, edit: &Edit) -> Genesis {
    let after = match genesis.apply(edit) {
        Ok(after) => after,
        Err(error) => panic!("{error:?}\n{edit:?}\n{}", genesis.source()),
    };
    let (mut old, mut new) = (genesis.source(), after.source());
    let mut at = 0;
    for splice in &edit.splices {
        let (kept, rest) = old.split_at(splice.range.start - at);
        new = new.strip_prefix(kept).unwrap_or_else(|| panic!("what is before a splice changed: {edit:?}"));
        old = rest.split_at(splice.range.len()).1;
        new =
            new.strip_prefix(splice.text.as_str()).unwrap_or_else(|| panic!("what was put in is not there"));
        at = splice.range.end;
    }
    assert_eq!(old, new, "what is behind the last splice changed");
    after
}
