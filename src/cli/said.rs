//! What people say and we keep: a secret in it is masked, by the same names as in all else that is kept.

use std::env;

use super::casting;
use super::context::Context;
use super::output;
use crate::agent::{BaseEnv, EnvPolicy, Secrets};
use crate::run::{Says, environment_of_process};
use crate::store::RunLock;

/// The secrets that a program of the plan would be passed here and now, and those that the live run has.
pub(super) fn secrets_around(context: &Context) -> Secrets {
    let run = RunLock::live_owner(&context.state.run_lock()).ok().flatten();
    let of_run = Secrets::among(&run.map(|run| environment_of_process(run.pid)).unwrap_or_default());
    let Ok(loaded) = context.config() else {
        // Nobody knows what would be passed: whatever looks like a secret.
        return of_run.and(Secrets::among(&env::vars_os().collect::<Vec<_>>()));
    };
    let config = &loaded.config;
    let policy = EnvPolicy { pass: config.env_pass.clone(), allow_push: config.allow_push };
    of_run.and(casting::secrets(config, &BaseEnv::new(env::vars_os()), &policy))
}

/// Takes the words of a person for one plan.
pub(super) struct Said {
    secrets: Secrets,
}

impl Said {
    /// By what is a secret of this plan.
    pub(super) fn of(context: &Context) -> Self {
        Self { secrets: secrets_around(context) }
    }

    /// The text as it may be kept; whoever said it is told where that is another one.
    pub(super) fn text(&self, text: &str) -> String {
        let masked = self.secrets.masked(text);
        if masked != text {
            tell();
        }
        masked
    }

    /// The same for a text that may not be there.
    pub(super) fn some(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    /// The same for all texts of what is said of a task.
    pub(super) fn says(&self, mut says: Says) -> Says {
        let before = says.clone();
        says.texts_mut().into_iter().for_each(|text| self.secrets.mask(text));
        if says != before {
            tell();
        }
        says
    }
}

fn tell() {
    output::say(
        "note    a secret in it is kept as ***: agents that need it get it as a variable (`env-pass`)",
    );
}
