//! Our own binary under the names by which agents look for it.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::store::StoreError;

/// The program that edits XML, by which many agents are told to report, and its name on other systems: in our place of it, it
/// edits plans under our lock. And ourselves, so that `blueprint task` is there and is of the same version.
const NAMES: [&str; 3] = [XMLSTARLET[0], XMLSTARLET[1], "blueprint"];

/// The names of the program that edits XML.
pub const XMLSTARLET: [&str; 2] = ["xmlstarlet", "xml"];

/// Makes `folder` with a link to `program` under each of the names. Links that are as they should be stay; others, of an earlier
/// version or to a place that we were moved from, are replaced without a moment in which there is none.
pub(super) fn place(folder: &Path, program: &Path) -> Result<(), StoreError> {
    // A path that is a process's own, such as `/proc/1/exe`, ends with the process.
    let program = fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
    let refused = |action| move |source| StoreError::Io { action, path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(refused("create folder"))?;
    NAMES.iter().try_for_each(|name| link(folder, name, &program)).map_err(refused("put links into"))
}

fn link(folder: &Path, name: &str, program: &Path) -> io::Result<()> {
    let path = folder.join(name);
    if fs::read_link(&path).is_ok_and(|target| target == program) {
        return Ok(());
    }
    let new = folder.join(format!(".{name}.new"));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => symlink(program, &new)?,
    }
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(folder: &Path) -> Vec<String> {
        let mut found: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let target = fs::read_link(entry.path()).unwrap();
                format!("{} {}", entry.file_name().display(), target.file_name().unwrap().display())
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn links_follow_the_program_wherever_it_goes() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state/bin");
        for name in ["one", "two"] {
            let program = root.path().join(name);
            fs::write(&program, "").unwrap();
            place(&folder, &program).unwrap();
            place(&folder, &program).unwrap();
            let expected = NAMES.map(|link| format!("{link} {name}"));
            assert_eq!(targets(&folder).len(), expected.len());
            assert!(expected.iter().all(|link| targets(&folder).contains(link)), "{:?}", targets(&folder));
            fs::remove_file(&program).unwrap();
        }
    }

    #[test]
    fn what_a_killed_run_left_and_what_is_no_link_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".xmlstarlet.new"), "").unwrap();
        fs::write(folder.path().join("xmlstarlet"), "").unwrap();
        place(folder.path(), Path::new("/bin/sh")).unwrap();
        assert_eq!(targets(folder.path()).len(), NAMES.len());
    }
}
