use std::fs;
use std::os::unix::fs::symlink;

use super::support::{Sandbox, Tested, branch, by, message, refs, write};
use crate::git::{Found, GitError};

#[test]
fn an_existing_worktree_is_refused_and_stays() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let place = sandbox.place("t");
    repo.add_worktree(&place, &branch("t"), start)?;
    write(&place.join("work"), "x");
    let refused = repo.add_worktree(&place, &branch("u"), start);
    assert!(matches!(refused, Err(GitError::WorktreeExists { .. })), "{refused:?}");
    assert!(place.join("work").exists());
    assert_eq!(repo.target("refs/heads/blueprint/e/u")?, None);
    Ok(())
}

#[test]
fn what_is_not_ours_is_refused_and_stays() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    write(&sandbox.place("folder").join("theirs"), "x");
    write(&sandbox.place("file"), "x");
    symlink("/nowhere", sandbox.place("link"))?;
    let other = Sandbox::new();
    let foreign = other.place("t");
    other.repo().add_worktree(&foreign, &branch("t"), other.rev("HEAD"))?;
    for place in [
        sandbox.place("folder"),
        sandbox.place("file"),
        sandbox.place("link"),
        foreign.clone(),
        sandbox.path(),
    ] {
        assert_eq!(repo.worktree_at(&place)?, Found::Foreign, "{place:?}");
        let refused = repo.add_worktree(&place, &branch("t"), start);
        assert!(matches!(refused, Err(GitError::PathTaken { .. })), "{place:?} {refused:?}");
    }
    assert!(sandbox.place("folder/theirs").exists() && foreign.join("README").exists());
    assert_eq!(repo.target("refs/heads/blueprint/e/t")?, None);
    assert!(!sandbox.worktree_list().contains("blueprint/e/t"));
    Ok(())
}

#[test]
fn a_file_in_the_way_of_the_parent_folder_leaves_nothing_half_made() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    write(&sandbox.root().join("repo.worktrees"), "a file");
    let refused = repo.add_worktree(&sandbox.place("t"), &branch("t"), start);
    assert!(matches!(refused, Err(GitError::Io { .. })), "{refused:?}");
    assert_eq!(repo.target("refs/heads/blueprint/e/t")?, None);
    assert!(!sandbox.worktree_list().contains("blueprint/e/t"));
    Ok(())
}

#[test]
fn an_empty_folder_is_used() -> Tested {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.place("t"))?;
    assert_eq!(sandbox.repo().worktree_at(&sandbox.place("t"))?, Found::Nothing);
    sandbox.repo().add_worktree(&sandbox.place("t"), &branch("t"), sandbox.rev("HEAD"))?;
    assert_eq!(sandbox.git_in(&sandbox.place("t"), &["status", "--porcelain"]), "");
    Ok(())
}

#[test]
fn a_failed_creation_leaves_no_branch_no_folder_and_no_entry() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let broken = sandbox.commit_on(start, "gone", "unique text that will be missing");
    let blob = sandbox.rev(&format!("{broken}:gone")).to_string();
    fs::remove_file(sandbox.path().join(".git/objects").join(&blob[..2]).join(&blob[2..]))?;
    let refused = repo.add_worktree(&sandbox.place("t"), &branch("t"), broken);
    assert!(matches!(refused, Err(GitError::Git { .. })), "{refused:?}");
    assert!(!sandbox.root().join("repo.worktrees").exists());
    assert_eq!(repo.target("refs/heads/blueprint/e/t")?, None);
    assert!(!sandbox.worktree_list().contains("repo.worktrees"));

    repo.keep_attempt(&refs(), "t", 1, start)?;
    sandbox.git(&["branch", "blueprint/e/t", &start.to_string()]);
    assert!(repo.add_worktree(&sandbox.place("t"), &branch("t"), broken).is_err());
    assert_eq!(repo.target("refs/heads/blueprint/e/t")?, Some(start), "put back to where it was");
    Ok(())
}

#[test]
fn a_missing_folder_is_made_again_despite_its_stale_entry() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let place = sandbox.place("t");
    repo.add_worktree(&place, &branch("t"), start)?;
    fs::remove_dir_all(&place)?;
    assert_eq!(repo.worktree_at(&place)?, Found::Nothing);
    repo.add_worktree(&place, &branch("t"), start)?;
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    assert_eq!(sandbox.worktree_list().matches("worktree ").count(), 2);
    Ok(())
}

#[test]
fn a_creation_that_was_killed_is_done_again() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let place = sandbox.place("t");
    repo.add_worktree(&place, &branch("t"), start)?;
    let admin = fs::read_dir(repo.common_dir().join("worktrees"))?.next().unwrap()?.path();
    write(&admin.join("locked"), "blueprint: being made\n");
    fs::remove_file(place.join("README"))?;
    fs::remove_file(admin.join("index"))?;
    assert_eq!(repo.worktree_at(&place)?, Found::Nothing);
    repo.add_worktree(&place, &branch("t"), start)?;
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    assert!(!sandbox.worktree_list().contains("locked"));
    Ok(())
}

