//! What a person can do about what the system said: one table, for files of ours and for what git's hands on as text.
//!
//! Knows nothing of what was tried, nor on what.

use std::io;

/// The disk takes nothing more, or gives nothing back: no fault of whatever was to be written.
const DISK: &str = "make room on that disk, or mend it; then run again: it goes on from here";

/// What the system says, in its own words, and what to do about it. The first row that fits holds.
const TABLE: [(&[&str], &str); 12] = [
    (
        &[
            "No space left on device",
            "Disk quota exceeded",
            "Read-only file system",
            "Input/output error",
            "File too large",
            // libgit2, of an object that it has just written: a full disk may have taken its name and nothing else.
            "target OID for the reference doesn't exist",
        ],
        DISK,
    ),
    (&["Too many open files"], "raise the limit (`ulimit -n 4096`), or run fewer jobs at a time (`--jobs`)"),
    (
        &["Resource temporarily unavailable", "Cannot allocate memory"],
        "the machine has no more processes or memory to give: run fewer jobs at a time (`--jobs`)",
    ),
    (
        &["dubious ownership"],
        "it belongs to another user: if you trust it, `git config --global --add safe.directory PATH`",
    ),
    (
        &["Permission denied", "Operation not permitted"],
        "see whose file or folder that is, and its mode (`ls -ld`)",
    ),
    (&["File name too long"], "give the task a shorter id, or set `worktree-dir` to a shorter folder"),
    (
        &["Stale file handle", "Transport endpoint is not connected"],
        "the network disk was away: mount it again, then run again",
    ),
    (
        &["index.lock", ".lock': File exists", "failed to create locked file"],
        "another git is at work there: wait for it; if there is none, remove the lock file that is named",
    ),
    (
        &["not a git repository", "could not find repository"],
        "do it in a clone of the repository; if this is one, `git worktree repair` mends what was moved",
    ),
    (
        &["empty ident name", "Please tell me who you are", "config value 'user.name' was not found"],
        "`git config user.name NAME` and `git config user.email ADDRESS` say whose commits these are",
    ),
    (
        &["invalid reference", "unknown revision", "couldn't find remote ref"],
        "`git branch --all` lists what there is; `git fetch` gets what others have",
    ),
    (
        &[
            "is corrupt",
            "object file",
            "loose object",
            "object not found",
            "bad object",
            "missing blob",
            "unable to read tree",
        ],
        "git's objects are not whole: `git fsck` says which; a fetch from a remote, or a fresh clone, has them",
    ),
];

/// What can be done about an error of the system, if anything is known.
pub(crate) fn of_system(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        // Where no system said it, but a library of ours.
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(DISK),
        _ => of_text(&error.to_string()),
    }
}

/// The same by what a program has handed on as text.
pub(crate) fn of_text(said: &str) -> Option<&'static str> {
    let fits = |(texts, _): &&(&[&str], &str)| texts.iter().any(|text| said.contains(text));
    TABLE.iter().find(fits).map(|(_, remedy)| *remedy)
}

/// Whether the disk is full, broken or read-only.
pub(crate) fn is_of_the_disk(said: &str) -> bool {
    of_text(said) == Some(DISK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_and_git_say_is_found_and_the_first_row_holds() {
        let cases = [
            ("/a: No space left on device (os error 28)", "make room"),
            ("Permission denied (os error 13)", "see whose"),
            ("fatal: Unable to create '/r/.git/index.lock': File exists.", "another git"),
            ("fatal: not a git repository (or any of the parent directories): .git", "git worktree repair"),
            ("fatal: empty ident name (for <>) not allowed", "user.name"),
            ("error: object file .git/objects/ab/cd is empty", "git fsck"),
            ("could not write: Read-only file system; Permission denied", "make room"),
        ];
        for (said, remedy) in cases {
            assert!(of_text(said).is_some_and(|found| found.contains(remedy)), "{said}: {:?}", of_text(said));
        }
        assert_eq!(of_text("merge conflict"), None);
    }

    #[test]
    fn an_error_of_the_system_is_read_by_its_own_words_or_its_kind() {
        assert_eq!(of_system(&io::Error::from_raw_os_error(28)), Some(DISK));
        assert_eq!(of_system(&io::Error::from(io::ErrorKind::StorageFull)), Some(DISK));
        assert!(of_system(&io::Error::from_raw_os_error(24)).is_some_and(|found| found.contains("ulimit")));
        assert_eq!(of_system(&io::Error::other("x")), None);
    }
}
