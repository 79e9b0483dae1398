use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::agent::Runner;
use crate::store::AttemptDir;

/// How much of the end of a log is looked at for a line to show, in bytes.
const LOOKED_AT: u64 = 16 * 1024;

/// Ticks when the output of running agents is to be shown; never, if nobody looks.
pub(super) struct Ticker {
    interval: Option<Interval>,
}

impl Ticker {
    pub(super) fn new(every: Option<Duration>) -> Self {
        let interval = every.map(|every| {
            let mut interval = interval(every);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        });
        Self { interval }
    }

    pub(super) async fn tick(&mut self) {
        match &mut self.interval {
            Some(interval) => {
                interval.tick().await;
            }
            None => std::future::pending().await,
        }
    }
}

/// The last thing that an agent printed, as its runner would show it.
pub(super) fn last_line(dir: &AttemptDir, runner: &dyn Runner) -> Option<String> {
    let mut file = File::open(dir.stdout()).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOOKED_AT))).ok()?;
    let mut end = Vec::new();
    file.take(LOOKED_AT).read_to_end(&mut end).ok()?;
    let text = String::from_utf8_lossy(&end);
    text.lines().rev().find_map(|line| runner.last_line(line)).filter(|line| !line.trim().is_empty())
}
