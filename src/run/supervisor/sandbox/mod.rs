//! What keeps an agent where it belongs: it may write in some places only, and not read what is secret.
//!
//! By Landlock, the kernel's own sandbox, or by bubblewrap where that is not to be had.

mod around;
mod bwrap;
mod landlock;

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::str::FromStr;

/// What keeps an agent where it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// The kernel, from Linux 6.2 on.
    Landlock,
    /// The program `bwrap`.
    Bwrap,
}

/// A sandbox and its walls. All paths are absolute, without symbolic links; those that are not there don't matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walls {
    /// Who holds them up.
    pub by: Sandbox,
    /// All that may be written: files, and folders with everything below.
    pub write: Vec<PathBuf>,
    /// What may not be read: files, and folders with everything below.
    pub secrets: Vec<PathBuf>,
    /// Folders of others' work, which may not be read, either, but for what is in `read` or in `write`.
    pub hidden: Vec<PathBuf>,
    /// What may be read in a folder that is hidden.
    pub read: Vec<PathBuf>,
}

impl Sandbox {
    /// Each of them, the better one first.
    pub const ALL: [Self; 2] = [Self::Landlock, Self::Bwrap];

    /// Its word on the command line and in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Bwrap => "bwrap",
        }
    }

    /// Whether this machine has it, found out by trying.
    pub fn is_available(self) -> bool {
        match self {
            Self::Landlock => landlock::is_available(),
            Self::Bwrap => bwrap::is_available(),
        }
    }
}

impl FromStr for Sandbox {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|sandbox| sandbox.as_str() == word);
        known.ok_or_else(|| format!("`{word}` is no sandbox"))
    }
}

impl Walls {
    /// The command that starts the program inside them, where another program does that.
    pub(super) fn around(&self, command: Command) -> Command {
        match self.by {
            Sandbox::Landlock => command,
            Sandbox::Bwrap => bwrap::inside(self, &command),
        }
    }

    /// Starts what [`Walls::around`] has given. We stay outside: we have its output and its end to write.
    pub(super) fn spawn(&self, mut command: Command) -> io::Result<Child> {
        match self.by {
            Sandbox::Landlock => landlock::spawn(self, command),
            Sandbox::Bwrap => command.spawn(),
        }
    }
}
