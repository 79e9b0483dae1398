//! What the program prints: data on standard output, narration on standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;

use super::args::{Global, When};
use super::error::{CliError, Kind};
use super::help_line::{self, with_plan};
use super::log;
use super::pager::{self, Paged};
use super::wrap::wrap;
use crate::genesis::{self, Diagnostic};
use crate::report::{clean_lines, draw_in_ascii, is_unicode_locale, spelled, tame};

/// Nobody reads lines that are narrower.
const NARROWEST: u16 = 20;

/// Sets up colours, signs, pages and the log.
pub(super) fn init(global: &Global) {
    if !is_unicode_locale(|name| std::env::var(name).ok()) {
        draw_in_ascii();
    }
    IS_QUIET.store(global.quiet, Ordering::Relaxed);
    help_line::goes_by(global.epic.as_deref());
    if global.no_pager {
        pager::turn_off();
    }
    match global.color {
        When::Auto => {}
        When::Always => ColorChoice::Always.write_global(),
        When::Never => ColorChoice::Never.write_global(),
    }
    log::init(global);
}

/// Prints data. A reader that has gone (`blueprint status | head -1`) is no error.
pub(super) fn data(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Prints text for people: by their pager, if a terminal has not enough lines for it.
pub(super) fn page(text: &str) -> Result<(), CliError> {
    let mut out = Paged::new();
    written(out.write_all(coloured(&spelled(text)).as_bytes()).and_then(|()| out.end()))
}

/// A text of ours with its colours, if standard output is to have any.
pub(super) fn coloured(text: &str) -> Cow<'_, str> {
    match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => Cow::Owned(anstream::adapter::strip_str(text).to_string()),
        ColorChoice::Auto | ColorChoice::Always | ColorChoice::AlwaysAnsi => Cow::Borrowed(text),
    }
}

/// A reader that has gone is no error.
fn written(done: io::Result<()>) -> Result<(), CliError> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::new(Kind::Environment, format!("can't write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints data as one JSON document.
pub(super) fn json(value: &impl serde::Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| CliError::new(Kind::Bug, error))?;
    data(&(text + "\n"))
}

/// Only what went wrong is said.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Says something on the side; where only what went wrong is to be said, nothing but warnings.
pub(super) fn say(text: &str) {
    if !IS_QUIET.load(Ordering::Relaxed) || text.starts_with("warning") {
        tell(text);
    }
}

/// The same for what has to be said whatever was wished.
pub(super) fn tell(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", spelled(text));
}

/// Says what went wrong, and what to do.
pub(super) fn error(error: &CliError) {
    let red = AnsiColor::Red.on_default().bold();
    let cyan = AnsiColor::Cyan.on_default();
    match error.message.rsplit_once('\n') {
        // Diagnostics come first, in their own layout.
        Some((before, last)) if error.kind == Kind::Invalid => {
            tell(&format!("{before}\n{red}error{red:#}: {last}"));
        }
        _ => tell(&format!("{red}error{red:#}: {}", fitted(&error.message, "error: "))),
    }
    if let Some(hint) = &error.hint {
        tell(&format!("{cyan}help{cyan:#}: {}", fitted(&with_plan(hint), "help: ")));
    }
    if error.kind == Kind::Bug {
        tell("this should not happen: please report it with the command and the plan");
    }
}

/// As wide as the terminal; where there is none, a line is a line, for programs to find words in.
fn fitted(text: &str, after: &str) -> String {
    let text = clean_lines(text);
    line_width().map_or_else(|| text.clone(), |columns| wrap(&text, after.len(), columns.into()))
}

/// The path as one would type it here: relative, if it is below the current folder.
pub(super) fn typed(path: &Path) -> String {
    let cwd = std::env::current_dir().and_then(|cwd| cwd.canonicalize()).unwrap_or_default();
    let below = path.strip_prefix(cwd).ok().filter(|below| !below.as_os_str().is_empty());
    below.unwrap_or(path).display().to_string()
}

/// Diagnostics with their source lines, as wide as the terminal.
pub(super) fn diagnostics(path: &Path, source: &str, diagnostics: &[Diagnostic]) -> String {
    // Colours are always put in here; the stream takes them out where they don't belong.
    tame(&genesis::render(&typed(path), source, diagnostics, true, width().into()))
}

/// How wide a line of narration may be; nothing where no terminal cuts it.
pub(super) fn line_width() -> Option<u16> {
    io::stderr().is_terminal().then(width)
}

/// The terminal's width in columns; where there is none, what `$COLUMNS` says, or 80.
pub(super) fn width() -> u16 {
    let wished =
        || std::env::var("COLUMNS").ok()?.trim().parse().ok().filter(|columns| *columns >= NARROWEST);
    terminal_size::terminal_size().map_or_else(|| wished().unwrap_or(80), |(width, _)| width.0)
}
