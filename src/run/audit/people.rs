use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::run::supervisor::{descendants_of, parent_of};

/// No chain of parents is longer.
const MOST: usize = 1_000;

/// Whether no process works in those folders but us, those that wait for us, and those that we have started: no shell, no editor, no
/// watcher of anybody's. Where that can't be seen nobody knows, and the answer is no.
pub(super) fn nobody_is_in(folders: &[&Path]) -> bool {
    let is_in = |pid: u32| {
        let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
        cwd.is_ok_and(|cwd| folders.iter().any(|folder| cwd.starts_with(folder)))
    };
    strangers().is_some_and(|mut strangers| !strangers.any(is_in))
}

/// Whether none of those processes has anything there open either, watches it (as editors watch what is open in them, wherever they were
/// started), or was called with its name. That takes a while to find out.
pub(super) fn nobody_looks_at(folders: &[&Path]) -> bool {
    let inodes: HashSet<_> =
        folders.iter().filter_map(|folder| Some(fs::metadata(folder).ok()?.ino())).collect();
    let looks = |pid: u32| is_called_with(pid, folders) || has_open(pid, folders, &inodes);
    strangers().is_some_and(|mut strangers| !strangers.any(looks))
}

/// Everybody but us, whom we descend from, and who descends from us.
fn strangers() -> Option<impl Iterator<Item = u32>> {
    let us = std::process::id();
    let mut ours: HashSet<_> = descendants_of(us).into_iter().collect();
    ours.extend(std::iter::successors(Some(us), |pid| parent_of(*pid)).take(MOST));
    let processes = fs::read_dir("/proc").ok()?;
    let ids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    Some(ids.filter(move |pid| !ours.contains(pid)))
}

fn is_called_with(pid: u32, folders: &[&Path]) -> bool {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words = words.split(|byte| *byte == 0).map(|word| Path::new(std::ffi::OsStr::from_bytes(word)));
    words.any(|word| folders.iter().any(|folder| word.starts_with(folder)))
}

fn has_open(pid: u32, folders: &[&Path], inodes: &HashSet<u64>) -> bool {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.map(|entry| (entry.file_name(), fs::read_link(entry.path()).unwrap_or_default())).any(
        |(number, what)| {
            let notes = || PathBuf::from(format!("/proc/{pid}/fdinfo")).join(&number);
            let is_there = folders.iter().any(|folder| what.starts_with(folder));
            is_there || (what.as_os_str() == "anon_inode:inotify" && watches(&notes(), inodes))
        },
    )
}

/// Lines are `inotify wd:1 ino:9e7e sdev:800013 …`, in hexadecimal.
fn watches(notes: &Path, inodes: &HashSet<u64>) -> bool {
    let notes = fs::read_to_string(notes).unwrap_or_default();
    let mut watched = notes.split_ascii_whitespace().filter_map(|word| word.strip_prefix("ino:"));
    watched.any(|node| u64::from_str_radix(node, 16).is_ok_and(|inode| inodes.contains(&inode)))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_we_have_started_ourselves_is_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let mut child = Command::new("sleep").arg("60").current_dir(&folder).spawn().unwrap();
        let is_alone = nobody_is_in(&[&folder]);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_alone);
    }

    #[test]
    fn who_watches_a_folder_has_a_file_of_it_open_or_was_called_with_it_looks_at_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let file = folder.join("a");
        fs::write(&file, "x").unwrap();
        let us = std::process::id();
        let node = HashSet::from([fs::metadata(&folder).unwrap().ino()]);
        assert!(!has_open(us, &[&folder], &node) && !is_called_with(us, &[&folder]));
        let open = fs::File::open(&file).unwrap();
        assert!(has_open(us, &[&folder], &HashSet::new()));
        drop(open);
        let inotify = rustix::fs::inotify::init(rustix::fs::inotify::CreateFlags::CLOEXEC).unwrap();
        assert!(!has_open(us, &[&folder], &node));
        let flags = rustix::fs::inotify::WatchFlags::CREATE;
        rustix::fs::inotify::add_watch(&inotify, &folder, flags).unwrap();
        assert!(has_open(us, &[&folder], &node));
        let mut child = Command::new("tail").arg("-f").arg(&file).current_dir("/").spawn().unwrap();
        // While the kernel is still exchanging the program, it has no words.
        let words = format!("/proc/{}/cmdline", child.id());
        while fs::read(&words).is_ok_and(|words| words.is_empty()) {
            std::thread::yield_now();
        }
        let is_called = is_called_with(child.id(), &[&folder]);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_called);
    }
}
