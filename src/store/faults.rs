use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;

use super::Disk;

/// A disk on which some steps fail, as real ones do when they are full or broken.
#[derive(Debug)]
pub struct FaultyDisk {
    plan: FaultPlan,
    steps: AtomicU64,
}

/// Which steps fail.
#[derive(Debug)]
enum FaultPlan {
    /// Only this one, counted from 1.
    Only(u64),
    /// This one and all that follow.
    From(u64),
    /// So many of a thousand, drawn by chance.
    Some { chances: Mutex<fastrand::Rng>, per_mille: u64 },
}

impl FaultyDisk {
    /// Only the `n`th step fails, counted from 1.
    pub fn at(n: u64) -> Self {
        Self::by(FaultPlan::Only(n))
    }

    /// The `n`th step fails, counted from 1, and all that follow: the disk is full.
    pub fn from(n: u64) -> Self {
        Self::by(FaultPlan::From(n))
    }

    /// So many of a thousand steps fail, drawn by chance from `seed`.
    pub fn at_random(seed: u64, per_mille: u64) -> Self {
        let chances = Mutex::new(fastrand::Rng::with_seed(seed));
        Self::by(FaultPlan::Some { chances, per_mille })
    }

    /// Reads `SEED:PER_MILLE`, or `from:N`; nothing, if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, second) = text.split_once(':')?;
        let number = second.parse().ok()?;
        if first == "from" {
            Some(Self::from(number))
        } else {
            Some(Self::at_random(first.parse().ok()?, number))
        }
    }

    /// How many steps there were.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    fn by(plan: FaultPlan) -> Self {
        Self { plan, steps: AtomicU64::new(0) }
    }

    fn fails(&self) -> bool {
        let step = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.plan {
            FaultPlan::Only(n) => step == *n,
            FaultPlan::From(n) => step >= *n,
            FaultPlan::Some { chances, per_mille } => {
                chances.lock().unwrap_or_else(PoisonError::into_inner).u64(..1000) < *per_mille
            }
        }
    }
}

impl Disk for FaultyDisk {
    /// A disk that gets full takes the first half.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if self.fails() {
            file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(Errno::NOSPC.into());
        }
        file.write_all(bytes)
    }

    /// One that is broken says so only here.
    fn sync(&self, file: &File) -> io::Result<()> {
        if self.fails() { Err(Errno::IO.into()) } else { file.sync_data() }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.fails() { Err(Errno::NOSPC.into()) } else { fs::rename(from, to) }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.fails() { Err(Errno::IO.into()) } else { File::open(folder)?.sync_all() }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{Journal, PlanFile, read_records};
    use super::*;
    use crate::genesis::{Genesis, Status, Transition};

    const PLAN: &str = include_str!("../../examples/genesis/quickstart/genesis.xml");

    fn faulty(disk: FaultyDisk) -> &'static FaultyDisk {
        Box::leak(Box::new(disk))
    }

    fn plan_in(folder: &Path) -> PathBuf {
        let path = folder.join("genesis.xml");
        fs::write(&path, PLAN).unwrap();
        path
    }

    fn fail(path: &Path, disk: &'static dyn Disk) -> bool {
        let file = PlanFile::new(path, path.with_extension("lock")).unwrap().on(disk);
        let at = jiff::Timestamp::UNIX_EPOCH;
        let changed = |now: &Genesis| {
            let task = now.tasks().first().map_or("", |task| task.id.as_str());
            let (to, actor, description) = (Status::Failed, "ann", "no disk");
            now.transition(&Transition { task, to, at, actor, description, changes: None, result: None })
        };
        file.commit(changed).is_err()
    }

    #[test]
    fn whichever_step_of_a_save_fails_the_plan_is_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut step = 0;
        loop {
            step += 1;
            let path = plan_in(folder.path());
            if !fail(&path, faulty(FaultyDisk::at(step))) {
                break;
            }
            let now = fs::read(&path).unwrap();
            assert!(Genesis::parse(now.clone()).is_ok(), "step {step}");
            // Only who can't sync the folder has replaced it already.
            assert_eq!(now == PLAN.as_bytes(), step < 4, "step {step}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "step {step}: the plan and its lock");
        }
        assert_eq!(step, 5, "write, sync, rename, sync of the folder");
    }

    #[test]
    fn whichever_step_of_the_journal_fails_no_record_but_its_own_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        for step in 1..=7_usize {
            let path = folder.path().join(step.to_string());
            let disk = faulty(FaultyDisk::at(step as u64));
            let appended = Journal::open_on(disk, &path)
                .and_then(|mut journal| (1..=3).try_for_each(|record| journal.append(&[record])));
            assert_eq!(disk.steps(), step as u64, "{appended:?}: it ends at the first that fails");
            assert!(appended.is_err());
            Journal::open(&path).unwrap().append(&[9]).unwrap();
            let found = read_records::<Vec<i32>>(&path).unwrap().records;
            // The first step opens it, then each record is written and synced.
            let whole = (1..=3).take((step - 1) / 2);
            let expected: Vec<_> = whole.chain([9]).map(|record| vec![record]).collect();
            assert_eq!(found, expected, "step {step}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let faults = |seed| {
            let disk = FaultyDisk::at_random(seed, 300);
            (0..100).map(|_| disk.fails()).collect::<Vec<_>>()
        };
        assert_eq!(faults(7), faults(7));
        assert_ne!(faults(7), faults(8));
    }

    #[test]
    fn what_asks_for_no_faults_gives_none() {
        assert!(FaultyDisk::parse("from:3").is_some() && FaultyDisk::parse("17:5").is_some());
        assert!(["", "1", "x:3", "3:x", ":"].iter().all(|text| FaultyDisk::parse(text).is_none()));
    }
}
