use super::{Seen, Show};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::report::{Changes, Reader, header_lines};
use crate::run::Moment;

/// A file or a pipe: first all, then what changes, in the end the whole again.
#[derive(Default)]
pub(super) struct Log {
    changes: Changes,
    has_begun: bool,
    is_in_trouble: bool,
}

impl Show for Log {
    fn show(&mut self, moment: Moment, seen: &Seen) -> Result<(), CliError> {
        if moment != Moment::Changed {
            return Ok(());
        }
        self.is_in_trouble = false;
        let (report, reader) = (seen.report()?, Reader::of(output::width()));
        let changes = self.changes.since(&report, &reader);
        if std::mem::replace(&mut self.has_begun, true) {
            return output::data(&changes);
        }
        output::data(&seen.drawn()?)
    }

    fn trouble(&mut self, text: &str) -> Result<(), CliError> {
        if !std::mem::replace(&mut self.is_in_trouble, true) {
            output::say(text);
        }
        Ok(())
    }

    fn pause(&mut self) -> Result<(), CliError> {
        Ok(())
    }

    fn leave(&mut self) {}

    fn close(&mut self, seen: &Seen) -> Result<(), CliError> {
        let report = seen.report()?;
        output::data(&format!("\n{}", header_lines(&report, &Reader::of(output::width()))))
    }
}
