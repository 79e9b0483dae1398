use std::fs::Metadata;
use std::sync::Arc;

use super::replace::{Replacement, Stamp};
use super::seen::{Saved, Seen};
use super::{Lock, PlanFile, StoreError};
use crate::genesis::{Batch, Genesis};

/// A plan file in the hands of somebody who saves a batch to it, while whoever knows the plan does other things.
///
/// The document stays as it was; the file has the batch, too, then.
#[derive(Debug)]
pub struct Lent {
    file: PlanFile,
    genesis: Arc<Genesis>,
    metadata: Metadata,
    stamp: Option<Stamp>,
    lock: Option<Lock>,
    is_apart: bool,
}

impl Lent {
    pub(super) fn new(file: PlanFile, seen: &Seen, lock: Option<Lock>) -> Self {
        Self {
            file,
            genesis: Arc::clone(&seen.genesis),
            metadata: seen.metadata().clone(),
            stamp: seen.stamp.clone(),
            lock,
            is_apart: seen.is_apart,
        }
    }

    /// The document that the batch belongs to.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Saves the document with the batch, atomically and durably, if the file is what was known; nothing, if the batch can't be written. The
    /// plan's lock is taken, and kept.
    ///
    /// # Errors
    /// [`StoreError`]; the file is then as it was.
    pub fn save(&mut self, batch: &Batch) -> Result<Option<Saved>, StoreError> {
        if self.lock.is_none() {
            self.lock = Some(self.file.lock()?);
        }
        let path = self.file.path().to_owned();
        let mut is_whole = true;
        let new = Replacement::prepare_with(self.file.disk(), &path, Some(&self.metadata), |to| {
            is_whole = batch.write(&self.genesis, to)?;
            Ok(())
        })?;
        if !is_whole {
            return Ok(None);
        }
        let now = std::fs::metadata(&path).ok().as_ref().map(Stamp::of);
        if self.stamp.is_none() || self.stamp != now {
            return Ok(Some(Saved::Stale));
        }
        let (metadata, is_unmistakable) = new.publish()?;
        self.stamp = is_unmistakable.then(|| Stamp::of(&metadata));
        self.metadata = metadata;
        self.is_apart = true;
        Ok(Some(Saved::Written))
    }

    pub(super) fn returned(self, seen: &mut Seen) -> Option<Lock> {
        seen.metadata = self.metadata;
        seen.stamp = self.stamp;
        seen.is_apart = self.is_apart;
        self.lock
    }
}
