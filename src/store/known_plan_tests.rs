use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use jiff::Timestamp;

use super::*;
use crate::genesis::{EditError, Status, Transition};

/// A folder with a plan in it; its lock lies in another folder.
struct Scene {
    folder: tempfile::TempDir,
    state: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap(), state: tempfile::tempdir().unwrap() };
        fs::write(scene.plan(), text("n")).unwrap();
        scene
    }

    fn plan(&self) -> PathBuf {
        self.folder.path().join("genesis.xml")
    }

    fn known(&self) -> KnownPlan {
        let lock = self.state.path().join("plan.lock");
        KnownPlan::read(PlanFile::new(&self.plan(), lock).unwrap()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn text(name: &str) -> String {
    format!(
        "<projectGenesis version=\"1.0\"><metadata><projectName>p</projectName></metadata><executionPlan><executionDag/><tasks>\n\
         <task id=\"a\"><name>{name}</name><statusHistory></statusHistory></task>\n</tasks></executionPlan></projectGenesis>\n"
    )
}

fn fail(known: &mut KnownPlan) -> Saved {
    let failed = |genesis: &Genesis| -> Result<Edit, EditError> {
        genesis.transition(&Transition {
            task: "a",
            to: Status::Failed,
            at: Timestamp::UNIX_EPOCH,
            actor: "tester",
            description: "",
            changes: None,
            result: None,
        })
    };
    known.commit(failed).unwrap()
}

fn found(known: &mut KnownPlan) -> &'static str {
    match known.look().unwrap() {
        None => "what is known",
        Some(Found::Document(_)) => "a document",
        Some(Found::Broken(_)) => "rubbish",
        Some(Found::NoFile) => "no file",
        Some(Found::Nothing) => "nothing",
    }
}

#[test]
fn what_is_saved_is_known() {
    let scene = Scene::new();
    let mut known = scene.known();
    assert_eq!((fail(&mut known), fail(&mut known)), (Saved::Written, Saved::Unneeded));
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), known.genesis().source());
    assert_eq!(found(&mut known), "what is known");
    assert_eq!(scene.names(), ["genesis.xml"]);
}

#[test]
fn nothing_is_saved_over_what_somebody_else_wrote() {
    let scene = Scene::new();
    let mut known = scene.known();
    // Of the same length, in place, and within one tick of a slow clock.
    fs::write(scene.plan(), text("m")).unwrap();
    assert_eq!(fail(&mut known), Saved::Stale);
    let Some(Found::Document(seen)) = known.look().unwrap() else { panic!() };
    assert_eq!(known.adopt(*seen).source(), text("n"));
    assert_eq!(fail(&mut known), Saved::Written);
    assert_eq!(known.genesis().task("a").unwrap().name, "m");
}

#[test]
fn each_sort_of_stranger_is_told_from_the_others() {
    let scene = Scene::new();
    let mut known = scene.known();
    for (text, expected) in [(text("x").as_str(), "a document"), ("", "rubbish"), ("<a>", "rubbish")] {
        fs::write(scene.plan(), text).unwrap();
        assert_eq!(found(&mut known), expected);
    }
    fs::remove_file(scene.plan()).unwrap();
    assert_eq!(found(&mut known), "nothing");
    fs::write(scene.plan(), text("n")).unwrap();
    assert_eq!(found(&mut known), "what is known", "the same bytes are no change");
}

#[test]
fn what_is_set_aside_is_kept_to_the_byte_and_covers_nothing_that_was_before() {
    let scene = Scene::new();
    let mut known = scene.known();
    fs::set_permissions(scene.plan(), fs::Permissions::from_mode(0o640)).unwrap();
    let mut kept = Vec::new();
    for rubbish in ["<projectGenesis>", "", "<projectGen"] {
        fs::write(scene.plan(), rubbish).unwrap();
        let Restored::SetAside(path) = known.restore(|_| true).unwrap() else { panic!() };
        kept.push((path, rubbish));
        assert_eq!(fs::read_to_string(scene.plan()).unwrap(), text("n"));
    }
    for (path, rubbish) in &kept {
        assert_eq!(fs::read_to_string(path).unwrap(), *rubbish);
    }
    assert_eq!(scene.names().len(), 1 + kept.len());
    assert_eq!(known.restore(|_| true).unwrap(), Restored::Unneeded);
}

#[test]
fn a_plan_that_is_gone_comes_back_with_its_mode_and_its_folder() {
    let scene = Scene::new();
    fs::set_permissions(scene.plan(), fs::Permissions::from_mode(0o640)).unwrap();
    let mut known = scene.known();
    fs::remove_dir_all(scene.folder.path()).unwrap();
    assert_eq!(known.restore(|_| true).unwrap(), Restored::Recreated);
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), text("n"));
    assert_eq!(fs::metadata(scene.plan()).unwrap().mode() & 0o777, 0o640);
    assert_eq!(found(&mut known), "what is known");
}

