//! What can be seen of an agent while it works, for the journal: which process it is, and that it has said something.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::sleep;

use super::attempt::{Link, Message};
use super::job::{Entry, Job};
use super::record::{AgentStarted, Fact};
use super::supervisor;

/// Between the first two looks; then twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The milestones of one attempt; each is told once.
pub(super) struct Milestones<'a> {
    job: &'a Job,
    link: &'a Link,
    has_started: bool,
    has_spoken: bool,
}

impl<'a> Milestones<'a> {
    pub(super) fn new(job: &'a Job, link: &'a Link) -> Self {
        let (has_started, has_spoken) = match &job.entry {
            Entry::Resumed(resumed) => (resumed.process.is_some(), resumed.has_spoken),
            Entry::Fresh | Entry::Prepared(_) => (false, false),
        };
        Self { job, link, has_started, has_spoken }
    }

    /// Looks again and again, less and less often, until there is nothing more to be seen.
    pub(super) async fn watch(&mut self) -> Infallible {
        let mut pause = FIRST_PAUSE;
        while !(self.has_started && self.has_spoken) {
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            self.look();
        }
        std::future::pending().await
    }

    /// Tells what is new.
    pub(super) fn look(&mut self) {
        let Job { task, attempt, dir, .. } = self.job;
        let (task, attempt) = (task.clone(), *attempt);
        let process = if self.has_started { None } else { supervisor::agent_of(dir) };
        if let Some(process) = process {
            self.has_started = true;
            self.tell(Fact::AgentStarted(AgentStarted { task: task.clone(), attempt, process }));
        }
        let has_output =
            || [dir.stdout(), dir.stderr()].iter().any(|log| log.metadata().is_ok_and(|log| log.len() > 0));
        if !self.has_spoken && has_output() {
            self.has_spoken = true;
            self.tell(Fact::AgentSpoke { task, attempt });
        }
    }

    fn tell(&self, fact: Fact) {
        // If the run is over, nobody needs it any more.
        let _ = self.link.messages.send(Message::Seen(Box::new(fact)));
    }
}
