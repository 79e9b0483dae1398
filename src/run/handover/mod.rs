//! A task in a person's hands: the place to work in, and what comes of it. The same facts are journaled as for an agent's attempt, so that
//! whatever asks later (bases, `status`, `diff`, `land`, `retry`) finds a person's work as it finds an agent's.

mod finish;
mod place;
mod ready;

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

pub use finish::{Finished, Said, commit, finish, give_back};
pub use place::{Place, begin, end_agent, place, remake};
pub(super) use ready::until_broken_off;
pub use ready::{Outfit, Ready, make_ready};

use super::outbox::hash;
use super::record::{AttemptStarted, TransitionRecord};
use super::settings::Isolation;
use super::{Attempt, History, TaskHistory};
use crate::genesis::{Genesis, Status};
use crate::git::{EpicRefs, Oid, Repo, Strategy};
use crate::plan::TaskId;
use crate::store::StateDir;

/// Who plays the agent in an attempt that a person makes.
pub const PERSON: &str = "person";

/// A task, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Hands<'a> {
    /// Its repository.
    pub repo: &'a Repo,
    /// The names of its refs.
    pub refs: &'a EpicRefs,
    /// Where its plan's journal is.
    pub state: &'a StateDir,
    /// The plan's file, relative to the repository, if it lies in there.
    pub genesis: Option<&'a Path>,
    /// Its id.
    pub task: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// Its name in refs and folders.
    pub slug: &'a str,
    /// How work gets into the integration branch.
    pub strategy: Strategy,
}

impl Hands<'_> {
    /// The attempt that the person makes, if the task is taken and has its place. What was made before the task was set back is none of it:
    /// it does not count any more.
    pub fn attempt<'h>(&self, history: &'h History) -> Option<&'h Attempt> {
        let story = history.task(self.task).filter(|story| story.taken_by().is_some())?;
        let last = story.last_attempt().filter(|_| !story.is_set_back());
        last.filter(|attempt| attempt.started.runner == PERSON)
    }

    /// How the task comes to be in progress under `by`: what was in progress under somebody else is set back first.
    pub fn transitions(&self, genesis: &Genesis, history: &History, by: &str) -> Vec<TransitionRecord> {
        let from = genesis.task(self.task).map_or(Status::Pending, |task| task.status);
        let at = moment(history.task(self.task));
        let record = |from, to, description: String| TransitionRecord {
            task: TaskId::from(self.task),
            from,
            to,
            at,
            actor: by.to_owned(),
            description,
            changes: None,
            result: None,
        };
        let taken = |from| record(from, Status::InProgress, format!("taken over by {by}"));
        match from {
            Status::InProgress => {
                let back = format!("taken from whoever had it by {by}");
                vec![record(from, Status::Pending, back), taken(Status::Pending)]
            }
            Status::Pending | Status::Completed | Status::Failed | Status::Blocked | Status::Cancelled => {
                vec![taken(from)]
            }
        }
    }

    fn started(&self, attempt: u32, base: Oid, worktree: PathBuf) -> AttemptStarted {
        AttemptStarted {
            task: TaskId::from(self.task),
            attempt,
            run: String::new(),
            slug: self.slug.to_owned(),
            branch: self.refs.branch(self.slug).as_str().to_owned(),
            worktree,
            base: base.to_string(),
            runner: PERSON.to_owned(),
            agent: None,
            command: String::new(),
            prompt: hash(""),
            // Nobody's: no report can be made for it.
            token_hash: hash(&format!("{:032x}", fastrand::u128(..))),
            isolation: Isolation::Worktree,
            sandbox: None,
            brought: Vec::new(),
            port_base: None,
            on_integration: false,
            resolves: None,
            continues: None,
        }
    }
}

/// Now in whole seconds, as the plan has it, but after all that the task has had: by its time a change is found again.
pub(in crate::run) fn moment(story: Option<&TaskHistory>) -> Timestamp {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let last = story.and_then(|story| story.transitions.iter().map(|before| before.at).max());
    let next = last.and_then(|last| last.checked_add(SignedDuration::from_secs(1)).ok());
    next.map_or(now, |next| now.max(next))
}
