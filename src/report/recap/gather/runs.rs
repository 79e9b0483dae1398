use jiff::Timestamp;

use super::Sources;
use crate::report::recap::{AttemptRecap, RunRecap, TaskRecap};
use crate::run::{Fact, History, Record};

/// The runs, the first one first. What a killed one did last is its end.
pub(super) fn runs(sources: &Sources<'_>, tasks: &[TaskRecap]) -> Vec<RunRecap> {
    let mut runs = Vec::<RunRecap>::new();
    let mut last = sources.now;
    for record in sources.records {
        if matches!(record.fact, Fact::RunStarted { .. }) {
            close(&mut runs, last);
        }
        add(&mut runs, record);
        last = record.time;
    }
    if !sources.live {
        close(&mut runs, last);
    }
    for run in &mut runs {
        run.count(tasks, sources.history);
    }
    runs
}

fn add(runs: &mut Vec<RunRecap>, record: &Record) {
    if let Fact::RunStarted { run, host, .. } = &record.fact {
        runs.push(RunRecap {
            run: run.clone(),
            host: host.clone(),
            started: record.time,
            ended: None,
            exit: None,
            attempts: 0,
            cost_usd: None,
            tokens: None,
        });
    }
    if let Fact::RunEnded { run, exit, .. } = &record.fact
        && let Some(known) = runs.iter_mut().rfind(|known| known.run == *run)
    {
        known.ended = Some(record.time);
        known.exit = Some(*exit);
    }
}

fn close(runs: &mut [RunRecap], at: Timestamp) {
    if let Some(run) = runs.last_mut().filter(|run| run.ended.is_none()) {
        run.ended = Some(at);
    }
}

impl RunRecap {
    fn count(&mut self, tasks: &[TaskRecap], history: &History) {
        let is_own = |attempt: &&AttemptRecap| attempt.run.as_deref() == Some(self.run.as_str());
        let own: Vec<_> = tasks.iter().flat_map(|task| &task.attempts).filter(is_own).collect();
        let span = history.runs().iter().rfind(|span| span.run == self.run);
        let used = span.map(|span| span.used).unwrap_or_default();
        (self.attempts, self.cost_usd, self.tokens) = (own.len(), used.cost_usd, used.tokens);
    }
}
