//! From within an attempt: reports to the run.

use super::{DECISION, LEARNING, codes, said, shell_agent, times, trial};
use crate::project::{BLUEPRINT, INTEGRATION, PlanText, TestProject, wait_until};

#[test]
fn a_reported_block_blocks_the_task_with_its_reason() {
    let project = trial("== *\nwrite a.txt x\nblueprint task|block|--reason|no key");
    project.run(&[]).assert(4, &["says    a", "blocked: no key"]);
    let task = project.task("a");
    assert_eq!((&task["status"], &task["outcome"]), (&"blocked".into(), &"blocked".into()));
    assert!(project.section_of("a").contains("no key"));
    assert_eq!(codes(&project), ["0"]);
}

#[test]
fn a_question_waits_for_an_answer_and_is_shown() {
    let project = trial("== *\nblueprint task|ask|Postgres or SQLite?");
    project.run(&[]).assert(4, &["Postgres or SQLite?"]);
    let task = project.task("a");
    assert_eq!((&task["status"], &task["outcome"]), (&"blocked".into(), &"needs-answer".into()));
    assert_eq!(task["question"], "Postgres or SQLite?");
}

#[test]
fn of_several_claims_the_last_one_counts() {
    let script = "== a\nblueprint task|fail|--reason|no\nblueprint task|done|--summary|yes\n\
                  == b\nblueprint task|done|--summary|yes\nblueprint task|block|--reason|no";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.run(&["-j", "1"]).assert(4, &[]);
    project.assert_statuses(&[("a", "completed"), ("b", "blocked")]);
    assert_eq!(project.task("a")["summary"], "yes");
    assert_eq!(codes(&project), ["0"; 4]);
    assert!(said(&project)[1].contains("in place of `failed`"), "{:?}", said(&project));
}

#[test]
fn a_claim_counts_although_the_agent_hangs_afterwards_and_a_transient_end_is_tried_again() {
    let script = "== a\nblueprint task|block|--reason|no key\nhang\n\
                  == b #1\nblueprint task|block|--reason|no key\nkill-self\n== b\nprint well";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.configure("[tasks.a]\ntimeout = \"1s\"");
    project.run(&[]).assert(4, &["no key"]);
    project.assert_statuses(&[("a", "blocked"), ("b", "completed")]);
    assert_eq!(project.log().starts_of("a"), 1);
}

#[test]
fn notes_learnings_and_decisions_are_in_the_plan_once_whatever_the_outcome() {
    for (ending, code) in [("exit 0", 0), ("exit 1", 1), ("kill-self", 0)] {
        let script = format!(
            "== a #1\nblueprint task|note|mind the gap\nblueprint task|note|mind the gap\n\
             {LEARNING}\n{LEARNING}\n{DECISION}\n{ending}\n== *\n{LEARNING}\nprint well"
        );
        let project = trial(&script);
        assert_eq!(project.run(&[]).code, Some(code));
        assert!(codes(&project).iter().all(|code| code == "0"), "{:?}", said(&project));
        assert_eq!(times(&project, "a: mind the gap"), 1, "{ending}");
        assert_eq!((times(&project, "<learning>"), times(&project, "<decision>\n")), (1, 1), "{ending}");
        let after = project.read("genesis.xml");
        project.run(&[]);
        assert_eq!(project.read("genesis.xml"), after, "{ending}");
        project.blueprint(&["validate", "--strict"]).assert(0, &[]);
    }
}

#[test]
fn a_run_that_is_killed_loses_and_doubles_nothing_that_was_said() {
    let script = format!(
        "== *\nblueprint task|note|before\n{LEARNING}\ntouch said\nwait-for go\n\
         blueprint task|note|between\nblueprint task|done|--summary|did it\ntouch alone\nwait-for end"
    );
    let project = trial(&script);
    let run = project.start(&["run"]);
    wait_until("said", || project.control.join("said").exists(), String::new);
    run.kill();
    project.touch("go");
    wait_until("alone", || project.control.join("alone").exists(), String::new);
    assert!(said(&project)[2].contains("left for the run"), "{:?}", said(&project));
    let run = project.start(&["run"]);
    run.wait_for("done: did it");
    project.touch("end");
    run.wait().assert(0, &["taking up attempt 1", "note: between"]);
    assert_eq!(codes(&project), ["0"; 4]);
    for text in ["a: before", "a: between", "<learning>"] {
        assert_eq!(times(&project, text), 1, "{text}");
    }
    assert_eq!(project.task("a")["summary"], "did it");
    assert_eq!(project.facts("reported", "a").len(), 4);
}

