//! Repositories in which files are more than bytes: whatever git would write, commit and call changed, so do we.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Sandbox, Tested, branch, gather, write};
use crate::git::Repo;

/// Attributes and settings, each with what they do to a file.
struct Scene {
    name: &'static str,
    attributes: &'static str,
    settings: &'static [(&'static str, &'static str)],
}

const SCENES: [Scene; 10] = [
    Scene { name: "a filter", attributes: "*.txt filter=rot", settings: &ROT },
    Scene {
        name: "a filter that is required",
        attributes: "*.txt filter=rot -text",
        settings: &ROT_REQUIRED,
    },
    Scene { name: "CRLF", attributes: "*.txt text eol=crlf\n*.md text eol=lf", settings: &[] },
    Scene { name: "text", attributes: "* text=auto", settings: &[] },
    Scene { name: "ident", attributes: "*.txt ident", settings: &[] },
    Scene { name: "UTF-16", attributes: "*.txt working-tree-encoding=UTF-16LE", settings: &[] },
    Scene { name: "autocrlf", attributes: "", settings: &[("core.autocrlf", "true")] },
    Scene {
        name: "autocrlf=input",
        attributes: "",
        settings: &[("core.autocrlf", "input"), ("core.safecrlf", "true")],
    },
    Scene { name: "no links", attributes: "", settings: &[("core.symlinks", "false")] },
    Scene { name: "no modes", attributes: "", settings: &[("core.fileMode", "false")] },
];
const ROT: [(&str, &str); 2] =
    [("filter.rot.clean", "tr a-z n-za-m"), ("filter.rot.smudge", "tr n-za-m a-z")];
const ROT_REQUIRED: [(&str, &str); 3] = [
    ("filter.rot.clean", "tr a-z n-za-m"),
    ("filter.rot.smudge", "tr n-za-m a-z"),
    ("filter.rot.required", "true"),
];

impl Scene {
    fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::new();
        for (key, value) in self.settings {
            sandbox.git(&["config", key, value]);
        }
        sandbox.write(".gitattributes", self.attributes);
        sandbox.write("sub/a.txt", "some $Id$ text\nand more\n");
        sandbox.write("run", "#!/bin/sh\n");
        fs::set_permissions(sandbox.path().join("run"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        std::os::unix::fs::symlink("run", sandbox.path().join("link")).unwrap();
        sandbox.commit("files");
        sandbox
    }
}

/// The same work in any worktree.
fn work(place: &Path) {
    write(&place.join("sub/a.txt"), "changed\nlines\n");
    write(&place.join("sub/new.txt"), "new\r\nlines\r\n");
    write(&place.join("new folder/ü.md"), "more\n");
    fs::remove_file(place.join("src/lib.txt")).unwrap();
}

/// A worktree of git's own.
fn by_git(sandbox: &Sandbox) -> PathBuf {
    let place = sandbox.root().join("by git");
    sandbox.git(&["worktree", "add", "--quiet", "--detach", place.to_str().unwrap()]);
    place
}

fn tree_by_git(sandbox: &Sandbox, place: &Path) -> String {
    sandbox.git_in(place, &["-c", "core.safecrlf=false", "add", "-A"]);
    sandbox.git_in(place, &["write-tree"])
}

#[test]
fn worktrees_and_commits_are_those_that_git_would_make() -> Tested {
    for scene in SCENES {
        let sandbox = scene.sandbox();
        let place = sandbox.place("t");
        let worktree = sandbox.repo().add_worktree(&place, &branch("t"), sandbox.rev("HEAD"))?;
        let gits = by_git(&sandbox);
        for file in ["sub/a.txt", "README", "run", "link", ".gitattributes"] {
            assert_eq!(fs::read(place.join(file))?, fs::read(gits.join(file))?, "{} {file}", scene.name);
            let of = |root: &Path| root.join(file).symlink_metadata().map(|found| found.permissions());
            assert_eq!(of(&place)?, of(&gits)?, "{} {file}", scene.name);
        }
        assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "", "{}", scene.name);
        assert!(!worktree.is_dirty()?, "{}", scene.name);
        work(&place);
        work(&gits);
        assert_eq!(worktree.uncommitted()?.len(), 4, "{}", scene.name);
        let gathered = gather(&worktree)?;
        let tree = sandbox.git(&["rev-parse", &format!("{}^{{tree}}", gathered.head)]);
        assert_eq!(tree, tree_by_git(&sandbox, &gits), "{}", scene.name);
        assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "", "{}", scene.name);
        sandbox.repo().remove_worktree(&place)?;
    }
    Ok(())
}

#[test]
fn attributes_that_an_agent_adds_hold_for_its_own_commit() -> Tested {
    let scene = Scene { name: "later", attributes: "", settings: &ROT };
    let sandbox = scene.sandbox();
    let place = sandbox.place("t");
    let worktree = sandbox.repo().add_worktree(&place, &branch("t"), sandbox.rev("HEAD"))?;
    write(&place.join("large/.gitattributes"), "*.bin filter=rot\n");
    write(&place.join("large/x.bin"), "hello\n");
    let head = gather(&worktree)?.head;
    assert_eq!(sandbox.git(&["cat-file", "blob", &format!("{head}:large/x.bin")]), "uryyb");
    Ok(())
}

