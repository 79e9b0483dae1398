//! What the remote has: asked for, and brought here.

use std::collections::BTreeMap;

use super::said::{not_ended, unreachable};
use super::{Remote, RemoteError, TRACKED};
use crate::git::refs::target;
use crate::git::{GitError, Oid};

/// Refs of a remote by their full names there, and what they point to.
pub type RefMap = BTreeMap<String, Oid>;

impl Remote {
    /// Which refs the remote has now, of those that are meant: full names, or patterns with one `*` (which stands for slashes, too). Nothing is
    /// brought here.
    pub fn list(&self, patterns: &[&str]) -> Result<RefMap, RemoteError> {
        self.persist(|| self.list_once(patterns))
    }

    /// Brings these refs (as in [`Self::list`]) here with all that they hold, and gives them. What the remote no longer has is no longer tracked.
    /// Local refs outside of the tracking namespace stay as they are; see [`Self::tracked`].
    pub fn fetch(&self, patterns: &[&str]) -> Result<RefMap, RemoteError> {
        self.persist(|| self.fetch_once(patterns))
    }

    /// Brings all branches of the remote here, and, where this clone is a shallow one, the history that it lacks.
    pub fn fetch_history(&self) -> Result<(), RemoteError> {
        const BRANCHES: &str = "refs/heads/*";
        let is_shallow = self.repo.open_store()?.is_shallow();
        let more: &[&str] = if is_shallow { &["--unshallow"] } else { &[] };
        self.persist(|| self.bring(&[BRANCHES], more))
    }

    /// Which refs, of those that are meant, the remote had when it was last asked.
    pub fn known(&self, patterns: &[&str]) -> Result<RefMap, GitError> {
        let own = format!("{TRACKED}/{}/", self.name);
        let tracked = self.repo.refs_like(&format!("{own}*"))?;
        let named =
            tracked.into_iter().filter_map(|(name, oid)| Some((name.strip_prefix(&own)?.to_owned(), oid)));
        Ok(named
            .map(|(rest, oid)| (format!("refs/{rest}"), oid))
            .filter(|(name, _)| is_meant(patterns, name))
            .collect())
    }

    pub(super) fn list_once(&self, patterns: &[&str]) -> Result<RefMap, RemoteError> {
        let call =
            self.call("list refs of a remote").args(["ls-remote", "--refs", "--", &self.name]).args(patterns);
        let ended = call.end().map_err(|error| not_ended(&self.name, error))?;
        if ended.code != Some(0) {
            return Err(unreachable(&self.name, &ended));
        }
        let text = String::from_utf8_lossy(&ended.stdout);
        let named = text.lines().filter_map(|line| line.split_once('\t'));
        let refs = named.filter_map(|(oid, name)| Some((name.to_owned(), oid.parse().ok()?)));
        // git takes a pattern for the end of a name.
        Ok(refs.filter(|(name, _)| is_meant(patterns, name)).collect())
    }

    fn fetch_once(&self, patterns: &[&str]) -> Result<RefMap, RemoteError> {
        let meant = self.without_missing(patterns)?;
        if !meant.is_empty() {
            self.bring(&meant, &[])?;
        }
        Ok(self.known(&meant)?)
    }

    /// The same without full names that the remote does not have: git would fetch nothing at all.
    fn without_missing<'p>(&self, patterns: &[&'p str]) -> Result<Vec<&'p str>, RemoteError> {
        let (many, single): (Vec<_>, Vec<_>) =
            patterns.iter().copied().partition(|pattern| pattern.contains('*'));
        if single.is_empty() {
            return Ok(many);
        }
        let there = self.list_once(&single)?;
        let (single, missing): (Vec<_>, Vec<_>) =
            single.into_iter().partition(|name| there.contains_key(*name));
        for name in missing {
            self.note(name, None);
        }
        Ok([many, single].concat())
    }

    fn bring(&self, patterns: &[&str], more: &[&str]) -> Result<(), RemoteError> {
        let flags = [
            "--quiet",
            "--no-tags",
            "--prune",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--refmap=",
        ];
        let call =
            self.call("fetch").args(["fetch"]).args(flags).args(more).args(["--stdin", "--", &self.name]);
        let lines = patterns.iter().map(|pattern| format!("+{pattern}:{}\n", self.tracked(pattern)));
        let ended = call.stdin(lines.collect::<String>().into_bytes()).end();
        match ended.map_err(|error| not_ended(&self.name, error))? {
            ended if ended.code == Some(0) => Ok(()),
            ended => Err(unreachable(&self.name, &ended)),
        }
    }

    /// Takes down where a ref of the remote is known to be. Only what later calls compare with: the next fetch puts right what fails here.
    pub(super) fn note(&self, name: &str, at: Option<Oid>) {
        let (Ok(store), tracked) = (self.repo.open_store(), self.tracked(name)) else { return };
        let _ = match (at, target(&store, &tracked)) {
            (at, there) if at == there => Ok(()),
            (Some(at), _) => store.reference(&tracked, at, true, "blueprint: pushed").map(drop),
            (None, _) => store.find_reference(&tracked).and_then(|mut found| found.delete()),
        };
    }
}

fn is_meant(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.split_once('*') {
        None => name == *pattern,
        Some((before, after)) => name
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|part| !part.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::is_meant;

    #[test]
    fn a_pattern_means_what_git_fetches_by_it() {
        let patterns = ["refs/heads/bp-*-e", "refs/x/y"];
        for name in ["refs/heads/bp-a-e", "refs/heads/bp-a/b-e", "refs/x/y"] {
            assert!(is_meant(&patterns, name), "{name}");
        }
        for name in ["refs/heads/bp-e", "refs/heads/bp--e", "refs/x/y/z", "x/refs/x/y", "refs/x/"] {
            assert!(!is_meant(&patterns, name), "{name}");
        }
    }
}
