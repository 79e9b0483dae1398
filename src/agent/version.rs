//! Versions of agent programs: what is installed, found out in the cheapest way that there is.

use std::fmt;
use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::json_lines::text;

/// A version of a program, without what may follow its three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// The version of these three numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Version {
        Version { major, minor, patch }
    }

    /// The first version that stands in a text, such as `codex-cli 0.169.0`.
    pub fn in_text(text: &str) -> Option<Version> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
            let mut numbers = word.split('.').map(|number| number.parse().ok());
            let mut next = || numbers.next().flatten();
            Some(Version::new(next()?, next()?, next()?))
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Folders above a program in which its package is looked for.
const ABOVE: usize = 6;
/// A `package.json` larger than this (in bytes) is not looked into.
const MOST_PACKAGE: u64 = 1024 * 1024;

/// The version of the npm package that a program's file belongs to. Starts nothing: some of these programs take seconds to say their
/// version.
pub(super) fn of_package(file: &Path, package: &str) -> Option<Version> {
    let file = fs::canonicalize(file).ok()?;
    let folders = file.ancestors().skip(1).take(ABOVE);
    folders.filter_map(|folder| described(&folder.join("package.json"))).find_map(|described| {
        (text(&described, "name") == Some(package)).then(|| Version::in_text(text(&described, "version")?))?
    })
}

fn described(file: &Path) -> Option<Value> {
    let mut bytes = Vec::new();
    fs::File::open(file).ok()?.take(MOST_PACKAGE).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A program that does not say its version within this time does not say it at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks whether it has.
const LOOK: Duration = Duration::from_millis(5);
/// Bytes of its output that are looked at.
const MOST_OUTPUT: u64 = 4096;

/// The version that a program prints. `None` for one that can't be started, fails, hangs, or prints none.
pub(super) fn printed(command: &mut Command) -> Option<Version> {
    // A file, not a pipe: whoever the program leaves behind may hold a pipe open.
    let mut output = tempfile::tempfile().ok()?;
    let copy = output.try_clone().ok()?;
    let mut child = command.stdin(Stdio::null()).stdout(copy).stderr(Stdio::null()).spawn().ok()?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < PATIENCE => sleep(LOOK),
            _ => {
                let _ = (child.kill(), child.wait());
                return None;
            }
        }
    };
    let mut text = Vec::new();
    output.rewind().ok()?;
    output.take(MOST_OUTPUT).read_to_end(&mut text).ok()?;
    Version::in_text(&String::from_utf8_lossy(&text)).filter(|_| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_of_a_text_counts() {
        let versions =
            ["2.1.330 (Claude Code)", "codex-cli 0.169.0\n", "v1.18.33-beta.2", "1.2", "", "a.b.c"]
                .map(|text| Version::in_text(text).map(|version| version.to_string()));
        let expected = [Some("2.1.330"), Some("0.169.0"), Some("1.18.33"), None, None, None];
        assert_eq!(versions, expected.map(|version| version.map(str::to_owned)));
        assert_eq!(Version::in_text("99999999999.1.1"), None);
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(Version::new(0, 100, 0) > Version::new(0, 99, 9));
    }

    #[test]
    fn a_package_is_found_through_links_and_only_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("node_modules/@maker/tool");
        fs::create_dir_all(package.join("bin")).unwrap();
        fs::write(package.join("package.json"), r#"{"name":"@maker/tool","version":"1.2.3"}"#).unwrap();
        fs::write(package.join("bin/package.json"), "not json").unwrap();
        fs::write(package.join("bin/tool.js"), "").unwrap();
        let link = folder.path().join("tool");
        std::os::unix::fs::symlink(package.join("bin/tool.js"), &link).unwrap();
        assert_eq!(of_package(&link, "@maker/tool"), Some(Version::new(1, 2, 3)));
        assert_eq!(of_package(&link, "tool"), None);
        assert_eq!(of_package(&folder.path().join("gone"), "@maker/tool"), None);
    }

    #[test]
    fn a_program_says_its_version_or_nothing() {
        let says = |script: &str| printed(Command::new("sh").args(["-c", script]));
        assert_eq!(says("echo tool 1.2.3"), Some(Version::new(1, 2, 3)));
        assert_eq!(says("echo tool 1.2.3; exit 1"), None);
        assert_eq!(says("echo 1.2.3 >&2"), None);
        assert_eq!(printed(&mut Command::new("/nonexistent/tool")), None);
    }
}
