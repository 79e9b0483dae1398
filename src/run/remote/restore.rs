//! What the remote knows becomes the state of this clone: refs first, then the journal that names them, then the plan's file that follows the
//! journal, so that a crash in between leaves what a crash of a run could have left, too.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;

use super::apart::Apart;
use super::checkout::{Checkout, Whose, note_left};
use super::lineage::{Lineage, lineage, whole_lines};
use super::saved::Card;
use super::{RemotePlan, Saved, StateError};
use crate::genesis::Genesis;
use crate::git::{Adopted, EpicRefs, Oid, RefMap, Yield};
use crate::run::handover::moment;
use crate::run::start::refuse_a_checkout_of_ours;
use crate::run::{RunError, Site, Tenure, known_slugs, ledger};
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

/// Takes up what was fetched. Call it with the lease, and while no run of the plan is live here. What this clone has done by itself meanwhile is
/// brought together with that: what is merged of it here, and not there, is to be merged again.
///
/// # Errors
/// [`StateError::Diverged`] if that can't be done as long as an agent is at work here; [`RunError::Busy`] if a run is live here.
pub fn restore(site: &Site, plan: &RemotePlan, fetched: &RefMap) -> Result<Restored, StateError> {
    let saved = plan.saved(fetched)?;
    site.state.create(plan.refs.epic(), site.plan.path())?;
    let _tenure = Tenure::take(&site.state, plan.refs.epic())?;
    refuse_a_checkout_of_ours(site, &plan.refs)?;
    let here = journal(&site.state)?;
    let lineage = lineage(&here, saved.as_ref().map_or(&[], |saved| &saved.journal));
    let apart = match &saved {
        Some(saved) if lineage == Lineage::Apart => Some(Apart::find(site, plan, fetched, &here, saved)?),
        Some(_) | None => None,
    };
    if let Some(apart) = &apart {
        apart.refuse_live_agents(site, plan)?;
    }
    let checkout = Checkout::of(site, plan, fetched, saved.as_ref())?;
    let card = checkout.card(site, saved.as_ref())?;
    let mut restored =
        Restored { notes: Vec::new(), known: fetched.clone(), settled: RefMap::new(), saved: None, card };
    restored.take_refs(site, plan, &slugs(saved.as_ref(), apart.as_ref()), (lineage, apart.as_ref()))?;
    if let Some(saved) = saved.as_ref().filter(|_| matches!(lineage, Lineage::Same | Lineage::Behind)) {
        restored.take_work(site, plan, saved)?;
    }
    if let Some(saved) = &saved {
        take_journal(site, &here, saved, apart.as_ref(), lineage)?;
        if lineage != Lineage::Ahead {
            restored.take_plan(site, plan, saved, (&checkout, apart.as_ref()))?;
        }
    }
    restored.saved = saved;
    Ok(restored)
}

/// What the branches are called of all tasks that have had an attempt.
fn slugs(saved: Option<&Saved>, apart: Option<&Apart>) -> Vec<String> {
    let there = saved.into_iter().flat_map(|saved| known_slugs(&saved.history()).into_values());
    there.chain(apart.into_iter().flat_map(Apart::slugs)).collect()
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
        (lineage, apart): (Lineage, Option<&Apart>),
    ) -> Result<(), StateError> {
        let yields = |name: &str| match lineage {
            Lineage::Ahead => Yield::Never,
            Lineage::Same => Yield::UnlessAhead,
            Lineage::Behind => Yield::Always,
            Lineage::Apart => apart.map_or(Yield::Never, |apart| apart.yields(name)),
        };
        let ours = shared_refs(&plan.refs, slugs);
        for (name, there) in self.known.clone().iter().filter(|(name, _)| ours(name)) {
            match site.repo.adopt(&plan.refs, name, *there, yields(name))? {
                Adopted::There => drop(self.settled.insert(name.clone(), *there)),
                Adopted::Ours => {}
                Adopted::InUse(_, why) => {
                    let text = format!("{name} is left as it is here: {why}");
                    self.notes.push(text);
                    self.settled.extend(site.repo.target(name)?.map(|here| (name.clone(), here)));
                }
            }
        }
        if let Some(apart) = apart {
            let put = apart.put_away(site, plan, &self.known)?;
            self.notes.extend(put.notes);
            self.settled.extend(put.stay);
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
        (checkout, apart): (&Checkout, Option<&Apart>),
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
            return apart.map_or(Ok(()), |apart| take_back(site, checkout, apart));
        }
        if apart.is_some() {
            replace_file(&site.state.path().join("genesis.replaced.xml"), &checkout.bytes)?;
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

/// The plan's file stays as it is here, but for what it says of work that does not stand.
fn take_back(site: &Site, checkout: &Checkout, apart: &Apart) -> Result<(), StateError> {
    // What is no plan is told of where it is read.
    let Ok(mut genesis) = Genesis::parse(checkout.bytes.clone()) else { return Ok(()) };
    for task in apart.given_up() {
        let at = moment(apart.history.task(task.as_str()));
        let edit = ledger::taken_back(&genesis, &apart.history, task, at).map_err(RunError::from)?;
        genesis.edit(&edit).map_err(RunError::from)?;
    }
    let now = genesis.source().as_bytes();
    rewrite_file(site.plan.path(), &site.state.plan_lock(), &checkout.bytes, now)?;
    Ok(())
}

fn take_journal(
    site: &Site,
    here: &[u8],
    saved: &Saved,
    apart: Option<&Apart>,
    lineage: Lineage,
) -> Result<(), StateError> {
    let now = match (lineage, apart) {
        (Lineage::Behind, _) => &saved.journal,
        (Lineage::Apart, Some(apart)) => &apart.journal,
        (Lineage::Same | Lineage::Ahead | Lineage::Apart, _) => return Ok(()),
    };
    let _plan = Lock::wait(&site.state.plan_lock())?;
    // A person has decided something here just now.
    if journal(&site.state)? != here {
        let journal = site.state.journal();
        let text = format!("{} was written to meanwhile", journal.display());
        return Err(StateError::Run(RunError::Io(std::io::Error::other(text))));
    }
    if apart.is_some() {
        replace_file(&site.state.journal().with_file_name("journal.replaced.jsonl"), here)?;
    }
    Ok(replace_file(&site.state.journal(), now)?)
}
