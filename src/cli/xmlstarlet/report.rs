//! A status that an agent writes into the plan is its report: the run is told, as by `blueprint task`.

use std::env;
use std::path::PathBuf;

use crate::agent::OUTBOX;
use crate::genesis::{Details, Genesis, Known, Status, Task};
use crate::run::{Claim, Remark, Request, Says, leave};

/// Leaves what the edit says of the attempt's own task in the attempt's outbox; nothing outside of an attempt. The run decides whether it
/// believes it, and looks at the plan as well: an outbox that can't be written to is no reason to fail. Of a draft the run sees nothing
/// but what is said here: what is new in its knowledge base, too.
pub(super) fn report(before: &Genesis, now: &Genesis, is_draft: bool) {
    let (Some(outbox), Ok(token)) = (outbox(), env::var("BLUEPRINT_TASK_TOKEN")) else { return };
    let learnt = if is_draft { learnt(before, now) } else { Vec::new() };
    for says in learnt.into_iter().chain(own_claim(before, now)) {
        let _ = leave(&outbox, &Request { token: token.clone(), says });
    }
}

/// Where the attempt that we are part of leaves its reports.
pub(super) fn outbox() -> Option<PathBuf> {
    env::var_os(OUTBOX).or_else(|| env::var_os("WORKTREE_PATH")).map(PathBuf::from)
}

fn own_claim(before: &Genesis, now: &Genesis) -> Option<Says> {
    let task = env::var("TASK_ID").ok()?;
    claim(before.task(&task)?, now.task(&task)?, now.details(&task)).map(Says::Claim)
}

fn learnt(before: &Genesis, now: &Genesis) -> Vec<Says> {
    let known = before.known();
    let new = now.known().into_iter().filter(|entry| !known.contains(entry));
    let said = |Known { kind: category, title, texts }| {
        Says::Remark(Remark::Learning { title, description: texts.join("\n"), category })
    };
    new.map(said).collect()
}

/// What the change of status claims; nothing, where it says no more than that the agent works.
fn claim(before: &Task, now: &Task, details: Details) -> Option<Claim> {
    if before.status == now.status {
        return None;
    }
    let said = said(now.status, &details);
    let or = |otherwise: &str| said.clone().unwrap_or_else(|| otherwise.to_owned());
    match now.status {
        Status::Failed | Status::Cancelled => {
            Some(Claim::Failed { reason: or("written as failed into the plan") })
        }
        Status::Blocked => Some(Claim::Blocked { reason: or("written as blocked into the plan") }),
        // Without a word to it, what the agent says last says more.
        Status::Completed if said.is_some() || is_claim(before.status) => {
            let result = details.result.unwrap_or_default();
            let summary = or("written as completed into the plan");
            Some(Claim::Done { summary, deliverables: result.deliverables, notes: result.notes })
        }
        Status::Completed | Status::Pending | Status::InProgress => None,
    }
}

fn is_claim(status: Status) -> bool {
    matches!(status, Status::Failed | Status::Blocked | Status::Cancelled)
}

/// The words that go with the status: those of the newest event, else of the result.
fn said(status: Status, details: &Details) -> Option<String> {
    let newest = details.newest().filter(|event| event.status == Some(status));
    let by_event = newest.and_then(|event| event.description.clone());
    let by_result = details.result.as_ref().map(|result| result.summary.clone());
    by_event.into_iter().chain(by_result).find(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Claim, Remark, Says, claim, learnt};
    use crate::genesis::Genesis;

    fn plan(history: &str) -> Genesis {
        let text = format!(
            "<projectGenesis version='1'><executionPlan><tasks><task id='a'><name>a</name><statusHistory>{history}\
             </statusHistory></task></tasks></executionPlan></projectGenesis>"
        );
        Genesis::parse(text.into_bytes()).unwrap()
    }

    fn event(status: &str, description: &str) -> String {
        format!("<event><status>{status}</status><description>{description}</description></event>")
    }

    fn claimed(before: &str, now: &str) -> Option<Claim> {
        let (before, now) = (plan(before), plan(now));
        claim(before.task("a").unwrap(), now.task("a").unwrap(), now.details("a"))
    }

    #[test]
    fn a_failure_that_is_written_is_claimed_with_its_words() {
        let working = event("in-progress", "");
        let failed = claimed(&working, &format!("{working}{}", event("failed", "no schema")));
        assert_eq!(failed, Some(Claim::Failed { reason: "no schema".into() }));
        let blocked = claimed(&working, &format!("{working}{}", event("blocked", "")));
        assert_eq!(blocked, Some(Claim::Blocked { reason: "written as blocked into the plan".into() }));
    }

    #[test]
    fn what_is_new_in_the_knowledge_base_of_a_draft_is_said() {
        let entry =
            |title: &str| format!("<learning><title>{title}</title><description>d</description></learning>");
        let with = |entries: String| {
            let base =
                format!("<knowledgeBase><learnings>{entries}</learnings></knowledgeBase></projectGenesis>");
            Genesis::parse(plan("").source().replace("</projectGenesis>", &base).into_bytes()).unwrap()
        };
        let said = learnt(&with(entry("old")), &with(entry("old") + &entry("new")));
        let new =
            Remark::Learning { title: "new".into(), description: "d".into(), category: "learning".into() };
        assert_eq!(said, [Says::Remark(new)]);
    }

    #[test]
    fn a_completion_without_a_word_claims_nothing_unless_it_takes_a_failure_back() {
        let (working, failed) = (event("in-progress", ""), event("failed", ""));
        let done = event("completed", "");
        assert_eq!(claimed(&working, &format!("{working}{done}")), None);
        assert!(matches!(claimed(&failed, &format!("{failed}{done}")), Some(Claim::Done { .. })));
        assert_eq!(claimed(&done, &done), None);
    }
}