#[test]
fn nothing_in_the_outbox_is_committed_however_hard_an_agent_tries() {
    let script = "== *\nwrite a.txt x\nblueprint task|note|one\ndelete .blueprint/.gitignore\n\
                  write .blueprint/secret x\ncommit all of it\n\
                  write .blueprint/.gitignore !*\ngit add --force .blueprint\nwrite .blueprint/other x\n\
                  blueprint task|done|--summary|did it";
    let project = trial(script);
    project.complete(&[]);
    for branch in [INTEGRATION, "blueprint/trial/a"] {
        assert_eq!(project.files(branch).iter().filter(|file| file.starts_with(".blueprint")).count(), 0);
        assert!(project.files(branch).iter().any(|file| file == "a.txt"));
    }
    assert_eq!(codes(&project), ["0"; 2]);
}

#[test]
fn many_reports_of_many_processes_of_one_agent_are_all_kept() {
    let program = BLUEPRINT;
    let lines: Vec<_> = (0..12)
        .map(|number| {
            format!("\"{program}\" task note \"note {number}\" && echo ok >> \"$WORKTREE_PATH/ok.txt\" &")
        })
        .collect();
    let project = trial("");
    project.write("agent.sh", &format!("cat > /dev/null\n{}\nwait\n", lines.join("\n")));
    shell_agent(&project);
    project.complete(&[]);
    assert_eq!(project.show(INTEGRATION, "ok.txt").lines().count(), 12);
    for number in 0..12 {
        assert_eq!(times(&project, &format!("a: note {number}<")), 1);
    }
}

#[test]
fn rubbish_in_the_outbox_harms_neither_the_run_nor_what_is_said() {
    let program = BLUEPRINT;
    let project = trial("");
    project.write(
        "agent.sh",
        &format!(
            "cat > /dev/null\ncd \"$WORKTREE_PATH\"\n\"{program}\" task note first || exit 9\n\
             cd .blueprint/requests\nmkfifo 1.json\nmkdir 2.json\nln -s /dev/zero 3.json\n\
             truncate -s 1T 4.json\necho '{{' > 5.json\nln -s /nowhere 6.json\nprintf '\\377' > 7.json\n\
             for n in 1 2 3 4 5 6 7 8 9; do echo '{{}}' > 00$n.json; done\n\
             \"{program}\" task note second || exit 8\n\
             cd ../..\nuntil rm -rf .blueprint; do :; done\nmkdir elsewhere\nln -s elsewhere .blueprint\n\
             \"{program}\" task note nowhere && exit 7\n\
             rmdir elsewhere && rm .blueprint || exit 4\nmkfifo .blueprint\n\"{program}\" task note nowhere && exit 6\n\
             rm .blueprint\n\"{program}\" task done --summary 'all the same' || exit 5\n"
        ),
    );
    shell_agent(&project);
    project.complete(&[]);
    assert_eq!(project.task("a")["summary"], "all the same");
    assert_eq!((times(&project, "a: first"), times(&project, "a: second")), (1, 1));
    assert_eq!(times(&project, "nowhere"), 0);
}

#[test]
fn a_request_that_is_no_request_is_refused() {
    let project = trial("== *\nprint x");
    let long = "x".repeat(100_000);
    project.script(&format!("== *\nblueprint task|note|{long}\nprint well"));
    project.complete(&[]);
    assert_eq!(codes(&project), ["2"]);
    assert!(said(&project)[0].contains("too long"), "{:?}", said(&project));
}

#[test]
fn an_agent_that_starts_its_own_task_is_told_that_it_is_begun() {
    let project = trial("== *\nblueprint task|start\nprint well");
    project.complete(&[]);
    assert_eq!(codes(&project), ["0"]);
    assert!(said(&project)[0].contains("in progress"), "{:?}", said(&project));
    assert_eq!(project.events_in_plan("a", "in-progress"), 1);
}

#[test]
fn an_agent_that_floods_its_outbox_is_not_listened_to_any_more_and_harms_nobody() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.write(
        "agent.sh",
        &format!(
            "cat > /dev/null\ncd \"$WORKTREE_PATH\"\n\"{BLUEPRINT}\" task note first || exit 9\n\
             cd .blueprint/requests\nn=1000\nwhile [ $n -lt 2300 ]; do echo '{{}}' > $n.json; n=$((n+1)); done\n\
             while ls | grep -q 1999; do sleep 0.05; done\n"
        ),
    );
    shell_agent(&project);
    project.complete(&[]).assert(0, &["fills its outbox with rubbish"]);
    assert_eq!(times(&project, "a: first"), 1);
}
