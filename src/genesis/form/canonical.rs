//! The canonical form, and the bare form, which is the canonical one with parts left out.

use crate::genesis::{ProjectStatus, Status};

use super::names::{
    Counters, EdgeNames, Estimate, KnowledgeNames, LevelNames, Lists, Metadata, Names, NodeNames, Order,
    ResultNames, Stack, TaskNames, TrackerNames, Vision, Words,
};
use super::place::{EntryNames, Field, Part, Path, Place, Texts};
use Field::{Attribute, Child, Text};

/// As the schema has it.
pub(super) static CANONICAL: Names = SCHEMA;

/// What is different where a plan has no `tasks`.
pub(super) static BARE: Names =
    Names { name: "bare", needs: &[], refs_are_tasks: true, order: BARE_ORDER, ..SCHEMA };

/// The forms of the same root differ from this one.
pub(super) const SCHEMA: Names = Names {
    name: "canonical",
    root: "projectGenesis",
    marks: &[],
    needs: &["executionPlan", "tasks"],
    metadata: Metadata {
        project_name: &[Place::child(METADATA, "projectName")],
        epic_name: &[Place::child(METADATA, "epicName")],
        status: &[Place::child(METADATA, "status")],
        owner: &[Place::child(METADATA, "owner")],
        created_at: &[Place::child(METADATA, "createdAt")],
        updated_at: &[Place::child(METADATA, "lastUpdatedAt")],
    },
    vision: Vision {
        problem: Texts::plain(&[&["vision", "problemStatement"]]),
        objectives: Texts::plain(&[&["vision", "objectives", "objective"], &["vision", "targetOutcome"]]),
        success_criteria: Texts::criteria(&[&["vision", "successCriteria", "criterion"]]),
        constraints: Texts::plain(&[&["vision", "constraints", "constraint"]]),
        assumptions: Texts::plain(&[&["vision", "assumptions", "assumption"]]),
    },
    stack: Stack {
        languages: Texts::plain(&[&["architecture", "technicalStack", "language"]]),
        frameworks: Texts::plain(&[&["architecture", "technicalStack", "framework"]]),
        databases: Texts::plain(&[&["architecture", "technicalStack", "database"]]),
        infrastructure: Texts::plain(&[&["architecture", "technicalStack", "infrastructure"]]),
        quality: &["architecture", "qualityAttributes", "attribute"],
        quality_name: &[Child("name"), Attribute("name")],
        quality_target: &[Child("target"), Attribute("target")],
        quality_measurement: &[Child("measurement"), Attribute("measurement")],
    },
    levels: &[
        LevelNames {
            path: &["executionPlan", "executionDag", "parallelSets", "parallelGroup"],
            number: &[Attribute("level"), Attribute("number")],
            refs: &[&["taskRef"], &["task"]],
            id: &[Attribute("id"), Text],
        },
        LevelNames {
            path: &["executionPlan", "executionDag", "parallelSets", "level"],
            number: &[Attribute("number"), Attribute("level")],
            refs: &[&["parallelGroup", "taskRef"], &["taskRef"]],
            id: &[Attribute("id"), Text],
        },
    ],
    nodes: NodeNames {
        path: &["executionPlan", "executionDag", "nodes", "node"],
        id: &[Attribute("id")],
        level: &[Attribute("level")],
        name: &[Attribute("name"), Child("name")],
        agent: &[Attribute("assignedAgent"), Attribute("agent")],
        estimate: &[
            Estimate { field: Attribute("estimatedDuration"), unit: None },
            Estimate { field: Attribute("estimatedHours"), unit: Some("hours") },
        ],
    },
    edges: &[
        EdgeNames {
            path: &["executionPlan", "executionDag", "dependencies", "dependency"],
            from: &[Child("from"), Attribute("from")],
            to: &[Child("to"), Attribute("to")],
        },
        EdgeNames {
            path: &["executionPlan", "executionDag", "edges", "edge"],
            from: &[Attribute("from"), Child("from")],
            to: &[Attribute("to"), Child("to")],
        },
    ],
    task: TASK,
    refs_are_tasks: false,
    tracker: TrackerNames {
        paths: &[&["executionPlan", "statusTracker"]],
        made: true,
        entry: "taskRef",
        id: &[Attribute("id"), Text],
        reason: None,
    },
    lists: Lists { pending: "pending", in_progress: "inProgress", completed: "completed", failed: "failed" },
    audit: EntryNames {
        paths: &[&["auditLog", "events", "event"]],
        made: true,
        parts: &[
            (Part::Time, &[Child("timestamp"), Attribute("timestamp")]),
            (Part::Kind, &[Child("type"), Attribute("type")]),
            (Part::Description, &[Child("description"), Attribute("description")]),
            (Part::Actor, &[Child("actor"), Attribute("actor")]),
            (Part::Changes, &[Child("changes"), Attribute("changes")]),
        ],
    },
    knowledge: KNOWLEDGE,
    measurement: Some(EntryNames {
        paths: &[&["metrics", "performance", "metric"]],
        made: true,
        parts: &[
            (Part::Title, &[Child("name"), Attribute("name")]),
            (Part::Value, &[Child("value"), Attribute("value")]),
            (Part::Unit, &[Child("unit"), Attribute("unit")]),
            (Part::Time, &[Child("timestamp"), Attribute("timestamp")]),
        ],
    }),
    progress: &[&["metrics", "progress"]],
    counters: Counters {
        total: "totalTasks",
        completed: "completedTasks",
        in_progress: "inProgressTasks",
        failed: "failedTasks",
        percentage: "percentageComplete",
    },
    order: CANONICAL_ORDER,
    words: Words { own: Status::as_str, event: Status::as_str, project: ProjectStatus::as_str },
};

