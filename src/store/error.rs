use std::io;
use std::path::{Path, PathBuf};

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

impl StoreError {
    pub(super) fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// Whether what was asked for is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
