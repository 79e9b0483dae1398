use std::path::PathBuf;

use globset::{GlobBuilder, GlobSet};

/// Files that no task changes unless a person approves: those that tell machines what to run, as a rule.
#[derive(Debug, Clone, Default)]
pub struct Protected(GlobSet);

impl Protected {
    /// From patterns such as `.github/**`, relative to the repository's root: `*` stays within a folder, `**` does not.
    ///
    /// # Errors
    /// What is wrong with the first pattern that is none.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let mut set = GlobSet::builder();
        for pattern in patterns {
            let glob = GlobBuilder::new(pattern.trim_start_matches("./")).literal_separator(true).build();
            set.add(glob.map_err(|error| error.to_string())?);
        }
        set.build().map(Self).map_err(|error| error.to_string())
    }

    /// Whether there are none at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of the paths that are protected, as text.
    pub(super) fn among(&self, paths: &[PathBuf]) -> Vec<String> {
        let found = paths.iter().filter(|path| self.0.is_match(path));
        found.map(|path| path.display().to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(patterns: &[&str], path: &str) -> bool {
        let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        !Protected::new(&patterns).unwrap().among(&[PathBuf::from(path)]).is_empty()
    }

    #[test]
    fn patterns_are_read_as_git_reads_them() {
        assert!(among(&[".github/**"], ".github/workflows/ci.yml"));
        assert!(!among(&[".github/**"], "docs/.github/x"));
        assert!(among(&["**/*.lock"], "a/b/Cargo.lock") && among(&["**/*.lock"], "Cargo.lock"));
        assert!(among(&["*.toml"], "Cargo.toml") && !among(&["*.toml"], "a/Cargo.toml"));
        assert!(among(&["./ci/{a,b}.sh"], "ci/b.sh"));
        assert!(!among(&[], "anything"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let error = Protected::new(&["a/[".to_owned()]).unwrap_err();
        assert!(error.contains("a/["), "{error}");
    }
}