const METADATA: Path = &["metadata"];

/// A task, which the other forms of this root spell alike but for a few places.
pub(super) const TASK: TaskNames = TaskNames {
    path: TASK_PATH,
    id: "id",
    name: &[Child("name"), Attribute("name"), Child("title"), Attribute("title")],
    description: &[Child("description"), Attribute("description")],
    agent: &[Child("assignedAgent"), Attribute("assignedAgent"), Child("agent"), Attribute("agent")],
    estimate: &[
        Estimate { field: Child("estimatedDuration"), unit: None },
        Estimate { field: Attribute("estimatedDuration"), unit: None },
        Estimate { field: Child("estimatedHours"), unit: Some("hours") },
        Estimate { field: Attribute("estimatedHours"), unit: Some("hours") },
    ],
    status: &[Attribute("status"), Child("status")],
    status_made: false,
    dependencies: &[Child("dependencies"), Attribute("dependencies")],
    dependency: None,
    acceptance: Texts::criteria(&[&["acceptanceCriteria", "criterion"]]),
    event: EntryNames {
        paths: &[&["statusHistory", "event"]],
        made: true,
        parts: &[
            (Part::Time, &[Child("timestamp"), Attribute("timestamp")]),
            (Part::Status, &[Child("status"), Attribute("status")]),
            (Part::Description, &[Child("description"), Attribute("description")]),
            (Part::Actor, &[Child("actor"), Attribute("actor"), Attribute("agent")]),
        ],
    },
    result: ResultNames {
        element: "result",
        summary: &[Child("summary"), Attribute("summary"), Text],
        deliverables: Texts::plain(&[&["deliverables", "deliverable"], &["artifactsCreated", "artifact"]]),
        notes: &[Child("notes"), Attribute("notes")],
    },
};

const KNOWLEDGE: KnowledgeNames = KnowledgeNames {
    learning: EntryNames {
        paths: &[&["knowledgeBase", "learnings", "learning"]],
        made: true,
        parts: &[
            (Part::Title, &[Child("title"), Attribute("title")]),
            (Part::Description, &[Child("description"), Attribute("description")]),
            (Part::Category, &[Child("category"), Attribute("category")]),
            (Part::Time, &[Child("timestamp"), Attribute("timestamp")]),
        ],
    },
    decision: EntryNames {
        paths: &[&["knowledgeBase", "decisions", "decision"]],
        made: true,
        parts: &[
            (Part::Title, &[Child("title"), Attribute("title")]),
            (Part::Context, &[Child("context"), Attribute("context")]),
            (Part::Decision, &[Child("decision"), Attribute("decision")]),
            (Part::Rationale, &[Child("rationale"), Attribute("rationale")]),
            (Part::Time, &[Child("timestamp"), Attribute("timestamp")]),
        ],
    },
    decision_category: None,
};

pub(super) const TASK_PATH: Path = &["executionPlan", "tasks", "task"];

const CANONICAL_ORDER: &[Order] = &[
    ROOT_ORDER,
    VISION_ORDER,
    PLAN_ORDER,
    DAG_ORDER,
    TRACKER_ORDER,
    TASK_ORDER,
    RESULT_ORDER,
    KNOWLEDGE_ORDER,
    METRICS_ORDER,
    PROGRESS_ORDER,
];

/// Files of the bare form have the audit log last.
const BARE_ORDER: &[Order] = &[
    (&[], &["metadata", "vision", "architecture", "executionPlan", "knowledgeBase", "metrics", "auditLog"]),
    VISION_ORDER,
    PLAN_ORDER,
    DAG_ORDER,
    TRACKER_ORDER,
    TASK_ORDER,
    RESULT_ORDER,
    KNOWLEDGE_ORDER,
    METRICS_ORDER,
    PROGRESS_ORDER,
];

pub(super) const ROOT_ORDER: Order =
    (&[], &["metadata", "vision", "architecture", "executionPlan", "knowledgeBase", "auditLog", "metrics"]);

pub(super) const VISION_ORDER: Order = (
    &["vision"],
    &["problemStatement", "targetOutcome", "objectives", "successCriteria", "constraints", "assumptions"],
);

pub(super) const PLAN_ORDER: Order = (&["executionPlan"], &["executionDag", "tasks", "statusTracker"]);

pub(super) const DAG_ORDER: Order =
    (&["executionPlan", "executionDag"], &["nodes", "edges", "parallelSets", "dependencies"]);

pub(super) const LISTS: &[&str] = &["pending", "inProgress", "completed", "failed"];

pub(super) const TRACKER_ORDER: Order = (&["executionPlan", "statusTracker"], LISTS);

pub(super) const TASK_ORDER: Order = (
    TASK_PATH,
    &[
        "name",
        "title",
        "description",
        "acceptanceCriteria",
        "assignedAgent",
        "agent",
        "estimatedDuration",
        "estimatedHours",
        "dependencies",
        "status",
        "result",
        "statusHistory",
    ],
);

pub(super) const RESULT_ORDER: Order = (
    &["executionPlan", "tasks", "task", "result"],
    &["summary", "deliverables", "artifactsCreated", "notes"],
);

pub(super) const KNOWLEDGE_ORDER: Order = (&["knowledgeBase"], &["learnings", "decisions", "references"]);

pub(super) const METRICS_ORDER: Order = (&["metrics"], &["progress", "performance"]);

pub(super) const PROGRESS_ORDER: Order = (
    &["metrics", "progress"],
    &["totalTasks", "completedTasks", "inProgressTasks", "failedTasks", "percentageComplete"],
);
