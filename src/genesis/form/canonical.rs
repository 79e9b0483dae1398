//! The canonical form, and the bare form, which is the canonical one with parts left out.

use crate::genesis::Status;

use super::names::{
    AuditNames, Counters, DecisionNames, Field, KnowledgeNames, LearningNames, Lists, Metadata, Names, Path,
    ResultNames, Stack, TaskNames, Vision,
};
use Field::{Attribute, Child};

/// As the schema has it.
pub(super) static CANONICAL: Names = SCHEMA;

/// What is different where a plan has no `tasks`.
pub(super) static BARE: Names = Names { refs_are_tasks: true, order: BARE_ORDER, ..SCHEMA };

const SCHEMA: Names = Names {
    root: "projectGenesis",
    metadata: Metadata {
        project_name: &["metadata", "projectName"],
        epic_name: &["metadata", "epicName"],
        status: &["metadata", "status"],
        owner: &["metadata", "owner"],
        created_at: &["metadata", "createdAt"],
        updated_at: &["metadata", "lastUpdatedAt"],
    },
    vision: Vision {
        problem: &["vision", "problemStatement"],
        objectives: &["vision", "objectives", "objective"],
        success_criteria: &["vision", "successCriteria", "criterion"],
        constraints: &["vision", "constraints", "constraint"],
        assumptions: &["vision", "assumptions", "assumption"],
    },
    stack: Stack {
        languages: &["architecture", "technicalStack", "language"],
        frameworks: &["architecture", "technicalStack", "framework"],
        databases: &["architecture", "technicalStack", "database"],
        infrastructure: &["architecture", "technicalStack", "infrastructure"],
        quality: &["architecture", "qualityAttributes", "attribute"],
        quality_name: &[Child("name"), Attribute("name")],
        quality_target: &[Child("target"), Attribute("target")],
        quality_measurement: &[Child("measurement"), Attribute("measurement")],
    },
    level: &["executionPlan", "executionDag", "parallelSets", "parallelGroup"],
    level_number: "level",
    task_ref: "taskRef",
    ref_id: &[Attribute("id")],
    dependency: &["executionPlan", "executionDag", "dependencies", "dependency"],
    from: &[Child("from"), Attribute("from")],
    to: &[Child("to"), Attribute("to")],
    task: TASK,
    refs_are_tasks: false,
    tracker: &["executionPlan", "statusTracker"],
    lists: Lists { pending: "pending", in_progress: "inProgress", completed: "completed", failed: "failed" },
    audit: &["auditLog", "events", "event"],
    audit_entry: AuditNames {
        time: "timestamp",
        kind: "type",
        description: "description",
        actor: "actor",
        changes: "changes",
    },
    knowledge: KnowledgeNames {
        learning: LearningNames {
            path: &["knowledgeBase", "learnings", "learning"],
            title: &[Child("title")],
            description: &[Child("description")],
            category: &[Child("category")],
            time: &[Child("timestamp")],
        },
        decision: DecisionNames {
            path: &["knowledgeBase", "decisions", "decision"],
            title: &[Child("title")],
            context: &[Child("context")],
            decision: &[Child("decision")],
            rationale: &[Child("rationale")],
            time: &[Child("timestamp")],
        },
    },
    progress: &["metrics", "progress"],
    counters: Counters {
        total: "totalTasks",
        completed: "completedTasks",
        in_progress: "inProgressTasks",
        failed: "failedTasks",
        percentage: "percentageComplete",
    },
    order: CANONICAL_ORDER,
    word: Status::as_str,
};

const TASK: TaskNames = TaskNames {
    path: TASK_PATH,
    id: "id",
    name: &[Child("name"), Attribute("name")],
    description: &[Child("description")],
    agent: &[Child("assignedAgent"), Attribute("assignedAgent")],
    estimate: &[Child("estimatedDuration"), Attribute("estimatedDuration")],
    status: &[Attribute("status"), Child("status")],
    dependencies: "dependencies",
    acceptance: &["acceptanceCriteria", "criterion"],
    event: &["statusHistory", "event"],
    event_time: &[Child("timestamp"), Attribute("timestamp")],
    event_status: &[Child("status"), Attribute("status")],
    event_description: &[Child("description")],
    event_actor: &[Child("actor")],
    result: ResultNames {
        element: "result",
        summary: "summary",
        deliverable: &["deliverables", "deliverable"],
        notes: "notes",
    },
};

const TASK_PATH: Path = &["executionPlan", "tasks", "task"];

/// The children of the element at a path, in their order.
type Order = (Path, &'static [&'static str]);

const CANONICAL_ORDER: &[Order] = &[
    (&[], &["metadata", "vision", "architecture", "executionPlan", "knowledgeBase", "auditLog", "metrics"]),
    PLAN_ORDER,
    KNOWLEDGE_ORDER,
    TRACKER_ORDER,
    TASK_ORDER,
];

/// Files of the bare form have the audit log last.
const BARE_ORDER: &[Order] = &[
    (&[], &["metadata", "vision", "architecture", "executionPlan", "knowledgeBase", "metrics", "auditLog"]),
    PLAN_ORDER,
    KNOWLEDGE_ORDER,
    TRACKER_ORDER,
];

const PLAN_ORDER: Order = (&["executionPlan"], &["executionDag", "tasks", "statusTracker"]);

const KNOWLEDGE_ORDER: Order = (&["knowledgeBase"], &["learnings", "decisions", "references"]);

const TRACKER_ORDER: Order =
    (&["executionPlan", "statusTracker"], &["pending", "inProgress", "completed", "failed"]);

const TASK_ORDER: Order = (
    TASK_PATH,
    &["name", "description", "assignedAgent", "estimatedDuration", "dependencies", "result", "statusHistory"],
);
