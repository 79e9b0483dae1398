use jiff::{SignedDuration, Timestamp};

use crate::genesis::{EditError, Genesis, ProjectStatus, Status, TaskResult, Transition, Work};

/// Some seconds after a fixed moment, and a fraction that must not show.
pub(super) fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2025-06-01T12:00:00.987Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

/// The transition of `task` to in-progress.
pub(super) fn started(task: &str) -> Transition<'_> {
    Transition {
        task,
        to: Status::InProgress,
        at: at(0),
        actor: "blueprint",
        description: "agent started",
        changes: None,
        result: None,
    }
}

fn parsed(source: &str) -> Genesis {
    Genesis::parse(source.as_bytes().to_vec()).unwrap()
}

fn after(source: &str, transition: &Transition<'_>) -> String {
    let genesis = parsed(source);
    let edit = genesis.transition(transition).unwrap();
    let after = genesis.apply(&edit).unwrap();
    assert_eq!(after.task(transition.task).unwrap().status, transition.to);
    assert!(after.transition(transition).unwrap().is_empty(), "twice is once");
    after.source().to_owned()
}

fn plan(inside: &str) -> String {
    format!("<projectGenesis version='1'><executionPlan>{inside}</executionPlan></projectGenesis>")
}

#[test]
fn an_unknown_task_is_an_error() {
    let genesis = parsed(&plan("<tasks/>"));
    let error = genesis.transition(&started("x")).unwrap_err();
    assert_eq!(error, EditError::UnknownTask("x".into()));
}

#[test]
fn what_is_missing_is_made_in_its_schema_position() {
    let done = Transition {
        to: Status::Completed,
        result: Some(TaskResult { summary: "s".into(), ..TaskResult::default() }),
        ..started("a")
    };
    let source = plan("<tasks><task id='a'/><task id='b'></task></tasks>");
    insta::assert_snapshot!(after(&source, &done));
    let source = plan("\n<tasks>\n  <task id='a'/>\n  <task id='b'></task>\n</tasks>\n");
    insta::assert_snapshot!(after(&source, &done));
    let source = plan("\n<tasks>\n  <task id='b'>\n  </task><task id='c'/>\n</tasks>\n");
    insta::assert_snapshot!(after(&source, &Transition { task: "b", ..done.clone() }));
    insta::assert_snapshot!(after(&source, &Transition { task: "c", ..done }));
}

#[test]
fn a_result_is_replaced_and_stands_before_the_history() {
    let source = plan(
        "<tasks><task id='a'><statusHistory/><result><summary>old</summary></result></task>\
         <task id='b'><statusHistory/><name>b</name></task></tasks>",
    );
    let result = Some(TaskResult { summary: "new".into(), ..TaskResult::default() });
    let failed = Transition { to: Status::Failed, result, ..started("a") };
    let text = after(&source, &failed);
    assert!(text.contains("<result><summary>new</summary></result></task>"), "{text}");
    let text = after(&source, &Transition { task: "b", ..failed });
    assert!(text.contains("</result><statusHistory>"), "{text}");
}

#[test]
fn only_completion_and_failure_leave_a_result() {
    let source = plan("<tasks><task id='a'/></tasks>");
    for to in [Status::InProgress, Status::Blocked, Status::Cancelled] {
        let result = Some(TaskResult::default());
        let text = after(&source, &Transition { to, result, ..started("a") });
        assert!(!text.contains("<result>"), "{text}");
    }
}

#[test]
fn a_task_in_two_lists_is_in_one_afterwards() {
    let source = plan(
        "<tasks><task id='a'/></tasks><statusTracker>\n<pending>\n <taskRef id='a' x='1'/>\n\
         <taskRef id='a'/><!-- c --></pending>\n<inProgress>\n  <taskRef id='b'/>\n</inProgress>\
         <completed><taskRef id=\"a\"/></completed></statusTracker>",
    );
    let text = after(&source, &started("a"));
    assert_eq!(text.matches("<taskRef id='a'").count(), 1, "{text}");
    assert!(text.contains("<taskRef id='b'/>\n  <taskRef id='a' x='1'/>\n</inProgress>"), "{text}");
    let text = after(&source, &Transition { to: Status::Failed, ..started("a") });
    assert!(text.contains("<completed></completed><failed><taskRef id='a' x='1'/></failed>"));
}

