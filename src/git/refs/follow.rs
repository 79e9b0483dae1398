//! Local refs that follow what another machine has: only forward, so that nothing of ours is let go.

use super::update::{Swapped, contains, swap, target};
use crate::git::{EpicRefs, GitError, Oid, Repo};

impl Repo {
    /// Has the ref (full name) point to `to`, if it is not there, or at an ancestor. Gives where it is afterwards.
    pub fn bring_up(&self, full_name: &str, to: Oid) -> Result<Oid, GitError> {
        let store = self.open_store()?;
        let mut there = target(&store, full_name);
        while there.is_none_or(|there| there != to && contains(&store, to, there)) {
            match swap(&store, full_name, there, to, "blueprint: follow")? {
                Swapped::Done => return Ok(to),
                Swapped::Holds(moved) => there = Some(moved),
            }
        }
        Ok(there.unwrap_or(to))
    }

    /// Has the epic start at `to` here, too, wherever it started so far: where several machines share a plan, one start holds for all.
    pub fn share_start(&self, refs: &EpicRefs, to: Oid) -> Result<(), GitError> {
        let store = self.open_store()?;
        let name = refs.start();
        let mut there = target(&store, &name);
        while there != Some(to) {
            match swap(&store, &name, there, to, "blueprint: start of the plan")? {
                Swapped::Done => break,
                Swapped::Holds(moved) => there = Some(moved),
            }
        }
        Ok(())
    }
}
