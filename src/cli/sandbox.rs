//! Which sandbox agents are kept in: what the configuration asks for, and what the machine has.

use std::env;
use std::path::{Path, PathBuf};

use super::config::{self, Config, Loaded};
use super::error::{CliError, Kind};
use crate::run::Confinement;
use crate::run::supervisor::Sandbox;

/// What holds for agents in worktrees.
///
/// # Errors
/// The one that is asked for is not to be had, or none at all, and one is required.
pub(super) fn confinement(loaded: &Loaded) -> Result<Confinement, CliError> {
    let Loaded { config, dir, .. } = loaded;
    let sandbox = sandbox(config)?;
    if sandbox.is_none() && config.require_sandbox == Some(true) {
        let error =
            CliError::new(Kind::Environment, "a sandbox is required (`require-sandbox`), and there is none");
        return Err(error.hint(match config.sandbox {
            Some(config::Sandbox::Off) => {
                "`sandbox = \"off\"` and `require-sandbox = true` exclude each other"
            }
            _ => "it takes Linux 6.2 or newer with Landlock, or the program `bwrap` (bubblewrap)",
        }));
    }
    let all = |paths: &[String]| paths.iter().map(|path| absolute(path, dir)).collect();
    Ok(Confinement { sandbox, write: all(&config.sandbox_write), read: all(&config.sandbox_read) })
}

fn sandbox(config: &Config) -> Result<Option<Sandbox>, CliError> {
    let wanted = match config.sandbox.unwrap_or(config::Sandbox::Auto) {
        config::Sandbox::Auto => return Ok(Sandbox::ALL.into_iter().find(|sandbox| sandbox.is_available())),
        config::Sandbox::Off => return Ok(None),
        config::Sandbox::Landlock => Sandbox::Landlock,
        config::Sandbox::Bwrap => Sandbox::Bwrap,
    };
    if wanted.is_available() {
        return Ok(Some(wanted));
    }
    let word = wanted.as_str();
    let error =
        CliError::new(Kind::Environment, format!("the sandbox `{word}` is not to be had on this machine"));
    Err(error.hint(match wanted {
        Sandbox::Landlock => "it takes Linux 6.2 or newer with Landlock in its list of security modules",
        Sandbox::Bwrap => "install bubblewrap, on a system that lets its users make namespaces",
    }))
}

/// `~/` is the user's home folder; what is relative is so to the configuration.
fn absolute(path: &str, dir: &Path) -> PathBuf {
    let home = env::var_os("HOME").map(PathBuf::from);
    match (path.strip_prefix('~').map(|rest| rest.trim_start_matches('/')), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => dir.join(path),
    }
}
