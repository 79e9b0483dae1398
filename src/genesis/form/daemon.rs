//! The form of plans that a daemon works on: the status lists stand in `dag`, and the log has
//! entries with actions.

use super::canonical::{
    DAG_ORDER, KNOWLEDGE_ORDER, LISTS, PROGRESS_ORDER, RESULT_ORDER, ROOT_ORDER, SCHEMA, TASK_ORDER,
    VISION_ORDER,
};
use super::names::{Names, Order, TrackerNames};
use super::place::{EntryNames, Field, Part, Place};
use Field::{Attribute, Child};

pub(super) static DAEMON: Names = Names {
    name: "daemon",
    marks: &[
        Place::child(&["executionPlan", "dag"], "pending"),
        Place::child(&["executionPlan", "dag"], "inProgress"),
        Place::child(&["executionPlan", "dag"], "completed"),
        Place::child(&["executionPlan", "dag"], "failed"),
        Place::child(&["auditLog"], "logEntry"),
    ],
    refs_are_tasks: true,
    tracker: TrackerNames {
        paths: &[&["executionPlan", "dag"], &["executionPlan", "statusTracker"]],
        reason: Some("error"),
        ..SCHEMA.tracker
    },
    audit: EntryNames {
        paths: &[&["auditLog", "logEntry"], &["auditLog", "events", "event"]],
        made: true,
        parts: &[
            (Part::Time, &[Child("timestamp"), Attribute("timestamp")]),
            (Part::Actor, &[Child("actor"), Attribute("actor"), Child("agent"), Attribute("agent")]),
            (Part::Kind, &[Child("action"), Attribute("action"), Child("type")]),
            (Part::Description, &[Child("description"), Attribute("description")]),
        ],
    },
    order: ORDER,
    ..SCHEMA
};

const ORDER: &[Order] = &[
    ROOT_ORDER,
    VISION_ORDER,
    (&["executionPlan"], &["executionDag", "dag", "tasks", "statusTracker"]),
    DAG_ORDER,
    (&["executionPlan", "dag"], LISTS),
    (&["executionPlan", "statusTracker"], LISTS),
    TASK_ORDER,
    RESULT_ORDER,
    KNOWLEDGE_ORDER,
    PROGRESS_ORDER,
];
