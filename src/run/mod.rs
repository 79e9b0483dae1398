//! A run: the dispatcher, the one owner of schedule, journal and plan file; attempts, one async task each, that send it messages;
//! the supervisors under which agents work; signals. The only async code there is.
//!
//! Knows nothing of XML bytes or the terminal: what happens is told as [`RunEvent`]s.

mod asides;
mod asking;
mod attempt;
mod audit;
mod books;
mod brief;
mod budget;
mod call;
mod cast;
mod changes;
mod continuing;
mod direct;
mod dispatcher;
mod error;
mod event;
mod events;
mod gates;
mod ground;
mod handover;
mod history;
mod job;
mod jobserver;
mod judge;
mod launch;
pub mod ledger;
mod listener;
mod masking;
mod merging;
mod milestones;
mod observe;
mod outbox;
mod output;
mod outset;
mod pause;
mod preview;
mod process;
mod programs;
mod protected;
mod provision;
mod questions;
mod record;
pub mod records;
mod rehearsal;
pub mod remote;
mod room;
#[cfg(test)]
pub(crate) mod sample;
mod services;
mod settings;
mod shared;
mod sharing;
mod signals;
mod start;
mod step;
pub mod supervisor;
mod tenure;
mod verdict;
mod verify;
mod waiting;
mod walls;
mod watch;
mod work;
mod workplace;

pub use asides::Asides;
pub use budget::{Caps, Price, Prices, Used};
pub use call::{call, word_for, word_that_is_due};
pub use changes::PlanChange;

pub use dispatcher::worktree_path;
pub use error::RunError;
pub use event::{BudgetEnd, Cause, Root, RunEvent, Stage, Started, Summary, TaskEnded, Verdict};
pub use events::attach;
pub use gates::{
    Bounds, ByHand, Check, CommandGate, Gate, GateEnded, Gates, GivenWork, Measured, Metric, Patience,
    REVIEW, Reviewer, Told, When, pass_by_hand,
};
pub use ground::known_slugs;
pub use handover::{
    Finished, Hands, Outfit, PERSON, Place, Ready, begin, commit, end_agent, finish, give_back, make_ready,
    place, remake,
};
pub use history::{Again, Attempt, History, Lacks, RunSpan, Stretch, TaskHistory};
pub use masking::{environment_of, environment_of_process};
pub use observe::{Glimpse, Moment, Unwatched, observe, observe_remote};
pub use outbox::{ASKED, Answer, Claim, LeaveError, Remark, Request, Says, Ticket, leave, own_folder};
pub use preview::{Continued, Planned, PlannedGate, preview, preview_task};
pub use process::SUPERVISE;
pub use programs::XMLSTARLET;
pub use protected::Protected;
pub use provision::{Bring, BringError, How, Provisioning};
pub use questions::{LONGEST_ANSWER, NoAnswer, OpenQuestion, answer_in, open_question};
pub use record::{
    AgentStarted, Answered, Asks, AttemptEnded, AttemptStarted, Because, Continues, Fact, OverEstimate,
    ProcessId, Record, Reported, Resolves, SetBack, Taken, TransitionRecord, open_journal,
};
pub use rehearsal::{Rehearsed, Trial, abandoned_rehearsals, rehearse};
pub use settings::{Cast, Caster, Casting, Isolation, Keep, OnConflict, Settings, Site};
pub use sharing::{Resource, Sharing};
pub use start::{refuse_a_rival, run, verified_in};
pub use step::{Step, StepCommand};
pub use tenure::Tenure;
pub use verify::VerifyStep;
pub use walls::Confinement;
pub use work::{Work, is_left_over};
