mod continued;
mod gated;
mod runs;
mod unresolved;
mod verified;
mod work;

use std::collections::HashMap;

use jiff::Timestamp;

use self::continued::GivenAnswer;
pub(in crate::run) use self::continued::GoingOn;
pub use self::gated::Lacks;
pub use self::runs::RunSpan;
pub use self::work::Stretch;
use super::Used;
use super::gates::GateEnded;
use super::outbox::{self, Says};
use super::record::{
    AgentStarted, Answered, AttemptEnded, AttemptStarted, Fact, ProcessId, Record, Reported, SetBack, Taken,
    TransitionRecord, VerifiedCommit,
};
use super::settings::Isolation;
use crate::agent::Outcome;
use crate::genesis::{Entry, Status};
use crate::git::Oid;
use crate::plan::TaskId;

/// What a plan's journal says, task by task.
#[derive(Debug, Default)]
pub struct History {
    /// Which boot of the machine the last run was in, where that is known.
    pub boot: Option<String>,
    /// The commit that the plan starts from, where that is known.
    pub start: Option<String>,
    /// The user's branch that this is on, where that is known.
    pub branch: Option<String>,
    tasks: HashMap<TaskId, TaskHistory>,
    /// When which run was at work.
    runs: Vec<RunSpan>,
    /// What is known of commits of the integration branch.
    verified: HashMap<String, VerifiedCommit>,
}

/// The story of one task.
#[derive(Debug, Default)]
pub struct TaskHistory {
    /// Its attempts, the first one first.
    pub attempts: Vec<Attempt>,
    /// Its changes of status that we made, the first one first.
    pub transitions: Vec<TransitionRecord>,
    /// How it was set back by a person, the last time.
    pub again: Option<Again>,
    /// How it was taken over by a person, the last time.
    taken: Option<TakenOver>,
    /// Its questions that were answered, the first one first.
    answers: Vec<GivenAnswer>,
}

/// That a person does a task.
#[derive(Debug)]
struct TakenOver {
    by: String,
    /// How many changes of status there had been by then.
    transitions: usize,
}

/// That a task is to be done again, by a person's wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// Whose.
    pub by: String,
    /// What its next agents are to know.
    pub note: Option<String>,
    /// How many attempts there had been by then.
    pub attempts_before: usize,
}

/// The story of one attempt.
#[derive(Debug)]
pub struct Attempt {
    /// How it began.
    pub started: AttemptStarted,
    /// When.
    pub at: Timestamp,
    /// How many changes of its task's status the journal had before it.
    pub transitions_before: usize,
    /// What its agent said while it worked, the first thing first, and when.
    pub reports: Vec<(Reported, Timestamp)>,
    /// So many of them have left in the plan file what it keeps of them.
    pub kept: usize,
    /// Its agent has printed something.
    pub has_spoken: bool,
    /// The process of its agent, where that is known.
    pub process: Option<ProcessId>,
    /// How it ended, and when; nothing while it runs, or if nobody saw it.
    pub ended: Option<(AttemptEnded, Timestamp)>,
    /// How the gates ended that its work went through, the first one first: of each the last time.
    pub gates: Vec<GateEnded>,
    /// Its work has not gone through all gates, because a run was told to end.
    pub(super) gates_interrupted: bool,
    /// How many changes of its task's status there had been when its work went on with a gate that could not be run before.
    taken_up_at: Option<usize>,
    /// The integration branch's commit that has its work.
    pub merge: Option<String>,
    /// When it was worked on, the first time first.
    stretches: Vec<Stretch>,
    /// The last of them has not come to its end.
    is_at_work: bool,
}

impl Attempt {
    fn begun(started: AttemptStarted, at: Timestamp, transitions_before: usize) -> Self {
        let (reports, process, has_spoken) = (Vec::new(), None, false);
        Self {
            started,
            at,
            transitions_before,
            reports,
            kept: 0,
            has_spoken,
            process,
            ended: None,
            gates: Vec::new(),
            gates_interrupted: false,
            taken_up_at: None,
            merge: None,
            stretches: vec![Stretch::at(at)],
            is_at_work: true,
        }
    }

    /// What the plan keeps of what its agent said, and has not yet.
    pub fn to_keep(&self) -> Vec<Entry> {
        Self::entries(&self.reports[self.kept.min(self.reports.len())..])
    }

    /// What the plan was given of what its agent said.
    pub(super) fn kept(&self) -> Vec<Entry> {
        Self::entries(&self.reports[..self.kept.min(self.reports.len())])
    }

    fn entries(reports: &[(Reported, Timestamp)]) -> Vec<Entry> {
        let entry = |(reported, at): &(Reported, Timestamp)| match reported.says.clone() {
            Says::Remark(remark) => Some(remark.entry(reported.task.as_str(), &reported.actor, *at)),
            Says::Claim(_) => None,
        };
        reports.iter().filter_map(entry).collect()
    }

