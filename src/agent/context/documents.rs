//! Which documents are offered: those that a pattern finds, and those that the agent's own settings name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::heading::heading;

/// So many documents are named; of the others only how many there are.
const MOST: usize = 60;
/// So many files and folders are looked at for one pattern: beyond that it is one for everything.
const MOST_SEEN: usize = 20_000;
/// Folders deeper than this below a pattern's own are not looked into.
const DEEPEST: usize = 16;

/// Patterns for the documents of a project.
#[derive(Debug, Clone, Default)]
pub struct Offer(Vec<Pattern>);

#[derive(Debug, Clone)]
struct Pattern {
    glob: GlobMatcher,
    /// The folder in which all that it finds is.
    folder: PathBuf,
}

/// What an agent is told of documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Documents {
    /// Those that it is offered, in the order of the patterns.
    pub offered: Vec<Document>,
    /// How many more there are.
    pub more: usize,
    /// Those that its settings name and that are not there.
    pub missing: Vec<String>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its path, from the agent's folder.
    pub path: String,
    /// Its first heading.
    pub heading: Option<String>,
}

impl Offer {
    /// From patterns such as `docs/adr/*.md`, relative to the repository's root: `*` stays within a folder, `**` does not.
    ///
    /// # Errors
    /// What is wrong with the first pattern that is none, or that leads out of the repository.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        patterns.iter().map(|pattern| Pattern::new(pattern)).collect::<Result<_, _>>().map(Self)
    }

    /// What there is of it below `folder`, and of the files that are `named` one by one, which come first. Blocking.
    pub fn find(&self, folder: &Path, named: &[String]) -> Documents {
        let mut documents = Documents::default();
        let mut paths: Vec<PathBuf> = Vec::new();
        for name in named {
            match there(folder, Path::new(name)) {
                Some(path) => paths.push(path),
                None => documents.missing.push(name.clone()),
            }
        }
        paths.extend(self.0.iter().flat_map(|pattern| pattern.find(folder)));
        let mut known = BTreeSet::new();
        paths.retain(|path| known.insert(path.clone()));
        documents.more = paths.len().saturating_sub(MOST);
        paths.truncate(MOST);
        documents.offered = paths.iter().map(|path| Document::at(folder, path)).collect();
        documents
    }
}

impl Document {
    fn at(folder: &Path, path: &Path) -> Self {
        Self { path: path.to_string_lossy().into_owned(), heading: heading(&folder.join(path)) }
    }
}

/// A file that is named, if it is one inside of the folder.
fn there(folder: &Path, name: &Path) -> Option<PathBuf> {
    let name = name.strip_prefix(".").unwrap_or(name);
    let is_inside = name.components().all(|part| matches!(part, Component::Normal(_)));
    (is_inside && is_file_inside(folder, &folder.join(name))).then(|| name.to_owned())
}

/// Also a link to one, but none that leads out.
fn is_file_inside(folder: &Path, path: &Path) -> bool {
    let inside = |real: PathBuf| folder.canonicalize().is_ok_and(|folder| real.starts_with(folder));
    path.is_file() && path.canonicalize().is_ok_and(inside)
}

impl Pattern {
    fn new(pattern: &str) -> Result<Self, String> {
        let plain = pattern.trim_start_matches("./");
        if Path::new(plain).components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(format!("`{pattern}` leads out of the repository"));
        }
        let glob = GlobBuilder::new(plain).literal_separator(true).build();
        let glob = glob.map_err(|error| error.to_string())?.compile_matcher();
        let is_plain =
            |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{', '\\']);
        let parts: Vec<_> = Path::new(plain).components().collect();
        let (_, folders) = parts.split_last().unwrap_or((&Component::CurDir, &[]));
        let folder = folders.iter().take_while(|part| is_plain(part)).collect();
        Ok(Self { glob, folder })
    }

    /// In the order of their paths, relative to `root`.
    fn find(&self, root: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![(self.folder.clone(), 0)];
        let mut seen = 0;
        while let Some((folder, depth)) = open.pop() {
            for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
                seen += 1;
                let Ok(kind) = entry.file_type() else { continue };
                let path = folder.join(entry.file_name());
                if kind.is_dir() && entry.file_name() != ".git" && depth < DEEPEST {
                    open.push((path, depth + 1));
                } else if self.glob.is_match(&path) && is_file_inside(root, &root.join(&path)) {
                    found.push(path);
                }
            }
            if seen > MOST_SEEN {
                break;
            }
        }
        found.sort();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn offer(patterns: &[&str]) -> Offer {
        Offer::new(&patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    fn told(documents: &Documents) -> Vec<String> {
        let told = |document: &Document| {
            format!("{}: {}", document.path, document.heading.as_deref().unwrap_or("-"))
        };
        documents.offered.iter().map(told).collect()
    }

    #[test]
    fn documents_are_found_by_pattern_each_once_and_with_their_headings() {
        let root = folder(&[
            ("docs/adr/0002-b.md", "# Two"),
            ("docs/adr/0001-a.md", "# One"),
            ("docs/adr/deep/0003.md", "# Three"),
            ("docs/adr/code.rs", "# no document"),
            (".claude/project/vision.md", "no heading"),
        ]);
        let offer = offer(&["./.claude/project/*.md", "docs/adr/*.md", "docs/**/*.md"]);
        let expected = [
            ".claude/project/vision.md: -",
            "docs/adr/0001-a.md: One",
            "docs/adr/0002-b.md: Two",
            "docs/adr/deep/0003.md: Three",
        ];
        assert_eq!(told(&offer.find(root.path(), &[])), expected);
    }

    #[test]
    fn of_files_that_are_named_those_that_are_there_come_first_and_the_others_are_told() {
        let root = folder(&[("README.md", "# Read me"), ("docs/a.md", "# A")]);
        let named = ["docs/a.md", "docs/gone.md", "../secret.md", "/etc/passwd", "docs"].map(str::to_owned);
        let documents = offer(&["*.md", "docs/*.md"]).find(root.path(), &named);
        assert_eq!(told(&documents), ["docs/a.md: A", "README.md: Read me"]);
        assert_eq!(documents.missing, ["docs/gone.md", "../secret.md", "/etc/passwd", "docs"]);
    }

    #[test]
    fn nothing_outside_of_the_folder_is_offered() {
        let outside = folder(&[("secret.md", "# Secret")]);
        let root = folder(&[("docs/a.md", "# A"), (".git/x.md", "# Git's")]);
        std::os::unix::fs::symlink(outside.path().join("secret.md"), root.path().join("docs/secret.md"))
            .unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("docs/out")).unwrap();
        std::os::unix::fs::symlink("a.md", root.path().join("docs/link.md")).unwrap();
        assert_eq!(told(&offer(&["**/*.md"]).find(root.path(), &[])), ["docs/a.md: A", "docs/link.md: A"]);
    }

    #[test]
    fn more_documents_than_one_reads_are_counted() {
        let names: Vec<_> = (0..70).map(|n| format!("docs/{n:02}.md")).collect();
        let root = folder(&names.iter().map(|name| (name.as_str(), "# x")).collect::<Vec<_>>());
        let documents = offer(&["docs/*.md"]).find(root.path(), &[]);
        assert_eq!((documents.offered.len(), documents.more), (60, 10));
    }

    #[test]
    fn what_is_no_pattern_or_leads_out_is_refused() {
        for wrong in ["a/[", "../x/*.md", "/etc/*"] {
            assert!(Offer::new(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
