use crate::genesis::{Code, Genesis, LineIndex, render};

fn plan(inside: &str) -> String {
    format!(
        "<projectGenesis version=\"1\">\n<executionPlan>\n{inside}\n</executionPlan>\n</projectGenesis>\n"
    )
}

fn task(id: &str, inside: &str) -> String {
    format!("<task {id}><description>d</description>{inside}</task>\n")
}

fn event(word: &str) -> String {
    format!("<statusHistory><event><status>{word}</status></event></statusHistory>")
}

fn codes(source: &str) -> Vec<(Code, usize)> {
    let genesis = Genesis::parse(source.as_bytes().to_vec()).unwrap();
    let index = LineIndex::new(source);
    let found = genesis.diagnostics().iter();
    found.map(|problem| (problem.code, index.position(problem.span.start).line)).collect()
}

fn shown(source: &str) -> String {
    let genesis = Genesis::parse(source.as_bytes().to_vec()).unwrap();
    render("genesis.xml", source, genesis.diagnostics(), false, 100)
}

#[test]
fn ids_are_there_and_distinct_and_can_be_referred_to() {
    let tasks = ["id=\"a\"", "", "id=\"\"", "id=\"a\"", "id=\"b c\"", "id=\"d,e\"", "id=\"f&#9;\""];
    let tasks: String = tasks.iter().map(|id| task(id, "<name>n</name>")).collect();
    insta::assert_snapshot!(shown(&plan(&format!("<tasks>\n{tasks}</tasks>"))));
}

#[test]
fn hostile_but_usable_ids_are_accepted() {
    let long = "x".repeat(300);
    for id in ["../../x", "-rf", "a;b", "integration", "ünï ".trim(), "$(id)", "a\\b", &long] {
        let task = task(&format!("id=\"{id}\""), "");
        assert_eq!(codes(&plan(&format!("<tasks>{task}</tasks>"))), [], "{id}");
    }
}

#[test]
fn places_that_hold_a_status_and_disagree_are_named() {
    let tasks = [
        task("id=\"done\" status=\"pending\"", &event("completed")),
        task("id=\"odd\"", &event("finnished")),
        task("id=\"nowhere\"", &event("completed")),
        task("id=\"twice\"", ""),
        task("id=\"fine\" status=\"blocked\"", &event("blocked")),
    ]
    .concat();
    let lists = "<statusTracker>\n<pending>\n<taskRef id=\"done\"/>\n<taskRef id=\"odd\"/>\n\
                 <taskRef id=\"twice\"/>\n<taskRef id=\"fine\"/>\n</pending>\n<failed>\n\
                 <taskRef id=\"twice\"/>\n<taskRef id=\"dome\"/>\n<taskRef/>\n</failed>\n\
                 </statusTracker>";
    insta::assert_snapshot!(shown(&plan(&format!("<tasks>\n{tasks}</tasks>\n{lists}"))));
}

#[test]
fn without_lists_no_task_is_missing_from_them() {
    let tasks = task("id=\"a\"", &event("completed"));
    assert_eq!(codes(&plan(&format!("<tasks>\n{tasks}</tasks>"))), []);
}

#[test]
fn levels_that_name_unknown_tasks_are_named() {
    let level = "<executionDag><parallelSets><parallelGroup level=\"0\"><taskRef id=\"a\"/>\n\
                 <taskRef id=\"b\"/></parallelGroup></parallelSets></executionDag>";
    let source = plan(&format!("{level}<tasks>{}</tasks>", task("id=\"a\"", "")));
    assert_eq!(codes(&source), [(Code::UnknownTaskRef, 4)]);
}

#[test]
fn counters_that_are_wrong_and_words_that_mean_nothing_are_named() {
    let source = "<projectGenesis>\n<metadata><status>nearly</status></metadata>\n<executionPlan><tasks>\n\
                  <task id=\"a\"/>\n</tasks></executionPlan>\n<metrics><progress>\n\
                  <totalTasks>3</totalTasks>\n<completedTasks> 0.0 </completedTasks>\n\
                  <inProgressTasks>many</inProgressTasks>\n\
                  <percentageComplete>0.4</percentageComplete>\n\
                  </progress></metrics>\n</projectGenesis>";
    insta::assert_snapshot!(shown(source));
}

