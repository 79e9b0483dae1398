use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use thiserror::Error;

/// A file or folder that could not be read, written or locked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The operating system said no.
    #[error("can't {action} `{path}`: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Writers that take no lock changed the file every time while we were about to replace it.
    #[error("`{path}` was changed by somebody else each time it was about to be saved")]
    Contended {
        /// The plan file.
        path: PathBuf,
    },
    /// Somebody does not give a lock back.
    #[error("the lock `{path}` is held{}, and was waited for in vain", by(*.holder))]
    Held {
        /// The lock file.
        path: PathBuf,
        /// The process that has it, where that can be found out.
        holder: Option<u32>,
    },
    /// A folder, a pipe or a device.
    #[error("`{path}` is no regular file")]
    NoFile {
        /// What it is not.
        path: PathBuf,
    },
    /// A record of ours could not be put into JSON.
    #[error("can't encode a record for `{path}`: {source}")]
    Encode {
        /// The file it was meant for.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

fn by(holder: Option<u32>) -> String {
    holder.map_or_else(String::new, |pid| format!(" by process {pid}"))
}

impl StoreError {
    pub(crate) fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// What a person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { path, source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    let disk = path.display();
                    Some(format!("make room on the disk of `{disk}`; then run again: it goes on from here"))
                }
                io::ErrorKind::PermissionDenied => {
                    Some("see whose file or folder that is, and its mode".to_owned())
                }
                _ if source.raw_os_error() == Some(Errno::IO.raw_os_error()) => {
                    Some("that disk fails: see what the kernel says (`dmesg`), then run again".to_owned())
                }
                _ => None,
            },
            Self::Held { holder: Some(pid), .. } => {
                Some(format!("see what process {pid} waits for, or end it"))
            }
            Self::Held { holder: None, .. } => Some("see who has that file open, and end it".to_owned()),
            Self::Contended { .. } | Self::NoFile { .. } | Self::Encode { .. } => None,
        }
    }

    /// Whether what was asked for is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
