use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{self, Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::cli::error::{CliError, Kind};
use crate::run::XMLSTARLET;

/// What we have taken for the real program, for whoever we start: if that is one of us, too, such as another version's copy, it looks
/// further, and none looks twice at the same place.
const TRIED: &str = "BLUEPRINT_XMLSTARLET_TRIED";

/// The program whose place we take.
pub(super) struct Real {
    path: PathBuf,
    /// How we were called, which its messages repeat.
    name: &'static str,
    tried: OsString,
}

/// Whether whoever started us takes us for the real program.
pub(super) fn is_asked_by_another() -> bool {
    env::var_os(TRIED).is_some()
}

impl Real {
    /// The first in `PATH` that isn't one of us: under the name by which we were called, else under its other one.
    pub(super) fn find(name: &'static str) -> Option<Self> {
        let tried = env::var_os(TRIED).unwrap_or_default();
        let others = XMLSTARLET.into_iter().filter(|other| *other != name);
        let us = own_program();
        let folders = env::var_os("PATH").unwrap_or_default();
        let mut names = [name].into_iter().chain(others);
        let path = names.find_map(|name| find(name, &folders, us, &tried))?;
        let tried = env::join_paths(env::split_paths(&tried).chain([path.clone()])).ok()?;
        Some(Self { path, name, tried })
    }

    /// Becomes the real program; comes back only if that fails.
    pub(super) fn take_over(&self, arguments: &[OsString]) -> CliError {
        self.failed(&self.command().args(arguments).exec())
    }

    /// Has it edit one file, and gives its exit code.
    pub(super) fn run(&self, head: &[OsString], file: &OsStr) -> Result<u8, CliError> {
        let status = self.command().args(head).arg(file).status();
        status.map(code).map_err(|error| self.failed(&error))
    }

    /// The same with a file in that folder.
    pub(super) fn run_in(&self, folder: &Path, head: &[OsString], file: &OsStr) -> Result<u8, CliError> {
        let status = self.command().args(head).arg(file).current_dir(folder).status();
        status.map(code).map_err(|error| self.failed(&error))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.arg0(self.name).env(TRIED, &self.tried);
        command
    }

    fn failed(&self, error: &io::Error) -> CliError {
        CliError::new(Kind::Environment, format!("can't start `{}`: {error}", self.path.display()))
    }
}

/// As a shell gives it.
fn code(status: ExitStatus) -> u8 {
    const SIGNALLED: i32 = 128;
    let code = status.code().or_else(|| status.signal().map(|signal| SIGNALLED + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// Device and inode: the same however many links lead there.
type Identity = (u64, u64);

fn own_program() -> Option<Identity> {
    let own = Path::new("/proc/self/exe");
    let own = if own.exists() { own.to_owned() } else { env::current_exe().ok()? };
    fs::metadata(own).ok().map(|file| (file.dev(), file.ino()))
}

fn find(name: &str, folders: &OsStr, us: Option<Identity>, tried: &OsStr) -> Option<PathBuf> {
    let is_tried = |path: &PathBuf| env::split_paths(tried).any(|before| before == *path);
    let is_other = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|file| {
            let is_program = file.is_file() && file.permissions().mode() & 0o111 != 0;
            is_program && us != Some((file.dev(), file.ino()))
        })
    };
    // Absolute, since it is also started in another folder.
    let candidates = env::split_paths(folders).filter_map(|folder| path::absolute(folder.join(name)).ok());
    candidates.filter(is_other).find(|path| !is_tried(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Folders(tempfile::TempDir);

    impl Folders {
        /// Of each path, a program.
        fn with(programs: &[&str]) -> Self {
            let folders = Self(tempfile::tempdir().unwrap());
            for program in programs {
                let path = folders.path(program);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, "").unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            folders
        }

        fn path(&self, path: &str) -> PathBuf {
            self.0.path().join(path)
        }

        fn find(&self, folders: &[&str], us: &str, tried: &[&str]) -> Option<String> {
            let join = |paths: &[&str]| env::join_paths(paths.iter().map(|path| self.path(path))).unwrap();
            let us = fs::metadata(self.path(us)).ok().map(|file| (file.dev(), file.ino()));
            let found = find("xmlstarlet", &join(folders), us, &join(tried))?;
            Some(found.strip_prefix(self.0.path()).unwrap().to_str().unwrap().to_owned())
        }
    }

    #[test]
    fn links_to_us_are_passed_over_wherever_they_are() {
        let folders = Folders::with(&["own/blueprint", "usr/xmlstarlet"]);
        for link in ["a", "b"] {
            fs::create_dir(folders.path(link)).unwrap();
            symlink(folders.path("own/blueprint"), folders.path(&format!("{link}/xmlstarlet"))).unwrap();
        }
        fs::create_dir(folders.path("c")).unwrap();
        fs::hard_link(folders.path("own/blueprint"), folders.path("c/xmlstarlet")).unwrap();
        let path = ["a", "b", "none", "c", "usr", "a"];
        assert_eq!(folders.find(&path, "own/blueprint", &[]).as_deref(), Some("usr/xmlstarlet"));
        assert_eq!(folders.find(&["a", "b", "c"], "own/blueprint", &[]), None);
    }

    #[test]
    fn a_copy_of_us_is_tried_once_only() {
        let folders = Folders::with(&["a/xmlstarlet", "b/xmlstarlet", "c/xmlstarlet"]);
        let path = ["a", "b", "c"];
        assert_eq!(folders.find(&path, "a/xmlstarlet", &[]).as_deref(), Some("b/xmlstarlet"));
        let tried = ["b/xmlstarlet"];
        assert_eq!(folders.find(&path, "b/xmlstarlet", &tried).as_deref(), Some("a/xmlstarlet"));
        let tried = ["b/xmlstarlet", "a/xmlstarlet"];
        assert_eq!(folders.find(&path, "a/xmlstarlet", &tried).as_deref(), Some("c/xmlstarlet"));
        let tried = ["a/xmlstarlet", "b/xmlstarlet", "c/xmlstarlet"];
        assert_eq!(folders.find(&path, "none", &tried), None);
    }

    #[test]
    fn what_can_not_be_executed_is_no_program() {
        let folders = Folders::with(&["b/xmlstarlet"]);
        fs::create_dir_all(folders.path("a/xmlstarlet")).unwrap();
        fs::create_dir_all(folders.path("c")).unwrap();
        fs::write(folders.path("c/xmlstarlet"), "").unwrap();
        assert_eq!(folders.find(&["a", "c", "b"], "none", &[]).as_deref(), Some("b/xmlstarlet"));
    }
}
