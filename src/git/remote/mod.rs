//! A remote repository as a place where several machines agree on refs: fetch into a namespace of its own, and push several refs at once, each
//! only if it is still where it was last seen.
//!
//! By the git program, since logins and transports are its trade. None of the user's hooks runs, and no ref of the user's moves: what was fetched
//! lies under `refs/blueprint-remotes/<remote>/`, in place of `refs/`.
//!
//! Knows nothing of plans, leases or records, nor what the refs that it moves are for.

mod adopt;
mod error;
mod fetch;
mod files;
mod push;
mod said;
mod sift;
mod versions;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{GitError, Program, Repo, TimeLeft};

pub use adopt::{Adopted, Yield};
pub use error::RemoteError;
pub use fetch::RefMap;
pub use push::Move;
pub use sift::{Refusal, sift};
pub use versions::content_id;

/// How often a call is tried that failed for what may pass.
const TRIES: u32 = 4;
/// The pause after the first try; each later one is twice as long, and not the same for any two.
const PAUSE: Duration = Duration::from_millis(150);
/// No pause is longer than about that.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Between two looks at whether it is to be broken off.
const LOOK: Duration = Duration::from_millis(20);
/// A remote that has not answered for so long will not.
const LIMIT: Duration = Duration::from_mins(10);
/// Where remotes are tracked.
pub(in crate::git) const TRACKED: &str = "refs/blueprint-remotes";

/// A remote that the repository's configuration knows. Cheap to clone, usable from any thread.
#[derive(Debug, Clone)]
pub struct Remote {
    repo: Repo,
    name: String,
    limit: Duration,
    is_over: Option<Arc<AtomicBool>>,
    time_left: Option<TimeLeft>,
}

impl Repo {
    /// The remote of that name.
    ///
    /// # Errors
    /// [`RemoteError::Unknown`] if the configuration has none, and the names that it has.
    pub fn remote(&self, name: &str) -> Result<Remote, RemoteError> {
        let known = self.remotes()?;
        if !known.iter().any(|known| known == name) {
            return Err(RemoteError::Unknown { name: name.to_owned(), known });
        }
        let (is_over, time_left) = (None, None);
        Ok(Remote { repo: self.clone(), name: name.to_owned(), limit: LIMIT, is_over, time_left })
    }

    /// The names of all remotes, in the order of the configuration.
    pub fn remotes(&self) -> Result<Vec<String>, GitError> {
        let store = self.open_store()?;
        let names = store.remotes().map_err(GitError::git("list the remotes", self.place()))?;
        Ok(names.iter().filter_map(Result::ok).flatten().map(str::to_owned).collect())
    }
}

impl Remote {
    /// Its name, such as `origin`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The repository that knows it.
    pub fn repo(&self) -> &Repo {
        &self.repo
    }

    /// Each call of git may take so long, and no longer.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The same; but no call takes longer than that, whatever else it may take.
    #[must_use]
    pub fn at_most(&self, limit: Duration) -> Self {
        Self { limit: self.limit.min(limit), ..self.clone() }
    }

    /// What breaks off all calls as soon as it is set, and the pauses between them; but for pushes: these might leave a lock in the remote.
    #[must_use]
    pub fn until(mut self, is_over: &Arc<AtomicBool>) -> Self {
        self.is_over = Some(Arc::clone(is_over));
        self
    }

    /// What says how patient it is. When no time is left, whatever is under way is broken off.
    #[must_use]
    pub fn in_time(mut self, time_left: &TimeLeft) -> Self {
        self.time_left = Some(time_left.clone());
        self
    }

    /// The same for what is to be saved or given back: no signal breaks that off at once. A branch that is pushed for the first time over a
    /// slow line has all the time that a call has.
    #[must_use]
    pub fn lasting(&self) -> Self {
        Self { is_over: None, ..self.clone() }
    }

    /// The local ref that holds what a ref of the remote (full name) was when it was last fetched or pushed.
    pub fn tracked(&self, full_name: &str) -> String {
        let rest = full_name.strip_prefix("refs/").unwrap_or(full_name);
        format!("{TRACKED}/{}/{rest}", self.name)
    }

    fn call(&self, action: &'static str) -> Program {
        match &self.is_over {
            Some(is_over) => self.lasting_call(action).until(is_over),
            None => self.lasting_call(action),
        }
    }

    /// A call that comes to its end, as long as there is time.
    fn lasting_call(&self, action: &'static str) -> Program {
        let call = Program::new(action, self.place()).within(self.limit);
        match &self.time_left {
            Some(time_left) => call.in_time(time_left),
            None => call,
        }
    }

    /// The main checkout, where there is one: from there git takes an address that is a relative path.
    fn place(&self) -> &Path {
        let common = self.repo.common_dir();
        let checkout = common.parent().filter(|_| common.file_name().is_some_and(|name| name == ".git"));
        checkout.or(self.repo.workdir()).unwrap_or(common)
    }

    /// Does it again after a while, as long as what fails may pass.
    fn persist<T>(&self, attempt: impl Fn() -> Result<T, RemoteError>) -> Result<T, RemoteError> {
        let mut pause = PAUSE;
        for tries in 1.. {
            match attempt() {
                Err(error) if error.may_pass() && self.tries_again(tries) => self.wait(pause),
                done => return done,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        attempt()
    }

    fn tries_again(&self, tries: u32) -> bool {
        let is_patient = self.time_left.as_ref().is_some_and(TimeLeft::is_for_last_words);
        !self.is_over() && (is_patient || tries < TRIES)
    }

    /// Does nothing for about that long, unless it is broken off.
    pub fn wait(&self, pause: Duration) {
        let begun = Instant::now();
        let pause = pause.mul_f64(0.5 + fastrand::f64());
        while begun.elapsed() < pause && !self.is_over() {
            sleep(LOOK);
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst))
            || self.time_left.as_ref().is_some_and(TimeLeft::is_over)
    }
}
