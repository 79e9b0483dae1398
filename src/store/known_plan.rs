use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::lent::Lent;
use super::replace::{Replacement, folder_of};
use super::seen::{Present, Saved, Seen};
use super::{CommitError, LoadError, Lock, PlanFile, StoreError};
use crate::genesis::{Edit, EditError, Genesis, Invalid};

/// A plan file as a writer knows it that stays: the document, and what the file looked like when it was that.
///
/// Whoever goes round the lock is noticed: nothing is saved over a file that is not what is known.
#[derive(Debug)]
pub struct KnownPlan {
    file: PlanFile,
    seen: Seen,
    /// The plan's lock, from [`KnownPlan::hold`] on.
    held: Option<Lock>,
}

/// What there is in place of the file that is known.
#[derive(Debug)]
pub enum Found {
    /// Another document.
    Document(Box<Seen>),
    /// Something that is no document: torn, or nothing of ours.
    Broken(Box<Invalid>),
    /// Something that is no file: a folder, a pipe, a device.
    NoFile,
    /// Nothing at all.
    Nothing,
}

/// What became of a file that is no plan of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It was mended meanwhile.
    Unneeded,
    /// There was none; what is known was put there.
    Recreated,
    /// It lies there now, and what is known is in its place.
    SetAside(PathBuf),
}

impl KnownPlan {
    /// Reads the plan, as [`PlanFile::load`].
    ///
    /// # Errors
    /// [`LoadError`] when it can't be read or is no genesis document.
    pub fn read(file: PlanFile) -> Result<Self, LoadError> {
        Ok(Self { seen: file.see()?, file, held: None })
    }

    /// The file's absolute path.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The document that is known.
    pub fn genesis(&self) -> &Genesis {
        &self.seen.genesis
    }

    /// What there is, if it is not what is known. A file whose stamp has not changed is not read.
    ///
    /// # Errors
    /// [`StoreError`] when it is there and can't be read.
    pub fn look(&mut self) -> Result<Option<Found>, StoreError> {
        if self.seen.is_untouched(self.file.path()) {
            return Ok(None);
        }
        let (bytes, metadata) = match Present::at(self.file.path())? {
            Present::File(bytes, metadata) => (bytes, metadata),
            Present::TooLarge(invalid) => return Ok(Some(Found::Broken(Box::new(invalid)))),
            Present::NoFile => return Ok(Some(Found::NoFile)),
            Present::Nothing => return Ok(Some(Found::Nothing)),
        };
        if !self.seen.is_apart && bytes == self.seen.saved_text().as_bytes() {
            self.seen.note(metadata);
            return Ok(None);
        }
        Ok(Some(match Genesis::parse(bytes) {
            Ok(genesis) => Found::Document(Box::new(Seen::new(genesis, metadata))),
            Err(invalid) => Found::Broken(Box::new(invalid)),
        }))
    }

    /// Keeps the plan's lock: of those who take it nobody changes the plan until [`KnownPlan::release`].
    ///
    /// # Errors
    /// [`StoreError::Held`] when somebody else has it for longer than a moment: it may be tried again. Another one when it can't be taken.
    pub fn hold(&mut self) -> Result<(), StoreError> {
        if self.held.is_none() {
            self.held = Some(self.file.lock_for_a_moment()?);
        }
        Ok(())
    }

    /// Gives the lock back, if it is held.
    pub fn release(&mut self) {
        self.held = None;
    }

