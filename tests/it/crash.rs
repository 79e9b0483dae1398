//! kill -9 at any moment: the next run goes on, and nothing is done twice.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use crate::project::{INTEGRATION, PlanText, TestProject, kill, wait_until};

/// A diamond, something beside it, and something behind.
fn seven_tasks() -> PlanText {
    let plan = PlanText::of(&["a", "b", "c", "d", "e", "f", "g"]);
    let edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "f")];
    edges.into_iter().fold(plan, |plan, (from, to)| plan.edge(from, to))
}

#[test]
fn an_agent_that_outlived_the_run_is_adopted_and_not_started_again() {
    let script = "== *\nwrite {task}.txt once\nwait-for go\nprint well done";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.kill();
    assert_eq!(project.processes().len(), 2, "the agent and its supervisor live on");
    assert_eq!(project.task("a")["owner"]["alive"], false);
    let run = project.start(&["run"]);
    project.touch("go");
    let ended = run.wait();
    ended.assert(0, &["a: taking up attempt 1 of an earlier run"]);
    assert_eq!(project.log().starts(), ["a", "b"]);
    assert_done_once(&project, &["a", "b"]);
}

#[test]
fn an_agent_that_ended_while_no_run_lived_has_its_work_taken() {
    let script = "== *\nwrite {task}.txt once\nwait-for go\nprint said at the end";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.kill();
    project.touch("go");
    project.assert_no_process_left();
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a"]);
    assert_eq!(project.task("a")["summary"], "said at the end");
    assert_done_once(&project, &["a"]);
}

#[test]
fn an_adopted_agent_is_ended_when_its_time_is_up() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nignore-term\nchild\ntouch settled\nhang");
    let run = project.start(&["run"]);
    wait_until("the agent", || project.control.join("settled").exists(), String::new);
    run.kill();
    project.run(&["--timeout", "300ms", "--retries", "0"]).assert(1, &["timed out"]);
    project.assert_no_process_left();
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn an_adopted_agent_is_ended_by_a_signal_to_its_new_run() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nignore-term\nhang");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.kill();
    let run = project.start(&["run"]);
    run.wait_for("resume  a");
    run.signal(Signal::TERM);
    assert_eq!(run.wait().code, Some(143));
    project.assert_no_process_left();
    project.assert_statuses(&[("a", "pending")]);
}

#[test]
fn an_agent_that_died_with_the_run_is_started_again_from_its_base() {
    let script = "== a #1\nwrite half.txt half\nwait-for never\n== *\nwrite whole.txt whole";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    wait_for_file(&project, "half.txt");
    run.kill();
    kill_all(&project);
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a", "a"]);
    assert_done_once(&project, &["a"]);
    let files = project.files("blueprint/trial/integration");
    assert!(files.contains(&"whole.txt".into()) && !files.contains(&"half.txt".into()), "{files:?}");
    assert_eq!(project.show("refs/blueprint/trial/attempts/a/1", "half.txt"), "half", "what it had is kept");
}

#[test]
fn kills_at_random_moments_lose_nothing_and_do_nothing_twice() {
    let ids = ["a", "b", "c", "d", "e", "f", "g"];
    let script =
        "== *\nwrite {task}/1 here\nsleep 25\nappend {task}/2 there\ncommit Half of it\nwrite {task}/3 end";
    for seed in 1..=seeds(3) {
        let project = TestProject::new(&seven_tasks(), script);
        for pause in pauses(seed).take(8) {
            let run = project.start(&["run", "-j", "3"]);
            std::thread::sleep(pause);
            run.kill();
        }
        project.complete(&["-j", "3"]);
        for id in ids {
            assert_eq!(project.log().starts_of(id), 1, "seed {seed}: {id} in {:?}", project.log());
        }
        assert_done_once(&project, &ids);
    }
}

#[test]
fn power_cuts_at_random_moments_lose_nothing_that_was_completed() {
    let ids = ["a", "b", "c", "d", "e", "f", "g"];
    let script = "== *\nwrite {task}/1 here\nchild\nsleep 20\nwrite {task}/2 there";
    for seed in 1..=seeds(2) {
        let project = TestProject::new(&seven_tasks(), script);
        let mut done = HashMap::new();
        for pause in pauses(seed + 1000).take(6) {
            let run = project.start(&["run", "-j", "3"]);
            std::thread::sleep(pause);
            run.kill();
            kill_all(&project);
            for (id, starts) in completed(&project) {
                let first = *done.entry(id.clone()).or_insert(starts);
                assert_eq!(starts, first, "seed {seed}: {id} was completed, and started again");
            }
        }
        project.complete(&["-j", "3"]);
        for (id, starts) in done {
            assert_eq!(
                project.log().starts_of(&id),
                starts,
                "seed {seed}: {id} was completed, and started again"
            );
        }
        assert_done_once(&project, &ids);
    }
}

