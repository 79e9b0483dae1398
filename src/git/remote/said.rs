//! What git says of a remote, read: which trouble passes, which does not.

use super::RemoteError;
use crate::git::{Ended, GitError};

/// Nobody is let in, or there is no such repository: another try makes no difference.
const FINAL: [&str; 8] = [
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "terminal prompts disabled",
    "Permission denied",
    "Host key verification failed",
    "not found",
    "does not appear to be a git repository",
];
/// The remote was about something else.
const PASSING: [&str; 5] = [
    "cannot lock ref",
    "failed to update ref",
    "Unable to create",
    "atomic transaction failed",
    "fetch first",
];
/// One ref's part in a push that was refused by the remote itself, and the whole of one that it can't do.
const REFUSED: [&str; 2] = ["[remote rejected]", "does not support"];
/// As much as is shown, in lines.
const SHOWN: usize = 6;

/// A call that was about reading.
pub(super) fn unreachable(remote: &str, ended: &Ended) -> RemoteError {
    let said = said(ended);
    let is_final = FINAL.iter().any(|word| said.contains(word));
    if PASSING.iter().any(|word| said.contains(word)) {
        return RemoteError::Busy { remote: remote.to_owned(), said };
    }
    RemoteError::Unreachable { remote: remote.to_owned(), said, is_final }
}

/// A push that the remote was reached for, or not.
pub(super) fn refused(remote: &str, ended: &Ended) -> RemoteError {
    let printed = String::from_utf8_lossy(&ended.stdout);
    let complaint = String::from_utf8_lossy(&ended.stderr);
    let says = |words: &[&str]| words.iter().any(|word| printed.contains(word) || complaint.contains(word));
    let (remote_name, said) = (remote.to_owned(), said(ended));
    match (says(&REFUSED), says(&PASSING)) {
        (_, true) => RemoteError::Busy { remote: remote_name, said },
        (true, false) => RemoteError::Refused { remote: remote_name, said },
        (false, false) => unreachable(remote, ended),
    }
}

/// A call that did not come to its end: not in time is the remote's fault, anything else is ours.
pub(super) fn not_ended(remote: &str, error: GitError) -> RemoteError {
    match error {
        GitError::TimedOut { .. } => {
            RemoteError::Unreachable { remote: remote.to_owned(), said: error.to_string(), is_final: true }
        }
        error => RemoteError::Git(error),
    }
}

/// The first lines of the complaint, the parts of the push that were refused before them, in one line and without anybody's password.
fn said(ended: &Ended) -> String {
    let printed = String::from_utf8_lossy(&ended.stdout);
    let complaint = String::from_utf8_lossy(&ended.stderr);
    let rejected =
        printed.lines().filter(|line| line.starts_with('!')).map(|line| line.trim_start_matches('!'));
    let lines = complaint.lines().map(|line| line.trim_start_matches("remote:")).chain(rejected.take(1));
    let lines: Vec<_> = lines.map(str::trim).filter(|line| !line.is_empty()).take(SHOWN).collect();
    let text: String = lines.join("; ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match text.as_str() {
        "" => ended.said(),
        text => without_logins(text),
    }
}

/// Addresses without the name and password that they may hold.
fn without_logins(text: &str) -> String {
    let mut pieces = text.split("://");
    let mut clean = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let host_ends =
            piece.find(|c: char| c == '/' || c.is_whitespace() || c == '\'').unwrap_or(piece.len());
        let (host, path) = piece.split_at_checked(host_ends).unwrap_or((piece, ""));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        clean = format!("{clean}://{host}{path}");
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(stdout: &str, stderr: &str) -> Ended {
        Ended { code: Some(1), stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn a_hook_that_says_no_is_final_and_a_lock_is_not() {
        let hook =
            ended("!\ta:refs/x\t[remote rejected] (pre-receive hook declined)\n", "remote: no way   \n");
        let error = refused("origin", &hook);
        assert!(matches!(error, RemoteError::Refused { .. }) && !error.may_pass(), "{error:?}");
        assert_eq!(
            error.to_string(),
            "remote `origin` refused the push: no way; a:refs/x [remote rejected] (pre-receive hook declined)"
        );
        let lock = ended(
            "!\ta:refs/x\t[remote rejected] (atomic transaction failed)\n",
            "remote: error: cannot lock ref 'refs/x': Unable to create 'refs/x.lock': File exists.\n",
        );
        assert!(refused("origin", &lock).may_pass());
    }

    #[test]
    fn the_network_may_come_back_and_a_login_that_is_wrong_does_not_get_better() {
        let passing =
            ["fatal: unable to access: Couldn't connect to server", "ssh: connect: Connection refused"];
        for said in passing {
            assert!(unreachable("origin", &ended("", said)).may_pass(), "{said}");
        }
        let lasting =
            ["fatal: Authentication failed for 'https://h/'", "git@h: Permission denied (publickey)."];
        for said in lasting {
            assert!(!unreachable("origin", &ended("", said)).may_pass(), "{said}");
        }
    }

    #[test]
    fn no_password_in_an_address_is_shown() {
        let text = without_logins("can't access 'https://me:pa@ss@host.org/x' or ssh://git@host, a@b");
        assert_eq!(text, "can't access 'https://host.org/x' or ssh://host, a@b");
    }
}
