//! Who asks: a person, or an agent in its attempt, who must not decide for one.

use std::path::Path;
use std::{env, fs};

use super::error::{CliError, Kind};
use crate::git;
use crate::run::supervisor;

/// An agent that runs the plan it is part of, or watches its run to the end, would wait for itself, and one that changes it would decide about its own work.
pub(super) fn refuse_inside_an_attempt(verb: &str, plan: Option<&Path>) -> Result<(), CliError> {
    let is_told = env::var_os("BLUEPRINT_TASK_TOKEN").is_some();
    if !is_told && !plan.is_some_and(supervisor::is_inside_attempt) {
        return Ok(());
    }
    let message = format!("`blueprint {verb}` is not for agents: this is an attempt of a run");
    Err(CliError::new(Kind::Forbidden, message)
        .hint("report with `blueprint task done|fail`; the run goes on by itself"))
}

/// Who does it: the agent, if the environment names one, else the person: as who is logged in, else as git or the system knows them.
pub(super) fn actor() -> String {
    let named = ["BLUEPRINT_AGENT", "USER", "LOGNAME"].into_iter().filter_map(|name| env::var(name).ok());
    let known = [|| git::user_name(Path::new(".")), account].into_iter().filter_map(|name| name());
    named.chain(known).find(|name| !name.trim().is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// The name of the account, where the system's own list has it.
fn account() -> Option<String> {
    let accounts = fs::read("/etc/passwd").ok()?;
    name_of(rustix::process::getuid().as_raw(), &String::from_utf8_lossy(&accounts))
}

/// Lines are `name:password:id:…`.
fn name_of(id: u32, accounts: &str) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_id_and_odd_lines_are_passed_over() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\n\n# x\n::\n+\nx:7\njane:x:1000:1000::/home/jane:\n";
        assert_eq!(name_of(1000, accounts).as_deref(), Some("jane"));
        assert_eq!(name_of(7, accounts), None);
    }
}
