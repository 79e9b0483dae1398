use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::support::{Sandbox, Tested, branch, by, integrate, message, refs, write};
use crate::git::{Found, GitError, Repo};

#[test]
fn sixteen_creations_at_once_all_succeed_while_git_prunes_and_packs() -> Tested {
    for round in 0..3 {
        let sandbox = Sandbox::new();
        let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
        repo.fix_start(&refs(), start)?;
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let pruner = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    sandbox.git(&["worktree", "prune", "--expire=now"]);
                    sandbox.try_git(&sandbox.path(), &["pack-refs", "--all", "--prune"]);
                }
            });
            let makers: Vec<_> = (0..16)
                .map(|n| (n, Repo::clone(&repo)))
                .map(|(n, repo)| {
                    let sandbox = &sandbox;
                    scope.spawn(move || a_tasks_life(sandbox, &repo, &format!("t{n}"), start))
                })
                .collect();
            let results: Vec<_> = makers.into_iter().map(thread::ScopedJoinHandle::join).collect();
            done.store(true, Ordering::Relaxed);
            pruner.join().unwrap();
            assert!(results.iter().all(Result::is_ok), "round {round}");
        });
        let list = sandbox.worktree_list();
        assert_eq!(list.matches("branch refs/heads/blueprint/e/t").count(), 8, "round {round}: {list}");
        let merged = sandbox.git(&[
            "rev-list",
            "--count",
            "--first-parent",
            &format!("{start}..blueprint/e/integration"),
        ]);
        assert_eq!(merged, "16", "round {round}");
        sandbox.git(&["fsck", "--strict"]);
    }
    Ok(())
}

#[test]
fn twenty_times_sixteen_creations_at_once_succeed_while_git_prunes_commits_and_packs() {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let disturber = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                sandbox.git(&["worktree", "prune", "--expire=now"]);
                sandbox.git(&["commit", "--quiet", "--allow-empty", "-m", "of somebody's"]);
                sandbox.try_git(&sandbox.path(), &["pack-refs", "--all", "--prune"]);
            }
        });
        let rounds = (0..20).map(|_| round_of(16, &sandbox, &repo, start)).collect::<Vec<_>>();
        done.store(true, Ordering::Relaxed);
        disturber.join().unwrap();
        for (round, failures) in rounds.iter().enumerate() {
            assert!(failures.is_empty(), "round {round}: {failures:?}");
        }
    });
    assert_eq!(sandbox.worktree_list().matches("worktree ").count(), 1);
}

/// So many worktrees made and removed at once; what went wrong with any of them.
fn round_of(count: usize, sandbox: &Sandbox, repo: &Repo, start: git2::Oid) -> Vec<String> {
    let one = |task: &str| -> Result<(), GitError> {
        let worktree = repo.add_worktree(&sandbox.place(task), &branch(task), start)?;
        let files = worktree.uncommitted()?;
        if files.is_empty() {
            repo.remove_worktree(&sandbox.place(task))
        } else {
            Err(GitError::Dirty { path: sandbox.place(task), files })
        }
    };
    thread::scope(|scope| {
        let makers: Vec<_> = (0..count).map(|n| scope.spawn(move || one(&format!("t{n}")))).collect();
        let ends = makers.into_iter().map(|maker| maker.join().unwrap());
        ends.filter_map(Result::err).map(|error| error.to_string()).collect()
    })
}

/// Made, worked in, merged; every second one is removed again.
fn a_tasks_life(sandbox: &Sandbox, repo: &Repo, task: &str, start: git2::Oid) {
    let place = sandbox.place(task);
    let worktree = repo.add_worktree(&place, &branch(task), start).unwrap();
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    write(&place.join(task), "work");
    let gathered = worktree.commit_leftovers(&branch(task), &by(), &message()).unwrap();
    integrate(repo, gathered.head, &message()).unwrap();
    if task.ends_with(['0', '2', '4', '6', '8']) {
        repo.remove_worktree(&place).unwrap();
        assert_eq!(repo.worktree_at(&place).unwrap(), Found::Nothing);
    }
}

#[test]
fn of_two_that_make_the_same_worktree_one_wins_and_the_other_harms_nothing() {
    for _ in 0..5 {
        let sandbox = Sandbox::new();
        let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
        let place = sandbox.place("t");
        let made: Vec<bool> = thread::scope(|scope| {
            let makers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| repo.add_worktree(&place, &branch("t"), start).is_ok()))
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
        assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    }
}
