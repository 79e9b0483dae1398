//! Says again and again, beside the run, that a job has its task, and what has come of it.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};

use rustix::process::{Signal, getpid, kill_process};

use super::RecordsError;
use super::post::Post;
use crate::git::TimeLeft;

/// A claim is renewed so many times while it lasts.
const RENEWALS: u32 = 3;

/// The thread that does it.
#[derive(Debug)]
pub(super) struct Keeper {
    say: Sender<Say>,
    thread: JoinHandle<(Post, Option<RecordsError>)>,
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
    /// Begins with a claim that is in the remote. `time_left` is that of the post's remote.
    pub(super) fn start(post: Post, time_left: TimeLeft) -> Self {
        let (say, heard) = mpsc::channel();
        let thread = thread::spawn(move || keep(post, &heard));
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
            (_, Some(lost)) => Err(lost),
            (mut post, None) => post.save(false),
        }
    }
}

fn keep(mut post: Post, heard: &Receiver<Say>) -> (Post, Option<RecordsError>) {
    let pause = post.lasts / RENEWALS;
    loop {
        match heard.recv_timeout(pause) {
            Ok(Say::Save) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Say::End) | Err(RecvTimeoutError::Disconnected) => return (post, None),
        }
        // What was said meanwhile is said by that, too.
        if heard.try_iter().any(|say| say == Say::End) {
            return (post, None);
        }
        match post.save(true) {
            Ok(()) => {}
            Err(lost @ RecordsError::Lost { .. }) => {
                tracing::error!(error = %lost, "ends");
                // What its agent goes on to do, nobody would take.
                let _ = kill_process(getpid(), Signal::TERM);
                return (post, Some(lost));
            }
            Err(error) => tracing::warn!(%error, "the record could not be saved; it is tried again"),
        }
    }
}
