use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Sandbox, Tested, branch, by, integrate, message, refs, started};
use crate::git::{Conflict, GitError, Integrated, MayLose, Oid, Repo, Side, Strategy, Unmerged, Work};

const BRANCH: &str = "blueprint/e/integration";

struct Scene {
    sandbox: Sandbox,
    repo: Repo,
    start: Oid,
    place: PathBuf,
}

impl Scene {
    fn new() -> Result<Self, GitError> {
        let sandbox = Sandbox::new();
        let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
        repo.fix_start(&refs(), start)?;
        let place = started(&sandbox).path().to_owned();
        Ok(Self { sandbox, repo, start, place })
    }

    /// The work of a task that is merged.
    fn merged(&self, task: &str, file: &str, text: &str) -> Result<Oid, GitError> {
        let head = self.sandbox.commit_on(self.start, file, text);
        let message = crate::git::Message::new(&format!("Merge task {task}")).for_attempt(task, 1);
        assert!(matches!(integrate(&self.repo, head, &message)?, Integrated::Merged { .. }));
        Ok(head)
    }

    /// The work of task `t`, in its worktree.
    fn work(&self, file: &str, text: &str) -> Oid {
        fs::write(self.place.join(file), text).unwrap();
        self.sandbox.git_in(&self.place, &["add", "--all"]);
        self.sandbox.git_in(&self.place, &["commit", "--quiet", "-m", "work"]);
        self.sandbox.rev("blueprint/e/t")
    }

    fn begin(&self, head: Oid) -> Result<Conflict, GitError> {
        let conflict = self.repo.conflict(&refs(), head, Some(self.start), Strategy::Merge)?.unwrap();
        self.repo.begin_resolution(&self.place, &conflict, Strategy::Merge)?;
        Ok(conflict)
    }

    fn take(&self, conflict: &Conflict) -> Result<Oid, GitError> {
        let sides = (conflict.tip, conflict.head);
        let taken = self.repo.take_resolution(&self.place, &branch("t"), sides, None, &by(), &message())?;
        self.repo.keep_attempt(&refs(), "t", 2, taken)?;
        self.repo.end_resolution(&self.place, &branch("t"), conflict.head, taken)?;
        Ok(taken)
    }

    fn resolve(&self, head: Oid, file: &str, text: &str) -> Result<(Conflict, Oid), GitError> {
        let conflict = self.begin(head)?;
        fs::write(self.place.join(file), text).unwrap();
        let taken = self.take(&conflict)?;
        Ok((conflict, taken))
    }

    fn bring_in(&self, head: Oid, taken: Oid) -> Result<Integrated, GitError> {
        let message = message();
        let work = Work { head, base: Some(self.start), message: &message, may_lose: MayLose::In(&[]) };
        self.repo.integrate_resolved(&refs(), &work, taken, Strategy::Merge)
    }

    fn text(&self, file: &str) -> String {
        self.sandbox.git(&["show", &format!("{BRANCH}:{file}")])
    }
}

#[test]
fn the_worktree_gets_the_merge_and_git_sees_it_as_one() -> Tested {
    let scene = Scene::new()?;
    scene.merged("a", "README", "first\na\n")?;
    scene.merged("c", "other", "c\n")?;
    let head = scene.work("README", "first\nt\n");
    let conflict = scene.begin(head)?;
    assert_eq!((&conflict.paths, &conflict.with), (&vec![PathBuf::from("README")], &vec!["a".to_owned()]));
    let shown = scene.sandbox.git_in(&scene.place, &["status", "--porcelain"]);
    assert_eq!(shown, "UU README");
    assert_eq!(fs::read_to_string(scene.place.join("other"))?, "c\n");
    let heads = scene.sandbox.git_in(&scene.place, &["rev-parse", "HEAD", "MERGE_HEAD"]);
    assert_eq!(heads, format!("{}\n{head}", conflict.tip));
    Ok(())
}

#[test]
fn ignored_files_stay_and_the_worktree_is_the_tasks_again_afterwards() -> Tested {
    let scene = Scene::new()?;
    scene.merged("a", "README", "first\na\n")?;
    let head = scene.work(".gitignore", "cache\n");
    fs::write(scene.place.join("cache"), "much work")?;
    let head = {
        let _ = head;
        scene.work("README", "first\nt\n")
    };
    scene.resolve(head, "README", "first\na\nt\n")?;
    assert_eq!(fs::read_to_string(scene.place.join("cache"))?, "much work");
    assert_eq!(fs::read_to_string(scene.place.join("README"))?, "first\nt\n");
    assert_eq!(
        scene.sandbox.git_in(&scene.place, &["status", "--porcelain", "--branch"]),
        "## blueprint/e/t"
    );
    Ok(())
}

