use std::fs;
use std::path::Path;

use super::*;

/// Lets everything happen in a runtime as runs have it.
fn in_a_run(test: impl AsyncFnOnce(&Path, Watcher)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async { test(folder.path(), Watcher::start()).await });
}

/// Whether something is told, of what has happened before.
async fn is_told(watch: &mut Watch) -> bool {
    tokio::time::timeout(Duration::from_millis(100), watch.changed()).await.is_ok()
}

#[test]
fn a_file_is_heard_of_however_it_changes_and_its_neighbours_are_not() {
    in_a_run(async |folder, watcher| {
        let file = folder.join("plan");
        let mut watch = watcher.watch(Sought::file_by_folder(&file));
        fs::write(&file, "1").unwrap();
        watch.changed().await;
        fs::write(folder.join("other"), "1").unwrap();
        assert!(!is_told(&mut watch).await);
        fs::rename(folder.join("other"), &file).unwrap();
        watch.changed().await;
        fs::remove_file(&file).unwrap();
        watch.changed().await;
        assert!(watch.why_slow().is_none());
    });
}

#[test]
fn a_folder_that_is_taken_away_and_comes_back_is_watched_again() {
    in_a_run(async |folder, watcher| {
        let epic = folder.join("epic");
        fs::create_dir(&epic).unwrap();
        let mut watch = watcher.watch(Sought::file_by_folder(&epic.join("plan")));
        fs::remove_dir(&epic).unwrap();
        watch.changed().await;
        fs::create_dir(&epic).unwrap();
        watch.changed().await;
        fs::write(epic.join("plan"), "1").unwrap();
        watch.changed().await;
    });
}

#[test]
fn of_a_file_that_many_add_to_only_the_others_are_heard() {
    in_a_run(async |folder, watcher| {
        use std::io::Write;
        let path = folder.join("journal");
        let mut ours = fs::File::create(&path).unwrap();
        let mut watch = watcher.watch(Sought::added_to_by_others(&path));
        ours.write_all(b"1\n").unwrap();
        assert!(!is_told(&mut watch).await);
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"2\n").unwrap();
        watch.changed().await;
    });
}

#[test]
fn a_deaf_watcher_tells_from_time_to_time_and_says_why() {
    let watch = Watcher { bells: None }.watch(Sought::added_to_by_others(Path::new("/there/is/none")));
    assert!(watch.why_slow().is_some_and(|why| why.contains("inotify")));
}

#[test]
fn what_is_not_there_is_no_reason_to_complain() {
    in_a_run(async |folder, watcher| {
        let watch = watcher.watch(Sought::added_to_by_others(&folder.join("later")));
        assert!(watch.why_slow().is_none());
    });
}