#[test]
fn a_status_that_an_entry_says_beside_its_list_follows() {
    let source = plan(
        "<tasks><task id='a'/><task id='b'/></tasks><statusTracker><pending><taskRef id='a' status='todo'/>\
         <taskRef id='b'/></pending><inProgress/></statusTracker>",
    );
    let started_a = after(&source, &started("a"));
    assert!(started_a.contains("<inProgress><taskRef id='a' status='in-progress'/>"), "{started_a}");
    let blocked = after(&started_a, &Transition { to: Status::Blocked, ..started("a") });
    assert!(blocked.contains("<taskRef id='b'/><taskRef id='a' status='blocked'/>"), "{blocked}");
    let waiting = after(&blocked, &Transition { to: Status::Pending, ..started("a") });
    assert!(waiting.contains("<taskRef id='a' status='pending'/>"), "{waiting}");
}

#[test]
fn the_tasks_own_status_follows() {
    let source = plan(
        "<tasks><task status='pending' id='a'/>\
         <task id='b'><status><!-- c -->pen<![CDATA[ding]]> </status></task></tasks>",
    );
    assert!(after(&source, &started("a")).contains("<task status='in-progress' id='a'>"));
    let text = after(&source, &started("b"));
    assert!(text.contains("<status><!-- c -->in-progress </status>"), "{text}");
}

#[test]
fn hostile_words_cannot_break_the_document() {
    let source = plan("<tasks><task id='a'/></tasks>");
    let hostile = "]]></event><x a='\"&\0\u{1b}[31m\u{FFFE}\r--> <!-- <![CDATA[ &#0; é";
    let transition = Transition {
        to: Status::Completed,
        actor: hostile,
        description: hostile,
        changes: Some(hostile),
        result: Some(TaskResult {
            summary: hostile.into(),
            deliverables: vec![hostile.into(), String::new()],
            notes: Some(hostile.into()),
        }),
        ..started("a")
    };
    let genesis = parsed(&after(&source, &transition));
    let clean = "]]></event><x a='\"&\n--> <!-- <![CDATA[ &#0; é";
    let task = genesis.details("a");
    assert_eq!(task.history[0].description.as_deref(), Some(clean));
    assert_eq!(task.result.as_ref().unwrap().deliverables, [clean, ""]);
}

#[test]
fn a_status_that_shares_its_list_survives_in_a_bare_plan() {
    let source = plan("<statusTracker><pending><taskRef id='a'/></pending></statusTracker>");
    let blocked = after(&source, &Transition { to: Status::Blocked, ..started("a") });
    assert!(blocked.contains("<pending><taskRef id='a' status=\"blocked\"/></pending>"));
    let cancelled = after(&blocked, &Transition { to: Status::Cancelled, ..started("a") });
    assert!(cancelled.contains("<failed><taskRef id='a' status=\"cancelled\"/></failed>"));
    let reset = after(&cancelled, &Transition { to: Status::Pending, ..started("a") });
    assert!(reset.contains("<pending><taskRef id='a'/></pending>"), "{reset}");
}

#[test]
fn a_bare_plan_keeps_the_summary_in_its_log() {
    let source = plan("<statusTracker><pending><taskRef id='a'/></pending></statusTracker>");
    let result = Some(TaskResult { summary: "did it".into(), ..TaskResult::default() });
    let text = after(&source, &Transition { to: Status::Completed, result, ..started("a") });
    assert!(text.contains("<changes>did it</changes>"), "{text}");
}

