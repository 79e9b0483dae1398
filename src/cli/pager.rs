//! Long output on a terminal, shown by the user's pager: `$PAGER`, else `less`. Never where nobody could turn the pages.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::terminal;

/// What shows pages where `$PAGER` says nothing: it ends by itself where all fits the screen, keeps colours, and leaves the text there.
const LESS: [&str; 2] = ["less", "-FRX"];
/// What `less` does where the user has said nothing.
const LESS_DEFAULTS: &str = "FRX";

static IS_OFF: AtomicBool = AtomicBool::new(false);

/// Has this process show everything at once.
pub(super) fn turn_off() {
    IS_OFF.store(true, Ordering::Relaxed);
}

/// Standard output, by way of a pager as soon as there is more than the terminal has lines.
pub(super) struct Paged {
    /// What has been written before it was clear whether a pager is needed; none where that is clear.
    held: Option<Held>,
    pager: Option<Child>,
}

struct Held {
    bytes: Vec<u8>,
    /// How many more lines fit.
    lines: usize,
}

impl Paged {
    /// Nothing is shown before [`Self::end`], or before there is more than a screen has room for.
    pub(super) fn new() -> Self {
        let rows = rows().filter(|_| !IS_OFF.load(Ordering::Relaxed));
        // The shell's prompt needs a line, too.
        let held = rows.map(|rows| Held { bytes: Vec::new(), lines: usize::from(rows).saturating_sub(1) });
        Self { held, pager: None }
    }

    /// Shows what is not shown yet, and waits until the reader has had enough.
    pub(super) fn end(mut self) -> io::Result<()> {
        if let Some(held) = self.held.take() {
            io::stdout().write_all(&held.bytes)?;
        }
        self.wait();
        io::stdout().flush()
    }

    fn wait(&mut self) {
        if let Some(mut pager) = self.pager.take() {
            drop(pager.stdin.take());
            // However it ended: its reader has seen what they wanted.
            let _ = pager.wait();
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(held) = &mut self.held else { return self.pass_on(bytes) };
        held.bytes.extend_from_slice(bytes);
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        match held.lines.checked_sub(lines) {
            Some(left) => {
                held.lines = left;
                Ok(())
            }
            None => {
                let bytes = std::mem::take(&mut held.bytes);
                self.held = None;
                self.pager = start();
                self.pass_on(&bytes)
            }
        }
    }

    fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(to) = self.pager.as_mut().and_then(|pager| pager.stdin.as_mut()) else {
            return io::stdout().write_all(bytes);
        };
        let written = to.write_all(bytes);
        if written.is_err() {
            // It has the terminal until it is gone.
            self.wait();
            // Nothing more is to be shown after it.
            self.held = None;
        }
        written
    }
}

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take_in(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.pager {
            Some(pager) => pager.stdin.as_mut().map_or(Ok(()), Write::flush),
            None => io::stdout().flush(),
        }
    }
}

impl Drop for Paged {
    fn drop(&mut self) {
        self.wait();
    }
}

/// How many lines the terminal has where somebody can turn pages; none anywhere else.
fn rows() -> Option<u16> {
    terminal::size().filter(|_| io::stdin().is_terminal()).map(|(_, rows)| rows)
}

/// None where there is no pager, or none is wanted: then all is shown at once.
fn start() -> Option<Child> {
    let wanted = env::var("PAGER").ok();
    let mut command = match wanted.as_deref().map(str::trim) {
        None => {
            let mut less = Command::new(LESS[0]);
            less.arg(LESS[1]);
            less
        }
        Some("" | "cat") => return None,
        Some(line) => shell(line)?,
    };
    if env::var_os("LESS").is_none() {
        command.env("LESS", LESS_DEFAULTS);
    }
    let pager = command.stdin(Stdio::piped()).spawn().ok()?;
    // Ctrl-C is for the pager, which goes on; we wait for it. A handler of ours, unlike an ignored signal, is not passed on to it.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::default());
    Some(pager)
}

/// `$PAGER` is a command for the shell, as for other programs; one that is not there would take what it is to show with it.
fn shell(line: &str) -> Option<Command> {
    let program = line.split_whitespace().find(|word| !word.contains('='))?;
    let is_there = Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null 2>&1", program]).status();
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    is_there.is_ok_and(|status| status.success()).then_some(command)
}
