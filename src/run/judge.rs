//! What an attempt came to: what the agent's end, its output, its own report and its worktree say together. Blocking.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::budget::Used;
use super::continuing::has_lost_session;
use super::job::{Common, Job, Report};
use super::masking::mask_kept;
use super::merging;
use super::outbox::Claim;
use super::record::{AttemptEnded, AttemptStarted};
use super::settings::Isolation;
use super::supervisor::{End, Exit, MOST_OUTPUT, Reason};
use super::walls::remove_temp;
use super::{audit, call, shared, workplace};
use crate::agent::{self, Ended, EndedBy, Outcome, Reading};
use crate::git::{GitError, Oid};

/// What the agent's end, its output, its own report and its worktree say together.
///
/// Gives warnings beside the report.
///
/// # Errors
/// What the disk says, where what the agent left can't be committed for want of it.
pub(super) fn judge(
    job: &Job,
    started: &AttemptStarted,
    end: &End,
    ended_by: Option<EndedBy>,
    said: Option<Claim>,
) -> Result<(Report, Vec<String>), GitError> {
    let (mut report, warning) = judge_in_place(job, end, ended_by, said);
    remove_temp(&job.dir);
    let mut warnings = Vec::from_iter(warning);
    let found = audit::look_after(job, started);
    warnings.extend(found.warnings);
    if let Some(how) = found.escaped {
        (report.outcome, report.detail, report.question) = (Outcome::Escaped, Some(how), None);
        report.lost_session = false;
    }
    warnings.extend(add_work(job, started, &mut report)?);
    refuse_protected(job, started, &mut report)?;
    Ok((report, warnings))
}

/// The same without a worktree.
pub(super) fn judge_in_place(
    job: &Job,
    end: &End,
    ended_by: Option<EndedBy>,
    said: Option<Claim>,
) -> (Report, Option<String>) {
    // First of all: what is read from the logs is kept, too.
    let unmasked = mask_kept(&job.dir, &job.common.secrets).err();
    let reading = read(job, end, ended_by);
    let is_lost = said.is_none() && !end.asked && has_lost_session(job, &reading, ended_by);
    let mut report = from_reading(reading);
    if let Some(said) = said {
        take_in(&mut report, said);
    }
    if is_lost {
        lose_session(&mut report);
    }
    let unmasked = unmasked.map(|error| format!("what is kept of it may have secrets in it: {error}"));
    let warnings: Vec<_> = left_behind(end).into_iter().chain(unmasked).collect();
    (report.masked(&job.common.secrets), (!warnings.is_empty()).then(|| warnings.join("; ")))
}

/// What the program says of it is no word on the task.
fn lose_session(report: &mut Report) {
    let why = report.detail.take().unwrap_or_default();
    report.detail = Some(format!("the session that it was to go on with could not be taken up again: {why}"));
    (report.lost_session, report.session) = (true, None);
}

fn left_behind(end: &End) -> Option<String> {
    match end.left_behind {
        0 => None,
        _ if end.asked => None,
        1 => Some("its agent left a process behind, which was ended".to_owned()),
        count => Some(format!("its agent left {count} processes behind, which were ended")),
    }
}

/// Gathers the work into commits; what can't be is reported, and keeps the task from being done.
fn add_work(job: &Job, started: &AttemptStarted, report: &mut Report) -> Result<Vec<String>, GitError> {
    if let Some(resolving) = &job.resolving {
        return merging::add_resolution(job, resolving, started, report);
    }
    let Ok(base) = started.base.parse::<Oid>() else { return Ok(Vec::new()) };
    let warnings = match gather(job, base, started, report.outcome == Outcome::Completed) {
        Ok(gathered) => {
            report.commit = Some(gathered.head);
            if report.outcome == Outcome::Completed && !gathered.changed {
                report.outcome = Outcome::NoChanges;
            }
            gathered.warnings
        }
        Err(error) if error.is_of_the_disk() => return Err(error),
        Err(error) if report.outcome == Outcome::Completed => {
            report.outcome = Outcome::Blocked;
            report.detail = Some(format!("its work can't be committed: {}", workplace::explained(&error)));
            Vec::new()
        }
        Err(error) => vec![format!("what it left can't be committed: {error}")],
    };
    Ok(warnings)
}

