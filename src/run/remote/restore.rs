//! What the remote knows becomes the state of this clone: refs first, then the journal that names them, then the plan's file that follows the
//! journal, so that a crash in between leaves what a crash of a run could have left, too.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;

use super::checkout::{Checkout, Whose, note_left};
use super::lineage::{Lineage, lineage, whole_lines};
use super::saved::Card;
use super::{RemotePlan, Saved, StateError};
use crate::git::{Adopted, EpicRefs, Oid, RefMap, Yield};
use crate::run::start::refuse_a_checkout_of_ours;
use crate::run::{RunError, Site, Tenure, known_slugs};
use crate::store::{Lock, StateDir, StoreError, replace_file, rewrite_file};

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
    /// What is to be saved of this checkout.
    pub(super) card: Card,
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
    let checkout = Checkout::of(site, plan, fetched, saved.as_ref())?;
    let card = checkout.card(site, saved.as_ref())?;
    let mut restored =
        Restored { notes: Vec::new(), known: fetched.clone(), settled: RefMap::new(), saved: None, card };
    restored.take_refs(site, plan, &slugs(saved.as_ref()), lineage)?;
    if let Some(saved) = saved.as_ref().filter(|_| lineage != Lineage::Ahead) {
        restored.take_work(site, plan, saved)?;
    }
    if let Some(saved) = &saved {
        take_journal(site, &here, saved, lineage)?;
        if lineage != Lineage::Ahead {
            restored.take_plan(site, plan, saved, &checkout)?;
        }
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

    /// A remote that refuses to have a branch moved has the work all the same: the branch is brought to it here.
    fn take_work(&mut self, site: &Site, plan: &RemotePlan, saved: &Saved) -> Result<(), StateError> {
        let (repo, refs) = (&site.repo, &plan.refs);
        for (_, story) in saved.history().tasks() {
            let Some(done) = story.success() else { continue };
            let slug = &done.started.slug;
            let there = self.known.get(&refs.attempt(slug, done.started.attempt)).copied();
            let Some(work) = there.filter(|there| done.commit() == Some(*there)) else { continue };
            let branch = refs.branch(slug).full();
            let is_behind = |at: &Oid| !repo.has(*at, work);
            if self.known.get(&branch).is_some_and(is_behind)
                && repo.target(&branch)?.as_ref().is_some_and(is_behind)
                && repo.adopt(refs, &branch, work, Yield::Always)? == Adopted::There
            {
                self.settled.insert(branch, work);
            }
        }
        Ok(())
    }

    fn take_plan(
        &mut self,
        site: &Site,
        plan: &RemotePlan,
        saved: &Saved,
        checkout: &Checkout,
    ) -> Result<(), StateError> {
        let (path, remote) = (site.plan.path(), plan.remote.name());
        if checkout.bytes == saved.plan {
            return Ok(());
        }
        if checkout.whose == Whose::Here {
            self.notes.push(format!(
                "{} was changed since its state was saved in `{remote}`: it is kept, and gets what has happened",
                path.display(),
            ));
            return Ok(());
        }
        // Changed this very moment: then it is theirs who did that, and the journal catches it up.
        rewrite_file(path, &site.state.plan_lock(), &checkout.bytes, &saved.plan)?;
        note_left(&site.state, &saved.plan)?;
        self.notes.push(format!("goes on from the state that is saved in `{remote}`"));
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
