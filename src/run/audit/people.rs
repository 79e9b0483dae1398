use std::fs;
use std::path::Path;

use crate::run::supervisor::{descendants_of, parent_of};

/// No chain of parents is longer.
const MOST: usize = 1_000;

/// Whether no process works in those folders but us, those that wait for us, and those that we have started: no shell, no editor, no
/// watcher of anybody's. Where that can't be seen nobody knows, and the answer is no.
pub(super) fn nobody_is_in(folders: &[&Path]) -> bool {
    let us = std::process::id();
    let mut ours = descendants_of(us);
    ours.extend(std::iter::successors(Some(us), |pid| parent_of(*pid)).take(MOST));
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let ids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_in = |pid: u32| {
        let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
        cwd.is_ok_and(|cwd| folders.iter().any(|folder| cwd.starts_with(folder)))
    };
    !ids.filter(|pid| !ours.contains(pid)).any(is_in)
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
}
