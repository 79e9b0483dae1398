//! How a run ended, in values that later steps and jobs can read.

use crate::plan::TaskId;
use crate::report::text::clean;
use crate::run::Summary;

/// A list of ids in a dotenv file is cut to so many bytes: GitLab takes a file of 5 kB at most.
const LIST: usize = 1_200;

/// Lines for the file that `GITHUB_OUTPUT` names: `steps.ID.outputs.NAME`. Lists are JSON, for `fromJSON`.
pub fn github_outputs(summary: &Summary) -> String {
    let list = |tasks: &[TaskId]| serde_json::to_string(tasks).unwrap_or_default();
    let values = [
        ("result", summary.verdict.as_str().to_owned()),
        ("exit-code", summary.verdict.exit_code().to_string()),
        ("completed", summary.completed.to_string()),
        ("total", summary.total.to_string()),
        ("failed", list(&summary.failed)),
        ("blocked", list(&summary.blocked)),
        ("not-run", list(&summary.not_run)),
        ("integration-branch", summary.integration.clone().unwrap_or_default()),
        ("cost-usd", cost(summary)),
    ];
    lines(&values)
}

/// A dotenv report: `artifacts:reports:dotenv` of a GitLab job hands these variables to later jobs. Lists are ids with commas between them.
pub fn dotenv(summary: &Summary) -> String {
    let values = [
        ("BLUEPRINT_RESULT", summary.verdict.as_str().to_owned()),
        ("BLUEPRINT_EXIT_CODE", summary.verdict.exit_code().to_string()),
        ("BLUEPRINT_COMPLETED", summary.completed.to_string()),
        ("BLUEPRINT_TOTAL", summary.total.to_string()),
        ("BLUEPRINT_FAILED", list(&summary.failed)),
        ("BLUEPRINT_BLOCKED", list(&summary.blocked)),
        ("BLUEPRINT_INTEGRATION_BRANCH", summary.integration.clone().unwrap_or_default()),
        ("BLUEPRINT_COST_USD", cost(summary)),
    ];
    lines(&values)
}

/// A value is one line, whatever is in it.
fn lines(values: &[(&str, String)]) -> String {
    let lines: Vec<_> = values.iter().map(|(name, value)| format!("{name}={}", clean(value))).collect();
    lines.join("\n") + "\n"
}

fn cost(summary: &Summary) -> String {
    summary.cost_usd.map_or_else(String::new, |cost| format!("{cost:.2}"))
}

/// Whole ids only.
fn list(tasks: &[TaskId]) -> String {
    let mut text = String::new();
    for task in tasks {
        let id = clean(task.as_str());
        if text.len() + id.len() >= LIST {
            break;
        }
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&id);
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::Verdict;

    pub(in crate::report::service) fn summary(failed: &[&str]) -> Summary {
        Summary {
            verdict: Verdict::Failed,
            completed: 3,
            total: 12,
            done_now: 2,
            roots: Vec::new(),
            failed: failed.iter().map(|id| TaskId::from(*id)).collect(),
            blocked: Vec::new(),
            not_run: vec![TaskId::from("later")],
            foreign: Vec::new(),
            interrupted: Vec::new(),
            integration: Some("blueprint/shop/integration".into()),
            duration: Duration::from_secs(245),
            cost_usd: Some(1.205),
            tokens: None,
            by_agent: Vec::new(),
            budget: None,
        }
    }

    #[test]
    fn the_values_of_a_run_are_lines() {
        insta::assert_snapshot!(github_outputs(&summary(&["a", "b c"])) + &dotenv(&summary(&["a", "b c"])));
    }

    #[test]
    fn no_id_can_add_a_line_or_outgrow_the_file() {
        let long = "x".repeat(900);
        let hostile = summary(&["a\nPATH=/evil", "b\r\nLD_PRELOAD=x<<E", &long, &long, &long]);
        for (text, count) in [(github_outputs(&hostile), 9), (dotenv(&hostile), 8)] {
            assert_eq!(text.lines().count(), count, "{text}");
            assert!(!text.lines().any(|line| line.starts_with("PATH") || line.starts_with("LD_")), "{text}");
        }
        assert!(dotenv(&hostile).len() < 5_000);
    }
}
