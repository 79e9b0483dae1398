//! Where a run is written down for programs: a file of events, a JUnit report, and what the CI service that it runs in reads.

use std::cell::RefCell;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;

use super::view::Listener;
use crate::agent::Secrets;
use crate::cli::args::Global;
use crate::cli::context::{Context, Known};
use crate::cli::error::{CliError, Kind};
use crate::cli::notify::Notifier;
use crate::cli::output;
use crate::report::{Chronicle, Service, dotenv, event_line, github_outputs, job_summary, junit};
use crate::run::RunEvent;

/// What a run in a GitLab job leaves beside the checkout's files, for `artifacts:reports`.
const GITLAB_JUNIT: &str = "blueprint-junit.xml";
const GITLAB_DOTENV: &str = "blueprint.env";

/// What of a run is written down for programs.
pub(super) struct Outputs {
    events: Option<Rc<EventFile>>,
    junit: Option<PathBuf>,
    service: Option<Service>,
    notifier: Option<Rc<Notifier>>,
    chronicle: Rc<RefCell<Chronicle>>,
    secrets: Rc<Secrets>,
}

/// JSON lines, in a file or on standard output.
struct EventFile {
    name: String,
    out: RefCell<Box<dyn Write>>,
    secrets: Rc<Secrets>,
    failure: RefCell<Option<io::Error>>,
}

impl Outputs {
    /// Opens what the flags ask for: what can't be written is said before anything is done.
    pub(super) fn open(
        events: Option<&Path>,
        junit: Option<&Path>,
        notifier: Option<Notifier>,
        secrets: &Secrets,
    ) -> Result<Self, CliError> {
        let secrets = Rc::new(secrets.clone());
        let events = events.map(|path| EventFile::open(path, &secrets)).transpose()?.map(Rc::new);
        let service = Service::of(|name| env::var(name).ok());
        let junit = junit
            .map(Path::to_owned)
            .or_else(|| (service == Some(Service::Gitlab)).then(|| gitlab_folder().join(GITLAB_JUNIT)));
        if let Some(path) = &junit {
            // An earlier run's would be taken for this one's.
            write(path, b"")?;
        }
        let (notifier, chronicle) = (notifier.map(Rc::new), Rc::default());
        Ok(Self { events, junit, service, notifier, chronicle, secrets })
    }

    /// The service that the run's log is to be written for.
    pub(super) fn service(&self) -> Option<Service> {
        self.service
    }

    /// Those who hear the run for what is to be written.
    pub(super) fn listeners(&self) -> Vec<Listener> {
        let mut listeners: Vec<Listener> = Vec::new();
        if self.is_recounted() {
            let chronicle = Rc::clone(&self.chronicle);
            listeners.push(Box::new(move |event| chronicle.borrow_mut().hear(event)));
        }
        if let Some(events) = self.events.clone() {
            listeners.push(Box::new(move |event| events.write(event)));
        }
        if let Some(notifier) = self.notifier.clone() {
            listeners.push(Box::new(move |event| notifier.hear(event)));
        }
        listeners
    }

    /// Whether something is written at the end that tells of all tasks.
    fn is_recounted(&self) -> bool {
        self.junit.is_some() || self.service.is_some()
    }

    /// Takes in what happened where no run tells it.
    pub(super) fn hear(&self, event: &RunEvent) {
        self.listeners().iter().for_each(|hear| hear(event));
    }

    /// Tells whoever is told of ends that there was none.
    pub(super) fn broken(&self, error: &CliError) {
        if let Some(notifier) = &self.notifier {
            notifier.failed(&error.message);
        }
    }

    /// Writes what is written when a run is over; `next` is what one would type now.
    ///
    /// # Errors
    /// When something that a flag asked for could not be written. What only the service wants is said, and no error.
    pub(super) fn close(&self, context: &Context, global: &Global, next: &str) -> Result<(), CliError> {
        if self.is_recounted() {
            let (_, known) = Context::open(context.path.clone(), global)?.known()?;
            self.write_junit(&known)?;
            self.tell_service(&known, next);
        }
        self.events.as_ref().map_or(Ok(()), |events| events.close())
    }

    fn write_junit(&self, known: &Known) -> Result<(), CliError> {
        let Some(path) = &self.junit else { return Ok(()) };
        let text = junit(&self.chronicle.borrow(), &known.plan, &known.history, &self.secrets);
        let text = text.map_err(|error| CliError::new(Kind::Bug, error))?;
        write(path, text.as_bytes())
    }

    fn tell_service(&self, known: &Known, next: &str) {
        let chronicle = self.chronicle.borrow();
        let summary = || job_summary(&chronicle, &known.plan, &known.history, next, &self.secrets);
        let written = match self.service {
            None => Ok(()),
            Some(Service::Github) => append("GITHUB_STEP_SUMMARY", &summary()).and_then(|()| {
                chronicle
                    .summary()
                    .map_or(Ok(()), |summary| append("GITHUB_OUTPUT", &github_outputs(summary)))
            }),
            Some(Service::Gitlab) => {
                let text = chronicle.summary().map(dotenv).unwrap_or_default();
                fs::write(gitlab_folder().join(GITLAB_DOTENV), text)
            }
        };
        if let Err(error) = written {
            output::say(&format!("warning can't write what the CI service reads: {error}"));
        }
    }
}

impl EventFile {
    fn open(path: &Path, secrets: &Rc<Secrets>) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let out: Box<dyn Write> = if name == "-" {
            Box::new(io::stdout())
        } else {
            Box::new(File::create(path).map_err(|error| unwritten(path, &error))?)
        };
        let failure = RefCell::new(None);
        Ok(Self { name, out: RefCell::new(out), secrets: Rc::clone(secrets), failure })
    }

    /// Each line is there for others as soon as it is written. After one that could not be written there is none: a gap would be a lie.
    fn write(&self, event: &RunEvent) {
        if self.failure.borrow().is_some() {
            return;
        }
        let Some(line) = event_line(event, Timestamp::now()) else { return };
        let line = self.secrets.masked(&line) + "\n";
        let mut out = self.out.borrow_mut();
        if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            *self.failure.borrow_mut() = Some(error);
        }
    }

    /// A reader of standard output that has gone wanted no more.
    fn close(&self) -> Result<(), CliError> {
        match &*self.failure.borrow() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(unwritten(Path::new(&self.name), error))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn gitlab_folder() -> PathBuf {
    env::var_os("CI_PROJECT_DIR").map(PathBuf::from).unwrap_or_default()
}

/// To the file that a variable names; without the variable there is nobody who would read it.
fn append(variable: &str, text: &str) -> io::Result<()> {
    let Some(path) = env::var_os(variable).filter(|path| !path.is_empty()) else { return Ok(()) };
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(path, bytes).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &io::Error) -> CliError {
    CliError::new(Kind::Environment, format!("can't write `{}`: {error}", path.display()))
}
