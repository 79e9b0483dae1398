//! The form of the guide that many planners were given: a graph of nodes and edges, and attributes
//! where the canonical form has children.

use crate::genesis::{ProjectStatus, Status};

use super::canonical::{
    DAG_ORDER, PLAN_ORDER, PROGRESS_ORDER, RESULT_ORDER, ROOT_ORDER, SCHEMA, TASK, TASK_ORDER, TRACKER_ORDER,
    VISION_ORDER,
};
use super::names::{KnowledgeNames, Names, Order, ResultNames, TaskNames, TrackerNames, Words};
use super::place::{EntryNames, Field, Fields, Part, Paths, Place, Texts};
use Field::{Attribute, Child, Text};

pub(super) static GUIDE: Names = Names {
    name: "guide",
    marks: &[
        Place::child(&["executionPlan", "executionDag"], "nodes"),
        Place::child(&["executionPlan", "executionDag"], "edges"),
        Place::child(&["auditLog"], "event"),
        Place::child(&["knowledgeBase"], "insight"),
        Place::attribute(&["vision", "successCriteria", "criterion"], "metric"),
        Place::attribute(&["executionPlan", "tasks", "task", "statusHistory", "event"], "status"),
        Place::child(&["executionPlan", "tasks", "task", "result"], "artifactsCreated"),
    ],
    task: GUIDE_TASK,
    refs_are_tasks: true,
    // Each task says its own status; not every file has lists beside that.
    tracker: TrackerNames { made: false, ..SCHEMA.tracker },
    audit: EntryNames {
        paths: &[&["auditLog", "event"], &["auditLog", "events", "event"]],
        made: true,
        parts: &[
            (Part::Time, &[Attribute("timestamp"), Child("timestamp")]),
            (Part::Actor, &[Attribute("agent"), Attribute("actor"), Child("agent"), Child("actor")]),
            (Part::Kind, &[Attribute("type"), Child("type")]),
            (Part::Description, &[Child("description"), Attribute("description")]),
            (Part::Changes, &[Child("details"), Child("changes"), Attribute("changes")]),
        ],
    },
    knowledge: KnowledgeNames {
        learning: EntryNames {
            paths: INSIGHTS,
            made: true,
            parts: &[
                (Part::Id, &[Attribute("id")]),
                (Part::Category, CATEGORY),
                (Part::Time, TIME),
                (Part::Title, TITLE),
                (Part::Description, DESCRIPTION),
            ],
        },
        decision: EntryNames {
            paths: INSIGHTS,
            made: true,
            parts: &[
                (Part::Id, &[Attribute("id")]),
                (Part::Category, CATEGORY),
                (Part::Time, TIME),
                (Part::Title, TITLE),
                (Part::Context, &[Child("context")]),
                (Part::Decision, DESCRIPTION),
                (Part::Rationale, &[Child("rationale")]),
            ],
        },
        decision_category: Some("decision"),
    },
    order: ORDER,
    words: Words { own: own_word, event: event_word, project: project_word },
    ..SCHEMA
};

const GUIDE_TASK: TaskNames = TaskNames {
    event: EntryNames {
        paths: &[&["statusHistory", "event"]],
        made: true,
        parts: &[
            (Part::Time, &[Attribute("timestamp"), Child("timestamp")]),
            (Part::Status, &[Attribute("status"), Child("status"), Attribute("type")]),
            (Part::Actor, &[Attribute("agent"), Attribute("actor"), Child("agent"), Child("actor")]),
            (Part::Description, &[Child("description"), Attribute("description"), Text]),
        ],
    },
    result: ResultNames {
        deliverables: Texts::plain(&[&["artifactsCreated", "artifact"], &["deliverables", "deliverable"]]),
        ..TASK.result
    },
    ..TASK
};

const INSIGHTS: Paths = &[&["knowledgeBase", "insight"]];
const CATEGORY: Fields = &[Attribute("category"), Child("category")];
const TIME: Fields = &[Attribute("timestamp"), Child("timestamp")];
const TITLE: Fields = &[Child("title"), Attribute("title")];
const DESCRIPTION: Fields = &[Child("description"), Attribute("description")];

const ORDER: &[Order] = &[
    ROOT_ORDER,
    VISION_ORDER,
    PLAN_ORDER,
    DAG_ORDER,
    TRACKER_ORDER,
    TASK_ORDER,
    RESULT_ORDER,
    PROGRESS_ORDER,
];

fn own_word(status: Status) -> &'static str {
    match status {
        Status::InProgress => "in_progress",
        _ => status.as_str(),
    }
}

fn event_word(status: Status) -> &'static str {
    match status {
        Status::InProgress => "started",
        _ => status.as_str(),
    }
}

pub(super) fn project_word(status: ProjectStatus) -> &'static str {
    match status {
        ProjectStatus::InProgress => "in_progress",
        ProjectStatus::OnHold => "on_hold",
        _ => status.as_str(),
    }
}
