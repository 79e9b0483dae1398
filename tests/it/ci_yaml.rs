//! `blueprint ci`: workflows in which every task is a job.

use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Yaml};

use crate::project::{BLUEPRINT, Ended, Fleet, PlanText, Running, TestProject};
use crate::public_schemas::assert_yaml;

const HOSTILE: &str = "x ${{ secrets.GITHUB_TOKEN }} '\"$(id)`: #";

fn project() -> TestProject {
    let plan = PlanText::of(&["design", "api", "ui", "api.v2", "-flag", "sync", "Design"])
        .edge("design", "api")
        .edge("design", "ui")
        .edge("api", "api.v2")
        .edge("ui", "api.v2");
    let xml = plan.to_xml().replace("<name>", &format!("<name>{}", HOSTILE.replace('&', "&amp;")));
    let project = TestProject::of_text(&xml, "== *");
    project.configure("jobs = 2\ntimeout = \"10m\"\nretries = 1\n[agents.slow]\njobs = 1\n");
    project
}

fn made(project: &TestProject, service: &str) -> (Ended, PathBuf) {
    let file = project.root.join(format!("{service}.yml"));
    let ended = project.blueprint(&["ci", service, "--output", file.to_str().unwrap(), "--secret", "A_KEY"]);
    ended.assert(0, &[]);
    (ended, file)
}

fn texts(list: &Yaml<'_>) -> Vec<String> {
    list.as_vec()
        .map(|list| list.iter().map(|text| text.as_str().unwrap().to_owned()).collect())
        .unwrap_or_default()
}

#[test]
fn a_workflow_for_github_has_a_job_a_task_with_its_needs_and_a_last_one_that_syncs() {
    let project = project();
    let (_, file) = made(&project, "github");
    assert_yaml("vendor.github-workflows", &file);
    let text = std::fs::read_to_string(&file).unwrap();
    let all = Yaml::load_from_str(&text).unwrap();
    let jobs = &all[0]["jobs"];
    let names: Vec<_> = jobs.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap()).collect();
    assert_eq!(names.len(), 8, "{names:?}");
    let folded: std::collections::BTreeSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(folded.len(), 8, "no two differ by case alone: {names:?}");
    assert_eq!(texts(&jobs["api"]["needs"]), ["design"]);
    let v2 = names.iter().find(|name| name.starts_with("api") && **name != "api").unwrap();
    assert_eq!(texts(&jobs[*v2]["needs"]), ["api", "ui"]);
    assert_eq!(
        jobs["api"]["timeout-minutes"].as_integer(),
        Some(50),
        "two tries of ten minutes, and what is around them"
    );
    assert_eq!(jobs["api"]["concurrency"]["queue"].as_str(), Some("max"), "nobody's turn is lost");
    let run =
        |job: &str| jobs[job]["steps"].as_vec().unwrap().last().unwrap()["run"].as_str().unwrap().to_owned();
    assert_eq!(run("api"), "exec blueprint run genesis.xml api --ci");
    assert_eq!(run("sync"), "exec blueprint sync genesis.xml");
    assert!(text.contains("exec blueprint run --ci -- genesis.xml -flag"), "{text}");
    assert_eq!(texts(&jobs["sync"]["needs"]).len(), 7);
    assert_eq!(jobs["sync"]["if"].as_str(), Some("${{ always() }}"));
    let secrets = text.matches("${{ secrets.A_KEY }}").count();
    assert_eq!(secrets, 7, "only what runs agents gets them");
    assert!(!text.contains("${{ secrets.GITHUB_TOKEN"), "{text}");
    assert!(text.contains("x ${{ '${{' }} secrets.GITHUB_TOKEN"), "{text}");
}

#[test]
fn a_pipeline_for_gitlab_has_the_same() {
    let project = project();
    let (_, file) = made(&project, "gitlab");
    assert_yaml("vendor.gitlab-ci", &file);
    let text = std::fs::read_to_string(&file).unwrap();
    let all = Yaml::load_from_str(&text).unwrap();
    let jobs = &all[0];
    assert_eq!(texts(&jobs["api"]["needs"]), ["design"]);
    assert_eq!(texts(&jobs["design"]["needs"]), [""; 0], "it waits for no stage");
    assert_eq!(texts(&jobs["api"]["script"]), ["exec blueprint run genesis.xml api --ci"]);
    assert_eq!(jobs["api"]["timeout"].as_str(), Some("50 minutes"));
    assert!(jobs["api"]["resource_group"].as_str().unwrap().starts_with("blueprint-trial-"));
    assert_eq!(texts(&jobs["sync"]["script"]), ["exec blueprint sync genesis.xml"]);
    assert_eq!(
        (jobs["sync"]["stage"].as_str(), jobs["sync"]["when"].as_str()),
        (Some("sync"), Some("always"))
    );
    let count = text.lines().filter(|line| line.trim() == "extends: .blueprint").count();
    assert_eq!(count, 8);
}