#[test]
fn a_document_is_set_aside_only_if_it_is_not_ours() {
    let scene = Scene::new();
    let mut known = scene.known();
    fs::write(scene.plan(), text("x")).unwrap();
    assert_eq!(known.restore(|_| true).unwrap(), Restored::Unneeded);
    assert!(matches!(known.restore(|_| false).unwrap(), Restored::SetAside(_)));
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), text("n"));
}

#[test]
fn a_change_in_place_right_after_a_save_shows_however_slowly_the_clock_ticks() {
    for _ in 0..50 {
        let scene = Scene::new();
        let mut known = scene.known();
        assert_eq!(fail(&mut known), Saved::Written);
        let text = known.genesis().source().replace("<name>n<", "<name>m<");
        fs::OpenOptions::new().write(true).open(scene.plan()).unwrap().write_all(text.as_bytes()).unwrap();
        assert!(matches!(known.look().unwrap(), Some(Found::Document(_))));
    }
}

fn note(genesis: &Genesis, description: &str) -> Edit {
    genesis.audit(&crate::genesis::AuditEntry {
        at: Timestamp::UNIX_EPOCH,
        kind: "note",
        actor: "tester",
        description,
        changes: None,
    })
}

#[test]
fn what_is_staged_is_saved_at_once() {
    let scene = Scene::new();
    let mut known = scene.known();
    let before = fs::metadata(scene.plan()).unwrap().ino();
    for description in ["first", "second", "third"] {
        let edit = note(known.genesis(), description);
        known.stage(&edit).unwrap();
        assert!(known.look().unwrap().is_none(), "the file is what it was");
        assert_eq!(fs::metadata(scene.plan()).unwrap().ino(), before, "nothing is written yet");
    }
    assert_eq!(known.flush().unwrap(), Saved::Written);
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), known.genesis().source());
    assert!(["first", "second", "third"].iter().all(|text| known.genesis().source().contains(text)));
    assert_eq!(known.flush().unwrap(), Saved::Unneeded);
}

#[test]
fn what_is_staged_is_not_saved_over_what_somebody_else_wrote_and_can_be_taken_back() {
    let scene = Scene::new();
    let mut known = scene.known();
    for description in ["first", "second"] {
        let edit = note(known.genesis(), description);
        known.stage(&edit).unwrap();
    }
    fs::write(scene.plan(), text("theirs")).unwrap();
    assert_eq!(known.flush().unwrap(), Saved::Stale);
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), text("theirs"));
    known.roll_back().unwrap();
    assert_eq!(known.genesis().source(), text("n"));
}

/// What an agent may leave in the plan's place, as a command; reading it would never end, or take all memory.
#[test]
fn what_can_not_be_read_to_its_end_is_set_aside_unread() {
    let traps = [
        "mkfifo genesis.xml",
        "mkdir genesis.xml",
        "ln -s /dev/zero genesis.xml",
        "ln -s genesis.xml genesis.xml",
    ];
    for trap in traps {
        let scene = Scene::new();
        let mut known = scene.known();
        fs::remove_file(scene.plan()).unwrap();
        let mut shell = std::process::Command::new("sh");
        assert!(shell.args(["-c", trap]).current_dir(scene.folder.path()).status().unwrap().success());
        assert_eq!(found(&mut known), "no file", "{trap}");
        assert_eq!(fail(&mut known), Saved::Stale, "{trap}");
        let Restored::SetAside(aside) = known.restore(|_| true).unwrap() else { panic!("{trap}") };
        assert!(!fs::symlink_metadata(aside).unwrap().is_file(), "{trap}");
        assert_eq!(fs::read_to_string(scene.plan()).unwrap(), text("n"), "{trap}");
        assert_eq!(fail(&mut known), Saved::Written, "{trap}");
    }
    let scene = Scene::new();
    let mut known = scene.known();
    fs::File::create(scene.plan()).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(found(&mut known), "rubbish");
    assert_eq!(fail(&mut known), Saved::Stale);
}

#[test]
fn while_the_lock_is_held_others_wait_and_we_save() {
    let scene = Scene::new();
    let mut known = scene.known();
    known.hold().unwrap();
    assert_eq!(found(&mut known), "what is known");
    let other = PlanFile::new(&scene.plan(), scene.state.path().join("plan.lock")).unwrap();
    let seen_by_other = std::thread::spawn(move || {
        let look = |genesis: &Genesis| -> Result<Edit, EditError> {
            assert_eq!(genesis.task("a").map(|task| task.status), Some(Status::Failed));
            Ok(Edit::default())
        };
        other.commit(look).map(drop).map_err(|error| error.to_string())
    });
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert!(!seen_by_other.is_finished());
    assert_eq!(fail(&mut known), Saved::Written);
    known.release();
    assert_eq!(seen_by_other.join().unwrap(), Ok(()));
}
