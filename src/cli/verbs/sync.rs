use super::run::{Files, Unbegun, write_down};
use crate::cli::args::Global;
use crate::cli::branches::refs;
use crate::cli::config::Timeout;
use crate::cli::context::{Context, find_only};
use crate::cli::elsewhere::Elsewhere;
use crate::cli::error::CliError;
use crate::cli::help_line::plan_words;
use crate::cli::person::refuse_inside_an_attempt;
use crate::cli::remote::{DEFAULT, Jobs, LEASE, Session, in_repository, site};
use crate::cli::{job_owner, output};
use crate::plan::TaskId;
use crate::report::clean;
use crate::run::Verdict;
use crate::run::records::{self, Standing, TakenIn};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint sync genesis.xml\n\n\
What jobs (`blueprint run GENESIS TASK --ci`) have left in the remote of their tasks gets into the plan: into its journal and its genesis.xml, \
which is committed on the integration branch; finished work that is not there yet is merged, in the order in which it was finished. All that is \
pushed. A second time it changes nothing. Jobs that are at work are let be.\n\n\
Exit codes: 0 all tasks are completed, 1 a task failed, 4 a task is blocked or still to be done, 5 somebody else works at the plan, \
74 disk, git or the remote failed.")]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// The remote [default: origin].
    #[arg(long, value_name = "NAME", default_value = DEFAULT, hide_default_value = true)]
    remote: String,
    /// How long the plan counts as taken when nothing is heard of this any more [default: 2m].
    #[arg(long, value_name = "DURATION")]
    lease: Option<Timeout>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("sync", None)?;
    let path = find_only(args.genesis.as_ref())?;
    let context = Context::open(path, global)?.context();
    let lease = args.lease.map_or(LEASE, |lease| lease.0);
    let session = Session::begin(&context, &args.remote, lease, Jobs::LetBe)?;
    let site = site(&context, in_repository(&context)?)?;
    let standing = records::write_down(&site, &refs(&context)?)
        .map_err(|error| CliError::records(&context.path, error))?;
    say(session.taken_in(), &standing);
    session.end(&context)?;
    let next = next_step(&context, &args.remote, standing.verdict);
    output::say(&format!("next    {next}"));
    let integration = Some(refs(&context)?.integration().as_str().to_owned());
    let unbegun = Unbegun { verdict: standing.verdict, not_run: Vec::new(), integration, next };
    write_down(Files::default(), (&context, global), unbegun)?;
    Ok(standing.verdict.exit_code())
}

/// What was found, and what came of it.
fn say(taken: &TakenIn, standing: &Standing) {
    for broken in &taken.broken {
        output::say(&format!("warning {}; it is passed over", clean(broken)));
    }
    if !taken.merged.is_empty() {
        output::say(&format!("merged  {}", names(&taken.merged)));
    }
    for (task, why) in &taken.blocked {
        output::say(&format!("blocked {}: its work {}", clean(task.as_str()), clean(why)));
    }
    if !taken.under_way.is_empty() {
        output::say(&format!("note    jobs are at work at {}", names(&taken.under_way)));
    }
    let Standing { completed, total, commit, .. } = standing;
    output::say(&format!("{completed} of {total} tasks are completed; {} have records", taken.records));
    if let Some(commit) = commit {
        output::say(&format!(
            "note    the plan's file is committed on the integration branch, as {commit:.10}"
        ));
    }
}

fn names(tasks: &[TaskId]) -> String {
    tasks.iter().map(|task| clean(task.as_str())).collect::<Vec<_>>().join(", ")
}

/// What one would do next; after a job of a CI system, in another clone.
fn next_step(context: &Context, remote: &str, verdict: Verdict) -> String {
    let elsewhere = Elsewhere::of(context, remote);
    let plan = plan_words(&context.path);
    match verdict {
        Verdict::Completed if job_owner::is_a_job() => elsewhere.landing(),
        Verdict::Completed => format!("blueprint land {plan}   (merges it into your branch)"),
        Verdict::Failed => {
            let status = elsewhere.at_a_distance("status", None, "");
            format!("{status}   (`run --ci --rerun-failed` tries again)")
        }
        Verdict::Blocked | Verdict::OverBudget | Verdict::Interrupted { .. } => {
            format!("{}   (does what is left, and has agents resolve conflicts)", elsewhere.job(None))
        }
    }
}
