//! Repositories in which files are more than bytes: whatever git would write, commit and call changed, so do we.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Sandbox, Tested, branch, by, gather, message, refs, write};
use crate::git::{Integrated, MayLose, Repo, Strategy, Work};

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
    let kept = worktree.snapshot(&branch("t"), &by(), &message())?.commit;
    assert_eq!(fs::read(&index)?, before);
    assert_eq!(sandbox.git(&["cat-file", "blob", &format!("{kept}:sub/a.txt")]), "punatrq\nyvarf");
    sandbox.repo().keep_attempt(&refs(), "t", 1, kept)?;
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

/// What is stored of a file as it lies there.
fn stored(sandbox: &Sandbox, place: &Path, file: &str) -> String {
    let id = sandbox.git_in(place, &["-c", "core.safecrlf=false", "hash-object", "-w", "--path", file, file]);
    sandbox.git(&["cat-file", "blob", &id])
}

#[test]
fn conflicts_are_put_and_taken_in_the_form_that_files_have_in_the_worktree() -> Tested {
    for (scene, strategy) in SCENES.iter().zip([Strategy::Merge, Strategy::Squash].into_iter().cycle()) {
        let (sandbox, name) = (scene.sandbox(), scene.name);
        let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
        repo.fix_start(&refs(), start)?;
        let (file, place) = ("sub/a.txt", sandbox.place("t"));
        // In the form that they are stored in.
        let theirs = sandbox.commit_on(start, file, "theirs\nand more\n");
        let theirs = sandbox.commit_on(theirs, "sub/other.txt", "other\nlines\n");
        let work = Work { head: theirs, base: Some(start), message: &message(), may_lose: MayLose::In(&[]) };
        repo.integrate(&refs(), &work, strategy)?;
        let tip = sandbox.rev("blueprint/e/integration");
        let gits = sandbox.root().join("gits");
        let (gits_name, tip_name) = (gits.to_str().unwrap(), tip.to_string());
        sandbox.git(&["worktree", "add", "--quiet", "--detach", gits_name, &tip_name]);
        let head = sandbox.commit_on(start, file, "mine\nand more\n");
        repo.add_worktree(&place, &branch("t"), head)?;
        let before = fs::read(place.join(file))?;

        let conflict = repo.conflict(&refs(), head, Some(start), strategy)?.unwrap();
        repo.begin_resolution(&place, &conflict, strategy)?;
        let status =
            |what: &str| assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), what, "{name}");
        status("UU sub/a.txt");
        let marked = stored(&sandbox, &place, file);
        let lines: Vec<_> = marked.lines().collect();
        assert_eq!((lines[0], lines[1]), ("<<<<<<< integration", "theirs"), "{name}: {marked}");
        assert!(lines.contains(&"mine") && lines.contains(&">>>>>>> task"), "{name}: {marked}");
        assert_eq!(fs::read(place.join("sub/other.txt"))?, fs::read(gits.join("sub/other.txt"))?, "{name}");

        // Resolved as the integration branch has it, in the form of a worktree.
        fs::copy(gits.join(file), place.join(file))?;
        let sides = (conflict.tip, conflict.head);
        let taken = repo.take_resolution(&place, &branch("t"), sides, None, &by(), &message())?;
        assert_eq!(sandbox.rev(&format!("{taken}:{file}")), sandbox.rev(&format!("{tip}:{file}")), "{name}");
        repo.keep_attempt(&refs(), "t", 2, taken)?;
        repo.end_resolution(&place, &branch("t"), head, taken)?;
        assert_eq!(fs::read(place.join(file))?, before, "{name}");
        assert!(!place.join("sub/other.txt").exists(), "{name}");
        status("");
    }
    Ok(())
}

#[test]
fn a_worktree_that_stands_at_a_commit_has_its_files_as_git_writes_them() -> Tested {
    let scene = Scene { name: "a filter", attributes: "*.txt filter=rot", settings: &ROT };
    let sandbox = scene.sandbox();
    let start = sandbox.rev("HEAD");
    let later = sandbox.commit_on(start, "sub/a.txt", "uryyb\n");
    let place = sandbox.place("integration");
    for (commit, text) in [(start, "some $Id$ text\nand more\n"), (later, "hello\n")] {
        sandbox.repo().stand_at(&place, &refs(), commit)?;
        assert_eq!(fs::read_to_string(place.join("sub/a.txt"))?, text);
        assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
        write(&place.join("left/behind"), "x");
    }
    sandbox.repo().stand_at(&place, &refs(), start)?;
    assert!(!place.join("left").exists());
    Ok(())
}

