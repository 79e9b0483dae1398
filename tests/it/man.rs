//! Man pages, and the help that they are made of.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::project::{PlanText, TestProject};

fn project() -> TestProject {
    TestProject::new(&PlanText::of(&["a"]), "")
}

#[test]
fn every_verb_of_the_help_has_a_page_of_its_own_with_an_example() {
    let project = project();
    project.blueprint(&["man", "--dir", "pages"]).assert(0, &["pages are in pages"]);
    let help = project.blueprint(&["--help"]).stdout;
    let (_, after) = help.split_once("Commands:").unwrap();
    let verbs = after.lines().skip(1).take_while(|line| !line.is_empty());
    let verbs: BTreeSet<_> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.contains("run") && verbs.contains("man"), "{verbs:?}");
    for verb in verbs.into_iter().filter(|verb| *verb != "help") {
        let page = project.read(&format!("pages/man1/blueprint-{verb}.1")).replace("\\-", "-");
        assert!(page.contains(".SH EXAMPLES") && page.contains(&format!("blueprint {verb}")), "{page}");
    }
    assert!(project.read("pages/man1/blueprint-task-done.1").contains(".SH EXAMPLES"));
    assert!(!project.root.join("pages/man1/blueprint-supervise.1").exists());
}

#[test]
fn groff_has_nothing_to_say_of_any_page() {
    if Command::new("groff").arg("--version").output().is_err() {
        eprintln!("skipped: groff is not installed");
        return;
    }
    let project = project();
    project.blueprint(&["man", "--dir", "pages"]).assert(0, &[]);
    let pages = ["pages/man1", "pages/man5"].map(|folder| fs::read_dir(project.root.join(folder)).unwrap());
    for page in pages.into_iter().flatten() {
        let page = page.unwrap().path();
        // Its folder's name is none of the page's.
        let mut groff = project.command("groff");
        groff.current_dir(page.parent().unwrap()).args(["-Kutf8", "-man", "-ww", "-z", "-Tutf8"]);
        let output = groff.arg(page.file_name().unwrap()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let said: Vec<_> = said.lines().filter(|line| !line.contains("cannot adjust line")).collect();
        assert!(output.status.success() && said.is_empty(), "{}: {said:#?}", page.display());
    }
}

#[test]
fn a_page_is_printed_by_its_verb_and_a_slip_finds_the_nearest() {
    let project = project();
    let page = project.blueprint(&["man", "task", "done"]);
    assert!(page.code == Some(0) && page.stdout.contains("blueprint\\-task\\-done"), "{page}");
    let page = project.blueprint(&["man", "blueprint.toml"]);
    assert!(page.code == Some(0) && page.stdout.contains("stall\\-timeout"), "{page}");
    project.blueprint(&["man", "retri"]).assert(2, &["there is no verb `retri`", "did you mean `retry`?"]);
}

#[test]
fn names_of_plans_that_nobody_has_are_answered_by_the_nearest() {
    let project = project();
    project.write(".claude/epics/webshop/genesis.xml", &PlanText::of(&["cart"]).epic("webshop").to_xml());
    project.blueprint(&["status", "gensis.xml"]).assert(2, &["did you mean `genesis.xml`?"]);
    project
        .blueprint(&["graph", "webshp"])
        .assert(2, &["there is no plan `webshp`", "did you mean `webshop`?"]);
    project.blueprint(&["status", "webshp"]).assert(2, &["did you mean the plan `webshop`?"]);
}

#[test]
fn the_log_is_chosen_by_flag_then_by_our_variable_then_by_rust_log() {
    let project = project();
    let logged = |flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = project.command(crate::project::BLUEPRINT);
        command.args(["run", "--dry-run"]).args(flags).envs(variables.iter().copied());
        let output = command.env("RUST_LOG_STYLE", "never").output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let complaint = "BLUEPRINT_LOG can't be read";
    assert!(logged(&[], &[("BLUEPRINT_LOG", "a=b=c")]).contains(complaint));
    assert!(!logged(&["-v"], &[("BLUEPRINT_LOG", "a=b=c")]).contains(complaint));
    assert!(logged(&[], &[("RUST_LOG", "a=b=c")]).contains("RUST_LOG can't be read"));
    let both = logged(&[], &[("BLUEPRINT_LOG", "debug"), ("RUST_LOG", "a=b=c")]);
    assert!(!both.contains("can't be read"), "{both}");
}