    /// Whether its work counts: it is merged, or was done in the checkout itself.
    pub fn succeeded(&self) -> bool {
        let is_in_place = match self.started.isolation {
            Isolation::Worktree | Isolation::Shared => self.merge.is_some(),
            Isolation::None => true,
        };
        matches!(self.outcome(), Some(Outcome::Completed | Outcome::NoChanges)) && is_in_place
    }

    /// How it ended, if it did.
    pub fn outcome(&self) -> Option<Outcome> {
        self.ended.as_ref().map(|(ended, _)| ended.outcome)
    }

    /// What it used up, as far as it is known.
    pub fn used(&self) -> Used {
        let ended = self.ended.as_ref().map(|(ended, _)| ended);
        ended.map(|ended| Used { cost_usd: ended.cost_usd, tokens: ended.tokens }).unwrap_or_default()
    }

    /// The commit with its resolution of a conflict, where it made one that is right by itself.
    pub fn resolution(&self) -> Option<Oid> {
        self.ended.as_ref().and_then(|(ended, _)| ended.resolution.as_deref()?.parse().ok())
    }

    /// The last commit of its work, where there is one.
    pub fn commit(&self) -> Option<Oid> {
        self.ended.as_ref().and_then(|(ended, _)| ended.commit.as_deref()?.parse().ok())
    }
}

impl History {
    /// Reads the records in their order.
    pub fn from_records(records: impl IntoIterator<Item = Record>) -> Self {
        let mut history = Self::default();
        for record in records {
            history.add(record);
        }
        history
    }

    /// What is known of a task; nothing, if we never had to do with it.
    pub fn task(&self, id: &str) -> Option<&TaskHistory> {
        self.tasks.get(id)
    }

    /// All tasks that we had to do with.
    pub fn tasks(&self) -> impl Iterator<Item = (&TaskId, &TaskHistory)> {
        self.tasks.iter()
    }

    /// Takes one more record in.
    pub fn add(&mut self, record: Record) {
        self.note_runs(&record);
        self.note_work(&record);
        match record.fact {
            Fact::AttemptStarted(started) => {
                let story = self.story(&started.task);
                let transitions_before = story.transitions.len();
                let at = record.time;
                push_tightly(&mut story.attempts, Attempt::begun(started, at, transitions_before));
            }
            Fact::AgentStarted(AgentStarted { task, attempt, process }) => {
                if let Some(attempt) = self.attempt(&task, attempt) {
                    attempt.process = Some(process);
                }
            }
            Fact::Reported(reported) => {
                if let Some(attempt) = self.attempt(&reported.task, reported.attempt) {
                    attempt.reports.push((reported, record.time));
                }
            }
            Fact::Kept { task, attempt, reports } => {
                if let Some(attempt) = self.attempt(&task, attempt) {
                    attempt.kept = attempt.kept.max(reports);
                }
            }
            Fact::AttemptEnded(ended) => {
                let transitions = self.task(ended.task.as_str()).map_or(0, |story| story.transitions.len());
                if let Some(attempt) = self.attempt(&ended.task, ended.attempt) {
                    attempt.end(ended, record.time, transitions);
                }
            }
            Fact::Merged { task, attempt, merge, .. } => {
                if let Some(attempt) = self.attempt(&task, attempt) {
                    attempt.merge = Some(merge);
                }
            }
            Fact::Transition(transition) => {
                push_tightly(&mut self.story(&transition.task).transitions, transition);
            }
            Fact::SetBack(set_back) => self.set_back(set_back),
            Fact::Taken(taken) => self.take(taken),
            Fact::Answered(answered) => self.answer(answered),
            Fact::RunStarted { boot, start, branch, .. } => {
                self.boot = boot;
                self.begin_at(start, branch);
            }
            Fact::Rebased { to, branch, .. } => self.begin_at(to, branch),
            Fact::GateEnded(ended) => {
                if let Some(attempt) = self.attempt(&ended.task, ended.attempt) {
                    attempt.add_gate(*ended);
                }
            }
            Fact::GatesInterrupted { task, attempt } => {
                if let Some(attempt) = self.attempt(&task, attempt) {
                    attempt.gates_interrupted = true;
                }
            }
            Fact::Verified(verified) => self.add_verified(verified),
            Fact::TakenOut(out) => self.take_out(out),
            Fact::AgentSpoke { task, attempt } => {
                if let Some(attempt) = self.attempt(&task, attempt) {
                    attempt.has_spoken = true;
                }
            }
            // What becomes of an attempt does not depend on them.
            Fact::JournalBegun { .. }
            | Fact::RunEnding { .. }
            | Fact::RunEnded { .. }
            | Fact::Asked { .. }
            | Fact::OverEstimate(_)
            | Fact::OfLaterVersion => {}
        }
    }

