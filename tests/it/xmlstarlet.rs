//! Agents that edit the plan with xmlstarlet, as they are told to.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::project::{BLUEPRINT, Ended, PlanText, Running, TestProject, wait_until};

/// What an agent does that was told how to report: an event, the reference from list to list, the counters.
const REPORT: [&str; 3] = [
    "call xmlstarlet|ed|-P|-L|-s|//task[@id='a']/statusHistory|-t|elem|-n|event\
     |-s|//task[@id='a']/statusHistory/event[last()]|-t|elem|-n|timestamp|-v|2026-01-14T10:00:00Z\
     |-s|//task[@id='a']/statusHistory/event[last()]|-t|elem|-n|status|-v|completed\
     |-s|//task[@id='a']/statusHistory/event[last()]|-t|elem|-n|actor|-v|worker|{plan}",
    "call xmlstarlet|ed|-P|--inplace|-m|//inProgress/taskRef[@id='a']|//statusTracker/completed|{plan}",
    "call xmlstarlet|ed|-P|-L|-u|//completedTasks|-v|1|-u|//inProgressTasks|-v|0|{plan}",
];

#[test]
fn an_agent_that_reports_with_xmlstarlet_is_completed_once_and_by_the_run() {
    if !is_installed() {
        return;
    }
    let script =
        format!("== a\nwrite a.txt x\n{}\nprint by xmlstarlet\n== *\nwrite b.txt x", REPORT.join("\n"));
    let project = TestProject::new(&PlanText::of(&["a", "b"]), &script);
    let odd = "    <!-- a person's note: 2 < 3 -->\n    <?keep this?>\n    <tasks>";
    let plan = project.read("genesis.xml").replace("    <tasks>", odd);
    let plan = plan.replace("What is to be done for b", "<![CDATA[a && b]]> of &#x41;");
    project.write("genesis.xml", &plan);
    project.complete(&["-j", "1"]);
    assert_eq!(calls(&project), ["0", "0", "0"]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    assert_eq!(project.transitions("a", "completed"), 1);
    assert_eq!(project.merges()["a"], 1);
    let section = project.section_of("a");
    assert!(section.contains("<summary>by xmlstarlet</summary>"), "{section}");
    assert_eq!(section.matches("<actor>worker</actor>").count(), 1, "the agent's event stays: {section}");
    let plan = project.read("genesis.xml");
    for part in [odd, "<![CDATA[a && b]]>"] {
        assert!(plan.contains(part), "{part} in {plan}");
    }
    project.blueprint(&["validate", "--strict"]).assert(0, &[]);
}

#[test]
fn an_agent_that_reports_with_xmlstarlet_and_fails_has_failed() {
    if !is_installed() {
        return;
    }
    let script = format!("== *\n{}\nexit 1", REPORT.join("\n"));
    let project = TestProject::new(&PlanText::of(&["a"]), &script);
    assert_eq!(project.run(&[]).code, Some(1));
    assert_eq!(calls(&project), ["0", "0", "0"]);
    project.assert_statuses(&[("a", "failed")]);
    project.blueprint(&["validate", "--strict"]).assert(0, &[]);
}

#[test]
fn a_failure_written_with_xmlstarlet_is_the_agents_report_whatever_its_exit_code() {
    if !is_installed() {
        return;
    }
    for (status, code) in [("failed", 1), ("blocked", 4)] {
        let report = REPORT[0].replace("|-v|completed", &format!("|-v|{status}"));
        let script = format!("== *\nwrite a.txt x\n{report}\nprint all is well");
        let project = TestProject::new(&PlanText::of(&["a"]), &script);
        assert_eq!(project.run(&[]).code, Some(code), "{status}");
        project.assert_statuses(&[("a", status)]);
    }
}

/// By its time a change of the run's own is told from others': one that somebody else has written in the same second is not taken for it.
#[test]
fn a_completion_written_in_the_very_second_of_the_runs_own_is_not_taken_for_it() {
    if !is_installed() {
        return;
    }
    let history = "//task[@id='a']/statusHistory";
    let script = format!(
        "== a
        write a.txt x
        call sh|-c|for later in 0 1 2 3 4 5; do at=$(date -u -d \"+$later seconds\" +%Y-%m-%dT%H:%M:%SZ); \
        xmlstarlet ed -P -L -s \"{history}\" -t elem -n event -v '' -s \"{history}/event[last()]\" -t elem -n timestamp -v $at \
        -s \"{history}/event[last()]\" -t elem -n status -v completed {{plan}}; done
        print by xmlstarlet"
    );
    let script = script.replace("\\\n", "");
    let project = TestProject::new(&PlanText::of(&["a"]), &script);
    project.complete(&[]);
    let section = project.section_of("a");
    assert!(section.contains("<summary>by xmlstarlet</summary>"), "{section}");
    project.blueprint(&["validate", "--strict"]).assert(0, &[]);
}

#[test]
fn an_edit_that_would_spoil_the_plan_is_refused_with_the_command_to_use() {
    if !is_installed() {
        return;
    }
    let script = "== *
        write a.txt x
        call xmlstarlet|ed|-L|-d|//task[@id='b']|{plan}
        call xmlstarlet|ed|-L|-r|//statusTracker|-v|not well-formed|{plan}
        call xmlstarlet|ed|-L|-r|/*|-v|other|{plan}
        call xmlstarlet|ed|-L|-s|//tasks|-t|elem|-n|task|-v|failed|{plan}
        call xmlstarlet|ed|-L|-u|//metadata/owner|-v|x|{plan}|none.xml";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.complete(&["a"]);
    assert_eq!(calls(&project), ["3", "3", "3", "3", "3"]);
    let said = said(&project);
    assert!(said[0].contains("task `b` would be gone"), "{said:?}");
    assert!(said[1].contains("the plan would be none any more: line "), "{said:?}");
    assert!(said[2].contains("the root element is"), "{said:?}");
    assert!(said[3].contains("new error"), "{said:?}");
    assert!(said[3].contains("`blueprint task fail --reason"), "{said:?}");
    assert!(said[..4].iter().all(|said| said.contains("nothing was changed")), "{said:?}");
    assert_eq!(project.events_in_plan("a", "in-progress"), 1);
    project.assert_statuses(&[("a", "completed"), ("b", "pending")]);
    assert_eq!(left_over(&project), Vec::<PathBuf>::new());
}

#[test]
fn one_agent_can_not_finish_anothers_task_with_xmlstarlet_and_nobody_else_can() {
    if !is_installed() {
        return;
    }
    let finish = "call xmlstarlet|ed|-L|-u|//task[@id='b']//event[last()]/status|-v|completed|{plan}";
    let script = format!("== a\nwait-started 2\n{finish}\nwrite a.txt x\n== b\nwait-for go\nwrite b.txt x");
    let project = TestProject::new(&PlanText::of(&["a", "b"]), &script);
    let run = project.start(&["run", "-j", "2"]);
    project.wait_for_log("the call", |log| !log.tasks("call").is_empty());
    let last = "//task[@id='b']//event[last()]/status";
    let ended = by_hand(&project, &["ed", "-L", "-u", last, "-v", "failed", "genesis.xml"]);
    ended.assert(77, &["`b` is being worked on by a live run", "nothing was changed"]);
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(calls(&project), ["77"]);
    assert!(said(&project)[0].contains("this attempt is about task `a`"), "{:?}", said(&project));
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}

#[test]
fn an_agent_that_hides_its_token_can_not_finish_a_task_that_waits() {
    if !is_installed() {
        return;
    }
    let finish = "ed|-L|-u|//task[@id='b']//event[last()]/status|-v|completed|{plan}";
    let script = format!(
        "== a\ncall env|-u|BLUEPRINT_TASK_TOKEN|xmlstarlet|{finish}\nwrite a.txt x\n== b\nwrite b.txt x"
    );
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), &script);
    project.complete(&[]);
    assert_eq!(calls(&project), ["77"]);
    assert!(said(&project)[0].contains("not by its agent's own means"), "{:?}", said(&project));
    assert_eq!(project.log().starts(), ["a", "b"]);
}

#[test]
fn the_plan_of_a_tasks_branch_may_be_edited_and_stays_out_of_the_work() {
    if !is_installed() {
        return;
    }
    let script = "== *\nwrite a.txt x\ncall xmlstarlet|ed|-L|-u|//projectName|-v|Mine|genesis.xml\ncall xmlstarlet|ed|-L|-d|//task|genesis.xml";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let before = project.show("main", "genesis.xml");
    project.complete(&[]).assert(0, &["its branch changed genesis.xml"]);
    assert_eq!(calls(&project), ["0", "3"]);
    assert_eq!(project.show(crate::project::INTEGRATION, "genesis.xml"), before);
    assert!(!project.read("genesis.xml").contains("Mine"));
    // It has no state of its own, nor is anything of ours part of the work.
    project.state_dir();
    assert_eq!(
        project.files(crate::project::INTEGRATION),
        ["README.md", "a.txt", "blueprint.toml", "genesis.xml"]
    );
}

#[test]
fn every_runners_agent_finds_our_programs_first() {
    let fake = crate::project::toml_text(env!("CARGO_BIN_EXE_fake-agent"));
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nrecord seen\nwrite a.txt x");
    project.configure(&format!("retries = 0\n[runners.c]\nkind = \"claude\"\ncommand = [{fake}]"));
    for runner in ["c", "fake"] {
        project.run(&["--runner", runner, "--rerun-failed"]);
        let env = fs::read_to_string(project.control.join("seen/env")).unwrap();
        let path = env.split('\0').find_map(|variable| variable.strip_prefix("PATH=")).unwrap();
        let folder = project.state_dir().join("bin");
        let (first, rest) = path.split_once(':').unwrap();
        assert_eq!(Path::new(first), folder, "{runner}");
        assert_eq!(rest, std::env::var("PATH").unwrap(), "{runner}");
        for name in ["xmlstarlet", "xml", "blueprint"] {
            let program = fs::canonicalize(folder.join(name)).unwrap();
            assert_eq!(program, fs::canonicalize(BLUEPRINT).unwrap());
        }
        fs::remove_dir_all(project.control.join("seen")).unwrap();
    }
}

#[test]
fn where_no_xmlstarlet_is_installed_the_message_names_the_command_to_use() {
    let script = "== *\ncall xmlstarlet|ed|-L|-u|//status|-v|completed|{plan}\ncall xml|sel|-t|-v|/|{plan}";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let empty = project.base().join("empty");
    fs::create_dir(&empty).unwrap();
    // A second version of ours, as another run may have put it there, and a link that leads nowhere.
    let copies = project.base().join("copies");
    fs::create_dir(&copies).unwrap();
    crate::project::copy_of_blueprint(&copies.join("xmlstarlet"));
    symlink("nowhere", copies.join("xml")).unwrap();
    let path = std::env::join_paths([&empty, &copies, &copies, &empty]).unwrap();
    let ended = Running::start(project.command(BLUEPRINT).arg("run").env("PATH", path)).wait();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(calls(&project), ["127", "127"]);
    let said = said(&project);
    assert!(said[0].contains("there is no real xmlstarlet in PATH"), "{said:?}");
    assert!(said[0].contains("`blueprint task done --summary"), "{said:?}");
    assert!(said[1].contains("there is no real xml in PATH"), "{said:?}");
}

#[test]
fn any_other_call_is_the_real_programs() {
    if !is_installed() {
        return;
    }
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.write("other.xml", "<other><a>1</a></other>");
    let ended = by_hand(&project, &["sel", "-t", "-v", "//a", "other.xml"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "1"), "{ended}");
    assert_eq!(by_hand(&project, &["val", "none.xml"]).code, Some(1));
    let before = project.read("genesis.xml");
    let ended = by_hand(&project, &["ed", "-u", "//epicName", "-v", "other", "genesis.xml"]);
    assert!(ended.code == Some(0) && ended.stdout.contains("<epicName>other</epicName>"), "{ended}");
    assert_eq!(project.read("genesis.xml"), before);
    assert_eq!(by_hand(&project, &["ed", "-L", "-u", "//a", "-v", "2", "other.xml"]).code, Some(0));
    assert!(project.read("other.xml").contains("<a>2</a>"));
    assert!(!project.root.join(".git/blueprint").exists(), "no plan was edited");
    // A bad call is answered in the real program's own words and codes, too.
    let real = Running::start(project.command("xmlstarlet").args(["ed", "-L"])).wait();
    let ours = by_hand(&project, &["ed", "-L"]);
    assert_eq!((ours.code, ours.stderr), (real.code, real.stderr));
}

#[test]
fn the_real_program_takes_our_place_so_streams_and_signals_are_its_own() {
    if !is_installed() {
        return;
    }
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let mut shim = stand_in(&project);
    let mut child = shim.args(["fo", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let program = PathBuf::from(format!("/proc/{}/exe", child.id()));
    let ours = fs::canonicalize(BLUEPRINT).unwrap();
    let is_other = || fs::read_link(&program).is_ok_and(|program| program != ours);
    wait_until("the real program", is_other, || format!("{:?}", fs::read_link(&program)));
    child.stdin.take().unwrap().write_all(b"<a><b/></a>").unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("  <b/>"), "{said}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn plans_and_other_files_of_one_call_are_edited_one_after_the_other() {
    if !is_installed() {
        return;
    }
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.write("one.xml", "<x><projectName>1</projectName></x>");
    project.write("two.xml", "<x><projectName>2</projectName></x>");
    project.write("second plan 100%41.xml", &project.read("genesis.xml"));
    symlink("genesis.xml", project.root.join("link.xml")).unwrap();
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(project.plan(), mode.clone()).unwrap();
    let files = ["one.xml", "link.xml", "second plan 100%41.xml", "none.xml", "two.xml"];
    let ended = by_hand(
        &project,
        &[&["-q", "edit", "--inplace", "-u", "//projectName", "-v", "New"], &files[..]].concat(),
    );
    assert_eq!(ended.code, Some(3), "{ended}");
    let is_new = |file: &str| project.read(file).contains("<projectName>New<");
    assert_eq!(files.map(|file| file != "none.xml" && is_new(file)), [true, true, true, false, false]);
    assert!(project.root.join("link.xml").is_symlink());
    assert_eq!(fs::metadata(project.plan()).unwrap().permissions().mode() & 0o777, mode.mode());
    assert_eq!(left_over(&project), Vec::<PathBuf>::new());
}

#[test]
fn a_plan_that_is_none_is_left_to_the_real_program() {
    if !is_installed() {
        return;
    }
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.write("genesis.xml", "<projectGenesis>");
    let ended = by_hand(&project, &["ed", "-L", "-d", "//task", "genesis.xml"]);
    ended.assert(3, &["Premature end of data"]);
    assert_eq!(project.read("genesis.xml"), "<projectGenesis>");
}

/// The exit codes of the agents' calls, in order.
fn calls(project: &TestProject) -> Vec<String> {
    project.log().all("call").map(|call| call.more[0].clone()).collect()
}

/// What those calls said.
fn said(project: &TestProject) -> Vec<String> {
    project.log().all("call").map(|call| call.more[1].clone()).collect()
}

/// Our binary under that name, as a run places it, called by a person.
pub(crate) fn stand_in(project: &TestProject) -> Command {
    let link = project.base().join("xmlstarlet");
    if !link.exists() {
        symlink(BLUEPRINT, &link).unwrap();
    }
    project.command(link.to_str().unwrap())
}

fn by_hand(project: &TestProject, arguments: &[&str]) -> Ended {
    Running::start(stand_in(project).args(arguments)).wait()
}

/// Copies of plans, and temp files beside the plan.
pub(crate) fn left_over(project: &TestProject) -> Vec<PathBuf> {
    let files = crate::project::files_below(&project.root).into_keys();
    let is_ours = |path: &PathBuf| {
        let is_temp = path.extension().is_some_and(|extension| extension == "tmp");
        is_temp || path.components().any(|part| part.as_os_str() == "edits")
    };
    files.filter(is_ours).collect()
}

/// Whether there is a real xmlstarlet to test with.
#[must_use]
pub(crate) fn is_installed() -> bool {
    let found = Command::new("xmlstarlet").arg("--version").stdout(Stdio::null()).status();
    let is_installed = found.is_ok_and(|status| status.success());
    if !is_installed {
        eprintln!("skipped: xmlstarlet is not installed");
    }
    is_installed
}
