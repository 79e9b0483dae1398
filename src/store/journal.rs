use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::replace::{folder_of, sync_folder};

/// A file of JSON lines to which records are only added; each is on disk before [`Journal::append`] returns.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens the journal for adding, and makes it if it isn't there.
    ///
    /// A last line that a crash cut off is closed with a line end, so that it spoils no record but itself.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be opened or mended.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        let mut file = options.open(path).map_err(StoreError::io("open", path))?;
        close_torn_line(&mut file).map_err(StoreError::io("mend", path))?;
        sync_folder(folder_of(path))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Adds one record and waits until it is on disk.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be encoded, written or synced.
    pub fn append(&mut self, record: &impl Serialize) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(record)
            .map_err(|source| StoreError::Encode { path: self.path.clone(), source })?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(StoreError::io("write", &self.path))?;
        self.file.sync_data().map_err(StoreError::io("sync", &self.path))
    }
}

fn close_torn_line(file: &mut File) -> io::Result<()> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last[0] == b'\n' { Ok(()) } else { file.write_all(b"\n") }
}

/// The records of a journal that could be read.
#[derive(Debug)]
pub struct Records<T> {
    /// In the order in which they were written.
    pub records: Vec<T>,
    /// How many lines were no record: torn by a crash, or of a later version.
    pub unreadable: usize,
}

/// Reads a journal; one that isn't there has no records.
///
/// # Errors
/// [`StoreError`] when the file is there and can't be read.
pub fn read_records<T: DeserializeOwned>(path: &Path) -> Result<Records<T>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    let mut found = Records { records: Vec::new(), unreadable: 0 };
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(record) => found.records.push(record),
            Err(_) => found.unreadable += 1,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        Journal::open(&path).unwrap().append(&1).unwrap();
        Journal::open(&path).unwrap().append(&2).unwrap();
        assert_eq!(read_records::<i32>(&path).unwrap().records, [1, 2]);
    }

    #[test]
    fn a_torn_last_line_spoils_nothing_but_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, "[1]\n[2]\n[3").unwrap();
        Journal::open(&path).unwrap().append(&[4]).unwrap();
        let found = read_records::<Vec<i32>>(&path).unwrap();
        assert_eq!((found.records, found.unreadable), (vec![vec![1], vec![2], vec![4]], 1));
    }

    #[test]
    fn a_journal_that_is_not_there_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_records::<i32>(&folder.path().join("none")).unwrap().records.is_empty());
    }
}