#[test]
fn a_creation_that_is_going_on_elsewhere_is_left_alone() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let place = sandbox.place("t");
    repo.add_worktree(&place, &branch("t"), start)?;
    let admin = fs::read_dir(repo.common_dir().join("worktrees"))?.next().unwrap()?.path();
    write(&admin.join("locked"), "blueprint: being made\n");
    let maker = fs::File::open(admin.join("locked"))?;
    maker.lock()?;
    let refused = repo.add_worktree(&place, &branch("t"), start);
    assert!(matches!(refused, Err(GitError::WorktreeLocked { .. })), "{refused:?}");
    assert!(place.join("README").exists());
    Ok(())
}

#[test]
fn a_worktree_that_a_person_locked_is_left_alone_even_if_its_folder_is_away() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let place = sandbox.place("t");
    repo.add_worktree(&place, &branch("t"), start)?;
    sandbox.git(&["worktree", "lock", "--reason", "on a stick", place.to_str().unwrap()]);
    assert!(matches!(repo.remove_worktree(&place), Err(GitError::WorktreeLocked { .. })));
    fs::rename(&place, sandbox.root().join("away"))?;
    let refused = repo.add_worktree(&place, &branch("t"), start);
    let Err(GitError::WorktreeLocked { reason, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(reason, "on a stick");
    Ok(())
}

#[test]
fn a_branch_that_is_checked_out_is_never_moved() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let next = sandbox.commit_on(start, "a", "a");
    repo.add_worktree(&sandbox.place("t"), &branch("t"), start)?;
    sandbox.git(&["checkout", "--quiet", "-b", "blueprint/e/u"]);
    for task in ["t", "u"] {
        let refused = repo.add_worktree(&sandbox.place("elsewhere"), &branch(task), next);
        assert!(matches!(refused, Err(GitError::BranchInUse { .. })), "{refused:?}");
        assert_eq!(sandbox.rev(branch(task).as_str()), start);
    }
    assert!(!sandbox.place("elsewhere").exists());
    Ok(())
}

#[test]
fn an_earlier_attempts_branch_is_moved_only_if_its_work_is_kept() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let work = sandbox.commit_on(start, "a", "a");
    sandbox.git(&["branch", "blueprint/e/t", &work.to_string()]);
    let refused = repo.add_worktree(&sandbox.place("t"), &branch("t"), start);
    assert!(matches!(refused, Err(GitError::BranchHoldsWork { head, .. }) if head == work), "{refused:?}");
    assert_eq!(sandbox.rev("blueprint/e/t"), work);

    repo.keep_attempt(&refs(), "t", 1, work)?;
    repo.add_worktree(&sandbox.place("t"), &branch("t"), start)?;
    assert_eq!(sandbox.rev("blueprint/e/t"), start);
    Ok(())
}

#[test]
fn a_worktree_whose_git_file_leads_elsewhere_is_not_used() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let other = repo.add_worktree(&sandbox.place("other"), &branch("other"), start)?;
    let worktree = repo.add_worktree(&sandbox.place("t"), &branch("t"), start)?;
    let dot_git = sandbox.place("t").join(".git");
    let others = fs::read_to_string(other.path().join(".git"))?;
    let main = format!("gitdir: {}\n", sandbox.path().join(".git").display());
    for target in [main, others] {
        fs::write(&dot_git, target)?;
        write(&sandbox.place("t").join("evil"), "x");
        let refused = worktree.commit_leftovers(&branch("t"), &by(), &message());
        assert!(matches!(refused, Err(GitError::NotAWorktree { .. })), "{refused:?}");
    }
    fs::remove_file(&dot_git)?;
    assert!(matches!(worktree.head(), Err(GitError::NotAWorktree { .. })));
    assert_eq!(sandbox.rev("main"), start);
    assert_eq!(other.head()?, start);
    Ok(())
}

#[test]
fn a_worktree_that_was_configured_to_be_elsewhere_is_not_used() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let worktree = repo.add_worktree(&sandbox.place("t"), &branch("t"), start)?;
    sandbox.git(&["config", "extensions.worktreeConfig", "true"]);
    let elsewhere = sandbox.path();
    sandbox.git_in(worktree.path(), &["config", "--worktree", "core.worktree", elsewhere.to_str().unwrap()]);
    let before = sandbox.fingerprint();
    write(&sandbox.place("t").join("new"), "x");
    let gathered = worktree.commit_leftovers(&branch("t"), &by(), &message());
    let safe = match &gathered {
        Err(error) => matches!(error, GitError::NotAWorktree { .. }),
        Ok(_) => sandbox.git(&["ls-tree", "--name-only", "blueprint/e/t"]) == "README\nnew\nsrc",
    };
    assert!(safe, "{gathered:?}");
    assert_eq!(sandbox.fingerprint(), before);
    Ok(())
}
