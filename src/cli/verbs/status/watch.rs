//! A status that is drawn anew whenever it changes, until the run is over.

use std::io::{self, IsTerminal, Write};

use signal_hook::consts::{SIGHUP, SIGINT};

use super::Sight;
use crate::cli::error::CliError;
use crate::cli::{output, terminal};
use crate::report::{Changes, Reader, clean, header_lines};
use crate::run::{Moment, Unwatched, observe};

/// What a signal is told by, in an exit code.
const BY_SIGNAL: i32 = 128;

/// Shows how the plan stands until its live run is over; without one, once.
pub(super) fn watch(sight: &Sight<'_>) -> Result<u8, CliError> {
    let seen = sight.look()?;
    let Some(run) = seen.known.run.clone() else {
        output::data(&sight.drawn(&seen)?)?;
        output::say("note    no run of this plan is live: this is how it stands");
        return Ok(0);
    };
    let (plan, state) = (seen.context.path.clone(), seen.context.state.clone());
    let mut show: Box<dyn Show> = match terminal::size() {
        Some(_) if io::stdout().is_terminal() => Box::new(Screen::enter()),
        _ => Box::new(Log::default()),
    };
    let mut seen = Some(seen);
    let lift = |error| CliError::run(&plan, error);
    let over = observe(&plan, &state, &run, &lift, &mut |moment| {
        match moment {
            Moment::Suspended => return show.pause(),
            Moment::Changed => match sight.look() {
                Ok(now) => seen = Some(now),
                // A person may be at it with an editor: what was seen last stands until it can be read again.
                Err(error) => return show.trouble(&error),
            },
            Moment::Passed | Moment::Resized | Moment::Continued => {}
        }
        seen.as_ref().map_or(Ok(()), |seen| show.show(moment, sight, seen))
    });
    show.leave();
    let over = over?;
    if let Some(seen) = &seen {
        show.close(sight, seen)?;
    }
    Ok(match over {
        Unwatched::RunEnded | Unwatched::Signal(SIGHUP) => 0,
        Unwatched::Signal(signal) => u8::try_from(BY_SIGNAL + signal).unwrap_or(u8::MAX),
    })
}

/// Where a status is shown that changes.
trait Show {
    fn show(&mut self, moment: Moment, sight: &Sight<'_>, seen: &super::Seen) -> Result<(), CliError>;
    fn trouble(&mut self, error: &CliError) -> Result<(), CliError>;
    fn pause(&mut self) -> Result<(), CliError>;
    /// Whatever comes: the terminal is as it was.
    fn leave(&mut self);
    /// The last word.
    fn close(&mut self, sight: &Sight<'_>, seen: &super::Seen) -> Result<(), CliError>;
}

/// A terminal's other screen, which leaves no trace.
struct Screen {
    is_on: bool,
}

/// The other screen, without cursor, where lines that are too long are cut; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

impl Screen {
    fn enter() -> Self {
        let mut screen = Self { is_on: false };
        screen.turn_on();
        screen
    }

    fn turn_on(&mut self) {
        if !std::mem::replace(&mut self.is_on, true) {
            put(ENTER);
        }
    }

    /// Line by line over what stands there, so that nothing flickers.
    fn draw(text: &str) {
        let rows = terminal::size().map_or(24, |(_, rows)| usize::from(rows)).max(2);
        let lines: Vec<_> = text.lines().collect();
        let mut page = String::from("\x1b[H");
        for line in lines.iter().take(rows - 1) {
            page.extend([line, "\x1b[K\r\n"]);
        }
        page.push_str("\x1b[J");
        let foot = match lines.len().saturating_sub(rows - 1) {
            0 => "Ctrl-C ends watching; the run goes on".to_owned(),
            more => format!("{more} more lines; Ctrl-C ends watching; the run goes on"),
        };
        put(&format!("{page}\x1b[{rows};1H{foot}\x1b[K"));
    }
}

/// A terminal that is gone shows nothing, and is no reason to fail: its end is told by a signal.
fn put(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

impl Show for Screen {
    fn show(&mut self, _: Moment, sight: &Sight<'_>, seen: &super::Seen) -> Result<(), CliError> {
        self.turn_on();
        Self::draw(&output::coloured(&sight.drawn(seen)?));
        Ok(())
    }

    fn trouble(&mut self, error: &CliError) -> Result<(), CliError> {
        self.turn_on();
        put(&format!("\x1b[H{}\x1b[K", clean(&unreadable(error))));
        Ok(())
    }

    fn pause(&mut self) -> Result<(), CliError> {
        self.leave();
        Ok(())
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.is_on) {
            put(LEAVE);
        }
    }

    fn close(&mut self, sight: &Sight<'_>, seen: &super::Seen) -> Result<(), CliError> {
        output::data(&sight.drawn(seen)?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A file or a pipe: first all, then what changes, in the end the whole again.
#[derive(Default)]
struct Log {
    changes: Changes,
    has_begun: bool,
    is_in_trouble: bool,
}

impl Show for Log {
    fn show(&mut self, moment: Moment, sight: &Sight<'_>, seen: &super::Seen) -> Result<(), CliError> {
        if moment != Moment::Changed {
            return Ok(());
        }
        self.is_in_trouble = false;
        let (report, reader) = (sight.report(seen)?, Reader::of(output::width()));
        let changes = self.changes.since(&report, &reader);
        if std::mem::replace(&mut self.has_begun, true) {
            return output::data(&changes);
        }
        output::data(&sight.drawn(seen)?)
    }

    fn trouble(&mut self, error: &CliError) -> Result<(), CliError> {
        if !std::mem::replace(&mut self.is_in_trouble, true) {
            output::say(&unreadable(error));
        }
        Ok(())
    }

    fn pause(&mut self) -> Result<(), CliError> {
        Ok(())
    }

    fn leave(&mut self) {}

    fn close(&mut self, sight: &Sight<'_>, seen: &super::Seen) -> Result<(), CliError> {
        let report = sight.report(seen)?;
        output::data(&format!("\n{}", header_lines(&report, &Reader::of(output::width()))))
    }
}

fn unreadable(error: &CliError) -> String {
    let last = error.message.lines().last().unwrap_or_default();
    format!("note    the plan can't be read at the moment: {last}")
}

// Ctrl-C is a wish, and what it says is the usual code for it.
const _: () = assert!(BY_SIGNAL + SIGINT == 130);
