//! Clones that meet at a bare remote.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use git2::Oid;
use jiff::Timestamp;

use super::support::{Sandbox, Tested};
use crate::git::{Message, Move, Remote, RemoteError, Repo};

const RECORD: &str = "refs/blueprint/e/records/t";

/// A repository whose `origin` is a bare one beside it.
fn with_remote() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(&["clone", "--quiet", "--bare", ".", "../origin.git"]);
    sandbox.git(&["remote", "add", "origin", "../origin.git"]);
    sandbox
}

fn bare(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("origin.git")
}

fn clone(sandbox: &Sandbox, name: &str, how: &[&str]) -> Remote {
    let (url, place) = (format!("file://{}", bare(sandbox).display()), sandbox.root().join(name));
    sandbox.git(&[&["clone", "--quiet"], how, &[&url, place.to_str().unwrap()]].concat());
    Repo::discover(&place).unwrap().unwrap().remote("origin").unwrap()
}

fn origin(sandbox: &Sandbox) -> Remote {
    sandbox.repo().remote("origin").unwrap()
}

fn store(repo: &Repo, text: &str) -> Oid {
    let files = [("record.json", text.as_bytes())];
    repo.store_files(&files, &[], &Message::new("record"), Timestamp::UNIX_EPOCH).unwrap()
}

fn read(repo: &Repo, commit: Oid) -> String {
    let bytes = repo.file_at(commit, Path::new("record.json")).unwrap().unwrap();
    String::from_utf8(bytes).unwrap()
}

fn in_remote(sandbox: &Sandbox, name: &str) -> Option<Oid> {
    let found = sandbox.try_git(&bare(sandbox), &["rev-parse", "--verify", "--quiet", name]);
    String::from_utf8(found.stdout).unwrap().trim().parse().ok()
}

