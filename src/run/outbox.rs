//! What an agent reports by `blueprint task …` while its attempt is under way: a file in its worktree, read when it has ended.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::{StoreError, read_json, write_json};

/// The folder in a worktree that is ours; it ignores itself in git.
const FOLDER: &str = ".blueprint";

/// An agent's report about its own task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentReport {
    /// Proves which attempt it is from.
    pub token: String,
    /// What it says.
    pub says: Says,
}

/// What an agent can say of its task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// It is done.
    Done {
        /// In a sentence.
        summary: String,
        /// What was made.
        deliverables: Vec<String>,
        /// What else is to be known.
        notes: Option<String>,
    },
    /// It can't be done.
    Failed {
        /// Why.
        reason: String,
    },
}

/// Leaves a report for the run, in place of an earlier one.
///
/// # Errors
/// [`StoreError`] when it can't be written.
pub fn leave(worktree: &Path, report: &AgentReport) -> Result<(), StoreError> {
    let folder = worktree.join(FOLDER);
    make_folder(&folder).map_err(|source| StoreError::Io {
        action: "create folder",
        path: folder.clone(),
        source,
    })?;
    write_json(&file(worktree), report)
}

/// The report of the attempt whose token has that hash, if it left one that can be read.
pub(super) fn collect(worktree: &Path, token_hash: &str) -> Option<Says> {
    let report: AgentReport = read_json(&file(worktree)).ok()??;
    (hash(&report.token) == token_hash).then_some(report.says)
}

/// What is kept of a token, so that nobody learns it from our files.
pub(super) fn hash(token: &str) -> String {
    let digest = Sha256::digest(token);
    digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn file(worktree: &Path) -> PathBuf {
    worktree.join(FOLDER).join("report.json")
}

fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(".gitignore"), "*\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_attempt_with_the_token_is_believed() {
        let worktree = tempfile::tempdir().unwrap();
        let says = Says::Failed { reason: "no".into() };
        leave(worktree.path(), &AgentReport { token: "t".into(), says: says.clone() }).unwrap();
        assert_eq!(collect(worktree.path(), &hash("t")), Some(says));
        assert_eq!(collect(worktree.path(), &hash("u")), None);
    }

    #[test]
    fn a_spoilt_report_is_none() {
        let worktree = tempfile::tempdir().unwrap();
        fs::create_dir(worktree.path().join(FOLDER)).unwrap();
        fs::write(file(worktree.path()), "{\"token\":").unwrap();
        assert_eq!(collect(worktree.path(), ""), None);
    }
}
