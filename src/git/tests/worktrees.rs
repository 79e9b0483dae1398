use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::support::{Sandbox, Tested, branch, by, integrate, message, refs, write};
use crate::git::{Found, Repo};

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
fn of_all_hooks_only_that_of_the_checkout_runs_and_is_told_what_git_would_tell_it() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let ran = sandbox.root().join("ran");
    for hook in
        ["post-checkout", "pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-merge"]
    {
        let text = format!("#!/bin/sh\necho {hook} $* $(ls | tr '\\n' ' ') >> '{}'\n", ran.display());
        executable(&sandbox.path().join(".git/hooks").join(hook), &text)?;
    }
    let repo = sandbox.repo();
    repo.fix_start(&refs(), start)?;
    let worktree = repo.add_worktree(&sandbox.place("t"), &branch("t"), start)?;
    write(&sandbox.place("t").join("new"), "x");
    let gathered = worktree.commit_leftovers(&branch("t"), &by(), &message())?;
    integrate(&repo, gathered.head, &message())?;
    let nothing = "0".repeat(40);
    assert_eq!(fs::read_to_string(&ran)?, format!("post-checkout {nothing} {start} 1 README src\n"));
    Ok(())
}

#[test]
fn a_hook_that_fails_undoes_the_creation_and_is_quoted() -> Tested {
    let sandbox = Sandbox::new();
    executable(
        &sandbox.path().join("own hooks/post-checkout"),
        "#!/bin/sh\necho no such server >&2; exit 3\n",
    )?;
    sandbox.git(&["config", "core.hooksPath", sandbox.path().join("own hooks").to_str().unwrap()]);
    let refused = sandbox.repo().add_worktree(&sandbox.place("t"), &branch("t"), sandbox.rev("HEAD"));
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("run the hook post-checkout") && text.ends_with("no such server"), "{text}");
    assert!(!sandbox.root().join("repo.worktrees").exists());
    assert_eq!(sandbox.repo().target("refs/heads/blueprint/e/t")?, None);
    Ok(())
}

fn executable(path: &Path, text: &str) -> Tested {
    write(path, text);
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}
