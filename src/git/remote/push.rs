//! Several refs of the remote moved at once, each only from where it is known to be.

use super::said::{not_ended, refused};
use super::{Remote, RemoteError};
use crate::git::Oid;
use crate::git::refs::note_own;

/// One ref of the remote is to move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its full name.
    pub name: String,
    /// Where it has to be until then; `None`: it must not be there.
    pub from: Option<Oid>,
    /// Where it is afterwards; `None`: it is deleted.
    pub to: Option<Oid>,
}

impl Move {
    /// A ref that must not be there yet.
    pub fn create(name: impl Into<String>, to: Oid) -> Self {
        Self { name: name.into(), from: None, to: Some(to) }
    }

    /// A ref from there to here.
    pub fn advance(name: impl Into<String>, from: Option<Oid>, to: Oid) -> Self {
        Self { name: name.into(), from, to: Some(to) }
    }

    /// A ref that goes.
    pub fn delete(name: impl Into<String>, from: Oid) -> Self {
        Self { name: name.into(), from: Some(from), to: None }
    }

    fn lease(&self) -> String {
        let expected = self.from.map(|oid| oid.to_string()).unwrap_or_default();
        format!("--force-with-lease={}:{expected}", self.name)
    }

    fn refspec(&self) -> String {
        let to = self.to.map(|oid| oid.to_string()).unwrap_or_default();
        format!("{to}:{}", self.name)
    }
}

impl Remote {
    /// Makes all of the moves, or none. A ref that is already where it is to be counts as moved, so that a push whose answer was lost may be done
    /// again; a move with the same place for both ends only looks whether the ref is there. What may pass is tried a few times.
    ///
    /// # Errors
    /// [`RemoteError::Moved`] with the first ref that somebody else has moved; [`RemoteError::Refused`] if the remote does not want it.
    pub fn push(&self, moves: &[Move]) -> Result<(), RemoteError> {
        if moves.is_empty() {
            return Ok(());
        }
        self.claim(moves);
        self.persist(|| self.push_once(moves))?;
        for each in moves {
            self.note(&each.name, each.to);
        }
        Ok(())
    }

    /// git takes down by itself where a branch of the remote is: that is our doing, and no agent's that works meanwhile.
    fn claim(&self, moves: &[Move]) {
        let Ok(store) = self.repo.open_store() else { return };
        for (name, to) in moves.iter().filter_map(|each| Some((&each.name, each.to?))) {
            if let Some(branch) = name.strip_prefix("refs/heads/") {
                note_own(&store, &format!("refs/remotes/{}/{branch}", self.name), to);
            }
        }
    }

    fn push_once(&self, moves: &[Move]) -> Result<(), RemoteError> {
        let flags = [
            "--porcelain",
            "--atomic",
            "--no-verify",
            "--no-follow-tags",
            "--no-signed",
            "--recurse-submodules=no",
        ];
        let call = self.lasting_call("push").args(["push"]).args(flags).args(moves.iter().map(Move::lease));
        let call = call.args(["--", &self.name]).args(moves.iter().map(Move::refspec));
        let ended = call.end().map_err(|error| not_ended(&self.name, error))?;
        if ended.code == Some(0) {
            return Ok(());
        }
        // It may have been done all the same, or be refused for what somebody else has done: what is there now tells.
        match self.look(moves) {
            Ok(Stand::Done) => Ok(()),
            Ok(Stand::Moved(error)) => Err(error),
            Ok(Stand::AsBefore) | Err(_) => Err(refused(&self.name, &ended)),
        }
    }

    fn look(&self, moves: &[Move]) -> Result<Stand, RemoteError> {
        let names: Vec<_> = moves.iter().map(|each| each.name.as_str()).collect();
        let there = self.list_once(&names)?;
        let holds = |each: &Move| there.get(&each.name).copied();
        if moves.iter().all(|each| holds(each) == each.to) {
            return Ok(Stand::Done);
        }
        let other = moves.iter().find(|each| holds(each) != each.from && holds(each) != each.to);
        Ok(other.map_or(Stand::AsBefore, |each| Stand::Moved(self.moved(each, holds(each)))))
    }

    fn moved(&self, each: &Move, holds: Option<Oid>) -> RemoteError {
        let (remote, name) = (self.name.clone(), each.name.clone());
        RemoteError::Moved { remote, name, expected: each.from, holds }
    }
}

/// How the remote stands after a push that failed.
enum Stand {
    /// All is as it was to be.
    Done,
    /// Somebody else was faster.
    Moved(RemoteError),
    /// Nothing was moved that stands in the way.
    AsBefore,
}
