//! The real program, running and ended; and who is left.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

/// A program that runs; killed if it is dropped before its end.
pub(crate) struct Running {
    child: Child,
    stdout: Said,
    stderr: Said,
}

/// What a program has printed so far.
#[derive(Default)]
pub(crate) struct Said {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Said {
    /// Reads until there is no more.
    pub(crate) fn by(mut from: impl Read + Send + 'static) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let into = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut block = [0; 4096];
            // A terminal whose programs are gone gives an error at its end.
            while let Ok(count @ 1..) = from.read(&mut block) {
                into.lock().unwrap().extend(&block[..count]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    pub(crate) fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    pub(crate) fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }

    pub(crate) fn wait_for(&self, text: &str) {
        super::wait_until(text, || self.so_far().contains(text), || self.so_far());
    }
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let stdout = child.stdout.take().map(Said::by).unwrap_or_default();
        let stderr = child.stderr.take().map(Said::by).unwrap_or_default();
        Self { child, stdout, stderr }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid(self.child.id()), signal).unwrap();
    }

    /// Waits until it has said that on standard error.
    pub(crate) fn wait_for(&self, text: &str) {
        self.stderr.wait_for(text);
    }

    /// The same on standard output.
    pub(crate) fn wait_for_output(&self, text: &str) {
        self.stdout.wait_for(text);
    }

    /// Whether it has said that on standard error by now.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.stderr.so_far().contains(text)
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn wait(mut self) -> Ended {
        let status = self.child.wait().unwrap();
        Ended::new(status, self.stdout.all(), self.stderr.all())
    }

    /// kill -9, as a crash would be.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a program ended, and what it said. Shown whole when a test fails.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Nothing, if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn new(status: ExitStatus, stdout: String, stderr: String) -> Self {
        Self { code: status.code(), signal: status.signal(), stdout, stderr }
    }

    /// The exit code must be this one, and standard error must say all of that.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, Some(code), "{self}");
        for text in says {
            assert!(self.stderr.contains(text), "{text:?} is not said in {self}");
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, signal, stdout, stderr } = self;
        write!(f, "exit {code:?}, signal {signal:?}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }
}

/// The processes that have a variable with that value in their environment, zombies left out.
pub(crate) fn with_variable(name: &str, value: &OsStr) -> Vec<u32> {
    let wanted = [name.as_bytes(), b"=", value.as_bytes()].concat();
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let has = |pid: &u32| {
        let env = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        env.split(|byte| *byte == 0).any(|variable| variable == wanted)
    };
    pids.filter(has).collect()
}

pub(crate) fn kill(raw: u32) {
    let _ = kill_process(pid(raw), Signal::KILL);
}

fn pid(raw: u32) -> Pid {
    Pid::from_raw(i32::try_from(raw).unwrap()).unwrap()
}
