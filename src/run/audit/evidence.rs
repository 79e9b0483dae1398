use serde::Serialize;

use super::suspicion::{Proof, Suspicion};
use crate::git::{Change, GitError, What};
use crate::run::job::Job;
use crate::store::write_json;

/// What came of the second look.
#[derive(Debug, Default)]
pub(in crate::run) struct Findings {
    /// How the attempt escaped, for people; nothing, if nothing shows that it did.
    pub(in crate::run) escaped: Option<String>,
    /// What may have been its doing.
    pub(in crate::run) warnings: Vec<String>,
}

impl Findings {
    pub(super) fn unknown(error: &GitError) -> Self {
        let text = format!("whether it wrote elsewhere is not known: {error}");
        Self { escaped: None, warnings: vec![text] }
    }
}

/// One change, as the file of evidence has it.
#[derive(Debug, Serialize)]
struct Exhibit<'a> {
    #[serde(flatten)]
    change: &'a Change,
    /// Left out where it is not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
}

/// So many changes are named in a message.
const NAMED: usize = 5;

/// Keeps the evidence beside the attempt's log, and puts it into words.
pub(super) fn findings(job: &Job, suspicion: Suspicion) -> Findings {
    let Suspicion { proven, branches, possible } = suspicion;
    let mut findings = Findings::default();
    let made =
        branches.iter().map(|change| format!("its agent made the branch `{}`, which stays", change.name));
    findings.warnings.extend(made);
    if !proven.is_empty() {
        let exhibits: Vec<_> = proven
            .iter()
            .map(|(change, proof)| Exhibit { change, proof: Some(*proof) })
            .chain(possible.iter().map(|change| Exhibit { change, proof: None }))
            .collect();
        let kept = match write_json(&job.dir.escape(), &exhibits) {
            Ok(()) => format!("evidence: {}", job.dir.escape().display()),
            Err(error) => format!("the evidence can't be kept: {error}"),
        };
        let changes: Vec<_> = proven.iter().map(|(change, _)| told(change)).collect();
        findings.escaped = Some(format!("{}; nothing was put back; {kept}", listed(&changes)));
        return findings;
    }
    let told: Vec<_> = possible.iter().map(told).filter(|text| job.common.workers.is_news(text)).collect();
    if !told.is_empty() {
        let text =
            format!("while its agent worked, {}; nothing shows that it was the agent's doing", listed(&told));
        findings.warnings.push(text);
    }
    findings
}

fn listed(changes: &[String]) -> String {
    let named = changes.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match changes.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// What happened to it.
fn told(change: &Change) -> String {
    let Change { name, before, after, .. } = change;
    let place = change.checkout.as_deref().unwrap_or_default();
    match change.what {
        What::Ref => match (before, after) {
            (Some(before), Some(after)) => {
                format!("`{name}` went from {} to {}", short(before), short(after))
            }
            (None, Some(after)) => format!("`{name}` was made at {}", short(after)),
            (Some(before), None) => format!("`{name}`, which was at {}, was deleted", short(before)),
            (None, None) => format!("`{name}` was changed"),
        },
        What::Setting => format!("{name} was {}", done(before.as_ref(), after.as_ref())),
        What::File => format!("{place}/{name} was changed"),
        What::Index => format!("what is staged in {place} was changed"),
        What::Head => match (before, after) {
            (Some(before), Some(after)) if before != after => {
                format!("HEAD of {place} went from {} to {}", head(before), head(after))
            }
            _ => format!("HEAD of {place} was moved"),
        },
        What::Folder => format!("the checkout {name} was deleted"),
    }
}

fn done(before: Option<&String>, after: Option<&String>) -> &'static str {
    match (before, after) {
        (None, _) => "made",
        (_, None) => "deleted",
        (Some(_), Some(_)) => "changed",
    }
}

/// Enough of an id to find it by; symbolic refs as they are.
fn short(target: &str) -> &str {
    if target.len() == 40 { target.get(..10).unwrap_or(target) } else { target }
}

fn head(text: &str) -> &str {
    short(text.strip_prefix("ref: refs/heads/").unwrap_or(text))
}