#[test]
fn a_snapshot_goes_through_the_filters_and_leaves_the_index_as_it_is() -> Tested {
    let scene = Scene { name: "a filter", attributes: "*.txt filter=rot", settings: &ROT };
    let sandbox = scene.sandbox();
    let place = sandbox.place("t");
    let worktree = sandbox.repo().add_worktree(&place, &branch("t"), sandbox.rev("HEAD"))?;
    work(&place);
    let index = sandbox.git_in(&place, &["rev-parse", "--git-path", "index"]);
    let before = fs::read(&index)?;
    let kept = worktree.snapshot(&branch("t"), &super::support::by(), &super::support::message())?.commit;
    assert_eq!(fs::read(&index)?, before);
    assert_eq!(sandbox.git(&["cat-file", "blob", &format!("{kept}:sub/a.txt")]), "punatrq\nyvarf");
    sandbox.repo().keep_attempt(&super::support::refs(), "t", 1, kept)?;
    sandbox.repo().reset_worktree(&place, &branch("t"), sandbox.rev("HEAD"), kept)?;
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    Ok(())
}

#[test]
fn our_folder_and_nested_repositories_are_left_out_of_gits_commits_as_well() -> Tested {
    for ignore in ["", ".blueprint/\n"] {
        let scene = Scene { name: "a filter", attributes: "*.txt filter=rot", settings: &ROT };
        let sandbox = scene.sandbox();
        sandbox.write(".gitignore", ignore);
        let start = sandbox.commit("ignore");
        let place = sandbox.place("t");
        let worktree = sandbox.repo().add_worktree(&place, &branch("t"), start)?;
        work(&place);
        write(&place.join(".blueprint/note"), "x");
        for nested in ["nested", "born nested"] {
            sandbox.git_in(&place, &["init", "--quiet", nested]);
            write(&place.join(nested).join("f"), "x");
        }
        sandbox.git_in(&place.join("born nested"), &["commit", "--quiet", "--allow-empty", "-m", "x"]);
        let gathered = gather(&worktree)?;
        assert_eq!(gathered.notices.len(), 2, "{:?}", gathered.notices);
        let files = sandbox.git(&["ls-tree", "-r", "--name-only", &gathered.head.to_string()]);
        assert!(
            files.contains("sub/new.txt") && !files.contains("nested") && !files.contains("blueprint"),
            "{files}"
        );
    }
    Ok(())
}

#[test]
fn a_sparse_checkout_stays_one_and_files_outside_of_it_are_kept() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.write("docs/a.md", "docs\n");
    let start = sandbox.commit("docs");
    sandbox.git(&["sparse-checkout", "set", "--cone", "docs"]);
    let place = sandbox.place("t");
    let worktree = sandbox.repo().add_worktree(&place, &branch("t"), start)?;
    assert!(place.join("docs/a.md").exists() && place.join("README").exists());
    assert!(!place.join("src").exists());
    assert!(!worktree.is_dirty()?);
    write(&place.join("docs/b.md"), "new\n");
    write(&place.join("elsewhere/c"), "new\n");
    let head = gather(&worktree)?.head.to_string();
    let files = sandbox.git(&["ls-tree", "-r", "--name-only", &head]);
    assert_eq!(files, "README\ndocs/a.md\ndocs/b.md\nelsewhere/c\nsrc/lib.txt");
    Ok(())
}

#[test]
fn a_submodules_folder_is_there_and_its_commit_stays() -> Tested {
    let (sandbox, library) = (Sandbox::new(), Sandbox::new());
    let url = library.path();
    sandbox.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        url.to_str().unwrap(),
        "lib",
    ]);
    let start = sandbox.commit("submodule");
    let place = sandbox.place("t");
    let worktree = sandbox.repo().add_worktree(&place, &branch("t"), start)?;
    assert_eq!(fs::read_dir(place.join("lib"))?.count(), 0, "as `git worktree add` leaves it");
    assert!(!worktree.is_dirty()?);
    write(&place.join("new"), "x");
    let gathered = gather(&worktree)?;
    let link = |commit: &str| sandbox.git(&["ls-tree", commit, "lib"]);
    assert_eq!(link(&gathered.head.to_string()), link(&start.to_string()));
    sandbox.repo().remove_worktree(&place)?;
    Ok(())
}

#[test]
fn a_merge_driver_of_the_user_takes_part_in_our_merges() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "merge.longer.driver", "cat %B >> %A"]);
    sandbox.write(".gitattributes", "list merge=longer\n");
    sandbox.write("list", "one\n");
    let start = sandbox.commit("attributes");
    let (a, b) = (sandbox.commit_on(start, "list", "a\n"), sandbox.commit_on(start, "list", "b\n"));
    let base = Repo::build_base(&sandbox.repo(), start, &[a, b])?;
    assert_eq!(sandbox.git(&["show", &format!("{}:list", base.commit)]), "a\nb");
    let (a, b) = (sandbox.commit_on(start, "README", "a\n"), sandbox.commit_on(start, "README", "b\n"));
    let error = sandbox.repo().build_base(start, &[a, b]).unwrap_err();
    assert!(
        matches!(&error, crate::git::BaseError::Conflict { paths, .. } if paths == &[PathBuf::from("README")])
    );
    Ok(())
}