#[test]
fn flaws_are_lines_of_either_side_that_are_gone_in_any_file() -> Tested {
    let scene = Scene::new()?;
    scene.merged("a", "README", "first\na\n")?;
    let head = scene.work("README", "first\nt\n");
    let (conflict, taken) = scene.resolve(head, "README", "first\nneither\n")?;
    let flaws = scene.repo.flaws(&conflict, taken, Strategy::Merge)?;
    let lost: Vec<_> =
        flaws.lost.iter().map(|(path, line)| (path.as_path(), line.side, line.text.as_str())).collect();
    let readme = Path::new("README");
    assert_eq!(lost, [(readme, Side::Integration, "a"), (readme, Side::Task, "t")]);
    assert!(flaws.markers.is_empty());
    Ok(())
}

#[test]
fn markers_that_are_left_are_found() -> Tested {
    let scene = Scene::new()?;
    scene.merged("a", "README", "first\na\n")?;
    let head = scene.work("README", "first\nt\n");
    let (conflict, taken) = scene.resolve(head, "more", "x")?;
    let readme = Path::new("README");
    assert_eq!(scene.repo.flaws(&conflict, taken, Strategy::Merge)?.markers, [(readme.to_owned(), 2)]);
    Ok(())
}

#[test]
fn a_file_that_one_side_deleted_and_the_other_changed_is_compared_too() -> Tested {
    let scene = Scene::new()?;
    scene.merged("a", "src/lib.txt", "one\ntwo\nthree\nfour\nfive\nsix\n")?;
    scene.sandbox.git_in(&scene.place, &["rm", "--quiet", "src/lib.txt"]);
    let head = scene.work("t", "t\n");
    let conflict = scene.begin(head)?;
    let _ = fs::remove_file(scene.place.join("src/lib.txt"));
    let taken = scene.take(&conflict)?;
    let flaws = scene.repo.flaws(&conflict, taken, Strategy::Merge)?;
    assert_eq!(flaws.lost.iter().map(|(_, line)| line.text.as_str()).collect::<Vec<_>>(), ["six"]);
    Ok(())
}

#[test]
fn the_resolution_becomes_the_merge_on_whatever_the_branch_has_by_then() -> Tested {
    for moves_on in [false, true] {
        let scene = Scene::new()?;
        scene.merged("a", "README", "first\na\n")?;
        let head = scene.work("README", "first\nt\n");
        let (conflict, taken) = scene.resolve(head, "README", "first\na\nt\n")?;
        if moves_on {
            scene.merged("c", "other", "c\n")?;
        }
        let tip = scene.sandbox.rev(BRANCH);
        let Integrated::Merged { commit, .. } = scene.bring_in(head, taken)? else { panic!() };
        assert_eq!(commit == taken, !moves_on);
        assert_eq!(scene.sandbox.git(&["log", "-1", "--format=%P", BRANCH]), format!("{tip} {head}"));
        assert_eq!(scene.text("README"), "first\na\nt");
        assert_eq!(scene.bring_in(head, taken)?, Integrated::AlreadyIn);
        assert_eq!(tip == conflict.tip, !moves_on);
    }
    Ok(())
}

#[test]
fn a_recorded_resolution_is_used_again_where_the_same_conflict_comes_again() -> Tested {
    let scene = Scene::new()?;
    scene.merged("out", "out", "x\n")?;
    scene.merged("a", "README", "first\na\n")?;
    let head = scene.work("README", "first\nt\n");
    let (_, taken) = scene.resolve(head, "README", "first\na and t\nsaid so\n")?;
    scene.bring_in(head, taken)?;
    scene.merged("later", "later", "x\n")?;
    assert!(matches!(scene.repo.unmerge(&refs(), &["out"])?, Unmerged::Done { .. }));
    assert_eq!(scene.text("README"), "first\na and t\nsaid so");
    assert_eq!(scene.sandbox.git(&["ls-tree", "-r", "--name-only", BRANCH]), "README\nlater\nsrc/lib.txt");
    Ok(())
}

#[test]
fn where_the_other_side_of_the_conflict_leaves_the_work_is_merged_as_it_is() -> Tested {
    let scene = Scene::new()?;
    scene.merged("a", "README", "first\na\n")?;
    let head = scene.work("README", "first\nt\n");
    let (_, taken) = scene.resolve(head, "README", "first\na and t\n")?;
    scene.bring_in(head, taken)?;
    assert!(matches!(scene.repo.unmerge(&refs(), &["a"])?, Unmerged::Done { .. }));
    assert_eq!(scene.text("README"), "first\nt");
    Ok(())
}

