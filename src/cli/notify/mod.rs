//! Tells somebody of what needs a person, and of a run's end: by a program of theirs, or by an address on the web.
//!
//! A run neither waits for that nor fails by it: programs are started and left alone.

mod message;
mod webhook;

use std::cell::{Cell, RefCell};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process_group};

use message::Message;

use super::config::{Notice, NotifyConfig};
use super::output;
use crate::agent::Secrets;
use crate::run::{RunEvent, StepCommand};

/// A program that takes longer is ended, if the run still lasts.
const LONGEST: Duration = Duration::from_mins(1);

/// Tells of one run.
pub(super) struct Notifier {
    config: NotifyConfig,
    plan: PathBuf,
    epic: String,
    secrets: Rc<Secrets>,
    /// What programs print.
    log: PathBuf,
    running: RefCell<Vec<(Child, Instant)>>,
    /// That it does not work is said once.
    has_complained: Cell<bool>,
}

impl Notifier {
    /// Of a plan's run; what programs print goes into `log`.
    pub(super) fn new(
        config: NotifyConfig,
        (plan, epic): (&Path, &str),
        secrets: &Rc<Secrets>,
        log: PathBuf,
    ) -> Self {
        Self {
            config,
            plan: plan.to_owned(),
            epic: epic.to_owned(),
            secrets: Rc::clone(secrets),
            log,
            running: RefCell::default(),
            has_complained: Cell::new(false),
        }
    }

    /// Tells of an event that somebody wants to know of.
    pub(super) fn hear(&self, event: &RunEvent) {
        if let Some((notice, message)) = Message::of(event, &self.plan, &self.epic) {
            self.tell(notice, &message);
        }
    }

    /// Tells of a run that could not go on.
    pub(super) fn failed(&self, why: &str) {
        self.tell(Notice::RunEnded, &Message::broken(&self.plan, &self.epic, why));
    }

    fn tell(&self, notice: Notice, message: &Message) {
        if self.config.on.as_ref().is_some_and(|on| !on.contains(&notice)) {
            return;
        }
        self.end_what_takes_too_long();
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
            Ok(child) => self.running.borrow_mut().push((child, Instant::now())),
            Err(error) => {
                let program = command.get_program().to_string_lossy().into_owned();
                self.complain(&format!("can't start `{program}`: {error}"));
            }
        }
    }

    fn end_what_takes_too_long(&self) {
        self.running.borrow_mut().retain_mut(|(child, since)| {
            if !matches!(child.try_wait(), Ok(None)) {
                return false;
            }
            if since.elapsed() > LONGEST
                && let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
            {
                let _ = kill_process_group(group, Signal::KILL);
            }
            true
        });
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
