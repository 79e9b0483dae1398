//! The steps of a script: a verb and the rest of the line.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Signal, getpid, getppid, kill_process};

use crate::HANG;
use crate::claude;
use crate::control::Control;

/// Between two looks at what a step waits for.
const LOOK: Duration = Duration::from_millis(5);

pub(crate) struct Agent {
    control: Control,
    /// Variables that programs started from here get beside, or in place of, our own.
    vars: BTreeMap<String, String>,
}

impl Agent {
    pub(crate) fn new(control: Control) -> Self {
        Self { control, vars: BTreeMap::new() }
    }

    /// Does the steps one after another; the exit code. `{task}` in a step is the task's id, `{pid}` our process.
    pub(crate) fn play(&mut self, steps: &[String]) -> io::Result<u8> {
        let is_step = |line: &&str| !line.is_empty() && !line.starts_with('#');
        for line in steps.iter().map(|line| line.trim()).filter(is_step) {
            let line =
                line.replace("{task}", self.control.task()).replace("{pid}", &std::process::id().to_string());
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            if verb == "exit" {
                return number(rest);
            }
            self.step(verb, rest).map_err(|error| io::Error::other(format!("`{line}`: {error}")))?;
        }
        Ok(0)
    }

    fn step(&mut self, verb: &str, rest: &str) -> io::Result<()> {
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            // Files of the worktree; `\n` in a text is a line end.
            "write" => write(Path::new(first), more),
            "append" => append(Path::new(first), more),
            "delete" => fs::remove_file(first),
            "change" => replace(Path::new(first), more),
            // git, as an agent uses it.
            "commit" => self.commit(rest),
            "git" => self.git(&rest.split(' ').collect::<Vec<_>>()),
            "index-lock" => self.leave_index_lock(),
            // Output.
            "print" => say(&mut io::stdout(), rest),
            "stderr" => say(&mut io::stderr(), rest),
            "spam" => spam(number(rest)?),
            "claude" => say(&mut io::stdout(), &claude::output(first, more)?),
            // Other agents, by way of the control folder.
            "touch" => fs::write(self.control.path(rest), ""),
            "wait-for" => until(|| Ok(self.control.path(rest).exists())),
            "wait-started" => {
                let count: usize = number(rest)?;
                until(|| Ok(self.control.started()? >= count))
            }
            "sleep" => {
                sleep(Duration::from_millis(number(rest)?));
                Ok(())
            }
            // Bad ends.
            "hang" => hang().map(drop),
            "ignore-term" => ignore_term().map(drop),
            "child" => self.child_in_own_session(),
            "kill-parent" => {
                getppid().map_or(Ok(()), |parent| kill_process(parent, Signal::KILL).map_err(io::Error::from))
            }
            "stop-parent" => stop_parent(),
            "keep-stopping-parent" => loop {
                stop_parent()?;
            },
            "stop-self" => kill_process(getpid(), Signal::STOP).map_err(io::Error::from),
            // All that one processor can do.
            "work-until" => {
                while !self.control.path(rest).exists() {}
                Ok(())
            }
            "kill-self" => kill_process(getpid(), Signal::KILL).map_err(io::Error::from),
            // A job of the pool that all builds share; it is not given back.
            "take-job" => take_job(),
            // blueprint itself: arguments separated by `|`; its exit code is logged.
            "blueprint" => {
                self.call("blueprint", variable("FAKE_AGENT_BLUEPRINT")?.as_os_str(), &arguments(rest)?)
            }
            // A line of shell, which has to succeed; and one that has to fail.
            "sh" => shell(rest, &self.vars, true),
            "sh-refused" => shell(rest, &self.vars, false),
            // Any program of the PATH, the same way; `{plan}` is the plan's path.
            "call" => match arguments(rest)?.as_slice() {
                [program, arguments @ ..] => self.call("call", OsStr::new(program), arguments),
                [] => Ok(()),
            },
            "set" => {
                self.vars.insert(first.to_owned(), more.to_owned());
                Ok(())
            }
            // The plan behind the run's back: a text in it, `|`, another in its place.
            "change-plan" => replace(&variable("GENESIS_FILE_PATH")?, rest),
            // The plan written in place, as it is, with that many milliseconds in the middle of it.
            "rewrite-plan" => {
                rewrite_slowly(&variable("GENESIS_FILE_PATH")?, Duration::from_millis(number(rest)?))
            }
            // Environment, folder, arguments and standard input, as files of a folder in the control folder.
            "record" => record(&self.control.path(rest)),
            _ => Err(io::Error::other("no such step")),
        }
    }

    fn git(&self, arguments: &[&str]) -> io::Result<()> {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Fake Agent",
                "-c",
                "user.email=fake@example.invalid",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(arguments)
            .envs(&self.vars)
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    fn commit(&self, message: &str) -> io::Result<()> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message])
    }

    /// As a git that was killed leaves it.
    fn leave_index_lock(&self) -> io::Result<()> {
        let output =
            Command::new("git").args(["rev-parse", "--git-path", "index.lock"]).envs(&self.vars).output()?;
        fs::write(String::from_utf8_lossy(&output.stdout).trim_end(), "")
    }

    fn child_in_own_session(&self) -> io::Result<()> {
        let before = fs::read_to_string(self.control.path("log"))?.matches("child\t").count();
        Command::new(env::current_exe()?).arg(HANG).stdin(Stdio::null()).spawn()?;
        until(|| Ok(fs::read_to_string(self.control.path("log"))?.matches("child\t").count() > before))
    }

    fn call(&self, event: &str, program: &OsStr, arguments: &[String]) -> io::Result<()> {
        let output = Command::new(program).args(arguments).envs(&self.vars).output()?;
        let code = output.status.code().unwrap_or(-1).to_string();
        let says = String::from_utf8_lossy(&output.stderr).replace(['\n', '\t'], " ");
        self.control.log(event, &[&code, &says])
    }
}

