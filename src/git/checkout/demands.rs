//! What configuration and attributes ask of whoever writes a checkout's files, or reads them to commit.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{Config, Repository};

/// A driver is one that has a program for either direction.
const PROGRAMS: [&str; 3] = ["clean", "smudge", "process"];

/// For whom git itself must do it, and why: `None` if files are nothing but the blobs of their tree.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::git) struct Demands {
    /// To write the files of a commit.
    pub(in crate::git) to_write: Option<String>,
    /// To commit what is in the files, or to say whether they have changed.
    pub(in crate::git) to_read: Option<String>,
}

impl Demands {
    /// Those of a repository whose tree has these `.gitattributes`.
    pub(in crate::git) fn of(repository: &Repository, attributes: &[String]) -> Result<Self, git2::Error> {
        let config = repository.config()?.snapshot()?;
        let mut demands = Self::default();
        if let Some(what) = configured(&config) {
            demands.add(what, true);
        }
        for text in attributes_beside(repository, &config).iter().chain(attributes) {
            demands.read(text, &config);
        }
        Ok(demands)
    }

    /// Both, from one text of attributes.
    fn read(&mut self, text: &str, config: &Config) {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let (pattern, words) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            for (what, to_write_too) in words.split_whitespace().filter_map(|word| asked(word, config)) {
                self.add(format!("`{pattern}` {what}"), to_write_too);
            }
        }
    }

    fn add(&mut self, what: String, to_write_too: bool) {
        if to_write_too {
            self.to_write.get_or_insert_with(|| what.clone());
        }
        self.to_read.get_or_insert(what);
    }
}

/// What a setting asks of both who writes and who reads.
fn configured(config: &Config) -> Option<String> {
    let is = |key: &str| config.get_bool(key).ok();
    let word = |key: &str| config.get_string(key).unwrap_or_default().to_ascii_lowercase();
    // `input` is no truth value.
    if is("core.autocrlf") == Some(true) || word("core.autocrlf") == "input" {
        return Some("core.autocrlf is set".to_owned());
    }
    if word("core.eol") == "crlf" {
        return Some("core.eol is crlf".to_owned());
    }
    let set = [("core.sparsecheckout", true), ("core.ignorecase", true), ("core.precomposeunicode", true)];
    let unset = [("core.symlinks", false), ("core.filemode", false)];
    let found = set.into_iter().chain(unset).find(|(key, value)| is(key) == Some(*value));
    found.map(|(key, value)| format!("{key} is {value}")).or_else(|| {
        is_partial(config).then(|| "it is a partial clone: files are fetched when they are needed".to_owned())
    })
}

/// Whether objects may be missing that a remote has promised.
pub(in crate::git) fn is_partial(config: &Config) -> bool {
    let Ok(mut entries) = config.entries(Some(r"^(remote\..*\.promisor|extensions\.partialclone)$")) else {
        return false;
    };
    entries.next().is_some()
}

/// What an attribute asks, and whether that concerns writing, too.
fn asked(word: &str, config: &Config) -> Option<(String, bool)> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    match (name, value) {
        ("filter", name) if is_driver(name, config) => {
            Some((format!("goes through the filter `{name}`"), true))
        }
        ("working-tree-encoding", encoding) if !encoding.is_empty() => {
            Some((format!("is kept in the encoding {encoding}"), true))
        }
        ("ident", "") => Some(("has its id written into it".to_owned(), true)),
        ("eol", "crlf") => Some(("has CRLF at the ends of its lines".to_owned(), true)),
        ("text" | "crlf" | "eol", _) => Some(("is text, whose lines all end alike".to_owned(), false)),
        _ => None,
    }
}

fn is_driver(name: &str, config: &Config) -> bool {
    PROGRAMS.iter().any(|program| config.get_str(&format!("filter.{name}.{program}")).is_ok())
}

/// The attributes that no tree has: the repository's own, the user's and the system's.
fn attributes_beside(repository: &Repository, config: &Config) -> Vec<String> {
    let own = repository.commondir().join("info/attributes");
    let users = config.get_path("core.attributesfile").ok().or_else(users_attributes);
    let files = [Some(own), users, Some(PathBuf::from("/etc/gitattributes"))];
    let files = files.into_iter().flatten().filter(|path| path != Path::new(""));
    files.filter_map(|path| Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())).collect()
}

/// Where git looks for them if nothing else is set.
fn users_attributes() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("git/attributes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demands(settings: &str, attributes: &str) -> Demands {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), settings).unwrap();
        let config = Config::open(file.path()).unwrap().snapshot().unwrap();
        let mut demands = Demands::default();
        if let Some(what) = configured(&config) {
            demands.add(what, true);
        }
        demands.read(attributes, &config);
        demands
    }

    #[test]
    fn plain_files_ask_nothing_of_anybody() {
        let nothing = Demands::default();
        assert_eq!(demands("", ""), nothing);
        let lfs = "*.bin filter=lfs diff=lfs merge=lfs -text\n# *.txt ident\n*.png binary\n*.sh -ident !eol";
        assert_eq!(demands("[core]\n\tautocrlf = false\n\tfilemode = true\n\teol = lf", lfs), nothing);
    }

    #[test]
    fn line_ends_that_are_the_systems_own_concern_only_who_reads() {
        for line in ["* text=auto", "*.sh text eol=lf", "*.c crlf"] {
            let found = demands("", line);
            assert!(found.to_write.is_none() && found.to_read.is_some(), "{line}: {found:?}");
        }
    }

    #[test]
    fn whatever_makes_more_of_a_file_than_its_blob_is_found_by_its_name() {
        let rot = "[filter \"rot\"]\n\tclean = tr a-z n-za-m\n";
        for (settings, attributes, what) in [
            (rot, "a b\nsecret* -text filter=rot", "`secret*` goes through the filter `rot`"),
            ("", "*.c working-tree-encoding=UTF-16", "`*.c` is kept in the encoding UTF-16"),
            ("", "*.c ident", "`*.c` has its id written into it"),
            ("", "[attr]dos text eol=crlf", "`[attr]dos` has CRLF at the ends of its lines"),
            ("[core]\n\tautocrlf = input", "", "core.autocrlf is set"),
            ("[core]\n\tautocrlf", "", "core.autocrlf is set"),
            ("[core]\n\teol = CRLF", "", "core.eol is crlf"),
            ("[core]\n\tsparseCheckout = true", "", "core.sparsecheckout is true"),
            ("[core]\n\tsymlinks = no", "", "core.symlinks is false"),
            ("[remote \"o\"]\n\tpromisor = true", "", "it is a partial clone"),
        ] {
            let found = demands(settings, attributes).to_write.unwrap_or_default();
            assert!(found.starts_with(what), "{settings}{attributes}: {found}");
        }
    }
}
