//! What an agent says that it has left out: lines `dropped: PATH: reason` in its summary or its notes. Pure.

use std::path::{Path, PathBuf};

/// How such a line begins.
pub(in crate::run) const DROPPED: &str = "dropped:";

/// The files of which it says so, each with the reason; a line without a path or a reason says nothing.
pub(super) fn dropped(said: &str) -> Vec<(PathBuf, String)> {
    said.lines().filter_map(statement).collect()
}

fn statement(line: &str) -> Option<(PathBuf, String)> {
    let line = line.trim().trim_start_matches(['-', '*']).trim_start();
    let rest = line
        .get(..DROPPED.len())
        .filter(|word| word.eq_ignore_ascii_case(DROPPED))
        .map(|_| &line[DROPPED.len()..])?;
    let (path, reason) = rest.split_once(": ")?;
    let path = path.trim().trim_matches('`').trim();
    let path = path.strip_prefix("./").unwrap_or(path);
    let reason = reason.trim();
    (!path.is_empty() && !reason.is_empty()).then(|| (Path::new(path).to_owned(), reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_names_a_path_and_a_reason_however_it_is_adorned() {
        let said =
            "All is well.\ndropped: src/a b.rs: both had it: once is enough\n- Dropped: `./x`: not used\n";
        let of = |path: &str, reason: &str| (PathBuf::from(path), reason.to_owned());
        assert_eq!(dropped(said), [of("src/a b.rs", "both had it: once is enough"), of("x", "not used")]);
    }

    #[test]
    fn without_a_path_or_a_reason_nothing_is_said() {
        for said in [
            "dropped:",
            "dropped: x",
            "dropped: x:",
            "dropped: : why",
            "dropped: x: ",
            "it dropped: x: y",
            "dröpped: x: y",
        ] {
            assert_eq!(dropped(said), [], "{said}");
        }
    }
}