#[test]
fn a_kill_just_before_a_further_attempt_is_journaled_does_no_harm() {
    let script = "== a #1\nwrite half.txt half\nkill-self\n== *\nwrite whole.txt whole";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    assert_eq!(project.run(&["--retries", "0"]).code, Some(1));
    // The next attempt has its base and its clean worktree, and that is all.
    let worktree = project.task("a")["worktree"].as_str().unwrap().to_owned();
    project.git(&["update-ref", "refs/blueprint/trial/bases/a/2", "refs/blueprint/trial/start"]);
    project.git(&["-C", &worktree, "reset", "--quiet", "--hard", "refs/blueprint/trial/start"]);
    project.complete(&["a"]);
    assert_eq!(project.show("refs/blueprint/trial/attempts/a/1", "half.txt"), "half");
    assert_eq!(project.show("blueprint/trial/a", "whole.txt"), "whole");
}

/// The journal is the commit point: git and the agent's own files may be ahead of it, the plan file one step behind.
#[test]
fn from_every_prefix_of_the_journal_a_run_goes_on() {
    // The journal's own beginning, the run's, the transition, the attempt's, its agent's; its end, the merge, the transition.
    for (kept, behind) in [(4, false), (5, false), (6, false), (7, false), (8, true), (8, false)] {
        for torn in [false, true] {
            let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite made.txt x\nwait-for go");
            let run = project.start(&["run"]);
            project.wait_for_starts(1);
            let is_noted = || !project.facts("agent-started", "a").is_empty();
            wait_until("the agent's process in the journal", is_noted, String::new);
            let while_it_ran = project.read("genesis.xml");
            project.touch("go");
            assert_eq!(run.wait().code, Some(0));
            assert_eq!(project.journal().len(), 9, "and the end of the run");
            if kept < 8 || behind {
                project.write("genesis.xml", &while_it_ran);
            }
            shorten_journal(&project, kept, torn);
            project.complete(&[]);
            assert_eq!(
                project.log().starts(),
                ["a"],
                "{kept} lines kept, plan behind: {behind}, torn: {torn}"
            );
            assert_done_once(&project, &["a"]);
            let merge = project.facts("merged", "a").last().unwrap()["merge"].clone();
            assert_eq!(merge, project.git(&["rev-parse", INTEGRATION]), "recorded as what it is");
        }
    }
}

#[test]
fn a_machine_that_went_down_may_have_lost_what_was_not_yet_on_its_disk() {
    let script = "== a #1\nwrite half.txt half\ntouch half\nwait-for never\n== *\nwrite {task}.txt whole";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let run = project.start(&["run"]);
    wait_until("the agent", || project.control.join("half").exists(), String::new);
    run.kill();
    kill_all(&project);
    // Names that were on the disk, of files whose content was not; and another boot of the machine.
    let git = project.root.join(".git");
    for lost in ["refs/blueprint/trial/bases/a/1", "refs/heads/blueprint/trial/a"] {
        fs::write(git.join(lost), "").unwrap();
    }
    let journal = project.state_dir().join("journal.jsonl");
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let text = fs::read_to_string(&journal).unwrap();
    assert!(text.contains(boot.trim()));
    fs::write(&journal, text.replace(boot.trim(), "another")).unwrap();
    project.complete(&[]).assert(0, &["the machine went down before it was written"]);
    assert_done_once(&project, &["a", "b"]);
    project.git(&["fsck", "--strict"]);
}

#[test]
fn status_shows_what_the_journal_has_before_the_plan_file_does() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite made.txt x\nwait-for go");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    let while_it_ran = project.read("genesis.xml");
    project.touch("go");
    assert_eq!(run.wait().code, Some(0));
    project.write("genesis.xml", &while_it_ran);
    project.assert_statuses(&[("a", "completed")]);
    assert_eq!(project.read("genesis.xml"), while_it_ran, "looking changes nothing");
}

#[test]
fn an_agent_whose_task_a_person_completed_meanwhile_is_ended_by_the_next_run() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nignore-term\nchild\ntouch settled\nhang");
    let run = project.start(&["run"]);
    wait_until("the agent", || project.control.join("settled").exists(), String::new);
    run.kill();
    project.blueprint(&["task", "done", "--task", "a", "--summary", "did it myself"]).assert(0, &[]);
    assert_eq!(project.processes().len(), 3, "the supervisor, the agent and its child");
    project.complete(&[]);
    assert!(project.processes().is_empty(), "{:?}", project.processes());
    assert_eq!(project.log().starts(), ["a"]);
    assert_eq!(project.task("a")["summary"], "did it myself");
}

