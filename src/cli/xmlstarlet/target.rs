use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::genesis::Genesis;

/// A plan that is to be edited.
pub(super) struct Target {
    /// As it was named.
    named: OsString,
    /// Absolute, links followed.
    path: PathBuf,
}

impl Target {
    /// What an argument means, if that is a plan: what the environment says is one, a file of the usual name, or one that reads as such.
    pub(super) fn of(argument: &OsStr) -> Option<Self> {
        let path = fs::canonicalize(local_path(argument)).ok().filter(|path| path.is_file())?;
        let is_plan = is_called_plan(&path) || fs::read(&path).is_ok_and(|text| Genesis::parse(text).is_ok());
        is_plan.then(|| Self { named: argument.to_owned(), path })
    }

    pub(super) fn named(&self) -> &Path {
        Path::new(&self.named)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The worktree of the attempt that we are part of, if this is only the copy of the plan that its branch has.
    pub(super) fn own_worktree(&self) -> Option<PathBuf> {
        let worktree = fs::canonicalize(env::var_os("WORKTREE_PATH")?).ok()?;
        (self.path.starts_with(&worktree) && !is_plan_of_environment(&self.path)).then_some(worktree)
    }
}

/// So that a plan which is broken, or which somebody is writing at this moment, is not taken for something else.
fn is_called_plan(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new("genesis.xml")) || is_plan_of_environment(path)
}

fn is_plan_of_environment(path: &Path) -> bool {
    let plan = env::var_os("GENESIS_FILE_PATH").and_then(|plan| fs::canonicalize(plan).ok());
    plan.as_deref() == Some(path)
}

/// The program takes addresses, too; of files, since no other can be written.
fn local_path(argument: &OsStr) -> PathBuf {
    let bytes = argument.as_bytes();
    let path = ["file://localhost/", "file:///", "file:/"]
        .iter()
        .find_map(|scheme| bytes.strip_prefix(scheme.as_bytes()));
    path.map_or_else(|| argument.into(), |path| OsString::from_vec([b"/", &*unescaped(path)].concat()).into())
}

fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, more)) = rest.split_first() {
        let code = (byte == b'%').then(|| hex(more)).flatten();
        plain.push(code.unwrap_or(byte));
        rest = if code.is_some() { &more[2..] } else { more };
    }
    plain
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_file_is_its_path() {
        let path = |argument: &str| local_path(OsStr::new(argument)).to_str().unwrap().to_owned();
        assert_eq!(path("a/b%20c.xml"), "a/b%20c.xml");
        assert_eq!(path("file:///a/b%20c.xml"), "/a/b c.xml");
        assert_eq!(path("file://localhost/a%2"), "/a%2");
        assert_eq!(path("file:/a%zz%+1%"), "/a%zz%+1%");
        assert_eq!(path("file://elsewhere/a"), "//elsewhere/a");
    }

    #[test]
    fn a_plan_is_known_by_its_name_or_by_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let is_plan = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            Target::of(path.as_os_str()).is_some()
        };
        assert!(is_plan("genesis.xml", "<proj"));
        assert!(is_plan("plan.xml", "<projectGenesis version=\"1.0\"/>"));
        assert!(!is_plan("pom.xml", "<project/>"));
        assert!(!is_plan("other.xml", "<projectGenesis"));
        assert!(Target::of(folder.path().as_os_str()).is_none());
        assert!(Target::of(OsStr::new("-")).is_none());
    }
}
