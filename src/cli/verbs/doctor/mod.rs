mod gates;
mod ground;
mod leftovers;
mod live;
mod plan;
mod programs;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::cli::args::{Format, Global};
use crate::cli::context::{Context, find, no_plan};
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::report::{clean, clean_lines};
use crate::store::see_settled;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint doctor genesis.xml\n\n\
Looks only, and changes nothing; with `--live` it makes a worktree, runs the setup steps and the gates in it, calls each agent \
program once, and removes the worktree. Exit codes: 0 nothing is wrong, 1 something is, 130 interrupted.")]
pub(crate) struct Args {
    /// The plan; without one, what any plan needs is looked at.
    genesis: Option<String>,
    /// Try a worktree with its setup and the gates on it, and call each agent program that the plan needs, with one short prompt: that costs a little.
    #[arg(long)]
    live: bool,
    /// How to print it.
    #[arg(long, default_value = "human")]
    format: Format,
}

/// How good or bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    /// As it should be.
    Fine,
    /// Worth knowing; nothing fails by it.
    Note,
    /// A run fails by it, or something is lost.
    Wrong,
}

/// What was looked at, and what was found.
#[derive(Debug, Serialize)]
struct Check {
    area: &'static str,
    verdict: Verdict,
    text: String,
    /// What to do.
    hint: Option<String>,
}

impl Check {
    fn fine(area: &'static str, text: impl Into<String>) -> Self {
        Self { area, verdict: Verdict::Fine, text: text.into(), hint: None }
    }

    fn note(area: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { area, verdict: Verdict::Note, text: text.into(), hint: Some(hint.into()) }
    }

    fn wrong(area: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { area, verdict: Verdict::Wrong, text: text.into(), hint: Some(hint.into()) }
    }

    fn failed(area: &'static str, error: CliError) -> Self {
        Self { area, verdict: Verdict::Wrong, text: error.message, hint: error.hint }
    }
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let arguments: Vec<_> = args.genesis.iter().cloned().collect();
    let mut checks = vec![programs::git()];
    let mut ended = None;
    match find(&arguments) {
        Ok((path, [])) => ended = with_plan(path, args.live, global, &mut checks),
        Ok((_, [stray, ..])) => return Err(no_plan(stray)),
        Err(error) if args.genesis.is_some() && error.kind == Kind::Usage => return Err(error),
        Err(error) => {
            if args.live {
                return Err(CliError::usage("`--live` needs a plan: which programs to call, it says")
                    .hint(error.message));
            }
            // A repository that can't be opened is a fault wherever the plan is.
            if error.kind == Kind::Usage {
                let hint = error.hint.unwrap_or_else(|| "name a plan to have it looked at".to_owned());
                checks.push(Check::note("plan", error.message, hint));
            } else {
                checks.push(Check::failed("git", error));
            }
        }
    }
    let is_wrong = checks.iter().any(|check| check.verdict == Verdict::Wrong);
    match args.format {
        Format::Json => output::json(&serde_json::json!({"version": 1, "ok": !is_wrong, "checks": checks}))?,
        Format::Human => output::page(&checks.iter().map(shown).collect::<String>())?,
    }
    Ok(ended.unwrap_or_else(|| u8::from(is_wrong)))
}

/// Gives the exit code of one that was ended by a signal.
fn with_plan(
    path: std::path::PathBuf,
    is_live: bool,
    global: &Global,
    checks: &mut Vec<Check>,
) -> Option<u8> {
    let genesis = match see_settled(&path) {
        Ok(seen) => seen.into_genesis(),
        Err(error) => {
            checks.push(plan::unreadable(&path, &CliError::load(&path, error)));
            return None;
        }
    };
    let context = match Context::of(path, &genesis, global) {
        Ok(context) => context,
        Err(error) => {
            checks.push(Check::failed("git", error));
            return None;
        }
    };
    let loaded = plan::check(&context, &genesis, checks);
    ground::check(&context, loaded.as_ref(), checks);
    if let Some(loaded) = &loaded {
        programs::runners(&genesis, loaded, checks);
        gates::check(&context, loaded, checks);
    }
    leftovers::check(&context, &genesis, checks);
    // What is wrong already would only be told in other words, after it has cost something.
    if is_live && !checks.iter().any(|check| check.verdict == Verdict::Wrong) {
        return live::check(&context, &genesis, checks);
    }
    if is_live {
        checks.push(Check::note("live", "nothing was tried", "mend first what is wrong above"));
    }
    None
}

fn shown(check: &Check) -> String {
    let (word, style) = match check.verdict {
        Verdict::Fine => ("fine", AnsiColor::Green.on_default()),
        Verdict::Note => ("note", AnsiColor::Yellow.on_default()),
        Verdict::Wrong => ("wrong", AnsiColor::Red.on_default().bold()),
    };
    let hint_style: Style = AnsiColor::Cyan.on_default();
    let hint = check
        .hint
        .as_deref()
        .map(|hint| format!("                {hint_style}help{hint_style:#}: {}\n", clean(hint)));
    let text = clean_lines(&check.text).replace('\n', "\n                ");
    format!("{style}{word:5}{style:#} {:9} {text}\n{}", check.area, hint.unwrap_or_default())
}