/// Work that changes what is protected waits for a person.
fn refuse_protected(job: &Job, started: &AttemptStarted, report: &mut Report) -> Result<(), GitError> {
    let Common { protected, repo, .. } = &*job.common;
    let (Some(head), Ok(base)) = (report.commit, started.base.parse::<Oid>()) else { return Ok(()) };
    // What resolves a conflict is looked at by itself: the work was let through before.
    if protected.is_empty() || report.outcome != Outcome::Completed || job.resolving.is_some() {
        return Ok(());
    }
    let tip = started.resolves.as_ref().and_then(|resolves| resolves.tip.parse().ok());
    if let (Some(resolution), Some(tip)) = (report.resolution, tip) {
        let changed = protected.among(&repo.changed_paths(tip, resolution)?);
        refuse_resolution(report, &changed);
        return Ok(());
    }
    report.protected = protected.among(&repo.changed_paths(base, head)?);
    if !report.protected.is_empty() {
        let of = |verb: &str| call(verb, &job.common.plan_word(), job.task.as_str(), "");
        report.outcome = Outcome::Blocked;
        report.detail = Some(format!(
            "its work changes protected paths: {} (`{}` shows them, `{}` merges them)",
            report.protected.join(", "),
            of("diff"),
            of("approve")
        ));
    }
    Ok(())
}

/// The work itself changes none of them: the agent that resolved the conflict did.
fn refuse_resolution(report: &mut Report, changed: &[String]) {
    if !changed.is_empty() {
        (report.outcome, report.resolution) = (Outcome::Blocked, None);
        report.detail = Some(format!(
            "what was to resolve a conflict changes protected paths: {} (way out: resolve it by hand, or `blueprint retry`)",
            changed.join(", ")
        ));
    }
}

fn gather(
    job: &Job,
    base: Oid,
    started: &AttemptStarted,
    is_done: bool,
) -> Result<workplace::Gathered, GitError> {
    match job.cast.isolation {
        Isolation::Worktree | Isolation::None => workplace::gather(job, base, &started.brought),
        Isolation::Shared => shared::gather(job, base, &started.brought, is_done),
    }
}

/// What the agent's program says, by how it ended and by its output.
/// What the program says of its end, with what that cost.
pub(super) fn read(job: &Job, end: &End, ended_by: Option<EndedBy>) -> Reading {
    let reading = read_logs(job, end, ended_by);
    let told = Used { cost_usd: reading.cost_usd, tokens: reading.tokens };
    let used = job.priced(told, reading.model.as_deref());
    let over = job.limits.exceeded_by(used).filter(|_| reading.outcome == Outcome::OutOfBudget);
    Reading { cost_usd: used.cost_usd, detail: over.or(reading.detail), ..reading }
}

fn read_logs(job: &Job, end: &End, ended_by: Option<EndedBy>) -> Reading {
    let exit = match &end.exit {
        Exit::Code(code) => agent::Exit::Code(*code),
        Exit::Signal(signal) => agent::Exit::Signal(*signal),
        Exit::NotStarted(why) => {
            return Reading { detail: Some(why.clone()), ..Reading::of(Outcome::CouldNotStart) };
        }
        Exit::Unseen => {
            let outcome = ended_by.map_or(Outcome::Interrupted, agent::EndedBy::outcome);
            let detail = "its supervisor was killed, and nobody saw its end".to_owned();
            return Reading { detail: Some(detail).filter(|_| ended_by.is_none()), ..Reading::of(outcome) };
        }
    };
    // What the supervisor did by itself it did first; an earlier run may have asked it for the end.
    let ended_by_us =
        end.reason.map(ended_by_reason).or(ended_by).or_else(|| end.asked.then_some(EndedBy::Interrupted));
    let (stdout, stderr) = (job.dir.stdout(), job.dir.stderr());
    let at = end.at.to_zoned(TimeZone::system());
    let reading =
        job.cast.runner.read(&Ended { exit, ended_by_us, stdout: &stdout, stderr: &stderr, at: &at });
    let detail = end.reason.and_then(|reason| detail(reason, job.common.stall));
    let is_late = detail.is_none() && ended_by_us == Some(EndedBy::TimedOut);
    let said = if is_late { Some(time_is_up(job.cast.timeout, reading.detail)) } else { reading.detail };
    Reading { detail: detail.or(said), ..reading }
}

/// Told apart from the end of an agent that hung, and from the mere warning that one takes long.
fn time_is_up(timeout: Duration, said: Option<String>) -> String {
    let timeout = SignedDuration::try_from(timeout).unwrap_or_default();
    let said = said.map_or_else(String::new, |said| format!("; {said}"));
    format!("its {timeout:#} were up{said}")
}

fn ended_by_reason(reason: Reason) -> EndedBy {
    match reason {
        Reason::TimedOut | Reason::Silent => EndedBy::TimedOut,
        Reason::TooMuchOutput => EndedBy::TooMuchOutput,
    }
}

