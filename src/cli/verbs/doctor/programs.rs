//! git, and the programs that play agents.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Check;
use crate::agent::{BaseEnv, Kind};
use crate::cli::casting::{Wishes, cast};
use crate::cli::config::Loaded;
use crate::genesis::Genesis;
use crate::git::Program;
use crate::plan;
use crate::run::Cast;

/// Below this, `land` can't run hooks and merges can't fall back to git.
const OLDEST_GIT: (u32, u32) = (2, 38);
/// How long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

pub(super) fn git() -> Check {
    let cwd = env::current_dir().unwrap_or_else(|_| "/".into());
    let asked = Program::new("tell its version", &cwd).args(["--version"]).run();
    let Ok(printed) = asked else {
        return Check::wrong("git", "there is no git on the PATH", "install git");
    };
    let text = String::from_utf8_lossy(&printed).trim().to_owned();
    let mut numbers = text.split([' ', '.']).filter_map(|word| word.parse::<u32>().ok());
    let version = numbers.next().zip(numbers.next());
    match version {
        Some(version) if version < OLDEST_GIT => Check::note(
            "git",
            text,
            "git 2.38 or later runs your hooks at `land`, and does merges that libgit2 can't",
        ),
        _ => Check::fine("git", text),
    }
}

/// Those that the plan's open tasks need.
pub(super) fn runners(genesis: &Genesis, loaded: &Loaded, checks: &mut Vec<Check>) {
    let Ok(plan) = plan::load(genesis) else { return };
    let env = BaseEnv::new(env::vars_os());
    let wishes = Wishes { runner: None, timeout: None, isolation: None, only_looks: true };
    let casting = match cast(&plan, &loaded.config, &wishes, &env, &loaded.dir) {
        Ok(casting) => casting,
        Err(error) => return checks.push(Check::failed("runner", error)),
    };
    let mut runners: BTreeMap<&str, Vec<&Cast>> = BTreeMap::new();
    for cast in casting.values() {
        runners.entry(cast.runner.name()).or_default().push(cast);
    }
    for (name, casts) in &runners {
        checks.extend(casts.first().map(|cast| runner(name, cast, casts, &env, loaded)));
    }
}

fn runner(name: &str, cast: &Cast, all: &[&Cast], env: &BaseEnv, loaded: &Loaded) -> Check {
    let agents: BTreeSet<_> = all.iter().map(|cast| cast.agent.as_str()).collect();
    let agents: Vec<_> = agents.into_iter().filter(|agent| !agent.is_empty()).collect();
    let whom = if agents.is_empty() { "every task".to_owned() } else { agents.join(", ") };
    match cast.runner.check(env, &loaded.dir) {
        Ok(program) => {
            let version = version(&program, cast.kind).map_or_else(String::new, |text| format!(" ({text})"));
            Check::fine("runner", format!("{name}: {}{version}, for {whom}", program.display()))
        }
        Err(error) => {
            let hint = format!("install it, or change [runners.{name}]");
            Check::wrong("runner", format!("{error}, for {whom}"), hint)
        }
    }
}

/// A program of the user's own is not started to see what it says: nobody knows what it does.
fn version(program: &Path, kind: Kind) -> Option<String> {
    if kind == Kind::Command {
        return None;
    }
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    if !ends(&mut child) {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    let output = child.wait_with_output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

fn ends(child: &mut Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(None) => sleep(LOOK),
            Ok(Some(_)) => return true,
            Err(_) => return false,
        }
    }
    false
}
