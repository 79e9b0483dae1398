//! `run --ci`: the whole plan as one job, its state in a bare repository that all clones share.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::project::{Fleet, INTEGRATION, PlanText, TestProject, wait_until};

const WRITES: &str = "== *\nwrite {task}.txt what {task} made";
/// The second task waits for the test, the first time.
const B_WAITS: &str = "== b #1\nwrite b.txt half\nwait-for go\n== *\nwrite {task}.txt what {task} made";
const PLAN: &str = "refs/blueprint/trial/plan";
const LEASE: &str = "refs/blueprint/trial/lease";

fn three() -> PlanText {
    PlanText::chain(&["a", "b", "c"])
}

const ALL: [(&str, &str); 3] = [("a", "completed"), ("b", "completed"), ("c", "completed")];

/// What the remote has when all is done: everything, and nobody's lease.
#[track_caller]
fn assert_complete(fleet: &Fleet) {
    let refs = fleet.refs("refs");
    for name in ["refs/heads/blueprint/trial/integration", "refs/heads/blueprint/trial/c", PLAN] {
        assert!(refs.iter().any(|there| there == name), "{name} in {refs:?}");
    }
    assert!(!refs.iter().any(|there| there == LEASE), "{refs:?}");
    fleet.assert_json(PLAN, "state.json", "state");
    let plan = fleet.git(&["show", &format!("{PLAN}:genesis.xml")]);
    assert!(plan.contains("<completedTasks>3</completedTasks>"), "{plan}");
    let files = fleet.git(&["ls-tree", "--name-only", INTEGRATION]);
    for task in ["a", "b", "c"] {
        assert!(files.lines().any(|file| file == format!("{task}.txt")), "{files}");
    }
}

