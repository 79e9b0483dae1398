//! A pool of jobs that the builds of all agents share, so that N agents don't start N times as many compilers as there are cores: a
//! jobserver as GNU make and cargo know it, by a named pipe with a token in it for each job.
//!
//! A named pipe needs no open files handed down through agent programs, many of which close what they inherit.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{CWD, Mode, OFlags, mkfifoat};
use tempfile::TempDir;

use crate::agent::BuildJobs;

/// The pipe takes no more tokens than this, however many are asked for.
const MOST: u32 = 4_096;
/// Since this version GNU make knows named pipes; older ones end with an error when they are given one.
const FIRST_MAKE: (u32, u32) = (4, 4);

/// The pool of a run.
#[derive(Debug)]
pub(super) struct Jobserver {
    folder: TempDir,
    jobs: u32,
    /// The last one is given to new attempts; the others are for those that have them.
    pools: Vec<File>,
    /// How many pools there were.
    made: usize,
    for_make: bool,
}

impl Jobserver {
    /// A pool of so many jobs, in the first folder whose path build tools can read.
    pub(super) fn new(jobs: NonZeroU32, for_make: bool) -> io::Result<Self> {
        let folders = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
        let folder = folders.iter().find(|folder| is_plain(folder) && folder.is_dir());
        let folder =
            folder.ok_or_else(|| io::Error::other("no folder for temporary files has a plain name"))?;
        let folder = tempfile::Builder::new().prefix("blueprint-jobs-").tempdir_in(folder)?;
        let mut server = Self { folder, jobs: jobs.get().min(MOST), pools: Vec::new(), made: 0, for_make };
        server.renew()?;
        Ok(server)
    }

    /// What an attempt is given that begins now. When no other one runs, nobody holds a token, and all are put back.
    pub(super) fn build_jobs(&mut self, is_alone: bool) -> io::Result<BuildJobs> {
        if is_alone && let Some(current) = self.pools.pop() {
            refill(&current, self.jobs)?;
            // Their attempts are gone; the files go with the folder.
            self.pools.clear();
            self.pools.push(current);
        }
        Ok(BuildJobs { jobs: self.jobs, pipe: self.pipe(), for_make: self.for_make })
    }

    /// An attempt was killed, and its tokens may be lost: those that begin from now on share a new pool.
    pub(super) fn renew(&mut self) -> io::Result<()> {
        self.made += 1;
        let path = self.pipe();
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR)?;
        let pipe = open(&path)?;
        refill(&pipe, self.jobs)?;
        self.pools.push(pipe);
        Ok(())
    }

    /// The current pool's.
    fn pipe(&self) -> PathBuf {
        self.folder.path().join(format!("pool-{}", self.made))
    }
}

/// Keeps the tokens of an attempt's pool in it as long as the file lives, also when the run is gone that made it.
pub(super) fn hold() -> Option<File> {
    let flags: OsString = std::env::var_os(BuildJobs::CARGO)?;
    open(&BuildJobs::pipe_in(flags.to_str()?)?).ok()
}

/// For both ends, so that it neither waits for somebody at the other one nor loses what is in it.
fn open(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)
}

/// Takes out what is there, and puts in a token for each job.
fn refill(mut pipe: &File, jobs: u32) -> io::Result<()> {
    let mut taken = [0; 1024];
    loop {
        match pipe.read(&mut taken) {
            Ok(0) => break,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    pipe.write_all(&vec![b'+'; jobs as usize])
}

/// Tools take these flags apart at blanks, and shells read some of them.
fn is_plain(folder: &Path) -> bool {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"/._-+".contains(&c);
    folder.is_absolute() && folder.as_os_str().as_encoded_bytes().iter().all(|c| is_plain(*c))
}

/// Whether the `make` of the `PATH` can be given a named pipe; true where there is none.
pub(super) fn make_knows_pipes() -> bool {
    let asked = Command::new("make").arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let says = asked.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    version(&says).is_none_or(|version| version >= FIRST_MAKE)
}

/// `GNU Make 4.3`.
fn version(says: &str) -> Option<(u32, u32)> {
    let (_, rest) = says.lines().next()?.split_once("GNU Make ")?;
    let mut numbers = rest.split(|c: char| !c.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    Some((major, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(jobs: u32) -> Jobserver {
        Jobserver::new(NonZeroU32::new(jobs).unwrap(), true).unwrap()
    }

    /// What a build that wants as much as it can get would take.
    fn take(jobs: &BuildJobs, most: usize) -> usize {
        let mut tokens = vec![0; most];
        open(&jobs.pipe).unwrap().read(&mut tokens).unwrap_or(0)
    }

    #[test]
    fn there_are_as_many_tokens_as_jobs_and_all_attempts_share_them() {
        let mut server = server(3);
        let (one, other) = (server.build_jobs(true).unwrap(), server.build_jobs(false).unwrap());
        assert_eq!(one, other);
        assert_eq!((take(&one, 2), take(&other, 9), take(&one, 9)), (2, 1, 0));
    }

    #[test]
    fn tokens_that_were_lost_are_back_when_nothing_runs() {
        let mut server = server(3);
        assert_eq!(take(&server.build_jobs(true).unwrap(), 2), 2);
        assert_eq!(take(&server.build_jobs(true).unwrap(), 9), 3);
    }

    #[test]
    fn after_a_kill_new_attempts_have_all_tokens_and_old_ones_keep_their_pool() {
        let mut server = server(3);
        let old = server.build_jobs(true).unwrap();
        assert_eq!(take(&old, 1), 1);
        server.renew().unwrap();
        let new = server.build_jobs(false).unwrap();
        assert_ne!(old.pipe, new.pipe);
        assert_eq!((take(&new, 9), take(&old, 9)), (3, 2));
    }

    #[test]
    fn nothing_is_left_of_it() {
        let mut server = server(1);
        let pipe = server.build_jobs(true).unwrap().pipe;
        drop(server);
        assert!(!pipe.parent().unwrap().exists());
    }

    #[test]
    fn a_make_that_does_not_know_named_pipes_is_told_apart() {
        let old =
            ["GNU Make 4.3\nBuilt for", "GNU Make 3.82"].map(|says| version(says).unwrap() < FIRST_MAKE);
        let new = ["GNU Make 4.4.1", "GNU Make 5"].map(|says| version(says).unwrap() >= FIRST_MAKE);
        assert_eq!((old, new), ([true, true], [true, true]));
        assert_eq!(version("bmake"), None);
    }

    #[test]
    fn only_paths_that_no_tool_takes_apart_are_plain() {
        assert!(is_plain(Path::new("/tmp/x_1.y-z")));
        assert!(["/tmp/a b", "relative", "/tmp/ü", "/tmp/$x"].iter().all(|path| !is_plain(Path::new(path))));
    }
}
