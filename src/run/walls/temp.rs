use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::settled;
use crate::agent::CommandLine;
use crate::store::AttemptDir;

/// The variables that name the folder for temporary files.
const VARIABLES: [&str; 3] = ["TMPDIR", "TMP", "TEMP"];
const USUAL: &str = "/tmp";
const LASTING: &str = "/var/tmp";

/// The folders for temporary files that the agent may write. Where the usual one holds others' work, the agent gets one of its own in
/// there, and is told.
pub(super) fn folders(
    command: &mut CommandLine,
    dir: &AttemptDir,
    keep_out: &[PathBuf],
) -> io::Result<Vec<PathBuf>> {
    let theirs = command.var(VARIABLES[0]).map_or_else(|| PathBuf::from(USUAL), PathBuf::from);
    let theirs = settled(&theirs);
    let mut folders: Vec<_> = [&theirs, Path::new(USUAL), Path::new(LASTING)].map(settled).to_vec();
    let is_free = |folder: &Path| !keep_out.iter().any(|kept| kept.starts_with(folder));
    if !is_free(&theirs) {
        let own = own_folder(&theirs, dir);
        make(&own)?;
        for variable in VARIABLES {
            set(command, variable, &own);
        }
        folders.push(own);
    }
    folders.retain(|folder| is_free(folder));
    Ok(folders)
}

/// Removes an attempt's own folder, if it had one.
pub(in crate::run) fn remove(dir: &AttemptDir) {
    for above in [std::env::temp_dir(), PathBuf::from(USUAL)] {
        let _ = fs::remove_dir_all(own_folder(&settled(&above), dir));
    }
}

/// Its name is short, for the sake of sockets in it, and the attempt's alone.
fn own_folder(above: &Path, dir: &AttemptDir) -> PathBuf {
    let digest = Sha256::digest(dir.path().as_os_str().as_encoded_bytes());
    let hash = digest.iter().take(6).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    above.join(format!("blueprint-{hash}"))
}

/// Never one that somebody else has made.
fn make(folder: &Path) -> io::Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::DirBuilder::new().mode(0o700).create(folder)
}

fn set(command: &mut CommandLine, variable: &str, folder: &Path) {
    let value: OsString = folder.into();
    match command.env.iter_mut().find(|(name, _)| name == variable) {
        Some(found) => found.1 = value,
        None => command.env.push((variable.into(), value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(base: &Path, keep_out: &[PathBuf]) -> (Vec<PathBuf>, CommandLine) {
        let env = vec![("TMPDIR".into(), base.into())];
        let mut command = CommandLine { program: "x".into(), args: Vec::new(), env, stdin: Vec::new() };
        let dir = AttemptDir::at(base.join("state/1"));
        let folders = folders(&mut command, &dir, keep_out).unwrap();
        (folders, command)
    }

    #[test]
    fn a_folder_with_others_work_in_it_is_not_opened_but_one_of_the_agents_own_in_there() {
        let base = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(base.path()).unwrap();
        let (folders, command) = told(&base, &[base.join("checkout")]);
        assert!(!folders.contains(&base));
        let own = PathBuf::from(command.var("TMPDIR").unwrap());
        assert!(own.starts_with(&base) && own.is_dir() && folders.contains(&own), "{folders:?}");
        assert_eq!(command.var("TEMP"), command.var("TMPDIR"));
    }

    #[test]
    fn a_folder_with_nobody_s_work_stays_as_it_is() {
        let base = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(base.path()).unwrap();
        let (folders, command) = told(&base, &[PathBuf::from("/home/u/checkout")]);
        assert!(folders.contains(&base));
        assert_eq!(command.var("TMPDIR"), Some(base.as_os_str()));
    }
}
