//! Says again and again, beside the run, that a job has its task, and what has come of it.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};

use rustix::process::{Signal, getpid, kill_process};

use super::RecordsError;
use super::post::Post;
use crate::git::TimeLeft;
use crate::run::Asides;
use crate::run::remote::Troubles;

/// A claim is renewed so many times while it lasts.
const RENEWALS: u32 = 3;

/// What the thread leaves.
struct Kept {
    post: Post,
    troubles: Troubles,
    /// Another job has the task.
    lost: Option<RecordsError>,
}

/// The thread that does it.
#[derive(Debug)]
pub(super) struct Keeper {
    say: Sender<Say>,
    thread: JoinHandle<Kept>,
    time_left: TimeLeft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Say {
    /// Something has happened that the remote is to know.
    Save,
    /// The run is over.
    End,
}

impl Keeper {
    /// Begins with a claim that is in the remote. `time_left` is that of the post's remote; `asides` is told what goes wrong.
    pub(super) fn start(post: Post, time_left: TimeLeft, asides: Asides) -> Self {
        let (say, heard) = mpsc::channel();
        let what = format!("how task `{}` stands in remote `{}`", post.task, post.plan.remote.name());
        let kept = Kept { post, troubles: Troubles::new(asides, what), lost: None };
        let thread = thread::spawn(move || keep(kept, &heard));
        Self { say, thread, time_left }
    }

    /// Has the remote know what the journal says by now, as soon as that can be.
    pub(super) fn save(&self) {
        // If the thread has ended, the claim is lost, and there is nothing to be said.
        let _ = self.say.send(Say::Save);
    }

    /// Says for the last time what has come of the task, as patiently as can be, and gives it back.
    ///
    /// # Errors
    /// [`RecordsError::Lost`] if another job has it.
    pub(super) fn end(self) -> Result<(), RecordsError> {
        // A push that is under way comes to its end, if that can be: broken off, it might leave a lock in the remote.
        let _ = self.say.send(Say::End);
        self.time_left.begin_last_words();
        let ended = self.thread.join().map_err(|_| std::io::Error::other("a thread ended by a bug"));
        match ended.map_err(crate::run::RunError::from)? {
            Kept { lost: Some(lost), .. } => Err(lost),
            Kept { mut post, mut troubles, lost: None } => {
                post.save(false)?;
                troubles.are_over();
                Ok(())
            }
        }
    }
}

fn keep(mut kept: Kept, heard: &Receiver<Say>) -> Kept {
    let pause = kept.post.lasts / RENEWALS;
    loop {
        match heard.recv_timeout(pause) {
            Ok(Say::Save) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Say::End) | Err(RecvTimeoutError::Disconnected) => return kept,
        }
        // What was said meanwhile is said by that, too.
        if heard.try_iter().any(|say| say == Say::End) {
            return kept;
        }
        kept.save();
        if kept.lost.is_some() {
            // What its agent goes on to do, nobody would take.
            let _ = kill_process(getpid(), Signal::TERM);
            return kept;
        }
    }
}

impl Kept {
    fn save(&mut self) {
        match self.post.save(true) {
            Ok(()) => self.troubles.are_over(),
            Err(lost @ RecordsError::Lost { .. }) => {
                self.troubles.say(format!("{lost}; the run is ended"));
                self.lost = Some(lost);
            }
            Err(error) => {
                let until = self.post.claim.free_at();
                let then = format!(
                    "it is tried again; unless that works, another job may take the task from {until:.0} on"
                );
                self.troubles.tell(error.of_remote(), &error, &then);
            }
        }
    }
}
