//! What a person has done: committed and merged as an agent's work is, or kept aside when the task goes back to the agents.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::place::committed;
use super::{Hands, moment};
use crate::agent::Outcome;
use crate::genesis::{Status, TaskResult};
use crate::git::{Authorship, GitError, Integrated, Loss, MayLose, Message, Notice, OWN_FOLDER, Oid, Work};
use crate::plan::TaskId;
use crate::run::merging::DROPPED;
use crate::run::record::{AttemptEnded, Fact, Record, SetBack, TransitionRecord, open_journal};
use crate::run::{Attempt, History, RunError, TaskHistory};

/// How the work of a person ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// It is merged and journaled; what is left is the change of the task's status.
    Merged {
        /// That change.
        transition: Box<TransitionRecord>,
        /// The commit that the integration branch has it by.
        merge: Oid,
        /// Whether anything differs from the base.
        changed: bool,
        /// What the person should know.
        notices: Vec<String>,
    },
    /// It conflicts with what is merged already, in these files. It is committed, and stays the person's.
    Conflict(Vec<PathBuf>),
    /// The person has merged what is merged already, and left markers of conflicts in these files. It is committed, and stays the person's.
    Markers(Vec<PathBuf>),
    /// It holds what others have done, and would take some of that away again. It is committed, and stays the person's.
    Losing(Vec<Loss>),
    /// It has changed since it went through the gates. It is committed, and stays the person's.
    Changed,
}

/// Commits what is in the worktree in the name of `by`. Gives the last commit, and the files that it all changes.
///
/// # Errors
/// [`RunError::Git`] if it can't be committed; the task stays the person's.
pub fn commit(
    hands: &Hands<'_>,
    attempt: &Attempt,
    by: &Authorship,
) -> Result<(Oid, Vec<PathBuf>), RunError> {
    let gathered = gather(hands, attempt, by)?;
    let base = hands.repo.resolve(&attempt.started.base)?;
    Ok((gathered.head, hands.repo.changed_paths(base, gathered.head)?))
}

/// What a person says of work that they give.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Who they are.
    pub actor: &'a str,
    /// What they have done.
    pub summary: &'a str,
    /// Files of which something that others have added is left out on purpose, relative to the repository's root.
    pub dropped: &'a [PathBuf],
}

/// Commits what is in the worktree in the name of `by`, and merges it. What has gone through gates is `gated`: nothing else is merged.
///
/// # Errors
/// [`RunError::Git`] if it can't be committed or merged; the task stays the person's.
pub fn finish(
    hands: &Hands<'_>,
    story: &TaskHistory,
    attempt: &Attempt,
    by: &Authorship,
    said: Said<'_>,
    gated: Option<Oid>,
) -> Result<Finished, RunError> {
    let Hands { repo, refs, .. } = *hands;
    let Said { actor, summary, dropped } = said;
    let gathered = gather(hands, attempt, by)?;
    if gated.is_some_and(|gated| gated != gathered.head) {
        return Ok(Finished::Changed);
    }
    let message = Message::new(&format!("Merge task {}: {}", hands.task, hands.name))
        .for_attempt(hands.task, attempt.started.attempt);
    let base = attempt.started.base.parse().ok();
    let markers = repo.markers_left(refs, base, gathered.head)?;
    if !markers.is_empty() {
        return Ok(Finished::Markers(markers));
    }
    let may_lose = MayLose::In(dropped);
    let work = Work { head: gathered.head, base, message: &message, may_lose };
    let merge = match repo.integrate(refs, &work, hands.strategy)? {
        Integrated::Merged { commit, .. } => commit,
        Integrated::AlreadyIn => repo.merge_of(refs, gathered.head)?.unwrap_or(gathered.head),
        Integrated::Conflict(paths) => return Ok(Finished::Conflict(paths)),
        Integrated::Losing(losses) => return Ok(Finished::Losing(losses)),
    };
    // Before the journal says that it is there.
    repo.sync()?;
    let outcome = if gathered.changed { Outcome::Completed } else { Outcome::NoChanges };
    let ended = ended(hands, attempt, outcome, summary, Some(gathered.head));
    let ended = AttemptEnded { notes: said.notes(), ..ended };
    let mut journal = open_journal(&hands.state.journal())?;
    journal.append(&Record::now(Fact::AttemptEnded(ended)))?;
    journal.append(&Record::now(Fact::Merged {
        task: TaskId::from(hands.task),
        attempt: attempt.started.attempt,
        commit: gathered.head.to_string(),
        merge: merge.to_string(),
    }))?;
    let (branch, base, head) = (&attempt.started.branch, &attempt.started.base, gathered.head);
    let transition = TransitionRecord {
        task: TaskId::from(hands.task),
        from: Status::InProgress,
        to: Status::Completed,
        at: moment(Some(story)),
        actor: actor.to_owned(),
        description: format!("completed by {actor}: {summary}"),
        changes: Some(format!("branch {branch} from {base} to {head}, merged as {merge}")),
        result: Some(TaskResult {
            summary: summary.to_owned(),
            notes: said.notes(),
            ..TaskResult::default()
        }),
    };
    let transition = Box::new(transition);
    Ok(Finished::Merged { transition, merge, changed: gathered.changed, notices: gathered.notices })
}

