//! The workflow form, version 2: another root, and names of words joined by underscores.

use crate::genesis::Status;

use super::canonical::SCHEMA;
use super::guide::project_word;
use super::names::{
    Counters, EdgeNames, Estimate, KnowledgeNames, LevelNames, Lists, Metadata, Names, NodeNames, Order,
    ResultNames, Stack, TaskNames, TrackerNames, Vision, Words,
};
use super::place::{EntryNames, Field, Part, Path, Place, Texts};
use Field::{Attribute, Child, Text};

pub(super) static WORKFLOW: Names = Names {
    name: "workflow v2",
    root: "workflow_status",
    marks: &[],
    needs: &[],
    metadata: Metadata {
        project_name: &[Place::child(METADATA, "project_name")],
        epic_name: &[Place::child(METADATA, "epic_name")],
        status: &[Place::child(METADATA, "status")],
        owner: &[Place::child(METADATA, "owner")],
        created_at: &[Place::child(METADATA, "start_time"), Place::child(METADATA, "created_at")],
        updated_at: &[
            Place::child(METADATA, "last_updated"),
            Place::child(METADATA, "last_updated_at"),
            Place::child(METADATA, "updated_at"),
        ],
    },
    vision: Vision {
        problem: Texts::plain(&[&["project_context", "overall_goal"]]),
        objectives: Texts::plain(&[&["project_context", "objectives", "objective"]]),
        success_criteria: Texts::criteria(&[
            &["project_context", "success_criteria", "criterion"],
            &["project_context", "success_criteria"],
        ]),
        constraints: Texts::plain(&[
            &["project_context", "constraints", "constraint"],
            &["project_context", "constraints"],
        ]),
        assumptions: Texts::plain(&[&["project_context", "assumptions", "assumption"]]),
    },
    stack: Stack {
        languages: Texts::plain(&[
            &["project_context", "technical_stack", "language"],
            &["project_context", "technical_stack"],
        ]),
        frameworks: Texts::plain(&[&["project_context", "technical_stack", "framework"]]),
        databases: Texts::plain(&[&["project_context", "technical_stack", "database"]]),
        infrastructure: Texts::plain(&[&["project_context", "technical_stack", "infrastructure"]]),
        quality: &["project_context", "quality_requirements"],
        quality_name: &[Child("name"), Attribute("name"), Text],
        ..SCHEMA.stack
    },
    levels: &[
        LevelNames {
            path: &["execution_dag", "parallel_sets", "level"],
            number: &[Attribute("number"), Attribute("level")],
            refs: &[&["parallel_group", "task_ref"], &["task_ref"]],
            id: &[Attribute("id"), Text],
        },
        LevelNames {
            path: &["execution_dag", "parallel_sets", "parallel_group"],
            number: &[Attribute("level"), Attribute("number")],
            refs: &[&["task_ref"]],
            id: &[Attribute("id"), Text],
        },
    ],
    nodes: NodeNames {
        path: &["execution_dag", "nodes", "node"],
        agent: &[Attribute("agent_type"), Attribute("assigned_agent"), Attribute("agent")],
        estimate: &[Estimate { field: Attribute("estimated_duration"), unit: MINUTES }],
        ..SCHEMA.nodes
    },
    edges: &[
        EdgeNames {
            path: &["execution_dag", "edges", "edge"],
            from: &[Attribute("from"), Child("from")],
            to: &[Attribute("to"), Child("to")],
        },
        EdgeNames {
            path: &["execution_dag", "dependencies", "dependency"],
            from: &[Child("from"), Attribute("from")],
            to: &[Child("to"), Attribute("to")],
        },
    ],
    task: WORKFLOW_TASK,
    refs_are_tasks: true,
    tracker: TrackerNames { paths: &[&["status_tracker"]], entry: "task_ref", ..SCHEMA.tracker },
    lists: Lists { pending: "pending", in_progress: "in_progress", completed: "completed", failed: "failed" },
    audit: EntryNames { paths: &[&["audit_log", "event"]], made: false, parts: ENTRY },
    measurement: None,
    knowledge: KnowledgeNames {
        learning: EntryNames {
            paths: &[&["knowledge_base", "learnings", "learning"]],
            ..SCHEMA.knowledge.learning
        },
        decision: EntryNames {
            paths: &[&["knowledge_base", "decisions", "decision"]],
            ..SCHEMA.knowledge.decision
        },
        decision_category: None,
    },
    progress: &[&["metrics", "progress"]],
    counters: Counters {
        total: "total_tasks",
        completed: "completed_tasks",
        in_progress: "in_progress_tasks",
        failed: "failed_tasks",
        percentage: "percentage_complete",
    },
    order: ORDER,
    words: Words { own: own_word, event: event_word, project: project_word },
};

