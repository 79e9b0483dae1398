use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;

fn says(text: &str) -> Request {
    Request { token: "t".into(), says: Says::Remark(Remark::Note { text: text.into() }) }
}

fn requests(worktree: &Path) -> PathBuf {
    worktree.join(".blueprint/requests")
}

fn seen(worktree: &Path) -> Vec<Incoming> {
    look(worktree, &HashSet::new())
}

fn texts(incoming: &[Incoming]) -> Vec<&str> {
    incoming.iter().map(|one| one.request.as_ref().unwrap().says.text()).collect()
}

fn accepted() -> Answer {
    Answer::Accepted { text: "noted".into() }
}

#[test]
fn requests_come_in_their_order_and_are_answered_one_by_one() {
    let worktree = tempfile::tempdir().unwrap();
    let tickets = ["one", "two", "three"].map(|text| leave(worktree.path(), &says(text)).unwrap());
    let found = seen(worktree.path());
    assert_eq!(texts(&found), ["one", "two", "three"]);
    answer(worktree.path(), &found[1].name, &accepted());
    assert_eq!(tickets[1].wait(Duration::ZERO), Some(accepted()));
    assert_eq!(tickets[0].wait(Duration::ZERO), None);
    assert_eq!(texts(&seen(worktree.path())), ["one", "three"]);
    assert_eq!(fs::read_dir(worktree.path().join(".blueprint/answers")).unwrap().count(), 0);
}

#[test]
fn what_was_taken_and_could_not_be_removed_is_not_taken_again() {
    let worktree = tempfile::tempdir().unwrap();
    leave(worktree.path(), &says("one")).unwrap();
    let found = seen(worktree.path());
    assert!(look(worktree.path(), &HashSet::from([found[0].name.clone()])).is_empty());
}

#[test]
fn no_request_is_lost_when_many_threads_leave_them_at_once() {
    let worktree = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let worktree = worktree.path();
            scope.spawn(move || {
                for number in 0..20 {
                    leave(worktree, &says(&format!("{thread}-{number}"))).unwrap();
                }
            });
        }
    });
    let found = seen(worktree.path());
    let different: HashSet<_> = texts(&found).into_iter().collect();
    assert_eq!(different.len(), 160);
}

#[test]
fn a_request_that_is_none_is_told_why() {
    let worktree = tempfile::tempdir().unwrap();
    leave(worktree.path(), &says("good")).unwrap();
    let folder = requests(worktree.path());
    fs::write(folder.join("1.json"), "{\"token\":").unwrap();
    fs::File::create(folder.join("2.json")).unwrap().set_len(1 << 40).unwrap();
    fs::create_dir(folder.join("3.json")).unwrap();
    symlink("/dev/zero", folder.join("4.json")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.join("5.json"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let refused: Vec<_> = seen(worktree.path()).into_iter().filter_map(|one| one.request.err()).collect();
    assert_eq!(refused.len(), 5, "{refused:?}");
    assert!(refused[0].contains("understood") && refused[1].contains("longer"), "{refused:?}");
}

#[test]
fn files_with_names_of_their_own_are_left_alone() {
    let worktree = tempfile::tempdir().unwrap();
    fs::create_dir_all(requests(worktree.path())).unwrap();
    for name in ["..json", "notes.txt", ".json", "x.json", &format!("{}.json", "1".repeat(200))] {
        fs::write(requests(worktree.path()).join(name), "{}").unwrap();
    }
    assert!(seen(worktree.path()).is_empty());
}

#[test]
fn links_in_the_place_of_our_folders_lead_nowhere() {
    for linked in [".blueprint", ".blueprint/requests", ".blueprint/answers"] {
        let (worktree, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        leave(elsewhere.path(), &says("not here")).unwrap();
        fs::create_dir(elsewhere.path().join(".blueprint/answers")).unwrap();
        let link = worktree.path().join(linked);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(elsewhere.path().join(linked), &link).unwrap();
        assert!(seen(worktree.path()).is_empty(), "{linked}");
        let before = fs::read_dir(requests(elsewhere.path())).unwrap().count();
        answer(worktree.path(), "1.json", &accepted());
        assert_eq!(fs::read_dir(requests(elsewhere.path())).unwrap().count(), before);
        assert_eq!(fs::read_dir(elsewhere.path().join(".blueprint/answers")).unwrap().count(), 0, "{linked}");
    }
}

#[test]
fn what_is_too_long_is_not_left() {
    let worktree = tempfile::tempdir().unwrap();
    let error = leave(worktree.path(), &says(&"x".repeat(100_000))).unwrap_err();
    assert!(matches!(error, LeaveError::TooLong { .. }), "{error}");
    assert!(!worktree.path().join(".blueprint").exists());
}
