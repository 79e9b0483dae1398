//! What becomes of the worktree when gates have looked at it: the next ones see the work alone again, and a person is told who did what.

use std::sync::Arc;

use super::exact::Strays;
use super::pass::{Numbered, Ran, Scene, not_run};
use super::{Check, Gate};
use crate::run::attempt::{Gone, Message, blocking, broken};
use crate::run::call;
use crate::run::provision::{self, Unprovided};
use crate::run::workplace::explained;

impl Scene {
    /// What was in the worktree beside the work is none of it: a person may have gone on there.
    pub(super) async fn tell_before(&self, before: &[Strays]) -> Result<(), Gone> {
        let has_waited = self.job.entry.has_ended();
        for strays in before.iter().filter(|strays| !strays.is_none()) {
            // A worktree that was taken away since the work was done is missed by nobody.
            if !strays.is_made_anew {
                let since = if has_waited { "since its work was done" } else { "when its agent had ended" };
                self.warn(format!(
                    "{since}, somebody has {} in its worktree: that goes through no gate and is not merged{} (way out: `{}`, \
                     bring it in, `give`)",
                    strays.done(),
                    strays.kept(),
                    call("take", &self.job.common.plan_word(), self.job.task.as_str(), "")
                ));
            }
        }
        if before.iter().any(|strays| strays.is_made_anew) {
            self.make_ready().await?;
        }
        Ok(())
    }

    /// Runs gates on exactly the work, all at once. Where one of several has changed it, the commands are run again, each alone: what they
    /// have seen may have been something else.
    pub(super) async fn exactly(&self, gates: &[Numbered]) -> Result<Vec<(Arc<Gate>, Ran)>, Gone> {
        let (mut ran, strays) = self.once(gates).await?;
        if gates.len() < 2 || !strays.touch_the_work() {
            return Ok(ran);
        }
        for (gate, ran) in &mut ran {
            let numbered = gates.iter().find(|(_, other)| other.name == gate.name);
            let is_command = matches!(gate.check, Check::Command(_)) && matches!(ran, Ran::Ended(_));
            if let Some(numbered) = numbered.filter(|_| is_command) {
                let (alone, _) = self.once(std::slice::from_ref(numbered)).await?;
                if let Some((_, again)) = alone.into_iter().next() {
                    *ran = again;
                }
            }
        }
        Ok(ran)
    }

    async fn once(&self, gates: &[Numbered]) -> Result<(Vec<(Arc<Gate>, Ran)>, Strays), Gone> {
        let mut ran = self.together(gates).await;
        let strays = match self.put_back().await? {
            Ok(strays) => strays,
            Err(why) => {
                for (_, ran) in &mut ran {
                    *ran = not_run(why.clone());
                }
                return Ok((ran, Strays::default()));
            }
        };
        if !strays.is_none() {
            self.warn(strays.told(&who(gates)));
        }
        if strays.is_made_anew {
            for (gate, ran) in &mut ran {
                refuse(gate, ran);
            }
            self.make_ready().await?;
        }
        Ok((ran, strays))
    }

    /// What there was beside the work; or why it can't be put back.
    async fn put_back(&self) -> Result<Result<Strays, String>, Gone> {
        let Some(exact) = self.exact.clone() else { return Ok(Ok(Strays::default())) };
        match blocking(&self.job, move |_| exact.put_back()).await {
            Ok(Ok(strays)) => Ok(Ok(strays)),
            Ok(Err(error)) if error.is_of_the_disk() => Err(broken(&self.job, &self.link, error)),
            Ok(Err(error)) => {
                Ok(Err(format!("its worktree can't be put back as it was: {}", explained(&error))))
            }
            Err(bug) => Ok(Err(bug.detail.unwrap_or_default())),
        }
    }

    /// A worktree that is made anew gets what it had got.
    async fn make_ready(&self) -> Result<(), Gone> {
        match provision::provide(&self.job, false, &self.link).await {
            Ok(_) => {}
            Err(Unprovided::Broken(error)) => return Err(broken(&self.job, &self.link, error)),
            Err(Unprovided::Report(report)) => {
                let why = report.detail.unwrap_or_default();
                self.warn(format!("its worktree, which is made anew, is not set up: {why}"));
            }
        }
        Ok(())
    }

    fn warn(&self, text: String) {
        let _ = self.link.messages.send(Message::Warning(self.job.task.clone(), text));
    }
}

/// What is made anew tells nothing of what was there when the gate looked.
fn refuse(gate: &Gate, ran: &mut Ran) {
    if let Ran::Ended(ended) = ran {
        ended.passed = false;
        ended.detail = Some(removed(&gate.name));
    }
}

/// What is wrong with work at which a gate has removed its own place.
pub(super) fn removed(gate: &str) -> String {
    format!(
        "the gate `{gate}` removed the worktree in which it ran, which is made anew: a gate only checks, so this one is not passed; see \
         whether something that it runs deletes files outside of a folder of its own"
    )
}

/// How messages call those who have looked.
fn who(gates: &[Numbered]) -> String {
    match gates {
        [(_, gate)] => match &gate.check {
            Check::Review(reviewer) => {
                format!("the reviewer `{}` (gate `{}`)", reviewer.cast.agent, gate.name)
            }
            Check::Command(_) | Check::Approve => format!("the gate `{}`", gate.name),
        },
        several => {
            let names: Vec<_> = several.iter().map(|(_, gate)| format!("`{}`", gate.name)).collect();
            format!("one of the gates {}", names.join(", "))
        }
    }
}