#[test]
fn a_job_that_is_cancelled_is_gone_on_with_by_another_and_looked_at_from_a_laptop() {
    let fleet = Fleet::new(&three(), B_WAITS);
    let first = fleet.clone("first");
    let run = first.start(&["run", "--ci"]);
    run.wait_for("b");
    first.wait_for_starts(2);
    run.signal(Signal::TERM);
    run.wait().assert(143, &[]);
    assert!(!fleet.refs("refs").contains(&LEASE.to_owned()));
    assert!(
        fleet.refs("refs").contains(&"refs/blueprint/trial/attempts/b/1".to_owned()),
        "{:?}",
        fleet.refs("refs")
    );
    first.assert_no_process_left();

    let second = fleet.clone("second");
    second.run(&["--ci"]).assert(0, &["goes on from the state that is saved in `origin`"]);
    assert_eq!(second.log().starts(), ["a", "b", "b", "c"]);
    second.assert_statuses(&ALL);
    second.assert_journal();
    assert_complete(&fleet);
    assert_eq!(second.task("b")["attempts"], 2);

    let laptop = &fleet.home;
    laptop.run(&["--ci"]).assert(0, &[]);
    laptop.assert_statuses(&ALL);
    assert_eq!(laptop.log().starts().len(), 4, "nothing is done again");
    assert_eq!(laptop.merges().values().copied().collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn the_outcome_is_that_of_a_run_without_any_remote() {
    let fleet = Fleet::new(&three(), WRITES);
    fleet.clone("job").run(&["--ci"]).assert(0, &[]);
    let local = TestProject::new(&three(), WRITES);
    local.complete(&[]);
    let tree = |branch: &str| format!("{branch}^{{tree}}");
    for branch in [INTEGRATION, "blueprint/trial/a", "blueprint/trial/b", "blueprint/trial/c"] {
        let there = fleet.git(&["rev-parse", &tree(branch)]);
        assert_eq!(there, local.git(&["rev-parse", &tree(branch)]), "{branch}");
    }
    assert_complete(&fleet);
}

#[test]
fn of_two_jobs_at_once_one_is_told_who_has_the_plan_and_until_when() {
    let fleet = Fleet::new(&three(), B_WAITS);
    let (first, second) = (fleet.clone("first"), fleet.clone("second"));
    let run = first.start(&["run", "--ci"]);
    first.wait_for_starts(2);
    fleet.assert_json(LEASE, "lease.json", "lease");
    let refused = second.run(&["--ci"]);
    refused.assert(5, &["the plan is being worked at", "until", "status --remote"]);
    assert!(!second.root.join(".git/refs/heads/blueprint").exists());
    first.touch("go");
    run.wait().assert(0, &[]);
    assert_complete(&fleet);
    second.run(&["--ci"]).assert(0, &[]);
    second.assert_statuses(&ALL);
}

#[test]
fn many_jobs_that_begin_at_the_same_moment_do_each_task_once() {
    let fleet = Fleet::new(&three(), WRITES);
    let clones: Vec<_> = ["1", "2", "3", "4"].map(|name| fleet.clone(name)).into();
    let runs: Vec<_> = clones.iter().map(|clone| clone.start(&["run", "--ci"])).collect();
    let codes: Vec<_> = runs.into_iter().map(|run| run.wait().code).collect();
    assert!(codes.contains(&Some(0)) && codes.iter().all(|code| matches!(code, Some(0 | 5))), "{codes:?}");
    assert_eq!(fleet.home.log().starts(), ["a", "b", "c"]);
    assert_complete(&fleet);
}

#[test]
fn a_job_that_was_killed_holds_the_plan_for_as_long_as_its_lease_and_is_gone_on_with_then() {
    let fleet = Fleet::new(&three(), B_WAITS);
    let first = fleet.clone("first");
    let run = first.start(&["run", "--ci", "--lease", "2s"]);
    first.wait_for_starts(2);
    // Until the remote knows of it.
    let journal = || fleet.git(&["show", &format!("{PLAN}:journal.jsonl")]);
    wait_until(
        "a saved state",
        || fleet.refs(PLAN).len() == 1 && journal().contains("\"task\":\"b\""),
        String::new,
    );
    run.kill();
    for pid in first.processes() {
        crate::project::kill(pid);
    }
    let second = fleet.clone("second");
    second.run(&["--ci"]).assert(5, &["the plan is being worked at"]);
    let mut ended = second.run(&["--ci"]);
    while ended.code == Some(5) {
        ended = second.run(&["--ci"]);
    }
    ended.assert(0, &[]);
    second.assert_statuses(&ALL);
    assert_eq!(second.log().starts(), ["a", "b", "b", "c"]);
    assert_complete(&fleet);
}

#[test]
fn a_job_that_has_lost_its_lease_ends_and_saves_nothing_more() {
    let fleet = Fleet::new(&three(), B_WAITS);
    let first = fleet.clone("first");
    let run = first.start(&["run", "--ci", "--lease", "3s"]);
    first.wait_for_starts(2);
    let before = || fleet.git(&["rev-parse", PLAN]);
    wait_until("a saved state", || fleet.refs(PLAN).len() == 1, String::new);
    // Somebody takes it by force.
    let lease = fleet.git(&["show", &format!("{LEASE}:lease.json")]);
    let mut lease: serde_json::Value = serde_json::from_str(&lease).unwrap();
    (lease["owner"], lease["run"]) = ("a thief".into(), "other".into());
    let file = fleet.home.base().join("lease.json");
    fs::write(&file, lease.to_string()).unwrap();
    let blob = fleet.git(&["hash-object", "-w", &file.to_string_lossy()]);
    let listed = fleet.home.base().join("tree");
    fs::write(&listed, format!("100644 blob {blob}\tlease.json\n")).unwrap();
    let script = format!("git --git-dir '{}' mktree <'{}'", fleet.bare().display(), listed.display());
    let tree = fleet.home.command("sh").args(["-c", &script]).output().unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let commit = fleet.git(&["commit-tree", "-m", "x", tree.trim()]);
    fleet.git(&["update-ref", LEASE, &commit]);
    let saved = before();
    let ended = run.wait();
    ended.assert(
        74,
        &[
            "warning the lease on the plan was lost to a thief",
            "in this clone only; the run is ended",
            "error: ",
        ],
    );
    assert!(!ended.stderr.contains("ERROR"), "{ended}");
    assert_eq!((before(), fleet.git(&["rev-parse", LEASE])), (saved, commit));
    first.assert_no_process_left();
}

#[test]
fn a_clone_that_has_gone_its_own_way_is_refused_with_the_way_out() {
    let fleet = Fleet::new(&three(), WRITES);
    let (first, second) = (fleet.clone("first"), fleet.clone("second"));
    second.run(&["a"]).assert(0, &[]);
    first.run(&["--ci"]).assert(0, &[]);
    let refs = second.refs();
    second.run(&["--ci"]).assert(
        2,
        &["have gone different ways", "journal.jsonl away", "git push origin :refs/blueprint/trial/plan"],
    );
    let is_own = |line: &&str| !line.contains("blueprint-remotes");
    assert_eq!(second.refs().lines().filter(is_own).collect::<Vec<_>>(), refs.lines().collect::<Vec<_>>());
    assert!(!fleet.refs("refs").contains(&LEASE.to_owned()));
    // The way out.
    fs::remove_file(second.state_dir().join("journal.jsonl")).unwrap();
    second.run(&["--ci"]).assert(0, &[]);
    second.assert_statuses(&ALL);
    assert_eq!(second.git(&["rev-parse", INTEGRATION]), fleet.git(&["rev-parse", INTEGRATION]));
}

#[test]
fn what_a_laptop_has_done_by_itself_is_saved_by_its_next_job() {
    let fleet = Fleet::new(&three(), WRITES);
    fleet.home.run(&["a"]).assert(0, &[]);
    fleet.home.run(&["b", "--ci", "c"]).assert(0, &[]);
    assert_complete(&fleet);
    let other = fleet.clone("other");
    other.run(&["--ci"]).assert(0, &[]);
    other.assert_statuses(&ALL);
    assert_eq!(other.log().starts(), ["a", "b", "c"]);
}

#[test]
fn a_plan_that_was_changed_in_the_branch_since_is_kept_and_gets_what_has_happened() {
    let fleet = Fleet::new(&three(), WRITES);
    fleet.clone("first").run(&["--ci"]).assert(0, &[]);
    fleet.home.write("genesis.xml", &PlanText::chain(&["a", "b", "c", "d"]).to_xml());
    fleet.home.commit_all("One task more");
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
    let second = fleet.clone("second");
    second.run(&["--ci"]).assert(0, &["was changed since its state was saved"]);
    assert_eq!(second.log().starts(), ["a", "b", "c", "d"]);
    let all = [ALL.as_slice(), &[("d", "completed")]].concat();
    second.assert_statuses(&all);
    assert_eq!(second.events_in_plan("a", "completed"), 1);
}

#[test]
fn what_the_remote_does_not_take_is_an_error_of_the_end_and_saved_by_the_next_job() {
    let fleet = Fleet::new(&three(), WRITES);
    let hook = fleet.bare().join("hooks/pre-receive");
    // The lease alone is taken.
    fs::write(&hook, "#!/bin/sh\ngrep -v /lease$ >/dev/null && { echo the disk is full; exit 1; }\nexit 0\n")
        .unwrap();
    fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    let job = fleet.clone("job");
    job.run(&["--ci"]).assert(74, &["the disk is full", "is in this clone", "run --ci"]);
    job.assert_statuses(&ALL);
    fs::remove_file(&hook).unwrap();
    job.run(&["--ci"]).assert(0, &[]);
    assert_complete(&fleet);
    assert_eq!(job.log().starts(), ["a", "b", "c"]);
}

#[test]
fn a_job_that_ends_before_its_run_begins_keeps_nobody_waiting() {
    let fleet = Fleet::new(&three(), WRITES);
    let job = fleet.clone("job");
    job.run(&["--ci", "--runner", "nobody"]).assert(2, &["nobody"]);
    job.run(&["--ci", "no-such-task", "a"]).assert(2, &["no-such-task"]);
    job.run(&["--ci", "--remote", "upstream"]).assert(2, &["there is no remote `upstream`; there is origin"]);
    assert!(!fleet.refs("refs").contains(&LEASE.to_owned()));
    job.run(&["--ci"]).assert(0, &[]);
}

#[test]
fn what_is_saved_while_an_agent_commits_is_not_taken_for_its_doing() {
    let script = "== a\nwrite a.txt x\ngit add a.txt\ngit commit --quiet -m Begun\ntouch begun\nwait-for go\n\
                  == b\nwait-for begun\nwrite b.txt x";
    let fleet = Fleet::new(&PlanText::of(&["a", "b"]), script);
    let job = fleet.clone("job");
    let run = job.start(&["run", "--ci"]);
    let branch = "refs/heads/blueprint/trial/a";
    let begun =
        || fleet.refs(branch).len() == 1 && fleet.git(&["log", "-1", "--format=%s", branch]) == "Begun";
    wait_until("its commit in the remote", begun, String::new);
    job.touch("go");
    let ended = run.wait();
    ended.assert(0, &[]);
    assert!(!ended.stderr.contains("warning"), "{ended}");
    job.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}

/// The plan with one task more, which the branch has from then on.
fn add_d(fleet: &Fleet) {
    fleet.home.write("genesis.xml", &PlanText::chain(&["a", "b", "c", "d"]).to_xml());
    fleet.home.commit_all("One task more");
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
}

fn saved_plan(fleet: &Fleet) -> String {
    fleet.git(&["show", &format!("{PLAN}:genesis.xml")])
}

#[test]
fn a_checkout_that_is_older_than_the_saved_state_goes_on_with_that_and_loses_no_task() {
    let fleet = Fleet::new(&three(), WRITES);
    let (old, older) = (fleet.clone("old"), fleet.clone("older"));
    add_d(&fleet);
    fleet.clone("new").run(&["--ci"]).assert(0, &[]);
    let again = old.run(&["--ci"]);
    again.assert(0, &["goes on from the state"]);
    assert!(!again.stderr.contains("was changed since"), "{again}");
    older.blueprint(&["sync"]).assert(0, &["4 of 4 tasks are completed"]);
    assert!(saved_plan(&fleet).contains("<completedTasks>4</completedTasks>"));
    assert!(fleet.git(&["show", &format!("{INTEGRATION}:genesis.xml")]).contains("\"d\""));
    assert_eq!(fleet.home.log().starts(), ["a", "b", "c", "d"]);
}

#[test]
fn a_plan_without_tasks_that_were_worked_at_is_refused_with_the_way_out_unless_a_later_commit_says_so() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b", "c", "d"]), WRITES);
    let elsewhere = fleet.clone("elsewhere");
    elsewhere.write("genesis.xml", &three().to_xml().replace("</", "\n</"));
    elsewhere.commit_all("On a branch of its own");
    fleet.home.write("more.txt", "more");
    fleet.home.commit_all("Goes on");
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
    fleet.clone("new").run(&["--ci"]).assert(0, &[]);
    let before = saved_plan(&fleet);
    for verb in [["run", "--ci"].as_slice(), &["sync"]] {
        elsewhere.blueprint(verb).assert(2, &["lacks `d`", "git pull"]);
    }
    assert_eq!(saved_plan(&fleet), before);
    assert!(!fleet.refs("refs").contains(&LEASE.to_owned()));

    fleet.home.write("genesis.xml", &three().to_xml().replace("</", "\n</"));
    fleet.home.commit_all("Without d");
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
    fleet.clone("later").run(&["--ci"]).assert(0, &["was changed since"]);
    fleet.clone("after").run(&["--ci"]).assert(0, &["goes on from the state"]);
    assert!(!saved_plan(&fleet).contains("\"d\""));
}

#[test]
fn a_sync_with_a_plan_that_lacks_the_task_of_a_record_is_refused() {
    let fleet = Fleet::new(&three(), WRITES);
    let old = fleet.clone("old");
    old.blueprint(&["sync"]).assert(4, &[]);
    fleet.home.write("genesis.xml", &PlanText::of(&["a", "b", "c", "d"]).to_xml());
    fleet.home.commit_all("One task more");
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
    let new = fleet.clone("new");
    new.run(&["d", "--ci"]).assert(0, &[]);
    old.blueprint(&["sync"]).assert(2, &["lacks `d`", "git pull"]);
    new.blueprint(&["sync"]).assert(4, &["1 of 4 tasks are completed"]);
    old.blueprint(&["sync"]).assert(4, &["1 of 4 tasks are completed"]);
}

#[test]
fn a_clone_takes_its_own_lease_and_claim_again_when_nobody_else_can_have_it() {
    for arguments in [["--ci"].as_slice(), &["a", "--ci"]] {
        let fleet = Fleet::new(&three(), "== a #1\nhang\n== *\nwrite {task}.txt what {task} made");
        let first = fleet.clone("first");
        let run = first.start(&[&["run"], arguments].concat());
        first.wait_for_starts(1);
        fleet.clone("second").run(arguments).assert(5, &[]);
        run.kill();
        first.processes().into_iter().for_each(crate::project::kill);
        fleet.clone("third").run(arguments).assert(5, &[]);
        first.run(arguments).assert(0, &[]);
    }
}

#[test]
fn a_task_whose_job_could_not_push_it_is_pushed_by_the_same_job_in_that_clone() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== *\nwait-for go\nwrite {task}.txt a");
    let job = fleet.clone("job");
    let run = job.start(&["run", "a", "--ci"]);
    job.wait_for_starts(1);
    fleet.refuse_pushes("the disk is full");
    job.touch("go");
    run.wait().assert(74, &["the disk is full", "is in this clone", "the same command here pushes it"]);
    fs::remove_file(fleet.bare().join("hooks/pre-receive")).unwrap();
    job.run(&["a", "--ci"]).assert(0, &["is completed already"]);
    assert_eq!(fleet.record("a").unwrap()["status"], "completed");
    assert!(fleet.refs("refs").contains(&"refs/heads/blueprint/trial/a".to_owned()));
    fleet.clone("other").blueprint(&["sync"]).assert(0, &["1 of 1"]);
    assert_eq!(job.log().starts(), ["a"]);
}

