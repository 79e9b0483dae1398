//! `blueprint task`: by hand, and from within an attempt.

use std::fs;
use std::path::Path;

use crate::project::{Ended, INTEGRATION, PlanText, TestProject, files_below};

const LEARNING: &str = "blueprint task|note|--learning|Rows are wide|--description|4 kB|--category|data";
const DECISION: &str = "blueprint task|note|--decision|Postgres|--context|a store|--rationale|it is there|We use it";

fn trial(script: &str) -> TestProject {
    TestProject::new(&PlanText::of(&["a"]), script)
}

/// `blueprint task`, with what it must come to.
#[track_caller]
fn task(project: &TestProject, arguments: &[&str], code: i32, says: &[&str]) -> Ended {
    let ended = project.blueprint(&[&["task"], arguments].concat());
    ended.assert(code, says);
    ended
}

/// The exit codes of the agents' own calls, in order.
fn codes(project: &TestProject) -> Vec<String> {
    project.log().all("blueprint").map(|event| event.more[0].clone()).collect()
}

/// What the agents' own calls said, in order.
fn said(project: &TestProject) -> Vec<String> {
    project.log().all("blueprint").map(|event| event.more[1].clone()).collect()
}

fn times(project: &TestProject, text: &str) -> usize {
    project.read("genesis.xml").matches(text).count()
}

mod by_hand {
    use super::*;

    #[test]
    fn a_task_is_blocked_with_a_reason_once() {
        let project = trial("");
        task(&project, &["block", "a", "--reason", "no key"], 0, &["a is now blocked"]);
        let plan = project.read("genesis.xml");
        task(&project, &["block", "a", "--reason", "no key"], 0, &["already blocked"]);
        assert_eq!(project.read("genesis.xml"), plan);
        project.assert_statuses(&[("a", "blocked")]);
        assert!(project.section_of("a").contains("<description>blocked: no key</description>"));
    }

    #[test]
    fn a_question_blocks_its_task_and_stands_in_its_history() {
        let project = trial("");
        task(&project, &["start", "--task", "a"], 0, &[]);
        task(&project, &["ask", "--task", "a", "Which & why?"], 0, &["a is now blocked"]);
        assert!(project.section_of("a").contains("waits for an answer: Which &amp; why?"));
        project.run(&[]).assert(4, &["blocked: a"]);
    }

    #[test]
    fn a_question_about_a_task_that_is_blocked_already_is_not_lost() {
        let project = trial("");
        task(&project, &["block", "a", "--reason", "no key"], 0, &[]);
        task(&project, &["ask", "--task", "a", "Whose key?"], 0, &[]);
        task(&project, &["ask", "--task", "a", "Whose key?"], 0, &[]);
        assert_eq!(times(&project, "a: waits for an answer: Whose key?"), 1);
        assert_eq!(project.events_in_plan("a", "blocked"), 1);
    }

    #[test]
    fn a_note_goes_into_the_audit_log_once_and_changes_no_status() {
        let project = trial("");
        task(&project, &["note", "--task", "a", "mind the gap"], 0, &["noted"]);
        task(&project, &["note", "--task", "a", "mind the gap"], 0, &["already"]);
        assert_eq!(times(&project, "<type>note</type>"), 1);
        assert_eq!(times(&project, "<description>a: mind the gap</description>"), 1);
        project.assert_statuses(&[("a", "pending")]);
        task(&project, &["show", "a"], 0, &[]);
    }

