use std::collections::HashSet;

use super::Form;
use crate::genesis::{Code, Genesis};

fn form(source: &str) -> Form {
    Genesis::parse(source.as_bytes().to_vec()).unwrap().form()
}

fn plan(inside: &str) -> Form {
    form(&format!("<projectGenesis>{inside}</projectGenesis>"))
}

#[test]
fn each_form_is_told_by_what_it_has() {
    let tasks = "<tasks><task id='a'/></tasks>";
    let in_plan = |inside: &str| plan(&format!("<executionPlan>{inside}</executionPlan>"));
    assert_eq!(in_plan(tasks), Form::Canonical);
    assert_eq!(in_plan("<statusTracker/>"), Form::Bare);
    assert_eq!(in_plan(&format!("<executionDag><edges/></executionDag>{tasks}")), Form::Guide);
    assert_eq!(in_plan("<executionDag><nodes/></executionDag>"), Form::Guide);
    assert_eq!(in_plan(&format!("<dag><inProgress/></dag>{tasks}")), Form::Daemon);
    assert_eq!(plan("<auditLog><logEntry/></auditLog>"), Form::Daemon);
    assert_eq!(plan("<auditLog><event/></auditLog>"), Form::Guide);
    assert_eq!(plan("<auditLog><events><event/></events></auditLog>"), Form::Bare);
    let event = "<statusHistory><event status='done'/></statusHistory>";
    assert_eq!(in_plan(&format!("<tasks><task id='a'>{event}</task></tasks>")), Form::Guide);
    assert_eq!(form("<workflow_status/>"), Form::Workflow);
    assert_eq!(form("<genesis><epic/></genesis>"), Form::Epic);
}

#[test]
fn of_two_forms_the_one_with_more_marks_counts() {
    let daemon = "<executionPlan><executionDag><edges/></executionDag><dag><pending/><failed/></dag>\
                  </executionPlan>";
    assert_eq!(plan(daemon), Form::Daemon);
    let guide = "<executionPlan><executionDag><edges/><nodes/></executionDag><dag><pending/></dag>\
                 </executionPlan>";
    assert_eq!(plan(guide), Form::Guide);
}

#[test]
fn an_unknown_root_is_told_which_ones_are_known() {
    let invalid = Genesis::parse(b"<!-- c --><project/>".to_vec()).unwrap_err();
    let [problem] = invalid.diagnostics.as_slice() else { panic!("{invalid:?}") };
    assert_eq!(problem.code, Code::UnknownRoot);
    assert_eq!(
        problem.message,
        "the root element is `project`, not `projectGenesis`, `workflow_status` or `genesis`"
    );
    assert_eq!(&invalid.source[problem.span.clone()], "project");
}

#[test]
fn tables_say_every_place_once() {
    for form in Form::ALL {
        let names = form.names();
        let around: Vec<_> = names.order.iter().map(|(path, _)| path).collect();
        assert_eq!(around.len(), around.iter().collect::<HashSet<_>>().len(), "{form:?}");
        for (path, children) in names.order {
            let distinct: HashSet<_> = children.iter().collect();
            assert_eq!(children.len(), distinct.len(), "{form:?}: {path:?}");
        }
    }
}

#[test]
fn whatever_can_be_made_has_a_position() {
    for form in Form::ALL {
        let names = form.names();
        let mut paths = vec![names.task.path];
        paths.extend(names.tracker.paths.iter().take(usize::from(names.tracker.made)));
        for entry in [names.audit, names.knowledge.learning, names.knowledge.decision] {
            paths.extend(entry.paths.iter().take(usize::from(entry.made)));
        }
        for path in paths {
            let has_position = |depth: usize| names.order_in(&path[..depth]).contains(&path[depth]);
            assert!((0..path.len()).any(has_position), "{form:?}: {path:?} stands anywhere");
        }
        let in_task = [names.task.event.paths[0][0], names.task.result.element];
        assert!(in_task.iter().all(|name| names.order_in(names.task.path).contains(name)), "{form:?}");
    }
}
