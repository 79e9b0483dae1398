//! A workflow for GitHub Actions.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Machines;
use super::jobs::{Job, Pipeline, SYNC};
use super::yaml;

/// A hosted machine ends a job after six hours, whatever its time-out.
const LONGEST: u64 = 360;
/// The longest that the last job may take, in minutes.
const SYNC_MINUTES: u64 = 30;
/// So many jobs of one concurrency group wait; GitHub cancels those that come after them.
const MOST_WAIT: usize = 100;

/// By what git logs in: asked for by the environment, so that the token lies in no file of the checkout, where agents could read it.
const LOGIN: &str = r#"          BLUEPRINT_PUSH_TOKEN: ${{ github.token }}
          GIT_CONFIG_COUNT: "1"
          GIT_CONFIG_KEY_0: "credential.${{ github.server_url }}.helper"
          GIT_CONFIG_VALUE_0: '!f() { test "$1" = get && echo username=x-access-token && echo "password=$BLUEPRINT_PUSH_TOKEN"; }; f'
"#;

/// The workflow, as text.
pub(super) fn workflow(pipeline: &Pipeline, machines: &Machines<'_>) -> String {
    let mut text = head(pipeline);
    for job in &pipeline.jobs {
        text.push_str(&task_job(job, pipeline, machines));
    }
    text + &sync_job(pipeline, machines)
}

/// What to know where more jobs wait in one lane than GitHub lets wait.
pub(super) fn too_long_a_lane(pipeline: &Pipeline) -> Option<String> {
    let mut lanes = BTreeMap::<_, usize>::new();
    for lane in pipeline.jobs.iter().filter_map(|job| job.lane.as_deref()) {
        *lanes.entry(lane).or_default() += 1;
    }
    let (lane, jobs) = lanes.into_iter().max_by_key(|(_, jobs)| *jobs)?;
    // One of them runs.
    (jobs > MOST_WAIT + 1).then(|| {
        format!(
            "warning {jobs} jobs share the concurrency group `{lane}`: GitHub cancels those beyond {MOST_WAIT} that wait; \
             raise `jobs`, or run the whole plan as one job: `blueprint run --ci`"
        )
    })
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
        "    steps:\n      - uses: actions/checkout@v5\n        with:\n          fetch-depth: 0\n          \
         persist-credentials: false # agents can read what lies in the checkout\n      \
         - name: Install\n        run: {}\n      - name: {name}\n        env:\n{LOGIN}",
        scalar(install)
    );
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