#[test]
fn an_agent_is_ended_when_its_time_is_up_though_no_run_lives() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nignore-term\nchild\ntouch settled\nhang");
    // Stopped, the run can't say that the time is up before it is killed.
    let run = project.start(&["run", "--timeout", "3s"]);
    project.wait_for_starts(1);
    run.signal(Signal::STOP);
    wait_until("the agent", || project.control.join("settled").exists(), String::new);
    run.kill();
    project.assert_no_process_left();
    project.run(&["--retries", "0"]).assert(1, &["failed  a"]);
    assert_eq!(project.task("a")["outcome"], "timed-out");
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn many_who_look_after_a_kill_see_no_live_run() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwait-for go\nwrite a.txt x");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.kill();
    // One more of them, in the middle of its look.
    let lock = fs::File::open(project.state_dir().join("run.lock")).unwrap();
    lock.lock_shared().unwrap();
    let looks: Vec<_> = (0..40).map(|_| project.start(&["status", "--format", "json"])).collect();
    for look in looks {
        let ended = look.wait();
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_eq!(ended.json()["tasks"][0]["owner"]["alive"], false, "{ended}");
    }
}

#[test]
fn a_run_is_not_taken_for_a_second_one_because_somebody_looks() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwait-for go\nwrite a.txt x");
    for _ in 0..3 {
        let before = project.start(&["run"]);
        project.wait_for_starts(1);
        before.kill();
        let look = |_| project.start(&["status", "--format", "json"]);
        let mut looks: Vec<_> = (0..20).map(look).collect();
        let run = project.start(&["run"]);
        looks.extend((0..20).map(look));
        run.wait_for("resume  a");
        run.kill();
        for look in looks {
            look.wait().assert(0, &[]);
        }
    }
    project.touch("go");
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a"]);
}

/// One completed transition in journal and plan, one merge: what "exactly once" means.
#[track_caller]
fn assert_done_once(project: &TestProject, ids: &[&str]) {
    project.assert_no_process_left();
    project.assert_statuses(&ids.iter().map(|id| (*id, "completed")).collect::<Vec<_>>());
    let merges = project.merges();
    assert_eq!(merges.len(), ids.len(), "{merges:?}");
    for id in ids {
        assert_eq!(project.transitions(id, "completed"), 1, "{id} in the journal");
        assert_eq!(project.events_in_plan(id, "completed"), 1, "{id} in the plan");
        assert_eq!(merges[*id], 1, "{id} in {merges:?}");
    }
}

/// The journal's first lines; where it is torn, a part of the next one, as a crash in the middle of a write leaves it.
fn shorten_journal(project: &TestProject, lines: usize, torn: bool) {
    let path = project.state_dir().join("journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut kept: String = text.split_inclusive('\n').take(lines).collect();
    if torn {
        let next = text.split_inclusive('\n').nth(lines).unwrap();
        kept.push_str(&next[..next.len() / 2]);
    }
    fs::write(path, kept).unwrap();
}

fn wait_for_file(project: &TestProject, name: &str) {
    let worktree = project.task("a")["worktree"].as_str().unwrap().to_owned();
    let path = std::path::Path::new(&worktree).join(name);
    wait_until(name, || path.exists(), || worktree.clone());
}

/// The tasks that are completed by now, each with how often it was started.
fn completed(project: &TestProject) -> Vec<(String, usize)> {
    let completed = project.statuses().into_iter().filter(|(_, status)| status == "completed");
    completed.map(|(id, _)| (id.clone(), project.log().starts_of(&id))).collect()
}

/// More of them find more: `CRASH_SEEDS=100` takes minutes.
fn seeds(few: u64) -> u64 {
    std::env::var("CRASH_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(few)
}

/// Kills everything that the test started, as a power cut would. Again and again: a fork in flight escapes one round.
fn kill_all(project: &TestProject) {
    let nobody_is_left = || {
        let left = project.processes();
        left.iter().copied().for_each(kill);
        left.is_empty()
    };
    wait_until("nobody left", nobody_is_left, || format!("{:?}", project.processes()));
}

/// The same moments in every test run, as far as the machine allows.
fn pauses(seed: u64) -> impl Iterator<Item = Duration> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis((state >> 33) % 220)
    })
}