/// What the outcome alone does not say.
fn detail(reason: Reason, stall: Duration) -> Option<String> {
    match reason {
        Reason::TimedOut => None,
        Reason::Silent => {
            let stall = SignedDuration::try_from(stall).unwrap_or_default();
            Some(format!("gave no sign of life for {stall:#}: no output, no work of the processor"))
        }
        Reason::TooMuchOutput => Some(format!("printed more than {} MiB, and was ended", MOST_OUTPUT >> 20)),
    }
}

fn from_reading(reading: Reading) -> Report {
    Report {
        detail: reading.detail,
        cost_usd: reading.cost_usd,
        summary: reading.summary,
        deliverables: reading.deliverables,
        learnings: reading.learnings,
        question: reading.question,
        retry_at: reading.retry_at,
        tokens: reading.tokens,
        session: reading.session,
        ..Report::of(reading.outcome, "")
    }
}

pub(super) fn from_record(ended: &AttemptEnded) -> Report {
    Report {
        summary: ended.summary.clone(),
        deliverables: ended.deliverables.clone(),
        notes: ended.notes.clone(),
        detail: ended.detail.clone(),
        question: ended.question.clone(),
        retry_at: ended.retry_at,
        cost_usd: ended.cost_usd,
        tokens: ended.tokens,
        session: ended.session.clone(),
        lost_session: ended.lost_session,
        duration: Duration::from_millis(ended.duration_ms),
        protected: ended.protected.clone(),
        approval: ended.approval.clone(),
        unrun_gate: ended.unrun_gate.clone(),
        commit: ended.commit.as_deref().and_then(|commit| commit.parse().ok()),
        resolution: ended.resolution.as_deref().and_then(|commit| commit.parse().ok()),
        ..Report::of(ended.outcome, "")
    }
}

/// The agent's own report has the last word on what was done and why not; that a process failed it can't talk away, and neither can it
/// an end that had nothing to do with it.
fn take_in(report: &mut Report, says: Claim) {
    match says {
        Claim::Done { summary, deliverables, notes } => {
            if report.outcome == Outcome::Completed {
                report.summary = Some(summary);
                report.deliverables = deliverables;
                report.notes = notes;
            }
        }
        Claim::Failed { reason } => give_up(report, Outcome::AgentError, reason, None),
        Claim::Blocked { reason } => give_up(report, Outcome::Blocked, reason, None),
        Claim::Asks { question } => give_up(report, Outcome::NeedsAnswer, question.clone(), Some(question)),
    }
}

fn give_up(report: &mut Report, outcome: Outcome, why: String, question: Option<String>) {
    if is_the_agents_own(report.outcome) {
        report.outcome = outcome;
        report.detail = Some(why);
        report.question = question;
    }
}

/// Whether an end with that outcome came from the agent, so that its own word on it counts for more. One that says why it can't go on and
/// then hangs would not get further the next time.
fn is_the_agents_own(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Completed
        | Outcome::NoChanges
        | Outcome::Failed
        | Outcome::AgentError
        | Outcome::Blocked
        | Outcome::NeedsAnswer
        | Outcome::PermissionDenied
        | Outcome::OutOfTurns
        | Outcome::OutOfBudget
        | Outcome::TimedOut => true,
        Outcome::Killed
        | Outcome::CouldNotStart
        | Outcome::Cancelled
        | Outcome::Interrupted
        | Outcome::RateLimited
        | Outcome::Unavailable
        | Outcome::Authentication
        | Outcome::OutOfCredit
        | Outcome::Escaped
        | Outcome::GateFailed
        | Outcome::MergeConflict => false,
    }
}

/// What the journal keeps of a report.
pub(super) fn to_record(started: &AttemptStarted, report: &Report) -> AttemptEnded {
    AttemptEnded {
        task: started.task.clone(),
        attempt: started.attempt,
        outcome: report.outcome,
        summary: report.summary.clone(),
        deliverables: report.deliverables.clone(),
        notes: report.notes.clone(),
        detail: report.detail.clone(),
        question: report.question.clone(),
        retry_at: report.retry_at,
        protected: report.protected.clone(),
        commit: report.commit.map(|commit| commit.to_string()),
        approval: report.approval.clone(),
        unrun_gate: report.unrun_gate.clone(),
        session: report.session.clone(),
        lost_session: report.lost_session,
        resolution: report.resolution.map(|commit| commit.to_string()),
        cost_usd: report.cost_usd,
        tokens: report.tokens,
        duration_ms: u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
    }
}
