use std::time::Duration;

use super::*;
use crate::genesis::{LineIndex, ProjectStatus, Status};
use crate::plan::sample::{Sample, document, plan};

fn t(index: usize) -> TaskIndex {
    TaskIndex(index)
}

/// `line:column code message (help)`, one a line.
fn shown(text: &str, diagnostics: &[Diagnostic]) -> String {
    let index = LineIndex::new(text);
    let line = |problem: &Diagnostic| {
        let place = index.position(problem.span.start);
        let help = problem.help.as_deref().unwrap_or("no help");
        format!("{}:{} {} {} ({help})", place.line, place.column, problem.code, problem.message)
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn refused(text: &str) -> String {
    shown(text, &plan(text).expect_err("it should be refused"))
}

/// Warnings of the task's description and lists are the document's; those of the plan remain.
fn warned(text: &str) -> String {
    plan(text).unwrap();
    shown(text, &diagnostics(&crate::genesis::Genesis::parse(text.as_bytes().to_vec()).unwrap()))
}

fn task(id: &str, more: &str) -> String {
    format!("<task id=\"{id}\"><name>n</name><description>d</description>{more}</task>\n")
}

fn edge(from: &str, to: &str) -> String {
    format!("<dependency><from>{from}</from><to>{to}</to></dependency>\n")
}

fn with(ids: &[&str], edges: &[(&str, &str)]) -> String {
    let tasks: String = ids.iter().map(|id| task(id, "")).collect();
    let edges: String = edges.iter().map(|(from, to)| edge(from, to)).collect();
    document(&format!("<dependencies>\n{edges}</dependencies>"), &tasks)
}

fn level(number: &str, ids: &[&str]) -> String {
    let refs = ids.iter().map(|id| format!("<taskRef id=\"{id}\"/>")).collect::<Vec<_>>().concat();
    format!("<parallelGroup level=\"{number}\">{refs}</parallelGroup>\n")
}

#[test]
fn a_cycle_is_shown_from_its_first_task_to_the_place_that_closes_it() {
    let text = with(&["a", "b", "c"], &[("a", "b"), ("b", "c"), ("c", "a")]);
    insta::assert_snapshot!(refused(&text), @"5:19 E202 tasks wait for each other: a -> b -> c -> a (remove one of these dependencies)");
    let problem = &plan(&text).unwrap_err()[0];
    assert_eq!(&text[problem.span.clone()], "c");
    assert_eq!(problem.label.as_deref(), Some("`a` waits for `c`"));
    let others: Vec<_> =
        problem.related.iter().map(|(span, label)| (&text[span.clone()], &**label)).collect();
    assert_eq!(others, [("a", "`b` waits for `a`"), ("b", "`c` waits for `b`")]);
}

#[test]
fn a_cycle_through_the_tasks_own_dependencies_is_found_where_they_are() {
    let tasks = task("a", "<dependencies>b</dependencies>") + &task("b", "<dependencies>a</dependencies>");
    insta::assert_snapshot!(refused(&document("", &tasks)), @"4:70 E202 tasks wait for each other: a -> b -> a (remove one of these dependencies)");
}

#[test]
fn a_task_that_waits_for_itself_is_shown() {
    let text = with(&["a", "b"], &[("a", "b"), ("b", "b")]);
    insta::assert_snapshot!(refused(&text), @"4:19 E203 task `b` waits for itself: b -> b (remove this dependency)");
}

#[test]
fn a_long_cycle_is_shortened_in_the_middle() {
    let ids: Vec<_> = (0..40).map(|i| format!("t{i}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let edges: Vec<_> = (0..40).map(|i| (ids[i], ids[(i + 1) % 40])).collect();
    let message = refused(&with(&ids, &edges));
    assert!(message.contains("t0 -> t1 -> "), "{message}");
    assert!(message.contains("t9 -> … 28 more … -> t38 -> t39 -> t0 ("), "{message}");
}

#[test]
fn an_unknown_end_names_the_task_that_waits_and_the_nearest_id() {
    let text = with(&["build-api", "test"], &[("bild-api", "test"), ("build-api", "tets"), ("zzz", "test")]);
    insta::assert_snapshot!(refused(&text), @"
    3:19 E201 task `test` waits for `bild-api`, which is not in the plan (did you mean `build-api`?)
    4:39 E201 `tets` is to wait for task `build-api`, but is not in the plan (did you mean `test`?)
    5:19 E201 task `test` waits for `zzz`, which is not in the plan (add the task, or remove the dependency)
    ");
}

#[test]
fn a_dependency_that_says_its_task_in_a_way_of_its_own_does_not_go_unseen() {
    let own = "<dependencies><dependency ref=\"a\"/><dependency/><dependency>a</dependency></dependencies>";
    let text = document("", &(task("a", "") + &task("b", own)));
    insta::assert_snapshot!(refused(&text), @"5:70 E201 a dependency of task `b` names no task (write the task's id as its text: `<dependency>build-api</dependency>`)");
}

#[test]
fn an_unknown_task_that_waits_for_itself_is_one_error() {
    insta::assert_snapshot!(refused(&with(&["a"], &[("zzz", "zzz")])), @"3:19 E201 `zzz` is to wait for itself, and is not in the plan (add the task, or remove the dependency)");
}

#[test]
fn an_end_that_names_nothing_is_an_error_even_where_a_task_has_no_id() {
    let tasks = task("a", "") + "<task><name>n</name><description>d</description></task>\n";
    let text = document("<dependencies>\n<dependency><from>a</from></dependency>\n</dependencies>", &tasks);
    insta::assert_snapshot!(refused(&text), @"
    3:1 E201 a dependency must name two tasks: `from`, the one that comes first, and `to`, the one that waits (name the missing one, or remove the dependency)
    7:1 E101 the task `n` has no id (give it an attribute `id`, such as `id=\"build-api\"`)
    ");
}

#[test]
fn everything_is_found_at_once_and_told_in_document_order() {
    let dag =
        format!("<dependencies>\n{}{}{}</dependencies>", edge("a", "nix"), edge("b", "c"), edge("c", "b"));
    let tasks = task("a", "<estimatedDuration>soon</estimatedDuration>")
        + &task("b", "")
        + &task("c", "<dependencies>c</dependencies>")
        + &task("a", "");
    insta::assert_snapshot!(refused(&document(&dag, &tasks)), @"
    3:31 E201 `nix` is to wait for task `a`, but is not in the plan (add the task, or remove the dependency)
    5:19 E202 tasks wait for each other: b -> c -> b (remove one of these dependencies)
    8:75 W201 the estimate of task `a` can't be read: expected a number before `soon` (write it like `45min`, `1.5h`, `1h30m` or `3 days`; until then an hour is assumed)
    11:11 E103 the task id `a` is given twice (give one of them another id)
    ");
}

#[test]
fn two_knots_are_two_errors() {
    let text = with(&["a", "b", "c", "d"], &[("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("b", "c")]);
    insta::assert_snapshot!(refused(&text), @"
    4:19 E202 tasks wait for each other: a -> b -> a (remove one of these dependencies)
    6:19 E202 tasks wait for each other: c -> d -> c (remove one of these dependencies)
    ");
}

#[test]
fn an_estimate_that_can_not_be_read_is_a_warning_and_counts_as_an_hour() {
    let text = document("", &task("a", "<estimatedDuration>2 parsecs</estimatedDuration>"));
    insta::assert_snapshot!(warned(&text), @"4:75 W201 the estimate of task `a` can't be read: unknown unit `parsecs` (known: s, min, h, d, w) (write it like `45min`, `1.5h`, `1h30m` or `3 days`; until then an hour is assumed)");
    let plan = plan(&text).unwrap();
    assert_eq!((plan.task(t(0)).estimate, plan.weight(t(0))), (None, Duration::from_hours(1)));
}

#[test]
fn a_level_that_contradicts_the_edges_is_a_warning_and_the_edges_win() {
    let levels = level("0", &["b", "c"]) + &level("1", &["a"]);
    let dag =
        format!("<parallelSets>\n{levels}</parallelSets><dependencies>{}</dependencies>", edge("a", "b"));
    let tasks = task("a", "") + &task("b", "") + &task("c", "");
    let text = document(&dag, &tasks);
    insta::assert_snapshot!(warned(&text), @"3:39 W202 task `b` has level 0, but needs `a` of level 1 (the dependencies decide; correct the level)");
    let plan = plan(&text).unwrap();
    assert_eq!([0, 1, 2].map(|i| plan.level(t(i))), [0, 1, 0]);
}

#[test]
fn levels_without_an_edge_are_steps() {
    // Out of order, with a gap, and with a task that stands in no level.
    let levels = level("7", &["c"]) + &level("0", &["a", "b"]) + &level("3", &["d"]);
    let tasks: String = ["a", "b", "c", "d", "e"].map(|id| task(id, "")).concat();
    let text = document(&format!("<parallelSets>{levels}</parallelSets>"), &tasks);
    let plan = plan(&text).unwrap();
    assert!(warned(&text).contains(Code::InNoLevel.as_str()), "nothing leads to e");
    let before = |index| plan.prerequisites(t(index)).iter().map(|i| i.0).collect::<Vec<_>>();
    assert_eq!([0, 1, 2, 3, 4].map(before), [vec![], vec![], vec![3], vec![0, 1], vec![]]);
    assert_eq!([0, 1, 2, 3, 4].map(|i| plan.level(t(i))), [0, 0, 2, 1, 0]);
    assert_eq!(plan.dependents(t(0)), [t(3)]);
    assert_eq!(plan.len(), 5);
    assert_eq!(plan.topological().len(), 5);
    assert_eq!(plan.with_prerequisites(&[t(3)]), [true, true, false, true, false]);
}

#[test]
fn one_edge_is_enough_for_levels_to_be_no_steps() {
    let levels = level("0", &["a", "b"]) + &level("1", &["c"]);
    let dag = format!("<parallelSets>{levels}</parallelSets><dependencies>{}</dependencies>", edge("a", "c"));
    let plan = plan(&document(&dag, &["a", "b", "c"].map(|id| task(id, "")).concat())).unwrap();
    assert_eq!(plan.prerequisites(t(2)), [t(0)]);
}

#[test]
fn both_ways_to_write_an_edge_count_and_one_written_twice_counts_once() {
    let dag = format!("<dependencies>{}{}</dependencies>", edge("a", "c"), edge("a", "b"));
    let tasks = task("a", "") + &task("b", "") + &task("c", "<dependencies>a, b</dependencies>");
    let plan = plan(&document(&dag, &tasks)).unwrap();
    assert_eq!(plan.prerequisites(t(2)), [t(0), t(1)]);
    assert_eq!(plan.dependents(t(0)), [t(1), t(2)]);
}

#[test]
fn the_epic_goes_by_the_projects_name_where_it_has_none_of_its_own() {
    let text = with(&["a"], &[]);
    assert_eq!(plan(&text).unwrap().epic, "e");
    assert_eq!(plan(&text.replace("<epicName>e</epicName>", "<epicName> </epicName>")).unwrap().epic, "p");
    let nameless = text.replace("<epicName>e</epicName>", "").replace("<projectName>p</projectName>", "");
    insta::assert_snapshot!(refused(&nameless), @"1:31 E204 the plan has neither `epicName` nor `projectName` (add `<epicName>` to `metadata`: branches and folders are named after it)");
}

#[test]
fn a_task_has_its_words_and_the_plan_its_status() {
    let more = "<assignedAgent>dev</assignedAgent><estimatedDuration>90 min</estimatedDuration>\
                <statusHistory><event><timestamp>2026-01-01T00:00:00Z</timestamp><status>failed</status></event></statusHistory>";
    let text = document("", &task("a", more)).replace("</metadata>", "<status>on-hold</status></metadata>");
    let plan = plan(&text).unwrap();
    let task = plan.task(t(0));
    assert_eq!((task.id.as_str(), task.name.as_str(), task.agent.as_deref()), ("a", "n", Some("dev")));
    assert_eq!((task.estimate, task.status), (Some(Duration::from_mins(90)), Status::Failed));
    assert_eq!(plan.status, Some(ProjectStatus::OnHold));
    assert_eq!((plan.find("a"), plan.find("b")), (Some(t(0)), None));
}

#[test]
fn levels_urgency_and_the_critical_path_follow_from_edges_and_estimates() {
    let plan = Sample::of(5)
        .estimates(&["1h", "2h", "30min", "4h", "1h"])
        .edges([(0, 1), (0, 2), (1, 3), (2, 3)])
        .plan();
    assert_eq!([0, 1, 2, 3, 4].map(|i| plan.level(t(i))), [0, 1, 1, 2, 0]);
    let minutes = [0, 1, 2, 3, 4].map(|i| plan.urgency(t(i)).as_secs() / 60);
    assert_eq!(minutes, [420, 360, 270, 240, 60]);
    assert_eq!(plan.critical_path(), [t(0), t(1), t(3)]);
    assert_eq!(plan.longest_path(|_| true), Duration::from_hours(7));
    assert_eq!(plan.longest_path(|i| i != t(1)), Duration::from_mins(330));
}

#[test]
fn a_plan_without_tasks_is_a_plan() {
    let plan = plan(&document("", "")).unwrap();
    assert!(plan.is_empty());
    assert_eq!((plan.critical_path(), plan.longest_path(|_| true)), (vec![], Duration::ZERO));
}

#[test]
fn a_chain_of_ten_thousand_needs_no_recursion() {
    let plan = Sample::of(10_000).edges((1..10_000).map(|i| (i - 1, i))).plan();
    assert_eq!((plan.level(t(9_999)), plan.critical_path().len()), (9_999, 10_000));
    assert!(plan.with_prerequisites(&[t(9_999)]).iter().all(|needed| *needed));
}

#[test]
fn thousands_of_edges_into_nowhere_are_all_told_though_few_get_a_suggestion() {
    let text = Sample::of(5_000).edges((0..5_000).map(|i| (i, 70_000 + i))).text();
    let found = plan(&text).unwrap_err();
    assert_eq!(found.len(), 5_000);
    let suggested =
        |problem: &&Diagnostic| problem.help.as_ref().is_some_and(|help| help.contains("did you mean"));
    assert_eq!(found.iter().filter(suggested).count(), SUGGESTIONS);
}
