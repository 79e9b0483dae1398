//! A status that is drawn anew whenever it changes, until nobody works at the plan any more.

mod afar;
mod here;
mod log;
mod screen;
mod vigil;

use std::io::{self, IsTerminal};

use signal_hook::consts::{SIGHUP, SIGINT};

use self::log::Log;
use self::screen::Screen;
use super::Seen;
use crate::cli::error::CliError;
use crate::cli::{output, terminal};
use crate::run::{Moment, Unwatched};

/// What a signal is told by, in an exit code.
const BY_SIGNAL: i32 = 128;

/// Shows how the plan stands, as it is `seen` first, until its live run is over, or the jobs that work at it in the remote; without any,
/// once. `look` looks at it again.
pub(super) fn watch(seen: Seen, look: &dyn Fn() -> Result<Seen, CliError>) -> Result<u8, CliError> {
    match (&seen.looked.afar, &seen.looked.known.run) {
        (Some(_), _) if afar::is_at_work(&seen.looked.known) => afar::watch(seen),
        (None, Some(_)) => here::watch(seen, look),
        (afar, _) => {
            output::data(&seen.drawn()?)?;
            let who =
                if afar.is_some() { "nobody works at this plan" } else { "no run of this plan is live" };
            output::say(&format!("note    {who}: this is how it stands"));
            Ok(0)
        }
    }
}

/// Where a status is shown that changes.
trait Show {
    fn show(&mut self, moment: Moment, seen: &Seen) -> Result<(), CliError>;
    /// A word on why it can't be shown as it is now.
    fn trouble(&mut self, text: &str) -> Result<(), CliError>;
    fn pause(&mut self) -> Result<(), CliError>;
    /// Whatever comes: the terminal is as it was.
    fn leave(&mut self);
    /// The last word.
    fn close(&mut self, seen: &Seen) -> Result<(), CliError>;
}

/// A terminal is drawn on, all else is written to.
fn place() -> Box<dyn Show> {
    match terminal::size() {
        Some(_) if io::stdout().is_terminal() => Box::new(Screen::enter()),
        _ => Box::new(Log::default()),
    }
}

/// The last word, whatever brought it about.
fn closed(mut show: Box<dyn Show>, seen: &Seen, over: Result<Unwatched, CliError>) -> Result<u8, CliError> {
    show.leave();
    let over = over?;
    show.close(seen)?;
    Ok(match over {
        Unwatched::RunEnded | Unwatched::Signal(SIGHUP) => 0,
        Unwatched::Signal(signal) => u8::try_from(BY_SIGNAL + signal).unwrap_or(u8::MAX),
    })
}

// Ctrl-C is a wish, and what it says is the usual code for it.
const _: () = assert!(BY_SIGNAL + SIGINT == 130);