    fn set_back(&mut self, SetBack { by, tasks, note, transitions }: SetBack) {
        let others = transitions.iter().map(|transition| (&transition.task, None));
        for (task, note) in others.chain(tasks.iter().map(|task| (task, note.clone()))) {
            let story = self.story(task);
            let attempts_before = story.attempts.len();
            story.again = Some(Again { by: by.clone(), note, attempts_before });
        }
        for transition in transitions {
            self.story(&transition.task).transitions.push(transition);
        }
    }

    fn take(&mut self, Taken { task, by, transitions }: Taken) {
        let story = self.story(&task);
        story.transitions.extend(transitions);
        story.taken = Some(TakenOver { by, transitions: story.transitions.len() });
    }

    fn answer(&mut self, answered: Answered) {
        let story = self.story(&answered.task);
        story.transitions.extend(answered.transitions.iter().cloned());
        let (transitions, attempts) = (story.transitions.len(), story.attempts.len());
        story.answers.pop_if(|before| answered.replaces(&before.answered));
        story.answers.push(GivenAnswer { answered, transitions, attempts });
    }

    fn begin_at(&mut self, start: String, branch: Option<String>) {
        self.start = Some(start);
        self.branch = branch.or(self.branch.take());
    }

    fn story(&mut self, task: &TaskId) -> &mut TaskHistory {
        self.tasks.entry(task.clone()).or_default()
    }

    fn attempt(&mut self, task: &TaskId, number: u32) -> Option<&mut Attempt> {
        let attempts = &mut self.tasks.get_mut(task)?.attempts;
        attempts.iter_mut().rev().find(|attempt| attempt.started.attempt == number)
    }
}

/// Most tasks have one attempt and two transitions: in a plan of thousands, room for more that never come would be most of the memory.
fn push_tightly<T>(list: &mut Vec<T>, item: T) {
    if list.len() < 4 {
        list.reserve_exact(1);
    }
    list.push(item);
}

/// Who takes work out again that does not hold.
const OURS: &str = "blueprint";

impl TaskHistory {
    /// The number that the next attempt gets.
    pub fn next_attempt(&self) -> u32 {
        self.attempts.iter().map(|attempt| attempt.started.attempt).max().unwrap_or(0) + 1
    }

    /// What all its attempts used up, as far as it is known.
    pub fn used(&self) -> Used {
        self.attempts.iter().map(Attempt::used).fold(Used::default(), Used::plus)
    }

    /// The newest attempt.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Whether what it came to before a person set it back is all that there is of it: its old work does not count any more.
    pub fn is_set_back(&self) -> bool {
        self.again.as_ref().is_some_and(|again| again.attempts_before == self.attempts.len())
    }

    /// The person who has it in hand, if nothing has happened to its status since they took it.
    pub fn taken_by(&self) -> Option<&str> {
        let taken = self.taken.as_ref().filter(|taken| taken.transitions == self.transitions.len())?;
        Some(&taken.by)
    }

    /// The attempt whose work counts. What came before a person set the task back does not.
    pub fn success(&self) -> Option<&Attempt> {
        let forgotten = self.again.as_ref().map_or(0, |again| again.attempts_before);
        self.attempts.iter().skip(forgotten).rev().find(|attempt| attempt.succeeded())
    }

    /// Until when the task waits for a limit to end that its last attempt ran into, unless anything has been decided since.
    pub fn parked_until(&self) -> Option<Timestamp> {
        let last = self.last_attempt().filter(|_| !self.is_set_back())?;
        let (ended, _) = last.ended.as_ref()?;
        // Its own end, and nothing after.
        let since = self.transitions.get(last.transitions_before..)?;
        ended.retry_at.filter(|_| matches!(since, [one] if one.to == Status::Pending))
    }

    /// How its last attempt went wrong, and more on it; nothing, if somebody else has had a say since.
    pub fn failure(&self) -> Option<(Outcome, Option<String>)> {
        let last = self.last_attempt()?;
        let (ended, _) = last.ended.as_ref()?;
        let is_taken_out = self.is_set_back() && self.again.as_ref().is_some_and(|again| again.by == OURS);
        let is_ours = is_taken_out || self.is_untried_conflict();
        let is_theirs = !is_ours && self.transitions.len() > last.transitions_before + 1;
        let detail = ended.question.clone().or_else(|| ended.detail.clone());
        let is_failure = !matches!(ended.outcome, Outcome::Completed | Outcome::Interrupted);
        (is_failure && !is_theirs).then_some((ended.outcome, detail))
    }

    /// Whether that is the secret of the attempt that is under way.
    pub fn is_told(&self, token: &str) -> bool {
        self.open_attempt().is_some_and(|attempt| attempt.started.token_hash == outbox::hash(token))
    }

    /// The newest attempt, if nothing has happened to its task's status since it began.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.last_attempt().filter(|attempt| attempt.transitions_before == self.transitions.len())
    }
}

#[cfg(test)]
mod tests;
