use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::remedy;

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
            Self::Io { source, .. } => remedy::of_system(source).map(str::to_owned),
            Self::Held { holder: Some(pid), .. } => {
                Some(format!("see what process {pid} waits for, or end it"))
            }
            Self::Held { holder: None, .. } => Some("see who has that file open, and end it".to_owned()),
            Self::Contended { .. } => {
                Some("an editor or a script writes it all the time: end that, then run again".to_owned())
            }
            Self::NoFile { .. } => {
                Some("put a file there, or name another: `blueprint VERB path/to/genesis.xml`".to_owned())
            }
            // A bug of ours: nobody can do anything about it.
            Self::Encode { .. } => None,
        }
    }

    /// Whether what was asked for is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