fn shell(line: &str, vars: &BTreeMap<String, String>, succeeds: bool) -> io::Result<()> {
    let output = Command::new("sh").arg("-c").arg(line).envs(vars).output()?;
    if output.status.success() == succeeds {
        return Ok(());
    }
    Err(io::Error::other(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr))))
}

fn record(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let vars = env::vars().map(|(name, value)| format!("{name}={value}"));
    fs::write(folder.join("env"), vars.collect::<Vec<_>>().join("\0"))?;
    fs::write(folder.join("args"), env::args().skip(1).collect::<Vec<_>>().join("\0"))?;
    fs::write(folder.join("cwd"), env::current_dir()?.to_string_lossy().as_bytes())?;
    let mut stdin = Vec::new();
    io::stdin().read_to_end(&mut stdin)?;
    fs::write(folder.join("stdin"), stdin)
}

fn stop_parent() -> io::Result<()> {
    getppid().map_or(Ok(()), |parent| Ok(kill_process(parent, Signal::STOP)?))
}

/// The TERM that comes is taken note of, and nothing else.
pub(crate) fn ignore_term() -> io::Result<Arc<AtomicBool>> {
    let seen = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&seen))?;
    Ok(seen)
}

pub(crate) fn hang() -> io::Result<u8> {
    loop {
        sleep(Duration::from_hours(1));
    }
}

fn until(is_so: impl Fn() -> io::Result<bool>) -> io::Result<()> {
    while !is_so()? {
        sleep(LOOK);
    }
    Ok(())
}

fn take_job() -> io::Result<()> {
    let flags = env::var("CARGO_MAKEFLAGS").map_err(io::Error::other)?;
    let (_, pipe) = flags.split_once("fifo:").ok_or_else(|| io::Error::other(flags.clone()))?;
    fs::File::open(pipe)?.read_exact(&mut [0])
}

fn variable(name: &str) -> io::Result<PathBuf> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(format!("{name} is not set")))
}

fn arguments(rest: &str) -> io::Result<Vec<String>> {
    let plan = variable("GENESIS_FILE_PATH")?;
    Ok(rest.split('|').map(|argument| argument.replace("{plan}", &plan.to_string_lossy())).collect())
}

fn number<T: std::str::FromStr>(text: &str) -> io::Result<T> {
    text.trim().parse().map_err(|_| io::Error::other("not a number"))
}

fn text(raw: &str) -> String {
    raw.replace("\\n", "\n") + "\n"
}

fn write(path: &Path, raw: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text(raw))
}

fn append(path: &Path, raw: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text(raw).as_bytes())
}

/// As a line tool does it: read, replace, put a new file in the old one's place.
fn replace(path: &Path, change: &str) -> io::Result<()> {
    let (from, to) = change.split_once('|').ok_or_else(|| io::Error::other("no `|`"))?;
    let (from, to) = (from.replace("\\n", "\n"), to.replace("\\n", "\n"));
    let before = fs::read_to_string(path)?;
    if !before.contains(&from) {
        return Err(io::Error::other(format!("{} has no `{from}`", path.display())));
    }
    let new = path.with_extension("new");
    fs::write(&new, before.replace(&from, &to))?;
    fs::rename(new, path)
}

fn rewrite_slowly(path: &Path, pause: Duration) -> io::Result<()> {
    let text = fs::read(path)?;
    let (first, rest) = text.split_at(text.len() / 2);
    let mut file = fs::File::create(path)?;
    file.write_all(first)?;
    sleep(pause);
    file.write_all(rest)
}

fn say(out: &mut impl Write, line: &str) -> io::Result<()> {
    out.write_all(text(line).as_bytes())?;
    out.flush()
}

fn spam(megabytes: usize) -> io::Result<()> {
    let line = "all work and no play makes for a long log, which nobody reads but a test\n";
    let block = line.repeat(1024 * 1024 / line.len() + 1);
    (0..megabytes).try_for_each(|_| io::stdout().write_all(block.as_bytes()))
}
