//! Finding a program without running it.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{BaseEnv, RunnerError};

/// A program that a runner wants, and how to name it when it is not there.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'a> {
    /// The runner's name.
    pub runner: &'a str,
    /// The program: a name, or a path.
    pub program: &'a OsStr,
    /// How to install it.
    pub hint: Option<String>,
}

/// What to start for a program as configured: a bare name stays (it is looked up in `PATH`), a path with a slash is
/// taken relative to the folder of the configuration file, and never to the worktree, whose files the agent writes.
pub(super) fn resolve(program: &OsStr, config_dir: &Path) -> OsString {
    if program.as_encoded_bytes().contains(&b'/') {
        config_dir.join(program).into_os_string()
    } else {
        program.to_owned()
    }
}

/// The file that starting the program would execute.
pub(super) fn find(wanted: Wanted<'_>, env: &BaseEnv, config_dir: &Path) -> Result<PathBuf, RunnerError> {
    let program = resolve(wanted.program, config_dir);
    if program.as_encoded_bytes().contains(&b'/') {
        return at_path(wanted, PathBuf::from(program));
    }
    let path = env.var("PATH").unwrap_or_default();
    std::env::split_paths(path)
        .map(|folder| folder.join(&program))
        .find(|file| is_executable(file))
        .ok_or_else(|| missing(wanted, "PATH".to_owned()))
}

fn at_path(wanted: Wanted<'_>, path: PathBuf) -> Result<PathBuf, RunnerError> {
    if !path.is_file() {
        let folder = path.parent().unwrap_or(Path::new("/"));
        return Err(missing(wanted, folder.display().to_string()));
    }
    if !is_executable(&path) {
        return Err(RunnerError::NotExecutable { name: wanted.runner.to_owned(), path });
    }
    Ok(path)
}

fn missing(wanted: Wanted<'_>, searched: String) -> RunnerError {
    RunnerError::ProgramMissing {
        name: wanted.runner.to_owned(),
        program: wanted.program.to_string_lossy().into_owned(),
        searched,
        hint: wanted.hint,
    }
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(file: &str, mode: u32) -> Folder {
            let folder = Folder(tempfile::tempdir().unwrap());
            let path = folder.0.path().join(file);
            fs::write(&path, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            folder
        }

        fn find(&self, program: &str) -> Result<PathBuf, RunnerError> {
            let env = BaseEnv::new([("PATH", self.0.path())]);
            let wanted =
                Wanted { runner: "main", program: program.as_ref(), hint: Some("install it".to_owned()) };
            find(wanted, &env, self.0.path())
        }
    }

    #[test]
    fn a_bare_name_is_looked_up_in_the_path_that_was_given() {
        let folder = Folder::with("tool", 0o755);
        assert_eq!(folder.find("tool").unwrap(), folder.0.path().join("tool"));
    }

    #[test]
    fn a_missing_program_is_named_with_how_to_install_it() {
        let error = Folder::with("tool", 0o755).find("other").unwrap_err();
        assert_eq!(error.to_string(), "runner `main`: program `other` was not found in PATH; install it");
    }

    #[test]
    fn a_path_is_relative_to_the_configurations_folder() {
        let folder = Folder::with("tool", 0o755);
        assert_eq!(folder.find("./tool").unwrap(), folder.0.path().join("./tool"));
        assert!(matches!(folder.find("bin/tool"), Err(RunnerError::ProgramMissing { .. })));
    }

    #[test]
    fn a_file_that_may_not_be_executed_is_no_program() {
        let folder = Folder::with("tool", 0o644);
        assert!(matches!(folder.find("tool"), Err(RunnerError::ProgramMissing { .. })));
        assert!(matches!(folder.find("./tool"), Err(RunnerError::NotExecutable { .. })));
    }
}
