//! A workflow for GitHub Actions.

use std::fmt::Write;

use super::Machines;
use super::jobs::{Job, Pipeline, SYNC};
use super::yaml;

/// A hosted machine ends a job after six hours, whatever its time-out.
const LONGEST: u64 = 360;
/// The longest that the last job may take, in minutes.
const SYNC_MINUTES: u64 = 30;

/// The workflow, as text.
pub(super) fn workflow(pipeline: &Pipeline, machines: &Machines<'_>) -> String {
    let mut text = head(pipeline);
    for job in &pipeline.jobs {
        text.push_str(&task_job(job, pipeline, machines));
    }
    text + &sync_job(pipeline, machines)
}

fn head(pipeline: &Pipeline) -> String {
    let Pipeline { epic, genesis, .. } = pipeline;
    format!(
        "# Made by `blueprint ci github`; make it anew when the plan's tasks or edges change.\n\
         # The plan: {}\n\
         name: {}\n\
         on:\n  workflow_dispatch:\n\
         permissions:\n  contents: write # branches, records and the plan's state are pushed\n\
         concurrency:\n  group: {}\n  cancel-in-progress: false\n\
         defaults:\n  run:\n    shell: bash\n\
         jobs:\n",
        yaml::text(genesis),
        scalar(&format!("blueprint: {epic}")),
        scalar(&format!("blueprint-{epic}")),
    )
}

fn task_job(job: &Job, pipeline: &Pipeline, machines: &Machines<'_>) -> String {
    let mut text = format!("  {}:\n    name: {}\n", job.key, scalar(&job.title));
    if !job.needs.is_empty() {
        let _ = writeln!(text, "    needs: {}", yaml::list(job.needs.iter().map(String::as_str)));
    }
    text.push_str(&place(machines, job.minutes.min(LONGEST)));
    if let Some(lane) = &job.lane {
        let _ = writeln!(text, "    concurrency:\n      group: {}\n      queue: max", scalar(lane));
    }
    text + &steps(machines, &pipeline.secrets, "Run the task", &job.command)
}

/// It folds in what there is, also when a task has failed or somebody has cancelled the rest.
fn sync_job(pipeline: &Pipeline, machines: &Machines<'_>) -> String {
    let needs = yaml::list(pipeline.jobs.iter().map(|job| job.key.as_str()));
    let head = format!("  {SYNC}:\n    name: Sync\n    needs: {needs}\n    if: ${{{{ always() }}}}\n");
    head + &place(machines, SYNC_MINUTES)
        + &steps(machines, &[], "Fold the records in", &pipeline.sync_command())
}

fn place(machines: &Machines<'_>, minutes: u64) -> String {
    let mut text = format!("    runs-on: {}\n", scalar(machines.runs_on.unwrap_or("ubuntu-latest")));
    if let Some(image) = machines.image {
        let _ = writeln!(text, "    container: {}", scalar(image));
    }
    let _ = writeln!(text, "    timeout-minutes: {minutes}");
    text
}

/// Only the step that needs the secrets gets them.
fn steps(machines: &Machines<'_>, secrets: &[String], name: &str, command: &str) -> String {
    let install = machines.install.unwrap_or("blueprint --version");
    let mut text = format!(
        "    steps:\n      - uses: actions/checkout@v5\n        with:\n          fetch-depth: 0\n      \
         - name: Install\n        run: {}\n      - name: {name}\n",
        scalar(install)
    );
    if !secrets.is_empty() {
        text.push_str("        env:\n");
    }
    for secret in secrets {
        let _ = writeln!(text, "          {secret}: ${{{{ secrets.{secret} }}}}");
    }
    let _ = writeln!(text, "        run: {}", scalar(command));
    text
}

/// A text in which the service finds no expression of its own.
fn scalar(text: &str) -> String {
    yaml::text(&text.replace("${{", "${{ '${{' }}"))
}
