use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::support::{Sandbox, Tested, branch, refs, write};
use crate::git::{Found, GitError, Repo};

#[test]
fn git_cannot_tell_it_from_one_of_its_own() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let place = sandbox.place("t");
    let worktree = sandbox.repo().add_worktree(&place, &branch("t"), start)?;
    assert_eq!(worktree.path(), place);
    assert_eq!(worktree.head()?, start);
    assert_eq!(worktree.branch()?, Some(branch("t")));
    assert!(!worktree.is_dirty()?);

    let expected = format!("worktree {}\nHEAD {start}\nbranch refs/heads/blueprint/e/t\n", place.display());
    assert!(sandbox.worktree_list().contains(expected.trim_end()), "{}", sandbox.worktree_list());
    assert!(!sandbox.worktree_list().contains("locked"));
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    assert_eq!(sandbox.git_in(&place, &["rev-parse", "--show-toplevel"]), place.to_str().unwrap());
    write(&place.join("new"), "x");
    sandbox.git_in(&place, &["add", "-A"]);
    sandbox.git_in(&place, &["commit", "--quiet", "-m", "work"]);
    assert_eq!(sandbox.rev("blueprint/e/t"), worktree.head()?);
    sandbox.git(&["fsck", "--strict"]);
    sandbox.git(&["worktree", "prune"]);
    sandbox.git(&["worktree", "remove", place.to_str().unwrap()]);
    assert!(!place.exists());
    Ok(())
}

#[test]
fn files_come_with_their_modes_links_and_line_endings() -> Tested {
    let sandbox = Sandbox::new();
    // `+` and `-` sort before `.gitattributes`: they are written first.
    sandbox.write(".gitattributes", "*.txt text eol=crlf\n*.sh text eol=lf\n");
    sandbox.write("+first.txt", "a\nb\n");
    sandbox.write("sub/.gitattributes", "*.txt -text\n");
    sandbox.write("sub/+raw.txt", "a\n");
    sandbox.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(sandbox.path().join("run.sh"), fs::Permissions::from_mode(0o755))?;
    symlink("run.sh", sandbox.path().join("link"))?;
    symlink("/nowhere", sandbox.path().join("dangling"))?;
    let start = sandbox.commit("all sorts");
    let place = sandbox.place("t");
    sandbox.repo().add_worktree(&place, &branch("t"), start)?;
    let git = sandbox.root().join("by git");
    sandbox.git(&["worktree", "add", "--quiet", "--detach", git.to_str().unwrap()]);

    assert_eq!(fs::read(place.join("+first.txt"))?, b"a\r\nb\r\n");
    for file in [".gitattributes", "+first.txt", "sub/+raw.txt", "run.sh", "src/lib.txt"] {
        assert_eq!(fs::read(place.join(file))?, fs::read(git.join(file))?, "{file}");
    }
    assert_eq!(fs::metadata(place.join("run.sh"))?.permissions().mode() & 0o111, 0o111);
    assert_eq!(fs::read_link(place.join("link"))?.to_str(), Some("run.sh"));
    assert_eq!(fs::read_link(place.join("dangling"))?.to_str(), Some("/nowhere"));
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    Ok(())
}

#[test]
fn it_is_made_from_a_linked_worktree_and_from_a_bare_repository() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let linked = sandbox.root().join("linked");
    sandbox.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    for from in [linked, bare] {
        let repo = Repo::discover(&from)?.ok_or("not found")?;
        let name = from.file_name().unwrap().to_str().unwrap();
        let place = sandbox.place(name);
        repo.add_worktree(&place, &branch("t"), start)?;
        assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "", "{name}");
        assert!(sandbox.git_in(&from, &["worktree", "list"]).contains("[blueprint/e/t]"), "{name}");
    }
    Ok(())
}

#[test]
fn paths_with_spaces_and_any_script_work() -> Tested {
    let sandbox = Sandbox::named("my repo – ü🦀");
    let start = sandbox.rev("HEAD");
    let place = sandbox.root().join("work trees 🌳/é pic/a 'b' \"c\" $d");
    let worktree = sandbox.repo().add_worktree(&place, &branch("t"), start)?;
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    assert_eq!(sandbox.repo().worktree_at(&place)?, Found::Ours(worktree));
    sandbox.repo().remove_worktree(&place)?;
    assert!(!sandbox.worktree_list().contains("work trees"));
    Ok(())
}

#[test]
fn two_tasks_whose_branches_look_alike_do_not_share_an_entry() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    for (task, folder) in [("a-b", "one/x"), ("a_b", "two/x"), ("a.b", "three/x")] {
        repo.add_worktree(&sandbox.place(folder), &branch(task), start)?;
        // A person takes a name in the list that ours would have.
        assert_eq!(
            sandbox.git_in(&sandbox.place(folder), &["branch", "--show-current"]),
            format!("blueprint/e/{task}")
        );
    }
    assert_eq!(fs::read_dir(repo.common_dir().join("worktrees"))?.count(), 3);
    Ok(())
}

#[test]
fn nothing_is_written_to_the_configuration() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "branch.autoSetupMerge", "always"]);
    let config = fs::read(sandbox.path().join(".git/config"))?;
    sandbox.repo().add_worktree(&sandbox.place("t"), &branch("t"), sandbox.rev("HEAD"))?;
    assert_eq!(fs::read(sandbox.path().join(".git/config"))?, config);
    Ok(())
}

#[test]
fn no_hook_of_the_repository_runs() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let ran = sandbox.root().join("ran");
    for hook in
        ["post-checkout", "pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-merge"]
    {
        let path = sandbox.path().join(".git/hooks").join(hook);
        write(&path, &format!("#!/bin/sh\ntouch '{}'\n", ran.display()));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    let repo = sandbox.repo();
    repo.fix_start(&refs(), start)?;
    let worktree = repo.add_worktree(&sandbox.place("t"), &branch("t"), start)?;
    write(&sandbox.place("t").join("new"), "x");
    let gathered =
        worktree.commit_leftovers(&branch("t"), &super::support::by(), &super::support::message())?;
    repo.integrate(&refs(), gathered.head, &super::support::message())?;
    assert!(!ran.exists());
    Ok(())
}

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
        let refused =
            worktree.commit_leftovers(&branch("t"), &super::support::by(), &super::support::message());
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
    let gathered = worktree.commit_leftovers(&branch("t"), &super::support::by(), &super::support::message());
    let safe = match &gathered {
        Err(error) => matches!(error, GitError::NotAWorktree { .. }),
        Ok(_) => sandbox.git(&["ls-tree", "--name-only", "blueprint/e/t"]) == "README\nnew\nsrc",
    };
    assert!(safe, "{gathered:?}");
    assert_eq!(sandbox.fingerprint(), before);
    Ok(())
}
