//! What the remote knows becomes the state of this clone: refs first, then the journal that names them, then the plan's file that follows the
//! journal, so that a crash in between leaves what a crash of a run could have left, too.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lineage::{Lineage, lineage, whole_lines};
use super::{RemotePlan, Saved, StateError};
use crate::git::{Adopted, EpicRefs, GitError, RefMap, Yield};
use crate::run::start::refuse_a_checkout_of_ours;
use crate::run::{RunError, Site, Tenure, known_slugs};
use crate::store::{Lock, StateDir, StoreError, read_json, replace_file, rewrite_file, write_json};

/// What came of it.
#[derive(Debug)]
pub struct Restored {
    /// What a person should know, a line each.
    pub notes: Vec<String>,
    /// Where the refs of the remote are.
    pub(super) known: RefMap,
    /// Local refs that are not ours to save, as long as they stay where they are.
    pub(super) settled: RefMap,
    /// The state that the remote has.
    pub(super) saved: Option<Saved>,
}

/// Notes in the folder of the plan's state what the remote and this clone last had in common.
#[derive(Debug, Serialize, Deserialize)]
struct Common {
    /// The plan's file, by the hash of its content.
    plan: String,
}

/// Takes up what was fetched. Call it with the lease, and while no run of the plan is live here.
///
/// # Errors
/// [`StateError::Diverged`] if this clone has a story of its own; [`RunError::Busy`] if a run is live here.
pub fn restore(site: &Site, plan: &RemotePlan, fetched: &RefMap) -> Result<Restored, StateError> {
    let saved = plan.saved(fetched)?;
    site.state.create(plan.refs.epic(), site.plan.path())?;
    let _tenure = Tenure::take(&site.state, plan.refs.epic())?;
    refuse_a_checkout_of_ours(site, &plan.refs)?;
    let here = journal(&site.state)?;
    let lineage = lineage(&here, saved.as_ref().map_or(&[], |saved| &saved.journal));
    if lineage == Lineage::Apart {
        let (remote, name) = (plan.remote.name().to_owned(), plan.refs.plan());
        return Err(StateError::Diverged { remote, journal: site.state.journal(), name });
    }
    let mut restored =
        Restored { notes: Vec::new(), known: fetched.clone(), settled: RefMap::new(), saved: None };
    restored.take_refs(site, plan, &slugs(saved.as_ref()), lineage)?;
    if let Some(saved) = &saved {
        take_journal(site, &here, saved, lineage)?;
        restored.take_plan(site, plan, saved, lineage)?;
    }
    restored.saved = saved;
    Ok(restored)
}

/// What the branches are called of all tasks that have had an attempt.
fn slugs(saved: Option<&Saved>) -> Vec<String> {
    saved.map(|saved| known_slugs(&saved.history()).into_values().collect()).unwrap_or_default()
}

/// The whole lines of the journal that is here.
pub(super) fn journal(state: &StateDir) -> Result<Vec<u8>, StateError> {
    match fs::read(state.journal()) {
        Ok(bytes) => Ok(whole_lines(&bytes).to_vec()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(StoreError::io("read", &state.journal())(error).into()),
    }
}

impl Restored {
    fn take_refs(
        &mut self,
        site: &Site,
        plan: &RemotePlan,
        slugs: &[String],
        lineage: Lineage,
    ) -> Result<(), StateError> {
        let yields = match lineage {
            Lineage::Ahead | Lineage::Apart => Yield::Never,
            Lineage::Same => Yield::UnlessAhead,
            Lineage::Behind => Yield::Always,
        };
        let ours = shared_refs(&plan.refs, slugs);
        for (name, there) in self.known.clone().iter().filter(|(name, _)| ours(name)) {
            match site.repo.adopt(&plan.refs, name, *there, yields)? {
                Adopted::There => drop(self.settled.insert(name.clone(), *there)),
                Adopted::Ours => {}
                Adopted::InUse(_, why) => {
                    let text = format!("{name} is left as it is here: {why}");
                    self.notes.push(text);
                    self.settled.extend(site.repo.target(name)?.map(|here| (name.clone(), here)));
                }
            }
        }
        Ok(())
    }

    fn take_plan(
        &mut self,
        site: &Site,
        plan: &RemotePlan,
        saved: &Saved,
        lineage: Lineage,
    ) -> Result<(), StateError> {
        let path = site.plan.path();
        let here = fs::read(path).map_err(|error| StateError::from(StoreError::io("read", path)(error)))?;
        if here == saved.plan || lineage == Lineage::Ahead {
            return Ok(());
        }
        let last: Option<Common> = read_json(&common_path(&site.state))?;
        let hash = hash(&here);
        let is_as_left = last.is_some_and(|last| last.plan == hash);
        if !is_as_left && saved.card.committed.as_ref() != Some(&hash) {
            self.notes.push(format!(
                "{} was changed since its state was saved in `{}`: it is kept, and gets what has happened",
                path.display(),
                plan.remote.name()
            ));
            return Ok(());
        }
        // Changed this very moment: then it is theirs who did that, and the journal catches it up.
        rewrite_file(path, &site.state.plan_lock(), &here, &saved.plan)?;
        note_common(&site.state, &saved.plan)?;
        self.notes.push(format!("goes on from the state that is saved in `{}`", plan.remote.name()));
        Ok(())
    }
}

/// Which refs of the remote are to be here as well.
fn shared_refs(refs: &EpicRefs, slugs: &[String]) -> impl Fn(&str) -> bool + use<> {
    let tasks = slugs.iter().map(String::as_str).chain([EpicRefs::SHARED]);
    let branches = tasks.map(|slug| refs.branch(slug).full());
    let branches: HashSet<_> = branches.chain([refs.integration().full()]).collect();
    let (own, records) = (refs.all().replace('*', ""), refs.records());
    let apart = [refs.plan(), refs.lease()];
    move |name| {
        let is_own = name.starts_with(&own) && !name.starts_with(&records);
        branches.contains(name) || (is_own && !apart.iter().any(|apart| apart == name))
    }
}

fn take_journal(site: &Site, here: &[u8], saved: &Saved, lineage: Lineage) -> Result<(), StateError> {
    if lineage != Lineage::Behind {
        return Ok(());
    }
    let _plan = Lock::wait(&site.state.plan_lock())?;
    // A person has decided something here just now.
    if journal(&site.state)? != here {
        let journal = site.state.journal();
        let text = format!("{} was written to meanwhile", journal.display());
        return Err(StateError::Run(RunError::Io(std::io::Error::other(text))));
    }
    Ok(replace_file(&site.state.journal(), &saved.journal)?)
}

/// Takes down that the remote has the plan's file like this.
pub(super) fn note_common(state: &StateDir, plan: &[u8]) -> Result<(), StateError> {
    Ok(write_json(&common_path(state), &Common { plan: hash(plan) })?)
}

fn common_path(state: &StateDir) -> std::path::PathBuf {
    state.path().join("remote.json")
}

/// The plan's file in the commit that is checked out, by the hash of its content.
pub(super) fn committed(site: &Site) -> Result<Option<String>, GitError> {
    let Some(path) = site.repo.relative(site.plan.path()) else { return Ok(None) };
    let head = site.repo.head_commit()?;
    Ok(site.repo.file_at(head, Path::new(&path))?.map(|bytes| hash(&bytes)))
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
