//! A pipeline for GitLab CI.

use std::fmt::Write;

use super::Machines;
use super::jobs::{Job, Pipeline, SYNC};
use super::yaml;

/// GitLab takes no more `needs` of one job, unless its administrator says otherwise.
const MOST_NEEDS: usize = 50;

/// The runner may have left its token in the address: no agent shall find it there.
const REMOTE: &str = r#"git remote set-url origin "$CI_PROJECT_URL.git""#;
/// By what git logs in: asked for by the environment, so that the token lies in no file. That of a job may push only where the project allows it.
const LOGIN: &str = r#"export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="credential.$CI_SERVER_URL.helper" GIT_CONFIG_VALUE_0='!f() { test "$1" = get && echo username=gitlab-ci-token && echo "password=${BLUEPRINT_PUSH_TOKEN:-$CI_JOB_TOKEN}"; }; f'"#;

/// The pipeline, as text.
pub(super) fn pipeline(pipeline: &Pipeline, machines: &Machines<'_>) -> String {
    let mut text = head(pipeline, machines);
    for job in &pipeline.jobs {
        text.push_str(&task_job(job));
    }
    text + &sync_job(pipeline)
}

/// What to know where a task waits for more than GitLab takes by itself.
pub(super) fn too_many_needs(pipeline: &Pipeline) -> Option<String> {
    let job = pipeline.jobs.iter().find(|job| job.needs.len() > MOST_NEEDS)?;
    Some(format!(
        "warning job `{}` needs {} others: GitLab takes {MOST_NEEDS}, unless its administrator raises `ci_needs_size_limit`",
        job.key,
        job.needs.len()
    ))
}

fn head(pipeline: &Pipeline, machines: &Machines<'_>) -> String {
    let mut text = format!(
        "# Made by `blueprint ci gitlab`; make it anew when the plan's tasks or edges change.\n\
         # The plan: {}\n\
         # What jobs push needs a token: set BLUEPRINT_PUSH_TOKEN (a project access token with write_repository), or let job tokens push.\n",
        yaml::text(&pipeline.genesis)
    );
    if !pipeline.secrets.is_empty() {
        let _ = writeln!(
            text,
            "# Agents' programs need these variables of the project: {}",
            pipeline.secrets.join(", ")
        );
    }
    text.push_str("stages: [tasks, sync]\n.blueprint:\n");
    if let Some(image) = machines.image {
        let _ = writeln!(text, "  image: {}", yaml::text(image));
    }
    if let Some(label) = machines.runs_on {
        let _ = writeln!(text, "  tags: {}", yaml::list([label]));
    }
    let install = machines.install.unwrap_or("blueprint --version");
    let _ = write!(
        text,
        "  variables:\n    GIT_DEPTH: \"0\"\n  interruptible: false\n  before_script:\n    - {}\n    - {}\n    - {}\n",
        yaml::text(install),
        yaml::text(REMOTE),
        yaml::text(LOGIN)
    );
    text.push_str(
        "  artifacts:\n    when: always\n    reports:\n      junit: blueprint-junit.xml\n      dotenv: blueprint.env\n",
    );
    text
}

fn task_job(job: &Job) -> String {
    // Digits with a slash between them would fold jobs into one at the pipeline's page; keys have none.
    let mut text = format!(
        "{}: # {}\n  extends: .blueprint\n  stage: tasks\n  needs: {}\n  timeout: {} minutes\n",
        yaml::text(&job.key),
        yaml::text(&job.title),
        yaml::list(job.needs.iter().map(String::as_str)),
        job.minutes
    );
    if let Some(lane) = &job.lane {
        let _ = writeln!(text, "  resource_group: {}", yaml::text(lane));
    }
    let _ = writeln!(text, "  script:\n    - {}", yaml::text(&job.command));
    text
}

/// It folds in what there is, also when a task has failed.
fn sync_job(pipeline: &Pipeline) -> String {
    format!(
        "{SYNC}:\n  extends: .blueprint\n  stage: sync\n  when: always\n  artifacts: null\n  script:\n    - {}\n",
        yaml::text(&pipeline.sync_command())
    )
}
