use jiff::{Timestamp, Zoned};

use crate::report::text::local_time;

/// Where and when a status is read.
#[derive(Debug, Clone)]
pub struct Reader {
    /// How wide the terminal is, in columns.
    pub columns: u16,
    /// What the clock shows there: times are stored in UTC and shown as they are in its zone.
    pub now: Zoned,
}

impl Reader {
    /// One who reads now, on a terminal of that many columns.
    pub fn of(columns: u16) -> Self {
        Self { columns, now: Zoned::now() }
    }

    pub(in crate::report) fn width(&self) -> usize {
        self.columns.into()
    }

    pub(in crate::report) fn time(&self, time: Timestamp) -> String {
        local_time(time, &self.now)
    }
}