#[test]
fn a_job_that_finds_nothing_to_do_saves_nothing_and_is_in_nobodys_way() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    let (first, idle) = (fleet.clone("first"), fleet.clone("idle"));
    first.run(&["--ci"]).assert(0, &[]);
    let refs = || fleet.git(&["for-each-ref"]);
    let before = refs();
    for clone in [&first, &idle, &idle] {
        clone.run(&["--ci"]).assert(0, &["nothing to run"]);
        assert_eq!(refs(), before);
    }
    // What they have in their journals alone does not count when somebody goes on.
    fleet.home.write("genesis.xml", &PlanText::of(&["a", "b"]).to_xml());
    fleet.home.commit_all("One task more");
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
    fleet.clone("new").run(&["--ci"]).assert(0, &[]);
    for clone in [&first, &idle] {
        clone.run(&["--ci"]).assert(0, &["goes on from the state", "nothing to run"]);
        clone.assert_journal();
        clone.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    }
    let journal = fleet.git(&["show", &format!("{PLAN}:journal.jsonl")]);
    let count = |fact: &str| journal.matches(&format!("\"fact\":\"{fact}\"")).count();
    assert_eq!((count("run-started"), count("run-ended")), (2, 2), "{journal}");
}
#[test]
fn another_plan_of_the_same_epic_name_is_refused_and_one_that_was_moved_goes_on() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    let first = fleet.clone("first");
    fs::create_dir(first.root.join("other")).unwrap();
    fs::copy(first.root.join("genesis.xml"), first.root.join("other/genesis.xml")).unwrap();
    first.git(&["add", "other"]);
    first.git(&["commit", "-qm", "Another plan"]);
    first.git(&["push", "-q", "origin", "HEAD:main"]);
    first.blueprint(&["run", "genesis.xml", "a", "--ci"]).assert(0, &[]);
    for whole in [false, true] {
        let second = fleet.clone(if whole { "whole" } else { "single" });
        for arguments in
            [["run", "other", "a", "--ci"].as_slice(), &["run", "other", "--ci"], &["sync", "other"]]
        {
            second
                .blueprint(arguments)
                .assert(2, &["the state of another plan, `genesis.xml`", "--epic NAME"]);
        }
        first.blueprint(&["run", "genesis.xml", "--ci"]).assert(0, &[]);
    }
    assert_eq!(first.log().starts(), ["a"]);
    let moved = fleet.clone("moved");
    moved.git(&["rm", "-q", "-r", "other"]);
    moved.git(&["mv", "genesis.xml", "plan.xml"]);
    moved.git(&["commit", "-qm", "Moved"]);
    moved.blueprint(&["run", "plan.xml", "--ci"]).assert(0, &["1 of 1"]);
    assert_eq!(first.log().starts(), ["a"]);
}

