use std::cell::Cell;
use std::convert::Infallible;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::thread;

use jiff::Timestamp;

use super::*;
use crate::genesis::{EditError, Status, Transition};
use crate::store::replace::Stamp;

const WRITERS: usize = 8;
const CHANGES: usize = 20;

/// Names a plan for the process that `processes_that_write_at_once_lose_nothing` starts.
const CHILD_PLAN: &str = "BLUEPRINT_TEST_CHILD_PLAN";

/// A folder with a plan in it; its lock lies in another folder.
struct Scene {
    folder: tempfile::TempDir,
    state: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap(), state: tempfile::tempdir().unwrap() };
        fs::write(scene.plan(), text()).unwrap();
        scene
    }

    fn plan(&self) -> PathBuf {
        self.folder.path().join("genesis.xml")
    }

    fn lock(&self) -> PathBuf {
        self.state.path().join("plan.lock")
    }

    fn file(&self) -> PlanFile {
        PlanFile::new(&self.plan(), self.lock()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn text() -> String {
    let tasks: String = (0..WRITERS).fold(String::new(), |all, i| {
        all + &format!("<task id=\"t{i}\"><name>n</name><description>d</description><statusHistory></statusHistory></task>\n")
    });
    format!(
        "<projectGenesis version=\"1.0\"><metadata><projectName>p</projectName><epicName>e</epicName></metadata>\n\
         <executionPlan><executionDag/><tasks>\n{tasks}</tasks></executionPlan></projectGenesis>\n"
    )
}

fn transition(genesis: &Genesis, task: &str, to: Status, second: i64) -> Result<Edit, EditError> {
    genesis.transition(&Transition {
        task,
        to,
        at: Timestamp::from_second(second).unwrap(),
        actor: "tester",
        description: "",
        changes: None,
        result: None,
    })
}

/// Changes one task's status so often, to and fro.
fn write_often(file: &PlanFile, task: &str) {
    for round in 0..CHANGES {
        let to = if round % 2 == 0 { Status::InProgress } else { Status::Pending };
        let second = i64::try_from(round).unwrap();
        let committed = file.commit(|genesis| transition(genesis, task, to, second)).unwrap();
        assert!(committed.changed);
    }
}

fn check_nothing_is_lost(scene: &Scene) {
    let genesis = scene.file().load().unwrap();
    for task in genesis.tasks() {
        assert_eq!(genesis.details(&task.id).history.len(), CHANGES, "{}", task.id);
        assert_eq!(task.status, Status::Pending);
    }
    assert_eq!(scene.names(), ["genesis.xml"], "a temp file is left over");
}

#[test]
fn what_is_committed_is_what_is_given_back_and_what_is_on_disk() {
    let scene = Scene::new();
    let committed = scene.file().commit(|g| transition(g, "t1", Status::Failed, 0)).unwrap();
    assert!(committed.changed);
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), committed.genesis.source());
    assert_eq!(scene.file().load().unwrap().task("t1").unwrap().status, Status::Failed);
    assert_eq!(scene.names(), ["genesis.xml"]);
}

#[test]
fn threads_that_write_at_once_lose_nothing() {
    let scene = Scene::new();
    thread::scope(|scope| {
        for i in 0..WRITERS {
            let file = scene.file();
            scope.spawn(move || write_often(&file, &format!("t{i}")));
        }
    });
    check_nothing_is_lost(&scene);
}

/// Starts itself as the writing processes: in those, the environment says what to write.
#[test]
fn processes_that_write_at_once_lose_nothing() {
    if let Some(plan) = std::env::var_os(CHILD_PLAN) {
        let lock = PathBuf::from(std::env::var_os("CHILD_LOCK").unwrap());
        let task = std::env::var("CHILD_TASK").unwrap();
        return write_often(&PlanFile::new(Path::new(&plan), lock).unwrap(), &task);
    }
    let scene = Scene::new();
    let child = |i: usize| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "store::plan_file::tests::processes_that_write_at_once_lose_nothing"]);
        command.env(CHILD_PLAN, scene.plan()).env("CHILD_LOCK", scene.lock());
        command.env("CHILD_TASK", format!("t{i}")).stdout(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..WRITERS).map(child).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    check_nothing_is_lost(&scene);
}

