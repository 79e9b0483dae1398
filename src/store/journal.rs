use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::disk::disk;
use super::replace::{folder_of, sync_folder};
use super::{Disk, StoreError};

/// A file of JSON lines to which records are only added; each is on disk before [`Journal::append`] returns.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    disk: &'static dyn Disk,
    /// All before this place was there when we opened it, is ours, or was read by [`Journal::others`].
    known: u64,
    /// What others wrote between our own records, not read yet.
    gaps: Vec<Range<u64>>,
    /// Lines that are not written yet.
    waiting: Vec<u8>,
    /// One of them has to last.
    has_to_last: bool,
}

impl Journal {
    /// Opens the journal for adding, and makes it if it isn't there.
    ///
    /// A last line that a crash cut off is closed with a line end, so that it spoils no record but itself.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be opened or mended.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_on(disk(), path)
    }

    /// The same, by way of that disk.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be opened or mended.
    pub fn open_on(disk: &'static dyn Disk, path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        let mut file = options.open(path).map_err(StoreError::io("open", path))?;
        close_torn_line(&mut file).map_err(StoreError::io("mend", path))?;
        sync_folder(disk, folder_of(path))?;
        let known = file.metadata().map_err(StoreError::io("read", path))?.len();
        Ok(Self {
            file,
            path: path.to_owned(),
            disk,
            known,
            gaps: Vec::new(),
            waiting: Vec::new(),
            has_to_last: false,
        })
    }

    /// Whether there is nothing in it yet.
    pub fn is_empty(&self) -> bool {
        self.known == 0
    }

    /// Adds one record and waits until it is on disk.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be encoded, written or synced.
    pub fn append(&mut self, record: &impl Serialize) -> Result<(), StoreError> {
        self.add(record)?;
        self.flush()
    }

    /// Adds one record, which is on disk after [`Journal::flush`].
    ///
    /// # Errors
    /// [`StoreError`] when it could not be encoded.
    pub fn add(&mut self, record: &impl Serialize) -> Result<(), StoreError> {
        self.has_to_last = true;
        self.add_for_now(record)
    }

    /// The same for a record that nobody will miss after a power cut: it is written, but not waited for.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be encoded.
    pub fn add_for_now(&mut self, record: &impl Serialize) -> Result<(), StoreError> {
        let before = self.waiting.len();
        if let Err(source) = serde_json::to_writer(&mut self.waiting, record) {
            self.waiting.truncate(before);
            return Err(StoreError::Encode { path: self.path.clone(), source });
        }
        self.waiting.push(b'\n');
        Ok(())
    }

    /// Writes all records that were added, at once, and waits until they are on disk.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be written or synced.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(&mut self.waiting);
        if let Err(error) = self.disk.write(&mut self.file, &lines) {
            // A part of it may be there: that must not swallow what somebody else adds.
            let _ = self.file.write_all(b"\n");
            return Err(StoreError::io("write", &self.path)(error));
        }
        self.note_gap(lines.len() as u64).map_err(StoreError::io("read", &self.path))?;
        if std::mem::take(&mut self.has_to_last) {
            self.disk.sync(&self.file).map_err(StoreError::io("sync", &self.path))?;
        }
        self.waiting = lines;
        self.waiting.clear();
        Ok(())
    }

    /// The records that others have added since it was opened, and since this was asked last.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn others<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, StoreError> {
        let end = self.file.metadata().map_err(StoreError::io("read", &self.path))?.len();
        if end > self.known {
            self.gaps.push(self.known..end);
            self.known = end;
        }
        let mut records = Vec::new();
        for gap in std::mem::take(&mut self.gaps) {
            let bytes = self.bytes(gap).map_err(StoreError::io("read", &self.path))?;
            records.extend(lines(&bytes).filter_map(|line| serde_json::from_slice(line).ok()));
        }
        Ok(records)
    }

    /// A file that is only added to is written at its end, wherever that is by then: behind our record we stand where it ends.
    fn note_gap(&mut self, length: u64) -> io::Result<()> {
        let end = self.file.stream_position()?;
        let begin = end.saturating_sub(length);
        if begin > self.known {
            self.gaps.push(self.known..begin);
        }
        self.known = end;
        Ok(())
    }

    fn bytes(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes)
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
    let mut records = Vec::new();
    let unreadable = each_record(path, |record| records.push(record))?;
    Ok(Records { records, unreadable })
}

/// The same, one record after the other: of a long run all together would take many times the room of what is made of them. How many
/// lines were no record.
///
/// # Errors
/// [`StoreError`] when the file is there and can't be read.
pub fn each_record<T: DeserializeOwned>(path: &Path, mut take: impl FnMut(T)) -> Result<usize, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    let (mut unreadable, mut line) = (0, Vec::new());
    let mut journal = BufReader::with_capacity(PIECE, file);
    while journal.read_until(b'\n', &mut line).map_err(StoreError::io("read", path))? > 0 {
        for line in lines(&line) {
            serde_json::from_slice(line).map_or_else(|_| unreadable += 1, &mut take);
        }
        line.clear();
    }
    Ok(unreadable)
}

/// In bytes: so much of a journal is read at once.
const PIECE: usize = 64 * 1024;

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

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
    fn records_that_are_added_are_written_together_and_only_when_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.add(&1).unwrap();
        journal.add_for_now(&2).unwrap();
        assert!(read_records::<i32>(&path).unwrap().records.is_empty());
        journal.flush().unwrap();
        journal.flush().unwrap();
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
    fn what_others_add_is_told_apart_from_our_own_and_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        Journal::open(&path).unwrap().append(&1).unwrap();
        let (mut ours, mut theirs) = (Journal::open(&path).unwrap(), Journal::open(&path).unwrap());
        theirs.append(&2).unwrap();
        ours.append(&3).unwrap();
        ours.append(&4).unwrap();
        theirs.append(&5).unwrap();
        assert_eq!(ours.others::<i32>().unwrap(), [2, 5]);
        ours.append(&6).unwrap();
        assert!(ours.others::<i32>().unwrap().is_empty());
        assert_eq!(theirs.others::<i32>().unwrap(), [3, 4, 6]);
    }

    #[test]
    fn a_journal_that_is_not_there_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_records::<i32>(&folder.path().join("none")).unwrap().records.is_empty());
    }
}
