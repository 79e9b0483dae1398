use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::Path;

use super::{LoadError, StoreError};
use crate::genesis::{Invalid, MAX_BYTES};

/// The bytes of a plan's file, whatever they are.
///
/// # Errors
/// [`StoreError`] when it can't be read, is no regular file, or is larger than a plan may be.
pub fn read_whole(path: &Path) -> Result<Vec<u8>, StoreError> {
    match read_bounded(path) {
        Ok((bytes, _)) => Ok(bytes),
        Err(LoadError::Store(error)) => Err(error),
        Err(LoadError::Invalid(_)) => {
            let too_large = std::io::Error::from(std::io::ErrorKind::FileTooLarge);
            Err(StoreError::io("read", path)(too_large))
        }
    }
}

/// Never more than a plan may have: a file that is too large is not read at all, and one without end not opened. (Opening a FIFO would
/// wait for somebody who writes into it.)
pub(super) fn read_bounded(path: &Path) -> Result<(Vec<u8>, Metadata), LoadError> {
    if !fs::metadata(path).map_err(StoreError::io("open", path))?.is_file() {
        return Err(StoreError::NoFile { path: path.to_owned() }.into());
    }
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let metadata = file.metadata().map_err(StoreError::io("read", path))?;
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    if metadata.len() > most {
        return Err(LoadError::Invalid(Invalid::too_large(metadata.len())));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // A file may grow while it is read, and some say that they are empty.
    let read = (&mut file).take(most + 1).read_to_end(&mut bytes);
    read.map_err(StoreError::io("read", path))?;
    Ok((bytes, metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_not_opened() {
        for path in ["/dev/zero", "/"] {
            assert!(matches!(read_whole(Path::new(path)), Err(StoreError::NoFile { .. })), "{path}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(read_bounded(&path), Err(LoadError::Invalid(_))));
        assert!(read_whole(&path).is_err());
    }
}
