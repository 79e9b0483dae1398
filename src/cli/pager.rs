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
pub(super) struct Paged(To);

/// Where it goes.
enum To {
    /// Nowhere yet: this much has been written, and so many more lines fit.
    Held(Vec<u8>, usize),
    /// To a pager.
    Pager(Child),
    /// To standard output itself.
    Terminal,
    /// Nowhere any more: the reader has had enough.
    Over,
}

impl Paged {
    /// Nothing is shown before [`Self::end`], or before there is more than a screen has room for.
    pub(super) fn new() -> Self {
        let rows = rows().filter(|_| !IS_OFF.load(Ordering::Relaxed));
        // The shell's prompt needs a line, too.
        Self(rows.map_or(To::Terminal, |rows| To::Held(Vec::new(), usize::from(rows).saturating_sub(1))))
    }

    /// At once, whatever there is: of what goes on while it is read, or has narration between.
    pub(super) fn at_once() -> Self {
        Self(To::Terminal)
    }

    /// Shows what is not shown yet, and waits until the reader has had enough.
    pub(super) fn end(mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.0, To::Over) {
            To::Held(bytes, _) => io::stdout().write_all(&bytes)?,
            To::Pager(pager) => wait(pager),
            To::Terminal => {}
            To::Over => return Ok(()),
        }
        io::stdout().flush()
    }

    /// There is more than the screen has room for.
    fn begin(&mut self) -> io::Result<()> {
        let next = start().map_or(To::Terminal, To::Pager);
        let held = std::mem::replace(&mut self.0, next);
        if let To::Held(bytes, _) = held { self.pass_on(&bytes) } else { Ok(()) }
    }

    fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            To::Held(held, left) => {
                held.extend_from_slice(bytes);
                let lines = memchr::memchr_iter(b'\n', bytes).count();
                match left.checked_sub(lines) {
                    Some(fewer) => *left = fewer,
                    None => return self.begin(),
                }
                Ok(())
            }
            To::Pager(pager) => {
                let written = pager.stdin.as_mut().map_or(Ok(()), |pages| pages.write_all(bytes));
                if written.is_err()
                    && let To::Pager(pager) = std::mem::replace(&mut self.0, To::Over)
                {
                    // It has the terminal until it is gone.
                    wait(pager);
                }
                written
            }
            To::Terminal => io::stdout().write_all(bytes),
            To::Over => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

/// Nothing more comes. However it ends: its reader has seen what they wanted.
fn wait(mut pager: Child) {
    drop(pager.stdin.take());
    let _ = pager.wait();
}

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pass_on(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            To::Pager(pager) => pager.stdin.as_mut().map_or(Ok(()), Write::flush),
            To::Terminal => io::stdout().flush(),
            To::Held(..) | To::Over => Ok(()),
        }
    }
}

impl Drop for Paged {
    fn drop(&mut self) {
        if let To::Pager(pager) = std::mem::replace(&mut self.0, To::Over) {
            wait(pager);
        }
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