#[test]
fn while_somebody_has_the_lock_a_commit_waits() {
    let scene = Scene::new();
    let held = Lock::wait(&scene.lock()).unwrap();
    let file = scene.file();
    let writer =
        thread::spawn(move || file.commit(|g| transition(g, "t0", Status::Failed, 0)).unwrap().changed);
    thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), text(), "written without the lock");
    drop(held);
    assert!(writer.join().unwrap());
}

/// Somebody who takes no lock changes the plan while our edit is being made; `change` is how.
fn survives(change: impl Fn(&Path, &str)) {
    let scene = Scene::new();
    let calls = Cell::new(0);
    let committed = scene.file().commit(|genesis| {
        calls.set(calls.get() + 1);
        if calls.get() == 1 {
            let theirs =
                transition(genesis, "t5", Status::Blocked, 1).and_then(|edit| genesis.apply(&edit))?;
            change(&scene.plan(), theirs.source());
        }
        transition(genesis, "t0", Status::Completed, 2)
    });
    let genesis = committed.unwrap().genesis;
    assert_eq!(calls.get(), 2, "the edit is made anew, of the changed plan");
    assert_eq!(genesis.source(), fs::read_to_string(scene.plan()).unwrap());
    assert_eq!(genesis.task("t5").unwrap().status, Status::Blocked, "their change");
    assert_eq!(genesis.task("t0").unwrap().status, Status::Completed, "ours");
    assert_eq!(scene.names(), ["genesis.xml"]);
}

#[test]
fn the_change_of_a_writer_in_place_that_takes_no_lock_survives() {
    survives(|plan, text| fs::write(plan, text).unwrap());
}

#[test]
fn the_change_of_a_writer_by_rename_that_takes_no_lock_survives() {
    survives(|plan, text| {
        let temp = plan.with_extension("theirs");
        fs::write(&temp, text).unwrap();
        fs::rename(temp, plan).unwrap();
    });
}

/// Same length, same inode, and the time of change put back: only the time of the inode's own change tells.
#[test]
fn a_change_that_hides_itself_is_noticed() {
    let scene = Scene::new();
    let calls = Cell::new(0);
    let committed = scene.file().commit(|genesis| {
        calls.set(calls.get() + 1);
        if calls.get() == 1 {
            let before = fs::metadata(scene.plan()).unwrap().modified().unwrap();
            let file = File::options().write(true).truncate(true).open(scene.plan()).unwrap();
            (&file).write_all(text().replacen("<name>n<", "<name>N<", 1).as_bytes()).unwrap();
            file.set_modified(before).unwrap();
        }
        transition(genesis, "t0", Status::Completed, 2)
    });
    assert_eq!(calls.get(), 2);
    assert_eq!(committed.unwrap().genesis.task("t0").unwrap().name, "N");
}

#[test]
fn a_writer_that_never_rests_is_an_error_and_keeps_the_last_word() {
    let scene = Scene::new();
    let rounds = Cell::new(0);
    let error = scene.file().commit(|genesis| {
        rounds.set(rounds.get() + 1);
        fs::write(scene.plan(), format!("{}<!-- {} -->", text(), rounds.get())).unwrap();
        transition(genesis, "t0", Status::Failed, 0)
    });
    let error = error.unwrap_err();
    assert!(matches!(error, CommitError::Store(StoreError::Contended { .. })), "{error}");
    assert_eq!(rounds.get(), SAVE_TRIES);
    let left = fs::read_to_string(scene.plan()).unwrap();
    assert!(left.ends_with(&format!("<!-- {SAVE_TRIES} -->")));
    assert_eq!(scene.names(), ["genesis.xml"]);
}

#[test]
fn a_plan_behind_a_link_is_replaced_where_it_is_and_the_link_stays() {
    let scene = Scene::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.xml");
    symlink(scene.plan(), &link).unwrap();
    let file = PlanFile::new(&link, scene.lock()).unwrap();
    assert_eq!(file.path(), fs::canonicalize(scene.plan()).unwrap());
    file.commit(|g| transition(g, "t0", Status::Failed, 0)).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read_plan(&scene.plan()).unwrap().task("t0").unwrap().status, Status::Failed);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[test]
