//! The git program: the only place that starts it. It is called for what libgit2 can't do as git does it (filters, encodings, hooks, what is
//! fetched on demand, pushing), never for what it can.
//!
//! It is told arguments, never a line for a shell; it is in a process group of its own, so that a Ctrl-C meant for us does not break
//! it off; it asks nobody for a password, and starts no maintenance in the background. One that does not end is ended, see [`limit_calls`]:
//! a filter, a hook or a remote may hang.

mod child;
mod time_left;

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::GitError;
use child::Ran;
pub use child::break_off_calls;
pub use time_left::TimeLeft;

/// How long a call may take, unless [`limit_calls`] has said otherwise: large files may come over a slow network, and a hook may build.
const LIMIT: Duration = Duration::from_mins(30);
static SET_LIMIT: OnceLock<Duration> = OnceLock::new();

/// How long a call of git may take in this process from now on; what takes longer is ended, with all that it has started, and is
/// [`GitError::TimedOut`]. What is said first holds.
pub fn limit_calls(limit: Duration) {
    let _ = SET_LIMIT.set(limit);
}

/// In each call: nothing that goes on after it, in this repository or by a daemon for it.
const SETTINGS: [&str; 3] = ["gc.auto=0", "maintenance.auto=false", "core.fsmonitor=false"];
/// Variables that say how git is to work, not on what: these stay, all others of its own are taken away.
const KEPT: [&str; 8] = [
    "GIT_ASKPASS",
    "GIT_CONFIG_",
    "GIT_EXEC_PATH",
    "GIT_HTTP_",
    "GIT_LFS_",
    "GIT_PROXY_",
    "GIT_SSH",
    "GIT_SSL_",
];
/// As much as is shown of what git complained of, in lines.
const SHOWN: usize = 6;

/// A call of the git program, being put together.
#[derive(Debug)]
pub struct Program {
    action: &'static str,
    folder: PathBuf,
    settings: Vec<OsString>,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    limit: Duration,
    is_over: Option<Arc<AtomicBool>>,
    time_left: Option<TimeLeft>,
}

/// How a call ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` if it was killed.
    pub code: Option<i32>,
    /// All that it printed.
    pub stdout: Vec<u8>,
    /// What it complained of.
    pub stderr: Vec<u8>,
}

impl Program {
    /// A call in `folder`; `action` says what for ("check out files"), for the message if it fails.
    pub fn new(action: &'static str, folder: &Path) -> Self {
        Self {
            action,
            folder: folder.to_owned(),
            settings: SETTINGS.map(OsString::from).to_vec(),
            arguments: Vec::new(),
            variables: Vec::new(),
            stdin: Vec::new(),
            limit: SET_LIMIT.get().copied().unwrap_or(LIMIT),
            is_over: None,
            time_left: None,
        }
    }

    /// Whether there is one on the `PATH` that starts at all. Looked at once.
    pub fn is_there() -> bool {
        static THERE: OnceLock<bool> = OnceLock::new();
        *THERE.get_or_init(|| {
            let asked = Command::new("git").arg("--version").stdin(Stdio::null()).output();
            asked.is_ok_and(|output| output.status.success())
        })
    }

    /// More arguments, the name of git's command first.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// A setting for this call, as `key=value`.
    #[must_use]
    pub fn setting(mut self, setting: &str) -> Self {
        self.settings.push(setting.into());
        self
    }

    /// A variable of the environment for this call.
    #[must_use]
    pub fn var(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// What it finds on its standard input; nothing, if this is not called.
    #[must_use]
    pub fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = bytes;
        self
    }

    /// How long it may take, where that is not what holds for all calls.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// What breaks it off when it is set, by a signal perhaps: it is ended then, with all that it has started.
    #[must_use]
    pub fn until(mut self, is_over: &Arc<AtomicBool>) -> Self {
        self.is_over = Some(Arc::clone(is_over));
        self
    }

    /// What breaks it off when it is over.
    #[must_use]
    pub fn in_time(mut self, time_left: &TimeLeft) -> Self {
        self.time_left = Some(time_left.clone());
        self
    }

    /// Runs it to its end; gives what it printed. Anything but success is an error, in git's own words.
    pub fn run(self) -> Result<Vec<u8>, GitError> {
        let (action, path) = (self.action, self.folder.clone());
        match self.end()? {
            Ended { code: Some(0), stdout, .. } => Ok(stdout),
            ended => Err(GitError::Program { action, path, said: ended.said() }),
        }
    }

    /// Runs it to its end, whatever that is. An error only if it can't be started, does not end in time, or is
    /// broken off.
    pub fn end(self) -> Result<Ended, GitError> {
        let (action, path, limit) = (self.action, self.folder.clone(), self.limit);
        match self.output() {
            Ok(Ran::Ended(Output { status, stdout, stderr })) => {
                Ok(Ended { code: status.code(), stdout, stderr })
            }
            Ok(Ran::TimedOut) => Err(GitError::TimedOut { action, path, limit }),
            Ok(Ran::BrokenOff) => Err(GitError::BrokenOff { action, path }),
            Err(source) => Err(GitError::NoProgram { action, path, source }),
        }
    }

    fn output(self) -> std::io::Result<Ran> {
        let mut git = Command::new("git");
        for (name, _) in env::vars_os().filter(|(name, _)| !stays(name)) {
            git.env_remove(name);
        }
        // Untranslated: some messages tell us that a disk is full.
        git.env("GIT_TERMINAL_PROMPT", "0").env("LANGUAGE", "en").envs(self.variables);
        for setting in self.settings {
            git.arg("-c").arg(setting);
        }
        git.args(self.arguments).current_dir(self.folder).stdin(input(&self.stdin)?);
        let is_over = || {
            self.is_over.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst))
                || self.time_left.as_ref().is_some_and(TimeLeft::is_over)
        };
        child::run(git, self.limit, &is_over)
    }
}

