use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::agent::CommandLine;

/// Folders in which build tools keep what they have downloaded and built. What is run from there by itself (programs, settings) is not.
const FOLDERS: &[&str] = &[
    ".cache",
    ".npm",
    ".yarn",
    ".pnpm-store",
    ".local/share/pnpm",
    ".bun/install/cache",
    ".deno",
    ".m2/repository",
    ".gradle/caches",
    ".gradle/daemon",
    ".gradle/wrapper",
    ".ivy2",
    ".nuget/packages",
    ".local/share/NuGet",
    "go/pkg",
    ".bundle/cache",
];
/// The same of cargo, in its own folder, and the locks and notes that it takes there.
const CARGO_FOLDERS: [&str; 2] = ["registry", "git"];
const CARGO_FILES: [&str; 3] = [".package-cache", ".package-cache-mutate", ".global-cache"];

/// Variables that name such folders.
const VARIABLES: &[&str] = &[
    "CARGO_TARGET_DIR",
    "GOCACHE",
    "GOMODCACHE",
    "PIP_CACHE_DIR",
    "UV_CACHE_DIR",
    "XDG_CACHE_HOME",
    "YARN_CACHE_FOLDER",
    "npm_config_cache",
    "SCCACHE_DIR",
    "CCACHE_DIR",
];

/// Those in the home folder. cargo's are made where they are missing: it could not do it itself.
pub(super) fn of(home: &Path) -> Vec<PathBuf> {
    let folders = FOLDERS.iter().map(|folder| home.join(folder));
    folders.chain(cargo(&home.join(".cargo"))).collect()
}

/// Those that variables of the agent name.
pub(super) fn named_by(command: &CommandLine) -> Vec<PathBuf> {
    let named = VARIABLES.iter().filter_map(|variable| command.var(variable)).map(PathBuf::from);
    let cargo = command.var("CARGO_HOME").map(|folder: &OsStr| cargo(Path::new(folder)));
    named.chain(cargo.into_iter().flatten()).filter(|folder| folder.is_absolute()).collect()
}

fn cargo(folder: &Path) -> Vec<PathBuf> {
    if !folder.is_dir() {
        return Vec::new();
    }
    let folders = CARGO_FOLDERS.map(|name| folder.join(name));
    for folder in &folders {
        let _ = fs::create_dir(folder);
    }
    let files = CARGO_FILES.map(|name| folder.join(name));
    for lock in &files[..2] {
        let _ = fs::OpenOptions::new().append(true).create(true).open(lock);
    }
    folders.into_iter().chain(files).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_cargo_s_own_folder_nothing_is_open_that_runs_by_itself() {
        let home = tempfile::tempdir().unwrap();
        let cargo = home.path().join(".cargo");
        fs::create_dir_all(cargo.join("bin")).unwrap();
        let open = of(home.path());
        assert!(open.contains(&cargo.join("registry")) && cargo.join("registry").is_dir());
        for closed in ["", "bin", "bin/cargo", "config.toml", "env"] {
            let closed = cargo.join(closed);
            assert!(!open.iter().any(|place| closed.starts_with(place)), "{closed:?}");
        }
    }

    #[test]
    fn where_there_is_no_cargo_no_folder_of_it_is_made() {
        let home = tempfile::tempdir().unwrap();
        assert!(of(home.path()).iter().all(|place| !place.starts_with(home.path().join(".cargo"))));
        assert!(!home.path().join(".cargo").exists());
    }

    #[test]
    fn a_cache_that_a_variable_names_is_open() {
        let env = vec![("GOCACHE".into(), "/data/go".into()), ("PIP_CACHE_DIR".into(), "relative".into())];
        let command =
            CommandLine { program: "x".into(), args: Vec::new(), env, stdin: Vec::new(), files: Vec::new() };
        assert_eq!(named_by(&command), [PathBuf::from("/data/go")]);
    }
}