#[test]
fn a_driver_of_the_user_decides_what_is_a_conflict_under_every_strategy() -> Tested {
    for strategy in [Strategy::Merge, Strategy::Squash, Strategy::Rebase] {
        let sandbox = Sandbox::new();
        sandbox.git(&["config", "merge.longer.driver", "cat %B >> %A"]);
        sandbox.git(&["config", "merge.never.driver", "false"]);
        sandbox.write(".gitattributes", "list merge=longer\nalone merge=never\n");
        sandbox.write("list", "one\n");
        sandbox.write("alone", "1\n2\n3\n4\n5\n");
        let (start, repo) = (sandbox.commit("attributes"), sandbox.repo());
        repo.fix_start(&refs(), start)?;
        let bring = |file: &str, text: &str| {
            let head = sandbox.commit_on(start, file, text);
            let work = Work { head, base: Some(start), message: &message(), may_lose: MayLose::In(&[]) };
            repo.integrate(&refs(), &work, strategy).map(|integrated| (head, integrated))
        };
        bring("list", "a\n")?;
        assert!(matches!(bring("list", "b\n")?.1, Integrated::Merged { .. }), "{strategy:?}");
        assert_eq!(sandbox.git(&["show", "blueprint/e/integration:list"]), "a\nb", "{strategy:?}");
        // Nothing that libgit2 would call a conflict.
        bring("alone", "one\n2\n3\n4\n5\n")?;
        let (head, integrated) = bring("alone", "1\n2\n3\n4\nfive\n")?;
        assert_eq!(integrated, Integrated::Conflict(vec![PathBuf::from("alone")]), "{strategy:?}");
        let conflict = repo.conflict(&refs(), head, Some(start), strategy)?.unwrap();
        assert_eq!(conflict.paths, [PathBuf::from("alone")], "{strategy:?}");
    }
    Ok(())
}

#[test]
fn a_conflict_in_a_sparse_checkout_or_beside_a_submodule_leaves_both_as_they_are() -> Tested {
    let (sandbox, library) = (Sandbox::new(), Sandbox::new());
    sandbox.write("docs/a.md", "docs\n");
    let url = library.path();
    let add =
        ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url.to_str().unwrap(), "lib"];
    sandbox.git(&add);
    let (start, repo) = (sandbox.commit("files"), sandbox.repo());
    sandbox.git(&["sparse-checkout", "set", "--cone", "docs"]);
    repo.fix_start(&refs(), start)?;
    let theirs = sandbox.commit_on(start, "src/lib.txt", "theirs\n");
    let work = Work { head: theirs, base: None, message: &message(), may_lose: MayLose::In(&[]) };
    repo.integrate(&refs(), &work, Strategy::Merge)?;
    let (head, place) = (sandbox.commit_on(start, "src/lib.txt", "mine\n"), sandbox.place("t"));
    repo.add_worktree(&place, &branch("t"), head)?;

    let conflict = repo.conflict(&refs(), head, Some(start), Strategy::Merge)?.unwrap();
    repo.begin_resolution(&place, &conflict, Strategy::Merge)?;
    let marked = fs::read_to_string(place.join("src/lib.txt"))?;
    assert!(marked.contains("theirs\n") && marked.contains("mine\n>>>>>>> task"), "{marked}");
    write(&place.join("src/lib.txt"), "theirs\nmine\n");
    let sides = (conflict.tip, conflict.head);
    let taken = repo.take_resolution(&place, &branch("t"), sides, None, &by(), &message())?;
    let changed = sandbox.git(&["diff", "--name-only", &conflict.tip.to_string(), &taken.to_string()]);
    assert_eq!(changed, "src/lib.txt", "neither the submodule nor what is not checked out is missed");
    repo.keep_attempt(&refs(), "t", 2, taken)?;
    repo.end_resolution(&place, &branch("t"), head, taken)?;
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    assert!(place.join("docs/a.md").exists() && !place.join("src").exists());
    Ok(())
}
