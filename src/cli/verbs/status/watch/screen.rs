use std::io::{self, Write};

use super::{Seen, Show};
use crate::cli::error::CliError;
use crate::cli::{output, terminal};
use crate::report::clean;
use crate::run::Moment;

/// A terminal's other screen, which leaves no trace.
pub(super) struct Screen {
    is_on: bool,
}

/// The other screen, without cursor, where lines that are too long are cut; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

impl Screen {
    pub(super) fn enter() -> Self {
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
    fn show(&mut self, _: Moment, seen: &Seen) -> Result<(), CliError> {
        self.turn_on();
        Self::draw(&output::coloured(&seen.drawn()?));
        Ok(())
    }

    fn trouble(&mut self, text: &str) -> Result<(), CliError> {
        self.turn_on();
        put(&format!("\x1b[H{}\x1b[K", clean(text)));
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

    fn close(&mut self, seen: &Seen) -> Result<(), CliError> {
        output::data(&seen.drawn()?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}
