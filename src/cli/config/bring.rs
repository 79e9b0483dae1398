//! Keys that say what worktrees get: files of the checkout, and folders that they share.

use std::fmt;
use std::path::Path;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::run::{Bring, How};

/// One of `bring`: `".env"`, or `{ path = "node_modules", how = "symlink" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BringConfig(pub Bring);

/// As a table in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    path: String,
    #[serde(default)]
    how: Word,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    #[default]
    Copy,
    Reflink,
    Symlink,
}

impl<'de> Deserialize<'de> for BringConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = BringConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, or a table with `path` and `how`")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<BringConfig, E> {
        made(path, How::Copy)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<BringConfig, A::Error> {
        let Table { path, how } = Table::deserialize(MapAccessDeserializer::new(table))?;
        let how = match how {
            Word::Copy => How::Copy,
            Word::Reflink => How::Reflink,
            Word::Symlink => How::Symlink,
        };
        made(&path, how)
    }
}

fn made<E: Error>(path: &str, how: How) -> Result<BringConfig, E> {
    if path.contains('\0') {
        return Err(E::custom("a path can't have a NUL byte in it"));
    }
    Bring::new(Path::new(path), how).map(BringConfig).map_err(|why| E::custom(format!("`{path}` {why}")))
}

/// The name of a variable for which worktrees share a folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CacheVariable(pub String);

/// What has another meaning to programs, or to us, than to name a folder of a cache.
const NO_CACHES: [&str; 11] = [
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "LANG",
    "TERM",
    "TZ",
    "TMPDIR",
    "GENESIS_FILE_PATH",
    "TASK_ID",
    "WORKTREE_PATH",
];

impl TryFrom<String> for CacheVariable {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return Err(format!("`{name}` is no name of a variable like `CARGO_TARGET_DIR`"));
        }
        let is_ours = ["BLUEPRINT_", "GIT_", "LC_"].iter().any(|prefix| name.starts_with(prefix));
        if is_ours || NO_CACHES.contains(&name.as_str()) {
            return Err(format!("`{name}` names no folder of a build cache"));
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        bring: Vec<BringConfig>,
        #[serde(default)]
        cache: Vec<CacheVariable>,
    }

    fn read(text: &str) -> Result<File, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_path_alone_is_copied_and_a_table_says_how() {
        let file = read(
            "bring = ['.env', { path = './a/b/', how = 'symlink' }, { path = 'c' }]\ncache = ['CARGO_TARGET_DIR']",
        )
        .unwrap();
        let bring: Vec<_> = file.bring.into_iter().map(|item| item.0).collect();
        assert_eq!(file.cache, [CacheVariable("CARGO_TARGET_DIR".to_owned())]);
        let expected = [(".env", How::Copy), ("a/b", How::Symlink), ("c", How::Copy)];
        assert_eq!(bring, expected.map(|(path, how)| Bring::new(Path::new(path), how).unwrap()));
    }

    #[test]
    fn what_leads_elsewhere_is_refused_with_the_reason() {
        for (text, says) in [
            ("bring = ['../x']", "`../x` leads out of the checkout"),
            ("bring = ['a/../../x']", "leads out"),
            ("bring = ['/etc/passwd']", "is not relative to the checkout"),
            ("bring = ['.git/config']", "is git's own"),
            ("bring = ['a/.GIT']", "is git's own"),
            ("bring = ['.']", "names nothing"),
            ("bring = ['']", "names nothing"),
            ("bring = [{ path = 'a', how = 'move' }]", "unknown variant `move`"),
            ("bring = [{ path = 'a', hwo = 'copy' }]", "unknown field `hwo`"),
            ("bring = [3]", "a path, or a table"),
            ("bring = []\ncache = ['PATH']", "names no folder"),
            ("bring = []\ncache = ['A=B']", "is no name of a variable"),
            ("bring = []\ncache = ['BLUEPRINT_TASK_TOKEN']", "names no folder"),
        ] {
            let error = read(text).map(|file| file.bring).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
