//! `blueprint` runs a *Living Blueprint*: one XML file, `genesis.xml`, that holds a project's vision, its architecture, a DAG of tasks each
//! assigned to a coding agent, and the record of how they went. Each task is done by an agent in a git worktree of its own; what is finished is
//! merged; the file is updated atomically, without losing a byte that was not meant to change.
//!
//! # The rooms
//! | room | is for | knows nothing of |
//! | --- | --- | --- |
//! | [`genesis`] | the document: bytes, spans, forms, typed view, edits as byte splices, diagnostics | running, git, files |
//! | [`plan`] | the meaning: tasks, estimates, graph, urgency, the schedule as a pure state machine | XML, git, processes |
//! | [`store`] | files: locks, atomic durable replacement, journal, the folder of state | what edits and records mean |
//! | [`git`] | worktrees, bases, commits, merges | plans, XML |
//! | [`agent`] | definitions, prompts, command lines of agent programs, and reading how they ended | scheduling, git |
//! | [`run`] | the dispatcher, attempts, supervisors, signals; the only async code | XML bytes, the terminal |
//! | [`report`] | events and state, shown | how events came about |
//! | `remedy` | what a person can do about what the system said | what was tried |
//! | [`cli`] | arguments, configuration, messages, exit codes | whatever the rooms can do |
//!
//! Arrows point one way: `cli → run → {git, agent, store, plan, genesis}`, `report` beside `cli`, and `plan → genesis`.
//!
//! # The way the data takes
//! ```text
//! genesis.xml ─ store ─► Genesis ─ plan::load ─► Plan ─► Schedule (pure state machine)
//!                  ▲                                        │ ready
//!                  │                                        ▼
//!                store::KnownPlan ◄─ Edit ─ dispatcher ◄─ message ─ attempt ─► git, supervisor ─► agent
//!                                               └─ RunEvent ─► report ─► exit code
//! ```
//!
//! # What always holds
//! - An edit replaces byte ranges; every other byte of the document stays as it is.
//! - A document is loaded completely, or everything that is wrong with it is said at once.
//! - Nothing is saved over a file that somebody else has changed: it is read, and the edit made again. What others broke is set aside.
//! - What happens is in the journal, synced, before anything follows from it; the plan file is saved before an agent starts and before
//!   "completed" is announced. Killed at any point, the next run goes on from what is on disk.
//! - The dispatcher alone owns schedule, journal and plan file; attempts send it messages.
//! - Every agent has a supervisor that outlives the run, keeps its output, and ends the whole tree of its descendants.
//! - Work is never destroyed: what an attempt left is kept under a ref before its worktree is used again.

pub mod agent;
pub mod cli;
pub mod genesis;
pub mod git;
pub mod plan;
mod remedy;
pub mod report;
pub mod run;
pub mod store;
