//! The jobs that agents' builds share.

use std::io;

use super::Dispatcher;
use crate::agent::{BuildJobs, Outcome};
use crate::run::RunEvent;
use crate::run::jobserver::{Jobserver, make_knows_pipes};

impl Dispatcher<'_> {
    /// Makes the pool, if one is asked for. Agents build without one, too.
    pub(super) fn open_jobserver(&mut self) {
        let Some(jobs) = self.settings.sharing.build_jobs else { return };
        let for_make = make_knows_pipes();
        self.pacing.jobserver = self.told(Jobserver::new(jobs, for_make));
        if !for_make {
            let text = "jobserver: `make` is older than 4.4, so that only cargo and rustc share jobs";
            self.tell(RunEvent::Note(text.to_owned()));
        }
    }

    /// What the next attempt's builds are told.
    pub(super) fn build_jobs(&mut self) -> Option<BuildJobs> {
        let is_alone = self.running.is_empty();
        let jobs = self.pacing.jobserver.as_mut()?.build_jobs(is_alone);
        self.told(jobs)
    }

    /// What was killed in the middle of a build has not given its tokens back.
    pub(super) fn replace_lost_tokens(&mut self, outcome: Outcome) {
        let was_killed = matches!(
            outcome,
            Outcome::TimedOut | Outcome::Killed | Outcome::Cancelled | Outcome::Interrupted
        );
        if was_killed && let Some(server) = &mut self.pacing.jobserver {
            let renewed = server.renew();
            self.told(renewed);
        }
    }

    /// What fails is told, and leaves the agents without the pool.
    fn told<T>(&mut self, result: io::Result<T>) -> Option<T> {
        if let Err(error) = &result {
            self.pacing.jobserver = None;
            let text = format!("no jobserver: {error}; agents' builds don't share the cores");
            self.tell(RunEvent::Warning { task: None, text });
        }
        result.ok()
    }
}