impl Ended {
    /// The last lines of its complaint in one, or the exit code if there was none.
    pub fn said(&self) -> String {
        said(self.code, &self.stderr)
    }
}

/// A file, since a pipe might have to be filled while the other two are emptied.
fn input(bytes: &[u8]) -> std::io::Result<Stdio> {
    if bytes.is_empty() {
        return Ok(Stdio::null());
    }
    let mut file: File = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

/// Whether a variable is passed on: a `GIT_DIR` or the like would make git work on another repository.
fn stays(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    !name.starts_with(b"GIT_") || KEPT.iter().any(|kept| name.starts_with(kept.as_bytes()))
}

fn said(code: Option<i32>, stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(SHOWN);
    let shown = lines.get(from..).unwrap_or_default().join("; ");
    let shown: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match (shown.as_str(), code) {
        ("", Some(code)) => format!("exit code {code}, without a word"),
        ("", None) => "killed by a signal".to_owned(),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works_in_its_folder_and_reads_what_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        Program::new("make a repository", folder.path()).args(["init", "--quiet"]).run().unwrap();
        let stored = Program::new("store", folder.path()).args(["hash-object", "-w", "--stdin"]);
        let id = stored.stdin(b"text\n".to_vec()).run().unwrap();
        let id = String::from_utf8(id).unwrap();
        let read = Program::new("read", folder.path()).args(["cat-file", "blob", id.trim()]);
        assert_eq!(read.run().unwrap(), b"text\n");
    }

    #[test]
    fn a_failure_names_what_was_tried_and_where_in_gits_words() {
        let folder = tempfile::tempdir().unwrap();
        let error =
            Program::new("read a commit", folder.path()).args(["rev-parse", "HEAD"]).run().unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("can't read a commit in ") && text.contains("not a git repository"),
            "{text}"
        );
        let missing = Program::new("look", &folder.path().join("none")).args(["status"]).run().unwrap_err();
        assert!(matches!(missing, GitError::NoProgram { .. }), "{missing:?}");
    }

    fn hanging(folder: &Path, script: &str) -> Program {
        let alias = format!("alias.hang=!{script}");
        Program::new("hang", folder).setting(&alias).args(["hang"])
    }

    #[test]
    fn a_call_that_takes_too_long_is_named_with_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        Program::new("make a repository", folder.path()).args(["init", "--quiet"]).run().unwrap();
        let error = hanging(folder.path(), "sleep 600").within(Duration::from_millis(50)).end().unwrap_err();
        assert!(matches!(error, GitError::TimedOut { .. }), "{error:?}");
        assert!(error.to_string().contains("git had not ended after 50ms"), "{error}");
    }

    #[test]
    fn a_call_that_is_broken_off_is_ended_with_all_that_it_has_started() {
        let folder = tempfile::tempdir().unwrap();
        Program::new("make a repository", folder.path()).args(["init", "--quiet"]).run().unwrap();
        // One in a session of its own, one that does not listen, both still there when git is gone.
        let script = "setsid sh -c 'echo $$ >a; exec sleep 600' & sh -c 'trap : TERM; echo $$ >b; while :; do sleep 1; done'";
        let is_over = Arc::new(AtomicBool::new(false));
        let pid_in = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap_or_default();
        let is_there = |file: &str| pid_in(file).ends_with('\n');
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !(is_there("a") && is_there("b")) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                is_over.store(true, std::sync::atomic::Ordering::SeqCst);
            });
            let error = hanging(folder.path(), script).until(&is_over).end().unwrap_err();
            assert!(matches!(error, GitError::BrokenOff { .. }), "{error:?}");
        });
        for file in ["a", "b"] {
            let command = std::fs::read(format!("/proc/{}/cmdline", pid_in(file).trim())).unwrap_or_default();
            assert!(command.is_empty(), "{file}: {}", String::from_utf8_lossy(&command));
        }
    }

    #[test]
    fn what_stays_in_the_background_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        Program::new("make a repository", folder.path()).args(["init", "--quiet"]).run().unwrap();
        let printed = hanging(folder.path(), "echo here; sleep 600 & echo $! >pid").run().unwrap();
        assert_eq!(printed, b"here\n");
        let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
        assert!(Command::new("kill").arg(pid.trim()).status().unwrap().success(), "it is nobody's to end");
    }

    #[test]
    fn variables_that_lead_git_elsewhere_are_taken_away_and_settings_stay() {
        for kept in ["PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_SSH_COMMAND", "GIT_LFS_SKIP_SMUDGE"] {
            assert!(stays(OsStr::new(kept)), "{kept}");
        }
        for taken in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG", "GIT_TRACE", "GIT_EDITOR"] {
            assert!(!stays(OsStr::new(taken)), "{taken}");
        }
    }

    #[test]
    fn a_long_complaint_is_told_by_its_last_lines() {
        let long = (1..=20).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n\n");
        assert_eq!(said(Some(1), long.as_bytes()), "line 15; line 16; line 17; line 18; line 19; line 20");
        assert_eq!(said(Some(7), b"\n"), "exit code 7, without a word");
        assert_eq!(said(None, b""), "killed by a signal");
        assert_eq!(said(Some(1), b"a\x1b[31mb"), "a [31mb");
    }
}