/// Keeps what is in the worktree under the attempt's ref, and journals its end; gives the fact that sets the task back, which is left to be
/// journaled. The next attempt starts from a clean base, with `note` in its prompt.
///
/// # Errors
/// [`RunError::Git`] if the work can't be kept; the task stays the person's.
pub fn give_back(
    hands: &Hands<'_>,
    story: &TaskHistory,
    attempt: &Attempt,
    by: &Authorship,
    (actor, note): (&str, Option<&str>),
) -> Result<(SetBack, Option<Oid>), RunError> {
    let Hands { repo, refs, slug, task, .. } = *hands;
    let number = attempt.started.attempt;
    let worktree = repo.worktree(&attempt.started.worktree);
    let message = message("Unfinished work of", hands, number);
    let kept = match worktree.snapshot(&refs.branch(slug), by, &message) {
        // It has vanished, or is none any more: then what is committed is all there is to keep.
        Err(GitError::NotAWorktree { .. }) => committed(hands, attempt)?,
        snapshot => snapshot?.commit,
    };
    repo.keep_attempt(refs, slug, number, kept)?;
    repo.sync()?;
    let base = attempt.started.base.parse::<Oid>().ok();
    let has_work = base.map_or(Ok(true), |base| repo.changed(base, kept).map(|stat| stat.files > 0))?;
    let ended = ended(hands, attempt, Outcome::Cancelled, &format!("given back by {actor}"), Some(kept));
    open_journal(&hands.state.journal())?.append(&Record::now(Fact::AttemptEnded(ended)))?;
    let seen = format!("{actor} has begun on it: `git diff {} {kept}` shows how far", attempt.started.base);
    let note = [note.map(str::to_owned), has_work.then_some(seen)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    let set_back = set_back(task, Some(story), actor, Some(note).filter(|note| !note.is_empty()));
    Ok((set_back, has_work.then_some(kept)))
}

impl Hands<'_> {
    /// The fact that sets a task back which was taken, but never got a place to work in.
    pub fn untouched(&self, history: &History, actor: &str, note: Option<&str>) -> SetBack {
        set_back(self.task, history.task(self.task), actor, note.map(str::to_owned))
    }
}

fn set_back(task: &str, story: Option<&TaskHistory>, actor: &str, note: Option<String>) -> SetBack {
    let transition = TransitionRecord {
        task: TaskId::from(task),
        from: Status::InProgress,
        to: Status::Pending,
        at: moment(story),
        actor: actor.to_owned(),
        description: format!("given back to the agents by {actor}"),
        changes: None,
        result: None,
    };
    SetBack { by: actor.to_owned(), tasks: vec![TaskId::from(task)], note, transitions: vec![transition] }
}

impl Said<'_> {
    /// What the journal keeps of it beside the summary: another machine that merges the work looks at it again.
    fn notes(&self) -> Option<String> {
        let line = |path: &PathBuf| format!("{DROPPED} {}: so said by {}", path.display(), self.actor);
        let lines: Vec<_> = self.dropped.iter().map(line).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

struct Gathered {
    head: Oid,
    changed: bool,
    notices: Vec<String>,
}

/// Commits what is not committed; a change of the plan's own file, which blueprint writes, is left out.
fn gather(hands: &Hands<'_>, attempt: &Attempt, by: &Authorship) -> Result<Gathered, GitError> {
    let Hands { repo, refs, slug, .. } = *hands;
    let (number, branch) = (attempt.started.attempt, refs.branch(slug));
    let worktree = repo.worktree(&attempt.started.worktree);
    let left = worktree.commit_leftovers(&branch, by, &message("Work of", hands, number))?;
    let mut head = left.head;
    let base = repo.resolve(&attempt.started.base)?;
    for path in hands.genesis.into_iter().chain([Path::new(OWN_FOLDER)]) {
        let message = Message::new("Leave out what blueprint writes").for_attempt(hands.task, number);
        head = worktree.drop_path_change(&branch, base, path, &Authorship::own(), &message)?.unwrap_or(head);
    }
    repo.keep_attempt(refs, slug, number, head)?;
    let changed = repo.changed(base, head)?.files > 0;
    Ok(Gathered { head, changed, notices: left.notices.iter().map(Notice::to_string).collect() })
}

fn message(what: &str, hands: &Hands<'_>, attempt: u32) -> Message {
    Message::new(&format!("{what} task {}: {}", hands.task, hands.name)).for_attempt(hands.task, attempt)
}

fn ended(
    hands: &Hands<'_>,
    attempt: &Attempt,
    outcome: Outcome,
    summary: &str,
    commit: Option<Oid>,
) -> AttemptEnded {
    let took = Timestamp::now().duration_since(attempt.at);
    AttemptEnded {
        task: TaskId::from(hands.task),
        attempt: attempt.started.attempt,
        outcome,
        summary: Some(summary.to_owned()),
        deliverables: Vec::new(),
        notes: None,
        detail: None,
        question: None,
        protected: Vec::new(),
        approval: None,
        unrun_gate: None,
        resolution: None,
        retry_at: None,
        commit: commit.map(|commit| commit.to_string()),
        session: None,
        lost_session: false,
        cost_usd: None,
        tokens: None,
        duration_ms: took.as_millis().try_into().unwrap_or_default(),
    }
}