#[test]
fn a_bare_plan_has_nothing_to_complain_about() {
    let source = plan(
        "<executionDag><parallelSets><parallelGroup level=\"0\"><taskRef id=\"a\"/></parallelGroup>\
         </parallelSets></executionDag><statusTracker><pending><taskRef id=\"a\"/></pending>\
         <inProgress/></statusTracker>",
    );
    assert_eq!(codes(&source), []);
}

#[test]
fn many_unknown_references_take_no_quadratic_time() {
    let refs = (0..3_000).fold(String::new(), |refs, n| refs + &format!("<taskRef id='x{n}'/>"));
    let tasks: String = (0..3_000).map(|n| task(&format!("id='t{n}'"), "")).collect();
    let source = plan(&format!(
        "<executionDag><parallelSets><parallelGroup>{refs}</parallelGroup></parallelSets>\
         </executionDag><tasks>{tasks}</tasks>"
    ));
    let unknown = codes(&source).into_iter().filter(|(code, _)| *code == Code::UnknownTaskRef);
    assert_eq!(unknown.count(), 3_000);
}

#[test]
fn tasks_that_no_level_leads_to_are_named_together() {
    let level = "<executionDag><parallelSets><parallelGroup level=\"0\"><taskRef id=\"a\"/>\
                 </parallelGroup></parallelSets></executionDag>";
    let tasks = |ids: &[&str]| ids.iter().map(|id| task(&format!("id=\"{id}\""), "")).collect::<String>();
    let found = |ids: &[&str]| codes(&plan(&format!("{level}\n<tasks>{}</tasks>", tasks(ids))));
    assert_eq!(found(&["a"]), []);
    assert_eq!(found(&["a", "b", "c"]), [(Code::InNoLevel, 5)]);
    assert_eq!(codes(&plan(&format!("<tasks>{}</tasks>", tasks(&["a", "b"])))), [], "no levels, no order");
}

#[test]
fn a_plan_without_tasks_is_told_where_they_were_looked_for() {
    let found = [
        "<genesis><project name='x'><tasks/></project><note/></genesis>",
        "<projectGenesis><executionPlan><phases/></executionPlan></projectGenesis>",
        "<projectGenesis><executionPlan><dag><pending/></dag><tasks/></executionPlan></projectGenesis>",
        "<workflow_status/>",
    ];
    insta::assert_snapshot!(found.map(shown).concat());
}

#[test]
fn forms_without_lists_have_no_task_missing_from_them() {
    let epic = "<genesis><epic name='e'><tasks><task id='a' status='done'><description>d</description>\
                <status>completed</status></task></tasks></epic></genesis>";
    assert_eq!(codes(epic), []);
}

#[test]
fn every_place_in_a_task_that_says_its_status_is_checked() {
    let epic = "<genesis><epic name='e'><tasks>\n<task id='a' status='done'>\n<description>d</description>\n\
                <status>pending</status></task></tasks></epic></genesis>";
    assert_eq!(codes(epic), [(Code::StatusDisagrees, 4)]);
}

#[test]
fn counters_references_and_statuses_are_checked_in_the_forms_own_names() {
    let workflow = "<workflow_status>\n<metadata><epic_name>e</epic_name><status>soon</status></metadata>\n\
                    <tasks><task id='a'><description>d</description><status_history>\n\
                    <event type='created'/><event type='completed'/></status_history></task></tasks>\n\
                    <status_tracker><in_progress><task_ref id='a'/></in_progress>\n\
                    <failed><task_ref id='b'/><task_ref/></failed></status_tracker>\n\
                    <metrics><progress><completed_tasks>0</completed_tasks></progress></metrics>\n\
                    </workflow_status>";
    insta::assert_snapshot!(shown(workflow));
}