const METADATA: Path = &["metadata"];

/// Durations are given in minutes.
const MINUTES: Option<&str> = Some("minutes");

const WORKFLOW_TASK: TaskNames = TaskNames {
    path: &["tasks", "task"],
    id: "id",
    name: &[Child("name"), Attribute("name"), Child("title"), Attribute("title")],
    description: &[Child("description"), Attribute("description")],
    agent: &[Child("agent_type"), Attribute("agent_type"), Child("assigned_agent"), Child("agent")],
    estimate: &[
        Estimate { field: Child("estimated_duration"), unit: MINUTES },
        Estimate { field: Attribute("estimated_duration"), unit: MINUTES },
    ],
    status: &[Attribute("status"), Child("status")],
    status_made: false,
    dependencies: &[Child("dependencies"), Child("depends_on"), Attribute("dependencies")],
    dependency: None,
    acceptance: Texts::criteria(&[&["acceptance_criteria", "criterion"]]),
    event: EntryNames { paths: &[&["status_history", "event"]], made: true, parts: EVENT },
    result: ResultNames {
        element: "result",
        summary: &[Child("summary"), Attribute("summary"), Text],
        deliverables: Texts::plain(&[&["deliverables", "deliverable"], &["artifacts_created", "artifact"]]),
        notes: &[Child("notes"), Attribute("notes")],
    },
};

const EVENT: &[(Part, &[Field])] = &[
    (Part::Status, &[Attribute("type"), Attribute("status"), Child("type"), Child("status")]),
    (Part::Time, &[Attribute("timestamp"), Child("timestamp")]),
    (Part::Actor, &[Attribute("actor"), Attribute("agent"), Child("actor"), Child("agent")]),
    (Part::Description, &[Child("description"), Attribute("description"), Text]),
];

const ENTRY: &[(Part, &[Field])] = &[
    (Part::Time, &[Attribute("timestamp"), Child("timestamp")]),
    (Part::Kind, &[Attribute("type"), Child("type"), Child("action")]),
    (Part::Actor, &[Attribute("actor"), Attribute("agent"), Child("actor"), Child("agent")]),
    (Part::Description, &[Child("description"), Attribute("description")]),
];

const ORDER: &[Order] = &[
    (
        &[],
        &[
            "metadata",
            "project_context",
            "execution_dag",
            "tasks",
            "status_tracker",
            "knowledge_base",
            "audit_log",
            "metrics",
        ],
    ),
    (&["execution_dag"], &["nodes", "edges", "parallel_sets", "dependencies"]),
    (&["status_tracker"], &["pending", "in_progress", "completed", "failed"]),
    (
        &["tasks", "task"],
        &[
            "name",
            "title",
            "description",
            "acceptance_criteria",
            "agent_type",
            "estimated_duration",
            "dependencies",
            "depends_on",
            "status",
            "status_history",
            "result",
        ],
    ),
    (&["tasks", "task", "result"], &["summary", "deliverables", "artifacts_created", "notes"]),
    (&["knowledge_base"], &["learnings", "decisions", "references"]),
    (
        &["metrics", "progress"],
        &["total_tasks", "completed_tasks", "in_progress_tasks", "failed_tasks", "percentage_complete"],
    ),
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
