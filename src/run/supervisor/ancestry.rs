use std::fs;
use std::io::Read;
use std::path::Path;

use super::proc;
use crate::run::process::SUPERVISE;

/// What every attempt's processes have in their environment, unless they take it out for those that they start.
const TOKEN: &[u8] = b"BLUEPRINT_TASK_TOKEN=";
const PLAN: &[u8] = b"GENESIS_FILE_PATH=";
/// No chain of parents is longer; what a process tree that changes meanwhile shows may have no end.
const MOST: usize = 1_000;

/// Whether we were started, by whatever way, from within an attempt at a task of this plan.
///
/// An agent can start us with another environment, but not its own parents: a supervisor stands above all that an attempt starts, and
/// what loses its parents becomes the supervisor's own child.
pub fn is_inside_attempt(plan: &Path) -> bool {
    let plan = [PLAN, plan.as_os_str().as_encoded_bytes()].concat();
    let ancestors = std::iter::successors(Some(std::process::id()), |pid| proc::parent_of(*pid));
    ancestors.take(MOST).any(|pid| is_of_attempt(pid, &plan))
}

fn is_of_attempt(pid: u32, plan: &[u8]) -> bool {
    // Others' environments can't be read, and are none of an attempt of ours; but from within a sandbox neither can the supervisor's.
    let Ok(environment) = environment(pid) else { return is_supervisor(pid) };
    let mut variables = environment.split(|byte| *byte == 0);
    variables.clone().any(|variable| variable.starts_with(TOKEN))
        && variables.any(|variable| variable == plan)
}

/// By its command line, which everybody may read.
fn is_supervisor(pid: u32) -> bool {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command.split(|byte| *byte == 0).nth(1) == Some(SUPERVISE.as_bytes())
}

/// In one read: the system makes the text anew for each.
fn environment(pid: u32) -> std::io::Result<Vec<u8>> {
    let mut environment = Vec::with_capacity(16 * 1024);
    fs::File::open(format!("/proc/{pid}/environ"))?.read_to_end(&mut environment)?;
    Ok(environment)
}