fn the_mode_stays() {
    for mode in [0o600, 0o644, 0o664, 0o755] {
        let scene = Scene::new();
        fs::set_permissions(scene.plan(), fs::Permissions::from_mode(mode)).unwrap();
        scene.file().commit(|g| transition(g, "t0", Status::Failed, 0)).unwrap();
        assert_eq!(fs::metadata(scene.plan()).unwrap().mode() & 0o7777, mode);
    }
}

#[test]
fn an_edit_that_changes_nothing_writes_nothing() {
    let scene = Scene::new();
    scene.file().commit(|g| transition(g, "t0", Status::Failed, 0)).unwrap();
    let before = Stamp::of(&fs::metadata(scene.plan()).unwrap());
    let again = scene.file().commit(|g| transition(g, "t0", Status::Failed, 9)).unwrap();
    assert!(!again.changed);
    let empty = scene.file().commit(|_| Ok::<_, Infallible>(Edit::default())).unwrap();
    assert!(!empty.changed);
    assert_eq!(Stamp::of(&fs::metadata(scene.plan()).unwrap()), before, "another inode or time");
}

#[test]
fn a_refused_edit_leaves_the_plan_as_it_was() {
    let scene = Scene::new();
    let before = Stamp::of(&fs::metadata(scene.plan()).unwrap());
    let error = scene.file().commit(|_| Err::<Edit, _>(std::fmt::Error)).unwrap_err();
    assert!(matches!(error, CommitError::Refused(_)));
    let error = scene.file().commit(|g| transition(g, "nobody", Status::Failed, 0)).unwrap_err();
    assert!(matches!(error, CommitError::Refused(EditError::UnknownTask { .. })), "{error:?}");
    assert_eq!(Stamp::of(&fs::metadata(scene.plan()).unwrap()), before);
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), text());
    assert_eq!(scene.names(), ["genesis.xml"]);
}

#[test]
fn a_plan_that_is_not_there_is_an_error_that_says_so() {
    let scene = Scene::new();
    fs::remove_file(scene.plan()).unwrap();
    let error = PlanFile::new(&scene.plan(), scene.lock()).unwrap_err();
    assert!(error.is_not_found());
    assert!(error.to_string().contains("genesis.xml"), "{error}");
    assert!(matches!(read_plan(&scene.plan()), Err(LoadError::Store(error)) if error.is_not_found()));
}

#[test]
fn a_plan_that_goes_away_is_not_made_anew() {
    let scene = Scene::new();
    let file = scene.file();
    fs::remove_file(scene.plan()).unwrap();
    let error = file.commit(|g| transition(g, "t0", Status::Failed, 0)).unwrap_err();
    assert!(matches!(error, CommitError::Load(LoadError::Store(error)) if error.is_not_found()));
    assert!(scene.names().is_empty());
}

#[test]
fn a_plan_that_is_none_is_refused_with_its_problems_and_stays_as_it_is() {
    let scene = Scene::new();
    fs::write(scene.plan(), "<projectGenesis>").unwrap();
    let error = scene.file().commit(|g| transition(g, "t0", Status::Failed, 0)).unwrap_err();
    let CommitError::Load(LoadError::Invalid(invalid)) = error else { panic!("{error}") };
    assert!(!invalid.diagnostics.is_empty());
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), "<projectGenesis>");
}

#[test]
fn a_folder_is_no_plan() {
    let scene = Scene::new();
    let error = read_plan(scene.folder.path()).unwrap_err();
    assert!(matches!(error, LoadError::Store(StoreError::NoFile { .. })), "{error:?}");
}

#[test]
fn a_lock_file_that_somebody_left_behind_is_no_obstacle() {
    let scene = Scene::new();
    fs::write(scene.lock(), "4711 of yesterday").unwrap();
    assert!(scene.file().commit(|g| transition(g, "t0", Status::Failed, 0)).unwrap().changed);
}

#[test]
fn a_lock_that_can_not_be_made_is_an_error_that_names_it() {
    let scene = Scene::new();
    let file = PlanFile::new(&scene.plan(), scene.state.path().join("none").join("plan.lock")).unwrap();
    let error = file.commit(|g| transition(g, "t0", Status::Failed, 0)).unwrap_err();
    assert!(error.to_string().contains("plan.lock"), "{error}");
    assert_eq!(fs::read_to_string(scene.plan()).unwrap(), text());
}