#[test]
fn a_bare_plan_without_lists_gets_them_with_all_tasks() {
    let group = "<parallelGroup level='0'><taskRef id='a'/><taskRef id='b'/></parallelGroup>";
    let source = plan(&format!("<executionDag><parallelSets>{group}</parallelSets></executionDag>"));
    let text = after(&source, &started("a"));
    let lists = "</executionDag><statusTracker><pending><taskRef id=\"b\"/></pending>\
                 <inProgress><taskRef id=\"a\"/></inProgress><completed/><failed/></statusTracker>";
    assert!(text.contains(lists), "{text}");
}

#[test]
fn a_project_status_that_is_not_so_is_settled_once() {
    let source = "<projectGenesis><metadata><status/><lastUpdatedAt></lastUpdatedAt></metadata>\
                  <executionPlan><tasks><task id='a'><status>completed</status></task></tasks></executionPlan>\
                  </projectGenesis>";
    let genesis = parsed(source);
    assert_eq!(genesis.project_status(), Some(ProjectStatus::Completed));
    let edit = genesis.settle_project_status(Work::GoesOn, at(0)).unwrap();
    let after = genesis.apply(&edit).unwrap();
    assert!(
        after
            .source()
            .contains("<status>completed</status><lastUpdatedAt>2025-06-01T12:00:00Z</lastUpdatedAt>")
    );
    assert!(after.settle_project_status(Work::Rests, at(9)).unwrap().is_empty());
    let nowhere = parsed("<projectGenesis><metadata/></projectGenesis>");
    assert!(nowhere.settle_project_status(Work::Rests, at(0)).unwrap().is_empty());
}

#[test]
fn the_projects_status_follows_each_transition() {
    let status = |id: &str, status: &str| format!("<task id='{id}'><status>{status}</status></task>");
    let source = format!(
        "<projectGenesis><metadata><status>failed</status></metadata><executionPlan><tasks>{}{}</tasks></executionPlan></projectGenesis>",
        status("a", "completed"),
        status("b", "failed")
    );
    let mut genesis = parsed(&source);
    for (to, project) in [
        (Status::Pending, ProjectStatus::InProgress),
        (Status::Completed, ProjectStatus::Completed),
        (Status::Blocked, ProjectStatus::InProgress),
        (Status::Cancelled, ProjectStatus::Failed),
    ] {
        let step = Transition { to, ..started("b") };
        let mut batch = genesis.batch();
        let edit = genesis.transition(&step).unwrap();
        let after = genesis.apply(&edit).unwrap();
        assert_eq!(after.project().status, Some(project), "{to}");
        if let Some(batch) = &mut batch {
            assert!(batch.add(&genesis, &step).unwrap());
            let together = genesis.apply(&batch.edit(&genesis).unwrap()).unwrap();
            assert_eq!(together.project().status, Some(project), "{to} in a batch");
        }
        genesis = after;
    }
}

#[test]
fn an_edit_for_another_text_is_refused() {
    let genesis = parsed(&plan("<tasks><task id='a'/></tasks>"));
    let edit = genesis.transition(&started("a")).unwrap();
    let other = parsed("<projectGenesis/>");
    assert!(matches!(other.apply(&edit), Err(EditError::DoesNotFit(_) | EditError::Breaks(_))));
}

#[test]
fn a_status_is_written_as_this_file_spells_it() {
    let epic = |tasks: &str| format!("<genesis><epic name='e'><tasks>{tasks}</tasks></epic></genesis>");
    let source =
        epic("<task id='a' status='todo'/><task id='b' status='In_Progress'/><task id='c' status='done'/>");
    let text = after(&source, &started("a"));
    assert!(text.contains("<task id='a' status='In_Progress'>"), "{text}");
    let text = after(&source, &Transition { to: Status::Completed, ..started("b") });
    assert!(text.contains("<task id='b' status='done'>"), "{text}");
    assert!(text.contains("<status>completed</status>"), "what events say is another matter: {text}");
    let source = epic("<task id='a' status='Pending'/><task id='b' status='Pending'/>");
    let text = after(&source, &Transition { to: Status::Completed, ..started("b") });
    assert!(text.contains("<task id='b' status='Completed'>"), "{text}");
    let source = epic("<task id='a' status='skipped'/><task id='b' status='PENDING'/>");
    let text = after(&source, &Transition { to: Status::Cancelled, ..started("b") });
    assert!(text.contains("<task id='b' status='cancelled'>"), "{text}");
    let source = epic("<task id='a' status='PENDING'/>");
    let text = after(&source, &started("a"));
    assert!(text.contains("<task id='a' status='IN_PROGRESS'>"), "{text}");
}

