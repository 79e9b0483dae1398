//! Commands that are printed for a person do what they say when they are typed as they stand.

use crate::project::{Ended, PlanText, TestProject};

/// The commands that a text has, each to where its line, its backquotes or a remark ends.
fn commands(text: &str) -> Vec<String> {
    let lines = text.lines().flat_map(|line| line.split('`'));
    let calls = lines.filter_map(|piece| piece.find("blueprint ").map(|at| &piece[at..]));
    calls.map(|call| call.split("   (").next().unwrap_or(call).trim().to_owned()).collect()
}

/// Types it, with a word for TEXT.
fn typed(project: &TestProject, command: &str) -> Ended {
    let words: Vec<_> =
        command.split_whitespace().skip(1).map(|word| word.replace("TEXT", "words")).collect();
    project.blueprint(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn work_that_waits_for_approval_is_approved_by_what_the_end_of_a_run_and_the_report_say() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.configure("[[gates]]\nname = \"release\"\nkind = \"approve\"\n");
    let ended = project.run(&[]);
    ended.assert(4, &["genesis.xml' a approve"]);
    let page = project.blueprint(&["report", "genesis.xml", "--format", "html"]).stdout;
    assert!(page.contains("blueprint answer a approve"), "{page}");
    let next = ended.stderr.lines().rfind(|line| line.starts_with("next ")).unwrap().to_owned();
    let quoted = format!("'{}'", project.plan().display());
    let approve = next.trim_start_matches("next").trim().replace(&quoted, "genesis.xml");
    typed(&project, &approve).assert(0, &[]);
    project.complete(&[]);
}

#[test]
fn ids_that_begin_as_flags_do_are_none_in_any_command() {
    let script = "== -fails\nexit 3\n== -asks\nprint CLARIFICATION: which?\n== *\nwrite done.txt x";
    let project = TestProject::new(&PlanText::of(&["-fails", "-asks", "--done"]), script);
    let ended = project.run(&["-j", "1"]);
    ended.assert(1, &[]);
    let mut shown = project.blueprint(&[]).stdout;
    for id in ["-fails", "-asks", "--done"] {
        shown.push_str(&project.blueprint(&["explain", "genesis.xml", "--", id]).stdout);
        shown.push_str(&project.blueprint(&["answer", "genesis.xml", "--", id, " "]).stderr);
    }
    let commands: Vec<_> = commands(&shown).into_iter().filter(|call| call.contains("-- -")).collect();
    assert!(commands.len() > 6, "{shown}");
    for command in commands {
        let said = typed(&project, &command).stderr;
        assert!(!said.contains("unexpected argument") && !said.contains("Usage:"), "{command}: {said}");
    }
}

#[test]
fn help_is_about_the_plan_that_was_named_where_there_are_several() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    for epic in ["alpha", "beta"] {
        project.write(&format!(".claude/epics/{epic}/genesis.xml"), &project.read("genesis.xml"));
    }
    let about_this = project.blueprint(&["answer", "a", "hi"]).stderr;
    assert!(about_this.contains("`blueprint retry a --note TEXT`"), "{about_this}");
    std::fs::remove_file(project.plan()).unwrap();
    for call in
        [["answer", "alpha", "a", "hi"].as_slice(), &["status", "alpha", "nope-nope"], &["stop", "alpha"]]
    {
        let said = project.blueprint(call).stderr;
        let commands = commands(&said);
        assert!(!commands.is_empty(), "{said}");
        for command in commands {
            let said = typed(&project, &command).stderr;
            assert!(!said.contains("there are several plans"), "{command}: {said}");
        }
    }
}

#[test]
fn help_to_land_what_was_named_lands_it_the_way_it_was_to_land() {
    let plan = PlanText::chain(&["a", "b", "c"]).edge("a", "c");
    let project = TestProject::new(&plan, "== *\nwrite {task}.txt x");
    crate::landing::identify(&project);
    project.complete(&[]);
    let refused = project.blueprint(&["land", "c", "--squash"]);
    refused.assert(2, &["task `c` builds on work that has not landed: ", "`blueprint land --squash a b c`"]);
    let help = commands(&refused.stderr).pop().unwrap();
    typed(&project, &help).assert(0, &["3 tasks (a, b, c) in main, squashed"]);
}

#[test]
fn a_plan_that_goes_by_another_name_goes_by_it_in_what_is_printed_too() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    crate::landing::identify(&project);
    project.complete(&[]);
    project.write("y/genesis.xml", &PlanText::of(&["b"]).to_xml());
    project.commit_all("Another plan by that name");
    let ended = project.blueprint(&["run", "y", "--epic", "other"]);
    ended.assert(0, &["/y/genesis.xml' --epic other   (merges it into your branch)"]);
    project.blueprint(&["land", "y/genesis.xml", "--epic", "other"]).assert(0, &["task b in main"]);
    let refused = project.blueprint(&["answer", "y", "b", "hi", "--epic", "other"]);
    refused.assert(2, &["`blueprint retry y --epic other b --note TEXT`"]);
}

#[test]
fn a_report_of_one_plan_among_several_names_it_in_its_commands() {
    let script = "== *\nprint CLARIFICATION: which?";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    for epic in ["alpha", "beta"] {
        project
            .write(&format!(".claude/epics/{epic}/genesis.xml"), &PlanText::of(&["a"]).epic(epic).to_xml());
    }
    std::fs::remove_file(project.plan()).unwrap();
    project.commit_all("Two plans");
    project.blueprint(&["run", "alpha"]).assert(4, &[]);
    let page = project.blueprint(&["report", "alpha", "--format", "html"]).stdout;
    assert!(page.contains("<code>blueprint answer alpha a TEXT</code>"), "{page}");
}

#[test]
fn a_budget_that_was_too_small_is_told_with_one_that_is_enough() {
    let agent = crate::project::toml_text(crate::project::FAKE_AGENT);
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x\nclaude costs 0.25 done");
    project.configure(&format!(
        "runner = \"claude\"\n[agents.worker]\nmax-cost = 0.60\n[runners.claude]\ncommand = [{agent}]"
    ));
    let ended = project.run(&["--max-cost", "0.5"]);
    ended.assert(6, &["genesis.xml' --max-cost 0.6   (one attempt may use up $0.60, more than $0.50)"]);
    let morning = project.blueprint(&[]).stdout;
    assert!(morning.contains("its budget is too small: one attempt may use up\n$0.60"), "{morning}");
    let next = commands(&morning).pop().unwrap();
    assert_eq!(next, "blueprint run genesis.xml --max-cost 0.6");
    typed(&project, &next).assert(0, &[]);
}
