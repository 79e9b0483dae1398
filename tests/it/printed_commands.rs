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