#[test]
fn a_list_in_another_spelling_is_used_as_it_is() {
    let source = plan(
        "<tasks><task id='a'/></tasks><statusTracker><pending><taskRef id='a'/></pending><in_progress/>\
         </statusTracker>",
    );
    let text = after(&source, &started("a"));
    assert!(text.contains("<pending></pending><in_progress><taskRef id='a'/></in_progress>"), "{text}");
}

#[test]
fn entries_say_things_where_the_entries_beside_them_do() {
    let source = "<projectGenesis><executionPlan><dag><pending><taskRef id='a'/></pending></dag><tasks>\
                  <task id='a'/></tasks></executionPlan><auditLog><logEntry timestamp='t' agent='x' \
                  action='PLANNED' description='d'/></auditLog></projectGenesis>";
    let text = after(source, &started("a"));
    let entry = "<logEntry timestamp=\"2025-06-01T12:00:00Z\" agent=\"blueprint\" action=\"TASK_STARTED\" \
                 description=\"a: agent started\"/></auditLog>";
    assert!(text.contains(entry), "{text}");
}

#[test]
fn an_epic_without_statuses_gets_them_where_its_other_tasks_have_theirs() {
    let tasks = "<task id='a'><title>A</title></task>";
    let source = format!("<genesis><epic name='e'><tasks>{tasks}</tasks></epic></genesis>");
    assert!(after(&source, &started("a")).contains("<task id='a' status=\"in-progress\">"));
    let tasks = "<task id='a'><title>A</title><result/></task><task id='b'><status>pending</status></task>";
    let source = format!("<genesis><epic name='e'><tasks>{tasks}</tasks></epic></genesis>");
    let text = after(&source, &started("a"));
    assert!(text.contains("<title>A</title><status>in-progress</status><result/><statusHistory>"), "{text}");
}

#[test]
fn both_places_of_an_epics_status_follow() {
    let source = "<genesis><epic name='e' status='planned' updated='x'><status>planned</status><tasks>\
                  <task id='a' status='pending'><status>todo</status></task></tasks></epic></genesis>";
    let begun = started("a");
    let text = after(source, &begun);
    assert!(text.contains("<epic name='e' status='in-progress' updated='2025-06-01T12:00:00Z'>"), "{text}");
    assert!(text.contains("<status>in-progress</status><tasks>"), "{text}");
    assert!(text.contains("<task id='a' status='in-progress'><status>in-progress</status>"), "{text}");
}

#[test]
fn a_guide_plan_without_lists_gets_none() {
    let source = "<projectGenesis><executionPlan><executionDag><edges/></executionDag><tasks>\
                  <task id='a' status='pending'/></tasks></executionPlan></projectGenesis>";
    let text = after(source, &started("a"));
    assert!(!text.contains("statusTracker"), "{text}");
}

#[test]
fn a_history_that_stands_before_the_result_is_made_there() {
    let source = "<workflow_status><tasks><task id='a'><result>old</result></task></tasks></workflow_status>";
    let result = Some(TaskResult { summary: "new".into(), ..TaskResult::default() });
    let text = after(source, &Transition { to: Status::Completed, result, ..started("a") });
    assert!(text.contains("</status_history><result><summary>new</summary></result></task>"), "{text}");
}
