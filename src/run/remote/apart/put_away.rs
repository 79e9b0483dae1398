//! Work that does not stand is taken away from where it would be in the way, and its commits are kept.

use std::fs;

use super::Apart;
use crate::git::{Oid, RefMap, Unmerged};
use crate::plan::TaskId;
use crate::run::records::Why;
use crate::run::remote::{RemotePlan, StateError};
use crate::run::{Attempt, Site, TaskHistory};
use crate::store::StoreError;

/// What has become of them, for a person.
#[derive(Debug, Default)]
pub(in crate::run::remote) struct PutAway {
    pub(in crate::run::remote) notes: Vec<String>,
    /// Local refs that could not go.
    pub(in crate::run::remote) stay: RefMap,
}

impl Apart {
    /// Takes away what is here of work that does not stand, and keeps its commits. Call it when the remote's refs are here.
    pub(in crate::run::remote) fn put_away(
        &self,
        site: &Site,
        plan: &RemotePlan,
        there: &RefMap,
    ) -> Result<PutAway, StateError> {
        let mut put = PutAway::default();
        let remote = plan.remote.name();
        if !self.joined.ours.is_empty() {
            let names: Vec<_> = self.joined.ours.iter().map(|task| format!("`{task}`")).collect();
            put.notes.push(format!(
                "this clone and `{remote}` had gone different ways, and are brought together: from here comes {}",
                names.join(", ")
            ));
        }
        for (task, refs) in &self.going {
            let made = self.attempts_that_go(task).filter_map(Attempt::commit);
            let kept = keep(site, plan, (refs, made), there)?;
            put.notes.push(self.note(task, remote, &kept));
            for (name, at) in refs.iter().filter(|(name, _)| !there.contains_key(*name)) {
                put.delete(site, name, *at)?;
            }
            self.set_logs_aside(site, task)?;
        }
        if self.joined.is_rebased {
            put.notes.push(format!(
                "`rebase-plan` was called here, and does not hold: the plan starts where it does in `{remote}`; call it again if that is still wanted"
            ));
        }
        self.unmerge(site, plan, &mut put)?;
        Ok(put)
    }

    /// What a person should know of a task's work that does not stand.
    fn note(&self, task: &TaskId, remote: &str, kept: &[String]) -> String {
        let why = match self.joined.given_up.get(task) {
            Some(Why::OnTop(other)) => {
                format!("was done here on top of work at `{other}` that does not stand")
            }
            Some(Why::With(other)) => {
                format!("was changed here together with `{other}`, which does not stand")
            }
            Some(Why::Both) | None => "was worked at here and elsewhere".to_owned(),
        };
        let stands = format!("`{task}` {why}: it is as `{remote}` has it");
        let last = self.here.task(task.as_str()).and_then(TaskHistory::last_attempt);
        let base = last.and_then(|last| last.started.base.get(..10));
        let show = |name: &String| match base {
            Some(base) => format!("`git diff {base} {name}`"),
            None => format!("`git log -p {name}`"),
        };
        match kept {
            [] => stands,
            [name] => format!("{stands}; what was done here is kept as {name}: {} shows it", show(name)),
            names => {
                let shown: Vec<_> = names.iter().map(show).collect();
                format!("{stands}; what was done here is kept: {} show it", shown.join(", "))
            }
        }
    }

    /// Others' attempts have the same numbers.
    fn set_logs_aside(&self, site: &Site, task: &TaskId) -> Result<(), StateError> {
        for Attempt { started, .. } in self.attempts_that_go(task) {
            let dir = site.state.attempt(&started.slug, started.attempt);
            let path = dir.path();
            let mut number = 1;
            let aside = |number| path.with_extension(format!("replaced-{number}"));
            while aside(number).exists() {
                number += 1;
            }
            if path.exists() {
                fs::rename(path, aside(number)).map_err(StoreError::io("rename", path))?;
            }
        }
        Ok(())
    }

    /// What was set back here is not to stay merged because the remote has not heard of that.
    fn unmerge(&self, site: &Site, plan: &RemotePlan, put: &mut PutAway) -> Result<(), StateError> {
        let tasks: Vec<_> = self.joined.unmerged.iter().map(TaskId::as_str).collect();
        if tasks.is_empty() {
            return Ok(());
        }
        match site.repo.unmerge(&plan.refs, &tasks)? {
            Unmerged::Nothing | Unmerged::Done { .. } => {}
            Unmerged::Conflict { subject, .. } => put.notes.push(format!(
                "the earlier work of {} stays on the integration branch: \"{subject}\", which came after it, does not hold without it",
                tasks.join(", ")
            )),
        }
        Ok(())
    }
}

impl PutAway {
    /// A ref that the remote does not have. Its commits are kept.
    fn delete(&mut self, site: &Site, name: &str, at: Oid) -> Result<(), StateError> {
        match site.repo.free(name)? {
            None => site.repo.delete_ref(name, at)?,
            Some((_, why)) => {
                self.notes.push(format!("{name} is left as it is here: {why}"));
                self.stay.insert(name.to_owned(), at);
            }
        }
        Ok(())
    }
}

/// Keeps the commits that the remote has nowhere. Gives the refs that do, one for each line of commits.
fn keep(
    site: &Site,
    plan: &RemotePlan,
    (going, made): (&RefMap, impl Iterator<Item = Oid>),
    there: &RefMap,
) -> Result<Vec<String>, StateError> {
    let is_there = |commit: Oid| {
        let own = there.iter().filter(|(name, _)| going.contains_key(*name));
        let integration = there.get_key_value(&plan.refs.integration().full());
        own.chain(integration).any(|(_, tip)| site.repo.has(*tip, commit))
    };
    let base = plan.refs.base("", 1);
    let base = base.split("//").next().unwrap_or_default().to_owned();
    let work = going.iter().filter(|(name, _)| !name.starts_with(&base));
    // By their refs they can't be found any more where this was broken off before.
    let made = made.filter(|commit| site.repo.resolve(&commit.to_string()).is_ok());
    let mut lost: Vec<_> = work.map(|(_, at)| *at).chain(made).filter(|at| !is_there(*at)).collect();
    lost.sort();
    lost.dedup();
    let is_whole = |at: &&Oid| !lost.iter().any(|other| other != *at && site.repo.has(*other, **at));
    lost.iter().filter(is_whole).map(|at| Ok(site.repo.keep_replaced(&plan.refs, *at)?)).collect()
}