    /// Whether the lock is kept.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    fn lock_unless_held(&self) -> Result<Option<Lock>, StoreError> {
        if self.is_held() { Ok(None) } else { self.file.lock().map(Some) }
    }

    /// What was found counts from now on; gives what was known before.
    pub fn adopt(&mut self, seen: Seen) -> Arc<Genesis> {
        std::mem::replace(&mut self.seen, seen).genesis
    }

    /// Saves the edit that `decide` makes of the document that is known, if the file still is that document.
    ///
    /// # Errors
    /// [`CommitError`]; the file is then unchanged.
    pub fn commit<E>(
        &mut self,
        decide: impl FnOnce(&Genesis) -> Result<Edit, E>,
    ) -> Result<Saved, CommitError<E>> {
        let edit = decide(&self.seen.genesis).map_err(CommitError::Refused)?;
        self.stage(&edit).map_err(CommitError::Edit)?;
        let saved = self.flush();
        if !matches!(saved, Ok(Saved::Written | Saved::Unneeded)) {
            self.roll_back().map_err(CommitError::Edit)?;
        }
        Ok(saved?)
    }

    /// Makes `edit` of the document that is known; [`KnownPlan::flush`] saves it, with all others made by then.
    ///
    /// # Errors
    /// [`EditError`] if it does not fit; the document is then as it was.
    pub fn stage(&mut self, edit: &Edit) -> Result<(), EditError> {
        self.seen.stage(edit)
    }

    /// Makes `edit`, which is not to be taken back: a batch may have brought parts of it to the file already.
    ///
    /// # Errors
    /// [`EditError`] if it does not fit; the document is then as it was.
    pub fn settle(&mut self, edit: &Edit) -> Result<(), EditError> {
        self.seen.settle(edit)
    }

    /// Whether a batch can be saved beside us: nothing else waits to be saved, and the file's stamp alone will tell of any change.
    pub fn can_lend(&self) -> bool {
        self.seen.stamp.is_some() && self.seen.is_settled()
    }

    /// What a batch needs to be saved by somebody else, while nobody here looks at the file or writes it.
    pub fn lend(&mut self) -> Lent {
        Lent::new(self.file.clone(), &self.seen, self.held.take())
    }

    /// Takes up what became of that; the lock is kept.
    pub fn returned(&mut self, lent: Lent) {
        self.held = lent.returned(&mut self.seen);
    }

    /// Saves all that was staged at once, if the file is still the document that was known before.
    ///
    /// # Errors
    /// [`StoreError`]; the file is then unchanged.
    pub fn flush(&mut self) -> Result<Saved, StoreError> {
        let _lock = self.lock_unless_held()?;
        self.seen.save(self.file.disk(), self.file.path())
    }

    /// Takes back all that was staged and is not saved.
    ///
    /// # Errors
    /// None, unless there is a bug: what was made can be taken back.
    pub fn roll_back(&mut self) -> Result<(), EditError> {
        self.seen.roll_back()
    }

    /// Puts what is known back where something else is that `is_ours` does not know for the plan; that is set aside first.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost then.
    pub fn restore(&mut self, is_ours: impl Fn(&Genesis) -> bool) -> Result<Restored, StoreError> {
        let _lock = self.lock_unless_held()?;
        let path = self.file.path().to_owned();
        let restored = match self.look()? {
            None => return Ok(Restored::Unneeded),
            Some(Found::Document(seen)) if is_ours(&seen.genesis) => return Ok(Restored::Unneeded),
            Some(Found::Document(_) | Found::Broken(_) | Found::NoFile) => {
                Restored::SetAside(set_aside(&path)?)
            }
            Some(Found::Nothing) => {
                // git takes a folder away with the last file in it.
                let folder = folder_of(&path);
                fs::create_dir_all(folder).map_err(StoreError::io("create folder", folder))?;
                Restored::Recreated
            }
        };
        let text = self.genesis().source().as_bytes();
        let new = Replacement::prepare(self.file.disk(), &path, text, Some(self.seen.metadata()))?;
        self.seen.published(new.publish()?);
        Ok(restored)
    }
}

/// What follows the plan's own name where something was set aside.
const SET_ASIDE: &str = ".broken-";

/// Whether that is something that was set aside in the place of the plan.
pub fn is_set_aside(plan: &Path, other: &Path) -> bool {
    let rest = other.as_os_str().as_encoded_bytes().strip_prefix(plan.as_os_str().as_encoded_bytes());
    rest.is_some_and(|rest| rest.starts_with(SET_ASIDE.as_bytes()))
}

/// Gives the file a second name under which it stays, and no other file's; at no moment is it missing. What is no plain file is moved: it
/// is no plan to anybody anyway, and a link or a folder would be in the way of the new one.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut number = 1;
    loop {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let mut name = path.as_os_str().to_owned();
        name.push(format!("{SET_ASIDE}{time}{suffix}"));
        let target = PathBuf::from(name);
        match name_again(path, &target) {
            Ok(()) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(StoreError::io("set aside", path)(error)),
        }
    }
}

fn name_again(path: &Path, target: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_file() {
        return fs::hard_link(path, target).or_else(|_| copy_to_new(path, target));
    }
    match fs::symlink_metadata(target) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(path, target),
    }
}

/// Where the file system has no hard links.
fn copy_to_new(path: &Path, target: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(target)?;
    file.write_all(&bytes)?;
    file.sync_data()
}

#[cfg(test)]
#[path = "known_plan_tests.rs"]
mod tests;
