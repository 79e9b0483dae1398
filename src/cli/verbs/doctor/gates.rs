//! The gates that work would have to pass, and the programs that they need.

use std::env;

use super::Check;
use crate::agent::BaseEnv;
use crate::cli::casting::Wishes;
use crate::cli::config::Loaded;
use crate::cli::context::Context;
use crate::cli::gates::{empty_profile, gates};

/// Nothing where there are none.
pub(super) fn check(context: &Context, loaded: &Loaded, checks: &mut Vec<Check>) {
    let Some(root) = context.repo.as_ref().and_then(|repo| repo.workdir()) else { return };
    let wishes = Wishes { runner: None, timeout: None, isolation: None, only_looks: false };
    match gates(loaded, &wishes, &BaseEnv::new(env::vars_os()), root) {
        Ok(gates) if gates.all.is_empty() => {}
        Ok(gates) => {
            let names: Vec<_> = gates.all.iter().map(|gate| gate.name.as_str()).collect();
            checks.push(Check::fine("gates", names.join(", ")));
        }
        Err(error) => checks.push(Check::failed("gates", error)),
    }
    if let Some(text) = empty_profile(&loaded.config, root) {
        checks.push(Check::note("gates", text, "or leave `quality` out of blueprint.toml"));
    }
}
