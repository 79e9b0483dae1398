//! Work that the remote refuses keeps nothing else from being saved: it is found, left out, and told of; everybody else finds its task blocked.

use super::save::TOGETHER;
use super::{Saver, StateError, settle, untaken};
use crate::git::{Remote, RemoteError, Unmerged, sift};
use crate::run::record::{Fact, Record, open_journal};
use crate::run::{History, Tenure};
use crate::store::{Journal, read_records};

impl Saver {
    /// Whether to look for what a push was refused for.
    pub(super) fn may_sift(&mut self, is_last: bool) -> Result<bool, StateError> {
        if self.takes_nothing && !is_last {
            return Ok(false);
        }
        let state = self.state()?;
        Ok(!self.moves(&state)?.is_empty())
    }

    /// Pushes what the remote takes of the refs that it lacks, each part of it with the lease, and takes down what it does not take.
    pub(super) fn sift(&mut self, remote: &Remote) -> Result<(), StateError> {
        self.is_unsure = true;
        let state = self.state()?;
        for some in self.moves(&state)?.chunks(TOGETHER) {
            let mut push = |part: &[_]| self.push(remote, part.to_vec(), false);
            let refused = |error: &StateError| error.of_remote().and_then(RemoteError::refusal);
            let refused = sift(some, &mut push, &refused)?;
            self.refusals.add(refused);
        }
        Ok(())
    }

    /// After a save, however it ended.
    pub(super) fn conclude(&mut self, saved: &Result<(), StateError>) {
        match saved {
            Ok(()) => {
                (self.takes_nothing, self.is_unsure) = (false, false);
                self.tell_refusals();
            }
            Err(StateError::Remote(RemoteError::Refused { .. })) => {
                (self.takes_nothing, self.is_unsure) = (true, false);
                self.refusals.forget();
            }
            Err(_) => {}
        }
    }

    /// Finds the work that the remote lacks, since it refuses it, by a journal.
    pub(super) fn look_for_untaken(&mut self, journal: &[u8]) -> Result<(), StateError> {
        if self.refusals.are_none() {
            self.untaken.clear();
            return Ok(());
        }
        let lines = journal.split(|byte| *byte == b'\n');
        let history =
            History::from_records(lines.filter_map(|line| serde_json::from_slice::<Record>(line).ok()));
        let plan = self.plan();
        let here = self.site.repo.own_refs(&plan.refs)?;
        let lacks = |commit| self.refusals.why(&self.known, &here, commit);
        let found = untaken(&history, &plan.refs, plan.remote.name(), lacks);
        let before = std::mem::take(&mut self.untaken);
        // What was said of it in the remote stays as it was said.
        let same = |new| before.iter().find(|old| old.is(&new)).cloned().unwrap_or(new);
        self.untaken = found.into_iter().map(same).collect();
        Ok(())
    }

    fn tell_refusals(&mut self) {
        let lacking = [self.given_up.as_slice(), &self.untaken].concat();
        let news = self.refusals.news(self.lease.plan().remote.name(), &self.known, &lacking);
        self.untold.extend(news);
    }

    /// Nothing runs here any more: what everybody else is told of the work that the remote does not take is true here, too, and what was merged
    /// with it is merged without it.
    pub(super) fn give_up_work(&mut self) -> Result<(), StateError> {
        self.state()?;
        let refs = self.plan().refs.clone();
        if self.untaken.is_empty() {
            return Ok(());
        }
        // Somebody runs the plan here all the same: it is only said to the others.
        let Ok(_tenure) = Tenure::take(&self.site.state, refs.epic()) else { return Ok(()) };
        let mut journal = open_journal(&self.site.state.journal())?;
        for fact in self.untaken.iter().flat_map(|untaken| &untaken.facts) {
            journal.append(fact)?;
        }
        settle(&self.site)?;
        let tasks: Vec<_> = self.untaken.iter().map(|untaken| untaken.task.as_str()).collect();
        if let Unmerged::Done { .. } = self.site.repo.unmerge(&refs, &tasks)? {
            self.note_moved_merges(&mut journal)?;
        }
        self.given_up.append(&mut self.untaken);
        Ok(())
    }

    /// A branch that was made anew has the merges that stay as other commits.
    fn note_moved_merges(&self, journal: &mut Journal) -> Result<(), StateError> {
        let history = History::from_records(read_records::<Record>(&self.site.state.journal())?.records);
        let merges = self.site.repo.merges(&self.plan().refs)?;
        for (task, done) in history.tasks().filter_map(|(task, story)| Some((task, story.success()?))) {
            let Some(commit) = done.commit() else { continue };
            let now = merges.get(&commit).map(ToString::to_string);
            if let Some(merge) = now.filter(|now| done.merge.as_ref() != Some(now)) {
                let (task, attempt, commit) = (task.clone(), done.started.attempt, commit.to_string());
                journal.append(&Record::now(Fact::Merged { task, attempt, commit, merge }))?;
            }
        }
        Ok(())
    }
}