#[test]
fn what_a_plan_has_left_in_the_remote_goes_when_all_has_landed_and_a_second_round_begins_anew() {
    let fleet = Fleet::new(&three(), WRITES);
    let job = fleet.clone("job");
    job.run(&["--ci"]).assert(0, &[]);
    job.git(&["config", "user.name", "Ann"]);
    job.git(&["config", "user.email", "ann@example.org"]);
    let clean = ["clean", "--remote", "--yes"];
    job.blueprint(&clean).assert(0, &["its work has not landed in main", "nothing was removed"]);
    job.blueprint(&["land", "--push", "origin"]).assert(0, &[]);
    let there = |fleet: &Fleet| fleet.refs("refs").into_iter().any(|name| name.contains("blueprint"));
    job.blueprint(&["clean", "--remote"]).assert(0, &["--yes", "nothing was removed"]);
    assert!(there(&fleet));
    job.blueprint(&clean).assert(0, &["removed"]);
    assert!(!there(&fleet), "{:?}", fleet.refs("refs"));
    job.blueprint(&clean).assert(0, &["there is nothing"]);

    let again = fleet.clone("again");
    again.blueprint(&["retry", "a"]).assert(0, &[]);
    again.git(&["commit", "-qam", "A second round"]);
    again.run(&["--ci"]).assert(0, &[]);
    assert_eq!(job.log().starts_of("a"), 2);
}

#[test]
fn a_plan_that_is_worked_at_is_not_cleaned_away_in_the_remote() {
    let fleet = Fleet::new(&three(), B_WAITS);
    let (first, second) = (fleet.clone("first"), fleet.clone("second"));
    let run = first.start(&["run", "--ci"]);
    first.wait_for_starts(2);
    second.blueprint(&["clean", "--remote", "--yes", "--force"]).assert(5, &["the plan is being worked at"]);
    first.touch("go");
    run.wait().assert(0, &[]);
    assert_complete(&fleet);
}