    #[test]
    fn learnings_and_decisions_go_into_the_knowledge_base_once() {
        let project = trial("");
        let learning = ["note", "--task", "a", "--learning", "Rows are wide", "4 kB each"];
        let decision = [
            "note", "--task", "a", "--decision", "Postgres", "--context", "a store", "--rationale", "it is there",
            "We use it",
        ];
        for arguments in [&learning[..], &decision] {
            task(&project, arguments, 0, &["noted"]);
            task(&project, arguments, 0, &["already"]);
        }
        assert_eq!((times(&project, "<learning>"), times(&project, "<decision>\n")), (1, 1));
        assert_eq!(times(&project, "<knowledgeBase>"), 1);
        assert_eq!(times(&project, "<decision>We use it</decision>"), 1);
        project.blueprint(&["validate", "--strict"]).assert(0, &[]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_way_out() {
        let plan = PlanText::of(&["done", "lost", "bad"])
            .already("done", "completed", "ada")
            .already("lost", "cancelled", "ada")
            .already("bad", "failed", "ada");
        let project = TestProject::new(&plan, "");
        let before = project.read("genesis.xml");
        for (arguments, says) in [
            (&["fail", "done", "--reason", "x"][..], "blueprint task note"),
            (&["block", "done", "--reason", "x"], "a completed task can't become blocked"),
            (&["start", "lost"], "it was cancelled"),
            (&["ask", "--task", "bad", "x"], "blueprint task start bad"),
            (&["start", "dune"], "did you mean `done`?"),
            (&["start"], "which task?"),
            (&["start", "done", "--task", "bad"], "which task, `done` or `bad`?"),
            (&["note", "--task", "bad"], "TEXT"),
            (&["note", "--task", "bad", "--decision", "D", "x"], "--context"),
            (&["note", "--task", "bad", "--context", "c", "x"], "--decision"),
            (&["block", "bad", "--reason", "  "], "something"),
        ] {
            task(&project, arguments, 2, &[says]);
        }
        assert_eq!(project.read("genesis.xml"), before);
    }

    #[test]
    fn eight_processes_at_once_lose_nothing() {
        let ids: Vec<String> = (0..8).map(|number| format!("t{number}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let project = TestProject::new(&PlanText::of(&ids), "");
        std::thread::scope(|scope| {
            for id in &ids {
                let project = &project;
                scope.spawn(move || {
                    task(project, &["start", id], 0, &[]);
                    for number in 0..3 {
                        task(project, &["note", "--task", id, &format!("note {number}")], 0, &[]);
                    }
                    task(project, &["note", "--task", id, "--learning", id, "x"], 0, &[]);
                    task(project, &["done", id, "--summary", "done"], 0, &[]);
                });
            }
        });
        let all: Vec<_> = ids.iter().map(|id| (*id, "completed")).collect();
        project.assert_statuses(&all);
        assert_eq!((times(&project, "<type>note</type>"), times(&project, "<learning>")), (24, 8));
        project.blueprint(&["validate", "--strict"]).assert(0, &[]);
    }
}

mod in_an_attempt {
    use super::*;

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
        crate::project::wait_until("said", || project.control.join("said").exists(), String::new);
        run.kill();
        project.touch("go");
        crate::project::wait_until("alone", || project.control.join("alone").exists(), String::new);
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
        let program = crate::project::BLUEPRINT;
        let lines: Vec<_> = (0..12)
            .map(|number| format!("\"{program}\" task note \"note {number}\" && echo ok >> \"$WORKTREE_PATH/ok.txt\" &"))
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
        let program = crate::project::BLUEPRINT;
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
}

/// Has `agent.sh` of the checkout, outside of the worktree, play everybody.
fn shell_agent(project: &TestProject) {
    let script = crate::project::toml_text(project.root.join("agent.sh").to_str().unwrap());
    project.configure(&format!("runner = \"sh\"\n[runners.sh]\nkind = \"command\"\ncommand = [\"sh\", {script}]\n"));
}

mod tokens {
    use super::*;

    #[test]
    fn one_of_another_task_or_an_earlier_attempt_is_refused() {
        let script = "== a #1\nrecord first\nkill-self\n== a\nrecord second\ntouch ready\nwait-for go\nprint well\n\
                      == b\nwait-for go\nprint well";
        let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
        let run = project.start(&["run"]);
        crate::project::wait_until("ready", || project.control.join("ready").exists(), String::new);
        project.wait_for_log("b", |log| log.starts_of("b") == 1);
        for (of, task) in [("first", "a"), ("second", "b")] {
            let token = variable(&project, of, "BLUEPRINT_TASK_TOKEN");
            let worktree = project.worktree(task);
            let vars = [("BLUEPRINT_TASK_TOKEN", token.as_str()), ("TASK_ID", task), ("WORKTREE_PATH", &worktree)];
            let mut stranger = project.command(crate::project::BLUEPRINT);
            stranger.args(["task", "fail", "--reason", "sabotage"]).envs(vars);
            stranger.env("GENESIS_FILE_PATH", project.plan());
            crate::project::Running::start(&mut stranger).wait().assert(77, &["token"]);
            // The run itself refuses it, too, where the journal is out of sight.
            let nowhere = project.base().join("nowhere");
            crate::project::Running::start(stranger.env("GENESIS_FILE_PATH", nowhere)).wait().assert(77, &["token"]);
        }
        project.touch("go");
        run.wait().assert(0, &[]);
        project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    }

    #[test]
    fn they_stand_nowhere_but_in_the_environment() {
        let script = "== *\nrecord seen\nblueprint task|note|one\nblueprint task|done|--summary|x\nwrite a.txt x";
        let project = trial(script);
        project.complete(&["-v"]).assert(0, &[]);
        let token = variable(&project, "seen", "BLUEPRINT_TASK_TOKEN");
        assert_eq!(token.len(), 32);
        let worktrees = project.base().join("мой проект.worktrees");
        let mut files = files_below(&project.root);
        files.extend(files_below(&worktrees));
        let has = |bytes: &[u8]| bytes.windows(token.len()).any(|window| window == token.as_bytes());
        let found: Vec<_> = files.iter().filter(|(_, bytes)| has(bytes)).map(|(path, _)| path).collect();
        assert!(found.is_empty(), "{found:?}");
        assert!(files.keys().any(|path| path.ends_with("journal.jsonl")));
    }

    #[test]
    fn an_agent_that_hides_its_own_may_not_change_anything_by_hand() {
        let project = trial("");
        let program = crate::project::BLUEPRINT;
        let hidden = "env -u BLUEPRINT_TASK_TOKEN -u TASK_ID -u WORKTREE_PATH -u GENESIS_FILE_PATH";
        let plan = project.plan().display().to_string();
        project.write(
            "agent.sh",
            &format!(
                "cat > /dev/null\n{hidden} \"{program}\" task done a --genesis '{plan}' --summary mine\n\
                 echo $? > codes.txt\n\
                 {hidden} setsid sh -c '\"{program}\" task note --task a --genesis \"{plan}\" mine; echo $? >> codes.txt'\n\
                 \"{program}\" task done --summary mine --force\necho $? >> codes.txt\n\
                 \"{program}\" task done --task b --summary mine\necho $? >> codes.txt\n"
            ),
        );
        shell_agent(&project);
        project.complete(&[]);
        assert_eq!(project.show(INTEGRATION, "codes.txt"), "77\n77\n77\n77");
        assert_eq!(times(&project, "mine"), 0);
    }

    /// A variable that an agent recorded.
    fn variable(project: &TestProject, recorded: &str, name: &str) -> String {
        let env = fs::read_to_string(project.control.join(recorded).join("env")).unwrap();
        let prefix = format!("{name}=");
        env.split('\0').find_map(|variable| variable.strip_prefix(&prefix)).unwrap().to_owned()
    }
}

mod force {
    use super::*;

    #[test]
    fn without_a_terminal_it_is_refused() {
        let project = trial("== *\nwait-for go\nprint well");
        let run = project.start(&["run"]);
        project.wait_for_starts(1);
        task(&project, &["done", "a", "--summary", "x", "--force"], 77, &["terminal"]);
        project.touch("go");
        run.wait().assert(0, &[]);
        assert_eq!(project.task("a")["summary"], "well");
    }
}

#[allow(dead_code, reason = "for the sandbox")]
fn unused(_: &Path) {}
