//! The place of a rehearsal: a worktree, a folder for logs, and somebody who hears what attempts say.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use super::note::Note;
use super::{Ended, Rehearsed, all, task};
use crate::agent::{Brief, Definition};
use crate::run::attempt::{Link, Message};
use crate::run::gates::{Gate, Gating};
use crate::run::job::{Common, Entry, Job};
use crate::run::process::Stoppable;
use crate::run::settings::{Cast, Settings, Site};
use crate::run::signals::{Asked, Signals};
use crate::run::watch::Watcher;
use crate::run::{self, Isolation, RunError, RunEvent, worktree_path};
use crate::store::AttemptDir;

/// A program that says nothing for so long will not answer.
const PATIENCE: Duration = Duration::from_mins(2);
/// How folders of their logs begin, in the temp folder.
pub(super) const LOGS: &str = "blueprint-doctor-";

pub(super) struct Stage {
    common: Arc<Common>,
    worktree: PathBuf,
    logs: TempDir,
    note: Note,
    /// What work has to pass.
    pub(super) gates: Vec<Arc<Gate>>,
}

impl Stage {
    /// Makes the worktree, beside those of tasks.
    pub(super) fn set(
        common: Arc<Common>,
        site: &Site,
        settings: &Settings,
        gates: Vec<Arc<Gate>>,
    ) -> Result<Self, RunError> {
        let logs = tempfile::Builder::new().prefix(LOGS).tempdir()?;
        let checkout = common.repo.require_workdir()?;
        // No task's: a task's place is named after its id, which this number would hardly be part of.
        let name = format!("doctor-{:08x}", fastrand::u32(..));
        let worktree = worktree_path(&settings.worktree_dir, checkout, common.refs.epic(), &name);
        let note = Note::write(&site.state, &name, &worktree, logs.path())?;
        common.repo.stand_at(&worktree, &common.refs, common.start)?;
        Ok(Self { common, worktree, logs, note, gates })
    }

    /// Whatever was made in the worktree was made to be thrown away. What can't be removed is a leftover that `doctor` itself names.
    /// A log that somebody is referred to stays.
    pub(super) fn strike(self, are_logs_kept: bool) {
        if are_logs_kept {
            let _ = self.logs.keep();
        }
        match self.common.repo.remove_worktree_with_its_work(&self.worktree) {
            Ok(()) => self.note.remove(),
            Err(error) => tracing::debug!(%error, "the rehearsal's worktree stays"),
        }
    }

    /// An attempt that nobody hears of.
    pub(super) fn job(&self, cast: &Cast, place: usize) -> Job {
        let name = format!("call-{place}");
        Job {
            common: Arc::clone(&self.common),
            task: task(),
            name: "a rehearsal".to_owned(),
            attempt: 1,
            branch: self.common.refs.branch(&name),
            worktree: self.worktree.clone(),
            cast: Cast {
                timeout: PATIENCE.min(cast.timeout),
                isolation: Isolation::Worktree,
                ..cast.clone()
            },
            estimate: None,
            definition: Definition::generic(&cast.agent),
            brief: Brief::default(),
            results: Vec::new(),
            may_change_nothing: true,
            resolving: None,
            continuing: None,
            gating: Gating::default(),
            build_jobs: None,
            ports: None,
            limits: cast.caps,
            dir: AttemptDir::at(self.logs.path().join(&name)),
            slug: name,
            entry: Entry::Fresh,
        }
    }

    /// Plays it all, and answers attempts as a run would, but that it keeps nothing.
    pub(super) async fn play(&self, casts: &[Cast], tell: &dyn Fn(RunEvent)) -> Result<Rehearsed, RunError> {
        let (messages, mut said) = mpsc::unbounded_channel();
        let (stop, stopped) = (watch::Sender::new(None), watch::Sender::new(Duration::ZERO));
        let link = Link {
            messages,
            stop: stop.subscribe(),
            stopped: stopped.subscribe(),
            stoppable: Stoppable::default(),
            watcher: Watcher::default(),
        };
        let mut signals = Signals::listen(false)?;
        let playing = all(self, casts, &link);
        tokio::pin!(playing);
        loop {
            tokio::select! {
                (tried, left) = &mut playing => {
                    let was_ended = stop.borrow().is_some();
                    let ended = was_ended.then(|| Ended { before: left, by_term: signals.by_term() });
                    return Ok(Rehearsed { tried, ended });
                }
                Some(message) = said.recv() => hear(message, tell),
                asked = signals.next() => on_signal(asked, &stop),
            }
        }
    }
}

fn hear(message: Message, tell: &dyn Fn(RunEvent)) {
    if let Message::Record(_, written) = message {
        let _ = written.send(());
    } else if let Message::Note(text) = message {
        tell(RunEvent::Note(text));
    } else if let Message::Warning(_, text) = message {
        tell(RunEvent::Warning { task: None, text });
    }
}

/// Nothing here is worth waiting for.
fn on_signal(asked: Asked, stop: &watch::Sender<Option<run::Stage>>) {
    match asked {
        Asked::End(run::Stage::Kill) => stop.send_replace(Some(run::Stage::Kill)),
        Asked::End(run::Stage::Drain | run::Stage::End) => stop.send_replace(Some(run::Stage::End)),
        Asked::Suspend => None,
    };
}
