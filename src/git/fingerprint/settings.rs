use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use git2::{Config, Repository};
use sha2::{Digest, Sha256};

use crate::git::Repo;

/// Files of the common folder by which git does something else than before; the stash's own log is where all but its newest entry are.
const FILES: [&str; 8] = [
    "config",
    "config.worktree",
    "info/exclude",
    "info/attributes",
    "info/grafts",
    "objects/info/alternates",
    "shallow",
    "logs/refs/stash",
];
const HOOKS: &str = "hooks";
const HOOKS_PATH: &str = "core.hooksPath";

/// The hooks that git runs in a checkout or when something is pushed; the folder may hold anything beside them.
const BY_GIT: [&str; 24] = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "p4-pre-submit",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// The repository's settings and hooks, and the user's settings for all repositories.
pub(super) fn of(repo: &Repo, store: &Repository) -> BTreeMap<String, String> {
    let mut files: Vec<PathBuf> = FILES.iter().map(|file| repo.common_dir().join(file)).collect();
    files.extend([Config::find_global(), Config::find_xdg()].into_iter().flatten());
    let elsewhere = store.config().and_then(|config| config.get_path(HOOKS_PATH)).ok();
    let elsewhere = elsewhere.map(|folder| repo.place().join(folder));
    for folder in [Some(repo.common_dir().join(HOOKS)), elsewhere].into_iter().flatten() {
        files.extend(BY_GIT.iter().map(|hook| folder.join(hook)));
    }
    files.into_iter().filter_map(|file| Some((file.display().to_string(), digest(&file)?))).collect()
}

/// Of content and mode; nothing, where there is no such file.
fn digest(file: &Path) -> Option<String> {
    let mode = fs::metadata(file).ok().filter(fs::Metadata::is_file)?.permissions().mode();
    let digest = Sha256::digest(fs::read(file).ok()?);
    let hash = digest.iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    Some(format!("{hash} {mode:o}"))
}