#[test]
fn a_conflict_that_comes_again_beside_other_changes_of_the_file_is_resolved_alike() -> Tested {
    let scene = Scene::new()?;
    let lines = |middle: &str, last: &str| format!("first\n{middle}\n2\n3\n4\n5\n6\n{last}\n");
    scene.merged("base", "README", &lines("1", "7"))?;
    let scene = Scene { start: scene.sandbox.rev(BRANCH), ..scene };
    scene.merged("out", "README", &lines("1", "7 changed"))?;
    scene.merged("a", "README", &lines("a", "7"))?;
    scene.sandbox.git_in(&scene.place, &["reset", "--quiet", "--hard", &scene.start.to_string()]);
    let head = scene.work("README", &lines("t", "7"));
    let (_, taken) = scene.resolve(head, "README", &lines("a\nt", "7 changed"))?;
    scene.bring_in(head, taken)?;
    assert!(matches!(scene.repo.unmerge(&refs(), &["out"])?, Unmerged::Done { .. }));
    assert_eq!(format!("{}\n", scene.text("README")), lines("a\nt", "7"));
    Ok(())
}

/// Whoever took the resolution out was killed on the way: at each point of it the worktree's files are one side's or the other's, `HEAD` is on
/// the branch only with the branch's own files, and doing it again ends it.
#[test]
fn a_way_back_that_was_broken_off_anywhere_is_found_and_done_again() -> Tested {
    for point in 0..4 {
        let scene = Scene::new()?;
        scene.merged("a", "README", "first\na\n")?;
        scene.merged("c", "c.txt", "c\n")?;
        let head = scene.work("README", "first\nt\n");
        let conflict = scene.begin(head)?;
        fs::write(scene.place.join("README"), "first\na\nt\n")?;
        fs::write(scene.place.join("new"), "new\n")?;
        let sides = (conflict.tip, conflict.head);
        let taken = scene.repo.take_resolution(&scene.place, &branch("t"), sides, None, &by(), &message())?;
        assert_eq!(scene.repo.kept_resolution(&refs(), "t", 2, &conflict)?, None);
        scene.repo.keep_attempt(&refs(), "t", 2, taken)?;
        let git = |args: &[&str]| scene.sandbox.git_in(&scene.place, args);
        if point > 0 {
            fs::remove_file(scene.place.join("new"))?;
        }
        if point > 1 {
            git(&["update-ref", "--no-deref", "HEAD", &taken.to_string()]);
            git(&["read-tree", &taken.to_string()]);
        }
        if point > 2 {
            fs::remove_file(scene.place.join("c.txt"))?;
            let own = PathBuf::from(git(&["rev-parse", "--absolute-git-dir"]));
            fs::write(own.join("index.lock"), "")?;
        }
        assert_eq!(scene.repo.kept_resolution(&refs(), "t", 2, &conflict)?, Some(taken), "{point}");
        assert!(scene.repo.is_between(&scene.place, taken, head)?, "{point}");
        scene.repo.end_resolution(&scene.place, &branch("t"), head, taken)?;
        assert_eq!(git(&["status", "--porcelain", "--branch"]), "## blueprint/e/t", "{point}");
        assert_eq!(fs::read_to_string(scene.place.join("README"))?, "first\nt\n");
    }
    Ok(())
}

#[test]
fn what_neither_side_has_is_not_between_them() -> Tested {
    let scene = Scene::new()?;
    scene.merged("a", "README", "first\na\n")?;
    let head = scene.work("README", "first\nt\n");
    let (_, taken) = scene.resolve(head, "README", "first\na\nt\n")?;
    assert!(scene.repo.is_between(&scene.place, taken, head)?);
    fs::write(scene.place.join("README"), "somebody's\n")?;
    assert!(!scene.repo.is_between(&scene.place, taken, head)?);
    Ok(())
}

#[test]
fn while_files_are_not_the_branchs_head_is_not_on_it() -> Tested {
    let scene = Scene::new()?;
    scene.merged("a", "README", "first\na\n")?;
    let head = scene.work("README", "first\nt\n");
    let taken = scene.resolve(head, "README", "first\na\nt\n")?.1;
    // A file that can't be written breaks it off.
    let own = PathBuf::from(scene.sandbox.git_in(&scene.place, &["rev-parse", "--absolute-git-dir"]));
    fs::write(own.join("index.lock"), "")?;
    assert!(scene.repo.show_resolution(&scene.place, taken).is_err());
    assert_eq!(scene.sandbox.git_in(&scene.place, &["rev-parse", "--abbrev-ref", "HEAD"]), "HEAD");
    Ok(())
}
