use super::render;
use crate::genesis::{Code, Diagnostic, Genesis};

fn shown(source: &str) -> String {
    let diagnostics = match Genesis::parse(source.as_bytes().to_vec()) {
        Ok(genesis) => genesis.diagnostics().to_vec(),
        Err(invalid) => invalid.diagnostics,
    };
    render("plan/genesis.xml", source, &diagnostics, false, 100)
}

#[test]
fn a_problem_shows_its_place_its_line_and_what_to_do() {
    let source = "<projectGenesis>\n  <a>\n    Tom & Jerry\n  </b>\n</projectGenesis>\n";
    insta::assert_snapshot!(shown(source));
}

#[test]
fn a_duplicate_id_shows_both_places() {
    let source = "<projectGenesis version='1'><executionPlan><tasks>\n\
                  <task id=\"a\"><description>x</description></task>\n\
                  <task id=\"a\"><description>y</description></task>\n\
                  </tasks></executionPlan></projectGenesis>";
    insta::assert_snapshot!(shown(source));
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let long = "<x/>".repeat(2_000);
    let source = format!("<projectGenesis>{long}&nbsp;{long}</projectGenesis>");
    let text = shown(&source);
    insta::assert_snapshot!(text);
    assert!(text.lines().filter(|line| line.starts_with("1 |")).all(|line| line.len() <= 100));
    assert!(text.contains("genesis.xml:1:8017\n"));
    let problems = Genesis::parse(source.clone().into_bytes()).unwrap_err().diagnostics;
    assert!(render("g.xml", &source, &problems, true, 80).contains("g.xml:1:8017\n"));
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let source = "<a>\u{1b}[2J\u{7}</a>";
    let text = shown(source);
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
}

#[test]
fn no_span_is_out_of_bounds() {
    let source = "ä\nö\r\n";
    for (start, end) in [(0, 0), (0, 99), (1, 2), (5, 3), (99, 100), (7, 7), (2, 7)] {
        let problem = Diagnostic::new(Code::Markup, start..end, "m").related(end..start, "r");
        assert!(render("p", source, &[problem], true, 0).contains('m'));
    }
    assert!(render("p", "", &[Diagnostic::new(Code::Encoding, 0..0, "m")], false, 80).contains("p:1:1"));
}
