//! A log, shown as it is or as text for a person.

use std::io::{self, Read, Write};

use crate::agent::Readable;
use crate::cli::error::{CliError, Kind};

/// So much of a log is in memory at once, in bytes.
const BLOCK: usize = 64 * 1024;
/// Lines longer than this (in bytes) are left out: nobody reads them.
const LONGEST: usize = 32 * 1024 * 1024;

/// How a log is shown.
pub(super) enum View {
    /// An agent's colours are its own.
    AsItIs,
    /// Line by line: what is there of the last line, and whether its beginning was left out.
    Readable { readable: Readable, line: Vec<u8>, is_cut: bool },
}

impl View {
    pub(super) fn readable(readable: Readable) -> Self {
        Self::Readable { readable, line: Vec::new(), is_cut: false }
    }

    /// Shows what is there from where the file stands. Block by block: an agent may have printed more than there is memory.
    pub(super) fn show(&mut self, file: &mut impl Read, out: &mut impl Write) -> Result<(), CliError> {
        let mut block = vec![0; BLOCK];
        loop {
            let count = match file.read(&mut block) {
                Ok(0) => return written(out.flush()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(CliError::new(Kind::Environment, format!("can't read the log: {error}")));
                }
            };
            let block = block.get(..count).unwrap_or_default();
            match self {
                Self::AsItIs => written(out.write_all(block))?,
                Self::Readable { .. } => written(out.write_all(self.text(block).as_bytes()))?,
            }
        }
    }

    /// Nothing follows: what stands in no whole line is shown, too.
    pub(super) fn end(&mut self, out: &mut impl Write) -> Result<(), CliError> {
        let mut text = self.text(b"\n");
        if let Self::Readable { readable, .. } = self {
            text.push_str(&readable.end());
        }
        written(out.write_all(text.as_bytes()))
    }

    fn text(&mut self, block: &[u8]) -> String {
        let Self::Readable { readable, line, is_cut } = self else { return String::new() };
        let mut text = String::new();
        for piece in block.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let whole = std::mem::take(line);
                if std::mem::take(is_cut) {
                    text.push_str("note    a line that is too long to be read is left out\n");
                } else {
                    text.push_str(&readable.line(String::from_utf8_lossy(&whole).trim_end()));
                }
            } else if line.len() > LONGEST {
                line.clear();
                *is_cut = true;
            }
        }
        text
    }
}

/// A reader that has gone (`blueprint logs x | head -1`) wants no more.
pub(super) fn written(done: io::Result<()>) -> Result<(), CliError> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            Err(CliError::new(Kind::Environment, format!("can't write to standard output: {error}")))
        }
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{Kind as Program, RunnerSpec, build};

    #[test]
    fn a_line_is_shown_when_it_is_whole_wherever_blocks_end() {
        let mut view = View::readable(Readable::new(build(RunnerSpec::new("c", Program::Codex)).unwrap()));
        let line = "{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"grün\"}}\n"
            .as_bytes();
        let texts: Vec<_> = line.chunks(7).map(|block| view.text(block)).collect();
        assert_eq!(texts.concat(), "grün\n");
        assert_eq!(texts.last().unwrap(), "grün\n");
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_the_next_is_not() {
        let mut view = View::readable(Readable::new(build(RunnerSpec::new("c", Program::Codex)).unwrap()));
        let block = vec![b'x'; LONGEST / 2 + 1];
        assert_eq!([view.text(&block), view.text(&block), view.text(b"yy")].concat(), "");
        assert_eq!(
            view.text(b"\nplain\n"),
            "note    a line that is too long to be read is left out\nplain\n"
        );
    }
}
