//! Finding definitions by name.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::definition::{MAX_SIZE, stem};
use super::{Definition, DefinitionError, base_config};

/// Folders deeper than this are not looked into.
const MAX_DEPTH: usize = 12;
/// More folders and files than this are no folder of definitions: somebody linked to their whole disk.
const MAX_SEEN: usize = 5_000;
/// Files beyond this many are not read.
const MAX_FILES: usize = 5_000;

/// The folders where definitions are looked for, the first one first: the repository's `.claude/agents` and `agents`,
/// then the user's own `.claude/agents`. Those of the configuration come after them.
pub fn default_folders(repo: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let own = home.map(|home| home.join(".claude/agents"));
    [repo.join(".claude/agents"), repo.join("agents")].into_iter().chain(own).collect()
}

/// What a name led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This definition.
    One(Box<Definition>),
    /// None has that name.
    Missing {
        /// Up to three names that are there and look like it, the nearest first.
        nearest: Vec<String>,
    },
}

/// Finds one definition; see [`Catalogue::find`], which serves more than one.
///
/// # Errors
/// The file of that name is no definition.
pub fn find(name: &str, folders: &[PathBuf]) -> Result<Found, DefinitionError> {
    Catalogue::read(folders).find(name)
}

/// All definitions of some folders, in a fixed order: folder by folder, in each sorted by path.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    entries: Vec<Entry>,
    warnings: Vec<String>,
}

#[derive(Debug, Clone)]
struct Entry {
    path: PathBuf,
    loaded: Result<Definition, DefinitionError>,
}

impl Catalogue {
    /// Reads every `.md` file in `folders` and below. Folders that are not there are passed over.
    ///
    /// Symbolic links are followed, each folder and file being visited once; files over 1 MiB are left out.
    pub fn read(folders: &[PathBuf]) -> Catalogue {
        let mut walk = Walk::default();
        for folder in folders {
            walk.visit(folder, 0);
        }
        let load = |path: PathBuf| Entry { loaded: Definition::load(&path), path };
        Catalogue { entries: walk.files.into_iter().map(load).collect(), warnings: walk.warnings }
    }

    /// The definition whose front matter has this `name`, else the one whose file has it.
    ///
    /// Of two, the first in the catalogue's order is taken, and its warnings name the other. What its base configurations say is in
    /// it.
    ///
    /// # Errors
    /// A file of that name is there, but is no definition, and no other has the name.
    pub fn find(&self, name: &str) -> Result<Found, DefinitionError> {
        let by_name: Vec<_> = self.definitions().filter(|d| d.name == name).collect();
        let by_file = || self.definitions().find(|d| stem(&d.path) == name);
        if let Some(chosen) = by_name.first().copied().or_else(by_file) {
            let mut chosen = chosen.clone();
            chosen.warnings.extend(by_name.iter().skip(1).map(|d| also_in(&d.path)));
            chosen.warnings.extend(self.broken(name).map(|error| format!("passed over: {error}")));
            base_config::resolve(&mut chosen);
            return Ok(Found::One(Box::new(chosen)));
        }
        match self.broken(name).next() {
            Some(error) => Err(error.clone()),
            None => Ok(Found::Missing { nearest: self.nearest(name) }),
        }
    }

    /// The definitions that could be read, in order, those included whose name stands in an earlier one.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.entries.iter().filter_map(|entry| entry.loaded.as_ref().ok())
    }

    /// The files that could not be read, with the reason.
    pub fn refused(&self) -> impl Iterator<Item = &DefinitionError> {
        self.entries.iter().filter_map(|entry| entry.loaded.as_ref().err())
    }

    /// What was left out of the catalogue.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn broken(&self, name: &str) -> impl Iterator<Item = &DefinitionError> {
        let named = move |entry: &&Entry| stem(&entry.path) == name;
        self.entries.iter().filter(named).filter_map(|entry| entry.loaded.as_ref().err())
    }

    fn nearest(&self, name: &str) -> Vec<String> {
        let wanted = name.to_lowercase();
        let mut near: Vec<(f64, &str)> = self
            .definitions()
            .map(|d| (strsim::jaro_winkler(&wanted, &d.name.to_lowercase()), d.name.as_str()))
            .filter(|(likeness, _)| *likeness >= 0.75)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        near.dedup_by(|a, b| a.1 == b.1);
        near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
    }
}

fn also_in(path: &Path) -> String {
    format!("its name stands in {} too; the first one counts", path.display())
}

#[derive(Debug, Default)]
struct Walk {
    /// Real paths of what was visited: a link that leads back is seen, and a folder that is given twice.
    seen: HashSet<PathBuf>,
    files: Vec<PathBuf>,
    warnings: Vec<String>,
}

impl Walk {
    fn visit(&mut self, folder: &Path, depth: usize) {
        if !folder.is_dir() || !self.is_new(folder) {
            return;
        }
        if depth > MAX_DEPTH {
            return self.warn(folder, "too deep; not looked into");
        }
        if self.seen.len() > MAX_SEEN {
            return self.warn(folder, "too many folders and files; not looked into");
        }
        match sorted(folder) {
            Ok(paths) => paths.iter().for_each(|path| self.take(path, depth)),
            Err(error) => self.warn(folder, &format!("cannot be listed: {error}")),
        }
    }

    fn take(&mut self, path: &Path, depth: usize) {
        if path.is_dir() {
            return self.visit(path, depth + 1);
        }
        let markdown = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md"));
        let Ok(data) = path.metadata() else { return };
        if !markdown || !data.is_file() || !self.is_new(path) {
            return;
        }
        if data.len() > MAX_SIZE {
            self.warn(path, "larger than 1 MiB; left out");
        } else if self.files.len() >= MAX_FILES {
            self.warn(path, "too many files; left out");
        } else {
            self.files.push(path.to_owned());
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|real| self.seen.insert(real))
    }

    fn warn(&mut self, path: &Path, what: &str) {
        self.warnings.push(format!("{}: {what}", path.display()));
    }
}

fn sorted(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
