use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use crate::cli::args::Global;
use crate::cli::context::{Context, find_only};
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::cli::person::refuse_inside_an_attempt;
use crate::genesis::{Diagnostic, Edit, Genesis, Utf16};
use crate::plan;
use crate::report::clean_line;
use crate::store::{self, rewrite_file};

/// How long a diff may be made shorter before it is shown as it is.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint repair genesis.xml --dry-run\n\n\
The last event of a task's history decides, else the status list that the task stands in, else its own status; the other places are made to \
follow, and the counters are corrected. Nothing else changes. A run that is live may go on meanwhile.\n\n\
Exit codes: 0 repaired, or nothing to repair, 3 the plan is invalid, 74 the file can't be written.")]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// Show what would be changed; touch nothing.
    #[arg(long)]
    dry_run: bool,
    /// Convert a plan in UTF-16 to UTF-8, and do nothing else.
    #[arg(long)]
    to_utf8: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("repair", None)?;
    let path = find_only(args.genesis.as_ref())?;
    refuse_inside_an_attempt("repair", Some(&path))?;
    if args.to_utf8 {
        return convert(&path, args.dry_run, global);
    }
    let (context, genesis) = Context::open(path, global)?.parts();
    let (before, after) = if args.dry_run { preview(&context, genesis)? } else { repair(&context, genesis)? };
    output::data(&diff(&context.path, before.source(), after.source()))?;
    let name = output::typed(&context.path);
    output::say(&match (before.source() == after.source(), args.dry_run) {
        (true, _) => format!("{name}: nothing to repair"),
        (false, true) => format!("{name}: this would be repaired; nothing was changed"),
        (false, false) => format!("{name}: repaired"),
    });
    say_what_is_left(&after);
    Ok(0)
}

/// The plan as it is, and as it would be.
fn preview(context: &Context, before: Genesis) -> Result<(Genesis, Genesis), CliError> {
    let edit = decide(&context.path, &before)?;
    let after = before.apply(&edit).map_err(|error| CliError::edit(&error))?;
    Ok((before, after))
}

/// The plan as it was when it was locked, and as it is now. A live run's own changes are not touched: no status changes here.
fn repair(context: &Context, read: Genesis) -> Result<(Genesis, Genesis), CliError> {
    // What needs no repair needs no folder of state either.
    if decide(&context.path, &read)?.is_empty() {
        return Ok((read.clone(), read));
    }
    let before = RefCell::new(read);
    let committed = context.unclaimed_plan_file()?.commit(|genesis| {
        let edit = decide(&context.path, genesis)?;
        *before.borrow_mut() = genesis.clone();
        Ok(edit)
    });
    let committed = committed.map_err(|error| CliError::commit(&context.path, error))?;
    Ok((before.into_inner(), committed.genesis))
}

fn decide(path: &Path, genesis: &Genesis) -> Result<Edit, CliError> {
    plan::load(genesis).map_err(|found| CliError::invalid(path, genesis.source(), &found))?;
    Ok(genesis.repair())
}

/// A unified diff, in colours that the stream takes out where they don't belong.
fn diff(path: &Path, before: &str, after: &str) -> String {
    let name = clean_line(&output::typed(path));
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let text = diff.unified_diff().context_radius(2).header(&name, &name).to_string();
    text.lines().map(colored).collect()
}

fn colored(line: &str) -> String {
    let style = match line.as_bytes().first() {
        Some(b'+') => AnsiColor::Green.on_default(),
        Some(b'-') => AnsiColor::Red.on_default(),
        Some(b'@') => AnsiColor::Cyan.on_default(),
        _ => Style::new(),
    };
    format!("{style}{}{style:#}\n", clean_line(line))
}

fn say_what_is_left(genesis: &Genesis) {
    let left = plan::diagnostics(genesis).len();
    if left > 0 {
        let warnings = if left == 1 { "1 warning is" } else { &format!("{left} warnings are") };
        output::say(&format!("{warnings} left that only you can mend: `blueprint validate` shows them"));
    }
}

fn convert(path: &Path, dry_run: bool, global: &Global) -> Result<u8, CliError> {
    let bytes = store::read_whole(path)?;
    let name = output::typed(path);
    let Some(order) = Utf16::of(&bytes) else {
        output::say(&format!("{name}: not in UTF-16; nothing to convert"));
        return Ok(0);
    };
    let text = order.to_utf8(&bytes).map_err(|error| {
        CliError::new(Kind::Invalid, format!("can't convert `{name}` from UTF-16: {error}"))
    })?;
    let invalid = |source: &str, found: &[Diagnostic]| CliError::invalid(path, source, found);
    let genesis =
        Genesis::parse(text.into_bytes()).map_err(|wrong| invalid(&wrong.source, &wrong.diagnostics))?;
    let sizes = format!("from UTF-16 ({} bytes) to UTF-8 ({} bytes)", bytes.len(), genesis.source().len());
    if dry_run {
        output::say(&format!("{name}: would be converted {sizes}; nothing was changed"));
        return Ok(0);
    }
    let converted = genesis.source().as_bytes().to_vec();
    let context = Context::of(path.to_owned(), &genesis, global)?;
    let file = context.unclaimed_plan_file()?;
    if !rewrite_file(file.path(), &context.state.plan_lock(), &bytes, &converted)? {
        let message = format!("`{name}` was changed meanwhile; nothing was converted");
        return Err(CliError::new(Kind::Environment, message).hint("try again"));
    }
    output::say(&format!("{name}: converted {sizes}"));
    Ok(0)
}