fn hook(sandbox: &Sandbox, script: &str) {
    let hook = bare(sandbox).join("hooks/pre-receive");
    fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(hook, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn what_one_clone_pushes_another_fetches_beside_its_own_refs() -> Tested {
    let sandbox = with_remote();
    let (here, there) = (origin(&sandbox), clone(&sandbox, "other", &[]));
    let (record, head) = (store(here.repo(), "one"), sandbox.rev("HEAD"));
    let branch = "refs/heads/blueprint/e/t";
    here.push(&[Move::create(RECORD, record), Move::create(branch, head)])?;
    let before = sandbox.git_in(&sandbox.root().join("other"), &["for-each-ref"]);
    let patterns = ["refs/blueprint/e/*", "refs/heads/blueprint/e/*"];
    let fetched = there.fetch(&patterns)?;
    assert_eq!(fetched, [(RECORD.to_owned(), record), (branch.to_owned(), head)].into());
    assert_eq!(read(there.repo(), record), "one");
    assert_eq!(there.repo().target(&there.tracked(RECORD))?, Some(record));
    let after = sandbox.git_in(&sandbox.root().join("other"), &["for-each-ref"]);
    assert_eq!(
        after.lines().filter(|line| !line.contains("blueprint-remotes")).collect::<Vec<_>>().join("\n"),
        before
    );
    here.push(&[Move::delete(RECORD, record)])?;
    assert_eq!(there.fetch(&patterns)?.len(), 1);
    assert_eq!(there.known(&patterns)?.len(), 1);
    Ok(())
}

#[test]
fn a_full_name_that_is_not_there_hides_none_that_is() -> Tested {
    let sandbox = with_remote();
    let (here, there) = (origin(&sandbox), clone(&sandbox, "other", &[]));
    let record = store(here.repo(), "one");
    here.push(&[Move::create(RECORD, record)])?;
    assert_eq!(
        there.fetch(&["refs/blueprint/e/records/none", RECORD])?,
        [(RECORD.to_owned(), record)].into()
    );
    assert!(there.fetch(&["refs/blueprint/e/records/none"])?.is_empty());
    assert!(there.list(&["refs/blueprint/f/*"])?.is_empty());
    Ok(())
}

#[test]
fn a_push_that_expects_something_else_moves_nothing_and_tells_what_is_there() -> Tested {
    let sandbox = with_remote();
    let (here, there) = (origin(&sandbox), clone(&sandbox, "other", &[]));
    let (one, two) = (store(here.repo(), "one"), store(there.repo(), "two"));
    here.push(&[Move::create(RECORD, one)])?;
    let beside = Move::create("refs/blueprint/e/records/u", two);
    let three = store(there.repo(), "three");
    for late in
        [Move::create(RECORD, two), Move::advance(RECORD, Some(two), three), Move::delete(RECORD, two)]
    {
        let refused = there.push(&[beside.clone(), late]).unwrap_err();
        assert!(
            matches!(&refused, RemoteError::Moved { name, holds, .. } if name == RECORD && *holds == Some(one)),
            "{refused:?}"
        );
    }
    assert_eq!((in_remote(&sandbox, RECORD), in_remote(&sandbox, &beside.name)), (Some(one), None));
    let gone = there.push(&[Move::advance("refs/blueprint/e/records/none", Some(one), two)]).unwrap_err();
    assert!(matches!(gone, RemoteError::Moved { holds: None, .. }), "{gone:?}");
    Ok(())
}

#[test]
fn a_push_that_is_done_again_is_done() -> Tested {
    let sandbox = with_remote();
    let here = origin(&sandbox);
    let (one, two) = (store(here.repo(), "one"), store(here.repo(), "two"));
    for _ in 0..2 {
        here.push(&[Move::create(RECORD, one)])?;
    }
    for _ in 0..2 {
        here.push(&[Move::advance(RECORD, Some(one), two)])?;
    }
    for _ in 0..2 {
        here.push(&[Move::delete(RECORD, two)])?;
    }
    assert_eq!(in_remote(&sandbox, RECORD), None);
    Ok(())
}

#[test]
fn of_many_at_once_nobodys_update_is_lost() -> Tested {
    const CLONES: usize = 4;
    const EACH: usize = 3;
    let sandbox = with_remote();
    let clones: Vec<_> = (0..CLONES).map(|n| clone(&sandbox, &format!("c{n}"), &[])).collect();
    std::thread::scope(|scope| {
        for (n, remote) in clones.iter().enumerate() {
            scope.spawn(move || (0..EACH).for_each(|turn| append(remote, &format!("{n}-{turn} "))));
        }
    });
    let last = in_remote(&sandbox, RECORD).ok_or("no record")?;
    clones[0].fetch(&[RECORD])?;
    assert_eq!(read(clones[0].repo(), last).split_whitespace().count(), CLONES * EACH);
    Ok(())
}

/// Adds to what the record says, whoever else does so.
fn append(remote: &Remote, words: &str) {
    loop {
        let there = remote.fetch(&[RECORD]).unwrap().get(RECORD).copied();
        let text = there.map(|oid| read(remote.repo(), oid)).unwrap_or_default() + words;
        match remote.push(&[Move::advance(RECORD, there, store(remote.repo(), &text))]) {
            Ok(()) => return,
            Err(RemoteError::Moved { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_ref_that_moves_between_our_look_and_the_remotes_is_told_as_moved() -> Tested {
    let sandbox = with_remote();
    let here = origin(&sandbox);
    let (one, two) = (store(here.repo(), "one"), store(here.repo(), "two"));
    here.push(&[Move::create(RECORD, one), Move::create("refs/blueprint/other", two)])?;
    hook(&sandbox, &format!("git update-ref {RECORD} {two}"));
    let refused = here.push(&[Move::delete(RECORD, one)]).unwrap_err();
    assert!(matches!(&refused, RemoteError::Moved { holds, .. } if *holds == Some(two)), "{refused:?}");
    Ok(())
}

#[test]
fn a_remote_that_says_no_is_quoted_and_not_asked_again() -> Tested {
    let sandbox = with_remote();
    let here = origin(&sandbox);
    hook(&sandbox, "echo asked >>asked; echo only maintainers may; exit 1");
    let refused = here.push(&[Move::create(RECORD, store(here.repo(), "one"))]).unwrap_err();
    assert!(
        matches!(&refused, RemoteError::Refused { said, .. } if said.contains("only maintainers may")),
        "{refused:?}"
    );
    assert_eq!(fs::read_to_string(bare(&sandbox).join("asked"))?, "asked\n");
    Ok(())
}

#[test]
fn a_lock_that_passes_is_waited_for() -> Tested {
    let sandbox = with_remote();
    let here = origin(&sandbox);
    let (one, two) = (store(here.repo(), "one"), store(here.repo(), "two"));
    here.push(&[Move::create(RECORD, one)])?;
    // Locked for the first try only.
    hook(&sandbox, &format!("if [ -e tried ]; then rm -f {RECORD}.lock; else touch tried {RECORD}.lock; fi"));
    here.push(&[Move::advance(RECORD, Some(one), two)])?;
    assert_eq!(in_remote(&sandbox, RECORD), Some(two));
    Ok(())
}

#[test]
fn the_users_hooks_and_settings_of_push_are_let_be() -> Tested {
    let sandbox = with_remote();
    let here = origin(&sandbox);
    sandbox.write(".git/hooks/pre-push", "#!/bin/sh\nexit 1\n");
    fs::set_permissions(sandbox.path().join(".git/hooks/pre-push"), PermissionsExt::from_mode(0o755))?;
    for (key, value) in [("push.gpgSign", "true"), ("push.followTags", "true"), ("push.default", "nothing")] {
        sandbox.git(&["config", key, value]);
    }
    here.push(&[Move::create(RECORD, store(here.repo(), "one"))])?;
    Ok(())
}

#[test]
fn shallow_and_partial_clones_fetch_read_and_push() -> Tested {
    let sandbox = with_remote();
    sandbox.write("README", "second\n");
    sandbox.commit("second");
    sandbox.git(&["push", "--quiet", "origin", "main"]);
    sandbox.git_in(&bare(&sandbox), &["config", "uploadpack.allowFilter", "true"]);
    let here = origin(&sandbox);
    let mut before = store(here.repo(), "one");
    here.push(&[Move::create(RECORD, before)])?;
    for how in ["--depth=1", "--filter=blob:none"] {
        let there = clone(&sandbox, how.trim_start_matches('-'), &[how]);
        assert_eq!(there.fetch(&[RECORD])?.get(RECORD), Some(&before));
        read(there.repo(), before);
        let head = there.repo().head_commit()?;
        let files = [("record.json", how.as_bytes())];
        let next = there.repo().store_files(&files, &[head], &Message::new("x"), Timestamp::UNIX_EPOCH)?;
        there.push(&[Move::advance(RECORD, Some(before), next)])?;
        before = next;
    }
    Ok(())
}

#[test]
fn remotes_that_are_unknown_away_or_slow_are_told_apart() -> Tested {
    let sandbox = with_remote();
    let unknown = sandbox.repo().remote("upstream").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no remote `upstream`; there is origin");
    sandbox.git(&["remote", "add", "away", "/nonexistent/repo.git"]);
    let away = sandbox.repo().remote("away")?.list(&["refs/*"]).unwrap_err();
    assert!(matches!(away, RemoteError::Unreachable { is_final: true, .. }), "{away:?}");
    // Nobody answers there, ever.
    sandbox.git(&["remote", "add", "slow", "ext::sleep 600"]);
    sandbox.git(&["config", "protocol.ext.allow", "always"]);
    let slow = sandbox.repo().remote("slow")?.within(std::time::Duration::from_millis(100));
    let slow = slow.list(&["refs/*"]).unwrap_err();
    assert!(matches!(slow, RemoteError::Unreachable { .. }), "{slow:?}");
    let over = Arc::new(AtomicBool::new(true));
    let broken_off = sandbox.repo().remote("slow")?.until(&over).fetch(&["refs/*"]).unwrap_err();
    assert!(matches!(broken_off, RemoteError::Git(_)), "{broken_off:?}");
    Ok(())
}

#[test]
fn the_same_files_are_the_same_commit_and_a_file_that_is_not_there_is_none() -> Tested {
    let sandbox = with_remote();
    let repo = sandbox.repo();
    assert_eq!(store(&repo, "x"), store(&repo, "x"));
    assert_eq!(repo.file_at(store(&repo, "x"), Path::new("other"))?, None);
    assert_eq!(repo.file_at(sandbox.rev("HEAD"), Path::new("src"))?, None);
    assert_eq!(
        repo.file_at(sandbox.rev("HEAD"), Path::new("src/lib.txt"))?.map(|bytes| bytes.len()),
        Some(24)
    );
    Ok(())
}
