//! The epic form: one epic whose tasks say their own status; there are no status lists.

use crate::genesis::{ProjectStatus, Status};

use super::canonical::{SCHEMA, TASK};
use super::names::{
    EdgeNames, Estimate, KnowledgeNames, LevelNames, Metadata, Names, NodeNames, Order, Stack, TaskNames,
    TrackerNames, Vision, Words,
};
use super::place::{EntryNames, Field, Path, Place, Texts};
use Field::{Attribute, Child, Text};

pub(super) static EPIC: Names = Names {
    name: "epic",
    root: "genesis",
    marks: &[],
    needs: &[],
    metadata: Metadata {
        project_name: &[
            Place::child(AROUND, "title"),
            Place::attribute(AROUND, "title"),
            Place::child(METADATA, "projectName"),
        ],
        epic_name: &[
            Place::attribute(AROUND, "name"),
            Place::child(AROUND, "name"),
            Place::child(METADATA, "epicName"),
            Place::attribute(AROUND, "id"),
        ],
        status: &[
            Place::child(AROUND, "status"),
            Place::attribute(AROUND, "status"),
            Place::child(METADATA, "status"),
        ],
        owner: &[
            Place::child(METADATA, "owner"),
            Place::attribute(AROUND, "owner"),
            Place::child(AROUND, "owner"),
        ],
        created_at: &[
            Place::attribute(AROUND, "created"),
            Place::child(METADATA, "created"),
            Place::child(METADATA, "createdAt"),
        ],
        updated_at: &[
            Place::attribute(AROUND, "updated"),
            Place::attribute(AROUND, "lastUpdated"),
            Place::child(METADATA, "updated"),
            Place::child(METADATA, "lastUpdated"),
            Place::child(METADATA, "lastUpdatedAt"),
        ],
    },
    vision: Vision {
        problem: Texts::plain(&[
            &["epic", "summary"],
            &["epic", "description"],
            &["epic", "metadata", "summary"],
            &["epic", "metadata", "description"],
            &["epic", "vision", "problemStatement"],
        ]),
        objectives: Texts::plain(&[
            &["epic", "objectives", "objective"],
            &["epic", "vision", "objectives", "objective"],
        ]),
        success_criteria: Texts::criteria(&[
            &["epic", "successCriteria", "criterion"],
            &["epic", "vision", "successCriteria", "criterion"],
            &["epic", "acceptanceCriteria", "criterion"],
        ]),
        constraints: Texts::plain(&[&["epic", "constraints", "constraint"]]),
        assumptions: Texts::plain(&[&["epic", "assumptions", "assumption"]]),
    },
    stack: Stack {
        languages: Texts::plain(&[&["epic", "technicalStack", "language"]]),
        frameworks: Texts::plain(&[&["epic", "technicalStack", "framework"]]),
        databases: Texts::plain(&[&["epic", "technicalStack", "database"]]),
        infrastructure: Texts::plain(&[&["epic", "technicalStack", "infrastructure"]]),
        quality: &["epic", "qualityAttributes", "attribute"],
        ..SCHEMA.stack
    },
    levels: &[LevelNames {
        path: &["epic", "dag", "level"],
        number: &[Attribute("number"), Attribute("level")],
        refs: &[&["task"], &["taskRef"]],
        id: &[Text, Attribute("id")],
    }],
    nodes: NodeNames { path: &[], ..SCHEMA.nodes },
    edges: &[
        EdgeNames {
            path: &["epic", "dag", "dependencies", "dependency"],
            from: &[Child("from"), Attribute("from")],
            to: &[Child("to"), Attribute("to")],
        },
        EdgeNames {
            path: &["epic", "dag", "edges", "edge"],
            from: &[Attribute("from"), Child("from")],
            to: &[Attribute("to"), Child("to")],
        },
    ],
    task: EPIC_TASK,
    refs_are_tasks: false,
    tracker: TrackerNames { paths: &[], made: false, ..SCHEMA.tracker },
    audit: EntryNames { paths: &[&["epic", "auditLog", "event"]], made: false, ..SCHEMA.audit },
    measurement: None,
    knowledge: KnowledgeNames {
        learning: EntryNames {
            paths: &[&["epic", "knowledgeBase", "learnings", "learning"]],
            ..SCHEMA.knowledge.learning
        },
        decision: EntryNames {
            paths: &[&["epic", "knowledgeBase", "decisions", "decision"]],
            ..SCHEMA.knowledge.decision
        },
        decision_category: None,
    },
    progress: &[&["epic", "metrics", "progress"]],
    order: ORDER,
    words: Words { own: Status::as_str, event: Status::as_str, project: ProjectStatus::as_str },
    ..SCHEMA
};

const AROUND: Path = &["epic"];
const METADATA: Path = &["epic", "metadata"];
const TASK_PATH: Path = &["epic", "tasks", "task"];

const EPIC_TASK: TaskNames = TaskNames {
    path: TASK_PATH,
    name: &[Child("title"), Attribute("title"), Child("name"), Attribute("name")],
    agent: &[Child("agent"), Attribute("agent"), Child("assignedAgent"), Attribute("assignedAgent")],
    estimate: &[
        Estimate { field: Attribute("estimatedHours"), unit: Some("hours") },
        Estimate { field: Child("estimatedHours"), unit: Some("hours") },
        Estimate { field: Attribute("estimatedDuration"), unit: None },
        Estimate { field: Child("estimatedDuration"), unit: None },
    ],
    status_made: true,
    dependency: Some("dependency"),
    ..TASK
};

const ORDER: &[Order] = &[
    (
        AROUND,
        &[
            "title",
            "metadata",
            "status",
            "summary",
            "description",
            "stakeholders",
            "tasks",
            "dag",
            "agents",
            "risks",
            "milestones",
            "knowledgeBase",
            "auditLog",
            "metrics",
        ],
    ),
    (&["epic", "knowledgeBase"], &["learnings", "decisions", "references"]),
    (
        TASK_PATH,
        &[
            "title",
            "name",
            "description",
            "agent",
            "startTime",
            "endTime",
            "estimatedHours",
            "actualHours",
            "dependencies",
            "acceptanceCriteria",
            "status",
            "result",
            "statusHistory",
        ],
    ),
    (&["epic", "tasks", "task", "result"], &["summary", "deliverables", "notes"]),
    (
        &["epic", "metrics", "progress"],
        &["totalTasks", "completedTasks", "inProgressTasks", "failedTasks", "percentageComplete"],
    ),
];