#[test]
fn an_agent_that_may_work_alone_only_has_one_lane() {
    let plan = PlanText::of(&["a", "b", "c", "d"]).agent("a", "slow").agent("c", "slow");
    let project = TestProject::new(&plan, "== *");
    project.configure("jobs = 2\n[agents.slow]\njobs = 1\n");
    let ended = project.blueprint(&["ci", "gitlab"]);
    let all = Yaml::load_from_str(&ended.stdout).unwrap();
    let lane =
        |job: &str| all[0][job].as_mapping_get("resource_group").and_then(Yaml::as_str).map(str::to_owned);
    assert_eq!(lane("a"), lane("c"));
    assert!(lane("a").unwrap().contains("agent-slow"));
    assert_eq!((lane("b"), lane("d")), (None, None), "two at once need no lanes for two");
}

#[test]
fn what_is_no_name_of_a_secret_and_a_plan_outside_git_are_refused() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *");
    project.blueprint(&["ci", "github", "--secret", "A: b"]).assert(2, &["no name of a secret"]);
    project.blueprint(&["ci", "jenkins"]).assert(2, &["github"]);
    let outside = TestProject::without_git();
    outside.write("genesis.xml", &PlanText::of(&["a"]).to_xml());
    outside.blueprint(&["ci", "github"]).assert(2, &["is in no git repository"]);
}

#[test]
fn the_examples_are_what_the_services_take() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci");
    assert_yaml("vendor.github-actions", &examples.join("github/action.yml"));
    assert_yaml("vendor.github-workflows", &examples.join("github/workflow.yml"));
    assert_yaml("vendor.gitlab-ci", &examples.join("gitlab/.gitlab-ci.yml"));
}

/// A job's command as a service runs it: by a shell, in a fresh clone.
fn job(fleet: &Fleet, key: &str, command: &str, service: &str) -> (TestProject, Running) {
    let clone = fleet.clone(key);
    let folder = Path::new(BLUEPRINT).parent().unwrap();
    let path = std::env::join_paths(
        [folder]
            .into_iter()
            .map(PathBuf::from)
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut shell = clone.command("bash");
    shell.args(["-e", "-c", command]).env("PATH", path.unwrap()).env(service, "true");
    let running = Running::start(&mut shell);
    (clone, running)
}

/// Each job when those that it needs are done, those that can run at once at once; the last clone.
fn play(fleet: &Fleet, jobs: &[(String, Vec<String>, String)], service: &str) -> TestProject {
    let mut done = std::collections::BTreeSet::new();
    let mut last = None;
    while done.len() < jobs.len() {
        let ready = jobs.iter().filter(|(key, needs, _)| {
            !done.contains(key) && needs.iter().all(|before| done.contains(before))
        });
        let wave: Vec<_> =
            ready.map(|(key, _, command)| (key.clone(), job(fleet, key, command, service))).collect();
        assert!(!wave.is_empty(), "{done:?}");
        for (key, (clone, running)) in wave {
            running.wait().assert(0, &[]);
            done.insert(key);
            last = Some(clone);
        }
    }
    last.unwrap()
}

#[test]
fn the_jobs_of_both_workflows_complete_a_plan_in_clones_that_share_nothing_but_a_remote() {
    let ids = ["a", "b", "c", "d's$HOME"];
    let plan = PlanText::of(&ids).edge("a", "b").edge("a", "c").edge("b", "d's$HOME").edge("c", "d's$HOME");
    for (service, variable) in [("github", "GITHUB_ACTIONS"), ("gitlab", "GITLAB_CI")] {
        let fleet = Fleet::new(&plan, "== *\nwrite {task}.txt x\nprint {task} is done");
        let made = fleet.home.blueprint(&["ci", service]);
        let all = Yaml::load_from_str(&made.stdout).unwrap();
        let of_tasks = if service == "github" { &all[0]["jobs"] } else { &all[0] };
        let mut jobs = Vec::new();
        for (key, job) in of_tasks.as_mapping().unwrap() {
            let steps = job.as_mapping_get("steps").and_then(Yaml::as_vec).and_then(|steps| steps.last());
            let command = match (steps, job.as_mapping_get("script")) {
                (Some(step), _) => step["run"].as_str().unwrap().to_owned(),
                (None, Some(script)) => texts(script).concat(),
                (None, None) => continue,
            };
            let needs = job.as_mapping_get("needs").map(texts).unwrap_or_default();
            jobs.push((key.as_str().unwrap().to_owned(), needs, command));
        }
        // GitLab's last job has a stage of its own instead.
        let others: Vec<_> = jobs.iter().map(|(key, ..)| key.clone()).filter(|key| key != "sync").collect();
        jobs.iter_mut().filter(|(key, ..)| key == "sync").for_each(|(_, needs, _)| needs.clone_from(&others));
        assert_eq!(jobs.len(), 5, "{jobs:?}");
        let last = play(&fleet, &jobs, variable);
        last.assert_statuses(&ids.map(|id| (id, "completed")));
        let merged = fleet.git(&["ls-tree", "--name-only", "-z", "blueprint/trial/integration"]);
        assert!(ids.iter().all(|id| merged.contains(&format!("{id}.txt"))), "{merged}");
    }
}
