use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::sleep;

use super::Used;
use crate::agent::{Event, Runner, Tokens};
use crate::run::attempt::{Link, Message};
use crate::run::job::Job;

/// Between two looks at what an agent printed.
const LOOK: Duration = Duration::from_millis(500);
/// So much of it is read at once, in bytes.
const BLOCK: u64 = 1024 * 1024;
/// No line that tells of usage is longer, in bytes.
const LONGEST: usize = 1024 * 1024;

/// Watches what an agent uses up while it works, by what its program prints.
pub(in crate::run) struct Meter<'a> {
    job: &'a Job,
    link: &'a Link,
    count: Count,
    told: Used,
}

impl<'a> Meter<'a> {
    /// Of an attempt that may not use up whatever it likes, if its program tells of that at all.
    pub(in crate::run) fn of(job: &'a Job, link: &'a Link) -> Option<Self> {
        let count = Count::of(job.dir.stdout());
        let is_needed = job.limits.is_any() && job.cast.is_counted();
        is_needed.then_some(Self { job, link, count, told: Used::default() })
    }

    /// Waits until the attempt has used up more than it may. Tells on the way what it has used. Nothing is lost if that is given up.
    pub(in crate::run) async fn until_over(&mut self) {
        loop {
            sleep(LOOK).await;
            self.count.read_on(self.job.cast.runner.as_ref());
            let used = self.job.priced(self.count.used(), self.count.model.as_deref());
            if used != self.told {
                self.told = used;
                let task = self.job.task.clone();
                // If the run is over, nobody counts any more.
                let _ = self.link.messages.send(Message::Using(task, self.job.attempt, used));
            }
            if self.job.limits.exceeded_by(used).is_some() {
                return;
            }
        }
    }
}

/// What a log tells of usage, as far as it was read.
#[derive(Debug)]
struct Count {
    log: PathBuf,
    offset: u64,
    /// The beginning of a line whose end is still to come.
    begun: Vec<u8>,
    spent: Option<Used>,
    /// What is told of single answers, before the program knows the whole.
    answers: BTreeMap<String, Tokens>,
    model: Option<String>,
}

impl Count {
    fn of(log: PathBuf) -> Self {
        Self { log, offset: 0, begun: Vec::new(), spent: None, answers: BTreeMap::new(), model: None }
    }

    fn used(&self) -> Used {
        let of_answers =
            || Used { cost_usd: None, tokens: self.answers.values().copied().reduce(Tokens::plus) };
        self.spent.unwrap_or_else(of_answers)
    }

    /// Reads what is new; a log that can't be read tells nothing.
    fn read_on(&mut self, runner: &dyn Runner) {
        while let Some(block) = self.block() {
            self.begun.extend(block);
            let Some(end) = self.begun.iter().rposition(|byte| *byte == b'\n') else {
                if self.begun.len() > LONGEST {
                    self.begun.clear();
                }
                continue;
            };
            let rest = self.begun.split_off(end + 1);
            let lines = std::mem::replace(&mut self.begun, rest);
            for line in String::from_utf8_lossy(&lines).lines() {
                runner.events(line).into_iter().for_each(|event| self.take(event));
            }
        }
    }

    fn block(&mut self) -> Option<Vec<u8>> {
        let mut file = File::open(&self.log).ok()?;
        file.seek(SeekFrom::Start(self.offset)).ok()?;
        let mut block = Vec::new();
        file.take(BLOCK).read_to_end(&mut block).ok()?;
        self.offset += block.len() as u64;
        (!block.is_empty()).then_some(block)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Spent { tokens, cost_usd } => {
                let cost_usd = cost_usd.filter(|cost| cost.is_finite() && *cost >= 0.0);
                self.spent = Some(self.spent.unwrap_or_default().plus(Used { cost_usd, tokens }));
            }
            Event::Using { answer, tokens } => {
                self.answers.insert(answer, tokens);
            }
            Event::Started { model, .. } => self.model = model.or(self.model.take()),
            Event::Said(_)
            | Event::SaidMore(_)
            | Event::Tool { .. }
            | Event::ToolFailed(_)
            | Event::Changed(_)
            | Event::Retried(_)
            | Event::Limited { .. }
            | Event::Complained(_)
            | Event::Denied(_)
            | Event::Ended(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;
    use crate::agent::{Kind, RunnerSpec, build};

    fn step(cost: f64, output: u64) -> String {
        format!(
            r#"{{"type":"step_finish","part":{{"cost":{cost},"tokens":{{"input":10,"output":{output}}}}}}}"#
        ) + "\n"
    }

    fn answer(id: &str, output: u64) -> String {
        let usage = format!(r#""usage":{{"input_tokens":1,"output_tokens":{output}}}"#);
        format!(r#"{{"type":"assistant","message":{{"id":"{id}","content":[],{usage}}}}}"#) + "\n"
    }

    /// What was used, after each piece of a log.
    fn counted(kind: Kind, pieces: &[String]) -> Vec<(Option<f64>, Option<u64>)> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let runner = build(RunnerSpec::new("r", kind)).unwrap();
        let mut count = Count::of(file.path().to_owned());
        let mut log = OpenOptions::new().append(true).open(file.path()).unwrap();
        let read = pieces.iter().map(|piece| {
            log.write_all(piece.as_bytes()).unwrap();
            count.read_on(runner.as_ref());
            let used = count.used();
            (used.cost_usd, used.tokens.map(Tokens::total))
        });
        read.collect()
    }

    #[test]
    fn steps_add_up_as_they_are_printed_and_half_a_line_waits_for_its_end() {
        let (one, two) = (step(0.5, 1), step(0.25, 2));
        let (half, rest) = two.split_at(20);
        let used = counted(Kind::Opencode, &[one, half.to_owned(), rest.to_owned()]);
        assert_eq!(used, [(Some(0.5), Some(11)), (Some(0.5), Some(11)), (Some(0.75), Some(23))]);
    }

    #[test]
    fn an_answer_that_is_told_of_twice_counts_once_and_the_end_counts_in_place_of_all() {
        let end = r#"{"type":"result","total_cost_usd":0.5,"usage":{"input_tokens":100,"output_tokens":1}}"#;
        let pieces = [answer("a", 1) + &answer("a", 4), answer("b", 1), end.to_owned() + "\n"];
        let used = counted(Kind::Claude, &pieces);
        assert_eq!(used, [(None, Some(5)), (None, Some(7)), (Some(0.5), Some(101))]);
    }

    #[test]
    fn rubbish_and_endless_lines_are_passed_over() {
        let endless = "x".repeat(LONGEST + 2);
        let used = counted(
            Kind::Opencode,
            &["\u{feff}[]\n{}\n".to_owned(), endless, "\n".to_owned() + &step(1.0, 1)],
        );
        assert_eq!(used.last(), Some(&(Some(1.0), Some(11))));
    }
}
