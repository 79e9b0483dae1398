use std::sync::Barrier;

use super::support::{Sandbox, Tested, refs};
use crate::git::{EpicRefs, GitError};

#[test]
fn the_start_is_fixed_once() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, first) = (sandbox.repo(), sandbox.rev("HEAD"));
    assert_eq!(repo.start(&refs())?, None);
    assert_eq!(repo.fix_start(&refs(), first)?, first);
    let second = sandbox.commit("second");
    assert_eq!(repo.fix_start(&refs(), second)?, first);
    assert_eq!(repo.start(&refs())?, Some(first));
    Ok(())
}

#[test]
fn of_many_that_fix_the_start_at_once_one_wins() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, first) = (sandbox.repo(), sandbox.rev("HEAD"));
    let commits: Vec<_> = (0..8).map(|n| sandbox.commit_on(first, "f", &n.to_string())).collect();
    for round in 0..40 {
        let refs = EpicRefs::new(&format!("e{round}"), EpicRefs::DEFAULT_TEMPLATE)?;
        let together = Barrier::new(commits.len());
        let fix = &|commit| {
            together.wait();
            repo.fix_start(&refs, commit).unwrap()
        };
        let fixed: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = commits.iter().map(|&commit| scope.spawn(move || fix(commit))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let holds = repo.start(&refs)?;
        assert!(fixed.iter().all(|commit| Some(*commit) == holds), "{fixed:?} {holds:?}");
    }
    Ok(())
}

#[test]
fn an_attempt_is_kept_moves_forward_and_never_gives_up_what_it_keeps() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, first) = (sandbox.repo(), sandbox.rev("HEAD"));
    let (one, other) = (sandbox.commit_on(first, "a", "1"), sandbox.commit_on(first, "a", "2"));
    repo.keep_attempt(&refs(), "t", 1, first)?;
    repo.keep_attempt(&refs(), "t", 1, one)?;
    repo.keep_attempt(&refs(), "t", 1, one)?;
    let refused = repo.keep_attempt(&refs(), "t", 1, other);
    assert!(matches!(refused, Err(GitError::RefTaken { holds, .. }) if holds == one));
    repo.keep_attempt(&refs(), "t", 2, other)?;
    repo.keep_base(&refs(), "t", 2, first)?;
    assert_eq!(sandbox.rev("refs/blueprint/e/attempts/t/1"), one);
    assert_eq!(sandbox.rev("refs/blueprint/e/attempts/t/2"), other);
    assert_eq!(sandbox.rev("refs/blueprint/e/bases/t/2"), first);
    Ok(())
}

#[test]
fn packed_refs_are_seen_and_moved() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, first) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), first)?;
    repo.keep_attempt(&refs(), "t", 1, first)?;
    sandbox.git(&["pack-refs", "--all", "--prune"]);
    let second = sandbox.commit("second");
    assert_eq!(repo.fix_start(&refs(), second)?, first);
    repo.keep_attempt(&refs(), "t", 1, second)?;
    assert_eq!(sandbox.rev("refs/blueprint/e/attempts/t/1"), second);
    Ok(())
}

#[test]
fn a_branch_in_the_way_is_named() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, first) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), first)?;
    sandbox.git(&["branch", "blueprint/e"]);
    let refused = repo.add_worktree(&sandbox.place("t"), &refs().branch("t"), first);
    let Err(GitError::RefInTheWay { existing, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(existing, "refs/heads/blueprint/e");
    assert!(!sandbox.place("t").exists());
    Ok(())
}

#[test]
fn a_lock_that_stays_is_named_with_its_file() {
    let sandbox = Sandbox::new();
    let (repo, first) = (sandbox.repo(), sandbox.rev("HEAD"));
    sandbox.write(".git/refs/blueprint/e/start.lock", "");
    let refused = repo.fix_start(&refs(), first);
    let Err(GitError::RefLocked { lock, .. }) = refused else { panic!("{refused:?}") };
    assert!(lock.ends_with(".git/refs/blueprint/e/start.lock"));
}
