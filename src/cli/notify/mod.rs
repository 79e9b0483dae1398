//! Tells somebody of what needs a person, and of a run's end: by a program of theirs, or by an address on the web.
//!
//! A run neither waits for that nor fails by it: programs are started and left alone, but none for ever.

mod message;
mod programs;
mod webhook;

pub(super) use message::Place;
pub(super) use programs::Programs;

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::rc::Rc;

use jiff::Timestamp;

use message::Message;

use super::config::{Notice, NotifyConfig};
use super::output;
use crate::agent::Secrets;
use crate::run::{RunEvent, Stage, StepCommand, Verdict};

/// Tells of one run.
pub(super) struct Notifier {
    config: NotifyConfig,
    place: Place,
    secrets: Secrets,
    /// What programs print.
    log: PathBuf,
    programs: Rc<Programs>,
    /// Somebody has asked the run to end at once.
    is_hurried: Cell<bool>,
    /// That it does not work is said once.
    has_complained: Cell<bool>,
}

impl Notifier {
    /// Of the run of a plan; what programs print goes into `log`, and `programs` has an eye on them.
    pub(super) fn new(
        config: NotifyConfig,
        place: Place,
        secrets: &Secrets,
        log: PathBuf,
        programs: &Rc<Programs>,
    ) -> Self {
        let (secrets, programs) = (secrets.clone(), Rc::clone(programs));
        let (is_hurried, has_complained) = (Cell::new(false), Cell::new(false));
        Self { config, place, secrets, log, programs, is_hurried, has_complained }
    }

    /// Tells of an event that somebody wants to know of.
    pub(super) fn hear(&self, event: &RunEvent) {
        if let RunEvent::Stopping(Stage::End | Stage::Kill) = event {
            self.is_hurried.set(true);
        }
        if let Some((notice, message)) = Message::of(event, &self.place) {
            self.tell(notice, &message);
        }
        if let RunEvent::Ended(summary) = event {
            let is_broken_off = matches!(summary.verdict, Verdict::Interrupted { .. });
            self.programs.are_the_last(self.is_hurried.get() || is_broken_off);
        }
    }

    /// Tells of a run that could not go on.
    pub(super) fn failed(&self, why: &str) {
        self.tell(Notice::RunEnded, &Message::broken(&self.place, why));
        self.programs.are_the_last(self.is_hurried.get());
    }

    fn tell(&self, notice: Notice, message: &Message) {
        if self.config.on.as_ref().is_some_and(|on| !on.contains(&notice)) {
            return;
        }
        let document = self.secrets.masked(&message.json(notice, Timestamp::now()));
        if let Some(run) = &self.config.run {
            self.start(command(run).env("BLUEPRINT_EVENT", notice.as_str()), document.as_bytes());
        }
        if let Some(webhook) = &self.config.webhook {
            match webhook::address(webhook) {
                Ok(address) => {
                    let input = webhook::input(&address, &document);
                    self.start(&mut webhook::sender(), input.as_bytes());
                }
                Err(why) => self.complain(&why),
            }
        }
    }

    fn start(&self, command: &mut Command, input: &[u8]) {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let (out, err) = both(log.ok());
        let started = file_of(input)
            .and_then(|stdin| command.stdin(stdin).stdout(out).stderr(err).process_group(0).spawn());
        match started {
            Ok(child) => self.programs.watch(child),
            Err(error) => {
                let program = command.get_program().to_string_lossy().into_owned();
                self.complain(&format!("can't start `{program}`: {error}"));
            }
        }
    }

    fn complain(&self, why: &str) {
        if !self.has_complained.replace(true) {
            output::say(&format!("warning nobody is notified: {why}"));
        }
    }
}

fn command(run: &StepCommand) -> Command {
    match run {
        StepCommand::Shell(text) => {
            let mut command = Command::new("sh");
            command.args(["-c", text]);
            command
        }
        StepCommand::Program(words) => {
            let mut command = Command::new(words.first().map(String::as_str).unwrap_or_default());
            command.args(words.iter().skip(1));
            command
        }
    }
}

/// A file and no pipe: nobody waits until it is read.
fn file_of(input: &[u8]) -> io::Result<Stdio> {
    let mut file = tempfile::tempfile()?;
    file.write_all(input)?;
    file.rewind()?;
    Ok(file.into())
}

fn both(log: Option<File>) -> (Stdio, Stdio) {
    let other = log.as_ref().and_then(|log| log.try_clone().ok());
    (log.map_or_else(Stdio::null, Stdio::from), other.map_or_else(Stdio::null, Stdio::from))
}
