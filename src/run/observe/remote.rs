//! A plan that others work at, watched by way of a git remote. That tells nobody when it changes: it is asked, beside all else.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use signal_hook::consts::SIGTSTP;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::eyes::{Eyes, Seen, suspend};
use super::{Moment, Unwatched};
use crate::git::{RefMap, RemoteError};
use crate::run::RunError;
use crate::run::remote::RemotePlan;
use crate::run::start::runtime;

/// The pause between two times that the remote is asked.
const PAUSE: Duration = Duration::from_secs(5);

/// What is told to who watches from afar.
#[derive(Debug)]
pub enum Glimpse {
    /// What the remote has now; all of it is here.
    Refs(RefMap),
    /// Nothing can be had from it at the moment; it is asked again.
    Away(RemoteError),
    /// Something that has nothing to do with the remote.
    Of(Moment),
}

/// Tells what the remote has of a plan, again and again, until `tell` says that it is over, or a signal does.
///
/// # Errors
/// What `tell` gives ends it; else what `lift` makes of a [`RunError`], where signals can't be listened to.
pub fn observe_remote<E>(
    plan: &RemotePlan,
    lift: &dyn Fn(RunError) -> E,
    tell: &mut dyn FnMut(Glimpse) -> Result<ControlFlow<Unwatched>, E>,
) -> Result<Unwatched, E> {
    let runtime = runtime().map_err(|error| lift(error.into()))?;
    runtime.block_on(async {
        let mut eyes = Eyes::open().map_err(|error| lift(error.into()))?;
        let mut asker = Asker::start(plan);
        loop {
            let glimpse = match eyes.next(asker.answer()).await {
                Seen::Change(Ok(refs)) => Glimpse::Refs(refs),
                Seen::Change(Err(error)) => Glimpse::Away(error),
                Seen::Time => Glimpse::Of(Moment::Passed),
                Seen::Size => Glimpse::Of(Moment::Resized),
                Seen::Signal(SIGTSTP) => {
                    suspend(&mut |moment| tell(Glimpse::Of(moment)).map(drop))?;
                    continue;
                }
                Seen::Signal(end) => return Ok(Unwatched::Signal(end)),
            };
            if let ControlFlow::Break(over) = tell(glimpse)? {
                return Ok(over);
            }
        }
    })
}

/// Asks in a thread of its own: a remote may take its time, and a terminal does not wait for it.
struct Asker {
    answers: UnboundedReceiver<Result<RefMap, RemoteError>>,
    is_over: Arc<AtomicBool>,
    /// Taken away, it ends the pause.
    hold: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Asker {
    fn start(plan: &RemotePlan) -> Self {
        let (is_over, (hold, pause)) = (Arc::new(AtomicBool::new(false)), channel::<()>());
        let (tell, answers) = unbounded_channel();
        let plan = RemotePlan { remote: plan.remote.clone().until(&is_over), refs: plan.refs.clone() };
        let thread = spawn(move || {
            while pause.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                if tell.send(plan.fetch()).is_err() {
                    return;
                }
            }
        });
        Self { answers, is_over, hold: Some(hold), thread: Some(thread) }
    }

    async fn answer(&mut self) -> Result<RefMap, RemoteError> {
        match self.answers.recv().await {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Asker {
    /// A git that is under way ends with it.
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.hold = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
