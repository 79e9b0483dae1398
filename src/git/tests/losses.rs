//! Work that holds what others have done, and what it may take away of that.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Sandbox, Tested, branch, integrate, message, refs, started};
use crate::git::{GitError, Harm, Integrated, Loss, MayLose, Message, Oid, Repo, Strategy, Work};

const BRANCH: &str = "blueprint/e/integration";
const STRATEGIES: [Strategy; 3] = [Strategy::Merge, Strategy::Squash, Strategy::Rebase];

/// Task `a` is merged: it has added a file, and a line to another.
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
        let scene = Self { sandbox, repo, start, place };
        let first = scene.sandbox.commit_on(start, "README", "first\nof a\n");
        scene.merged("a", scene.sandbox.commit_on(first, "a.txt", "all of a\n"))?;
        Ok(scene)
    }

    fn merged(&self, task: &str, head: Oid) -> Result<(), GitError> {
        let message = Message::new(&format!("Merge task {task}")).for_attempt(task, 1);
        assert!(matches!(integrate(&self.repo, head, &message)?, Integrated::Merged { .. }));
        Ok(())
    }

    fn git(&self, args: &[&str]) {
        self.sandbox.git_in(&self.place, args);
    }

    fn commit(&self) -> Oid {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "work"]);
        self.sandbox.rev(branch("t").as_str())
    }

    /// Work of the task's own, and all of the others' merged into it.
    fn merge_by_hand(&self) -> Oid {
        fs::write(self.place.join("t.txt"), "t\n").unwrap();
        self.commit();
        self.git(&["merge", "--quiet", "--no-edit", BRANCH]);
        self.sandbox.rev(branch("t").as_str())
    }

    fn integrate(
        &self,
        head: Oid,
        may_lose: MayLose<'_>,
        strategy: Strategy,
    ) -> Result<Integrated, GitError> {
        let work = Work { head, base: Some(self.start), message: &message(), may_lose };
        self.repo.integrate(&refs(), &work, strategy)
    }

    /// What it would lose; the branch has not moved then.
    fn losses(&self, head: Oid) -> Result<Vec<Loss>, GitError> {
        let before = self.sandbox.rev(BRANCH);
        match self.integrate(head, MayLose::In(&[]), Strategy::Merge)? {
            Integrated::Losing(losses) => {
                assert_eq!(self.sandbox.rev(BRANCH), before);
                Ok(losses)
            }
            Integrated::Merged { .. } => Ok(Vec::new()),
            other => panic!("{other:?}"),
        }
    }
}

fn loss(path: &str, harm: Option<Harm>, lines: &[&str]) -> Loss {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    Loss { path: path.into(), of: vec!["a".to_owned()], harm, lines }
}

#[test]
fn what_was_merged_by_hand_and_is_all_there_goes_in() -> Tested {
    for strategy in STRATEGIES {
        let scene = Scene::new()?;
        let head = scene.merge_by_hand();
        fs::write(scene.place.join("a.txt"), "all of a\nand more\n")?;
        let head = {
            let _ = head;
            scene.commit()
        };
        let integrated = scene.integrate(head, MayLose::In(&[]), strategy)?;
        assert!(matches!(integrated, Integrated::Merged { .. }), "{strategy:?}: {integrated:?}");
    }
    Ok(())
}

#[test]
fn files_and_lines_of_others_that_are_gone_are_named_with_whose_they_are() -> Tested {
    for strategy in STRATEGIES {
        let scene = Scene::new()?;
        scene.merge_by_hand();
        fs::remove_file(scene.place.join("a.txt"))?;
        fs::write(scene.place.join("README"), "first\nmine\n")?;
        let head = scene.commit();
        let integrated = scene.integrate(head, MayLose::In(&[]), strategy)?;
        let lost = vec![loss("README", None, &["of a"]), loss("a.txt", Some(Harm::Gone), &["all of a"])];
        assert_eq!(integrated, Integrated::Losing(lost), "{strategy:?}");
        let named = ["a.txt", "README"].map(PathBuf::from);
        let integrated = scene.integrate(head, MayLose::In(&named), strategy)?;
        assert!(matches!(integrated, Integrated::Merged { .. }), "{strategy:?}: {integrated:?}");
    }
    Ok(())
}

#[test]
fn what_is_said_of_one_file_excuses_no_other() -> Tested {
    let scene = Scene::new()?;
    scene.merge_by_hand();
    fs::remove_file(scene.place.join("a.txt"))?;
    fs::write(scene.place.join("README"), "first\n")?;
    let head = scene.commit();
    let named = [PathBuf::from("a.txt")];
    let integrated = scene.integrate(head, MayLose::In(&named), Strategy::Merge)?;
    assert_eq!(integrated, Integrated::Losing(vec![loss("README", None, &["of a"])]));
    Ok(())
}

#[test]
fn work_that_was_rebased_or_began_with_a_fast_forward_is_looked_at_too() -> Tested {
    for bring in [["rebase", "--quiet", BRANCH].as_slice(), &["reset", "--quiet", "--hard", BRANCH]] {
        let scene = Scene::new()?;
        fs::write(scene.place.join("t.txt"), "t\n")?;
        scene.commit();
        scene.git(bring);
        fs::remove_file(scene.place.join("a.txt"))?;
        let head = scene.commit();
        assert_eq!(scene.losses(head)?, [loss("a.txt", Some(Harm::Gone), &["all of a"])], "{bring:?}");
    }
    Ok(())
}

#[test]
fn a_file_that_only_moved_is_no_loss() -> Tested {
    let scene = Scene::new()?;
    scene.merge_by_hand();
    scene.git(&["mv", "a.txt", "b.txt"]);
    let head = scene.commit();
    assert_eq!(scene.losses(head)?, []);
    Ok(())
}

#[test]
fn what_the_work_was_begun_on_is_its_own_to_change() -> Tested {
    let scene = Scene::new()?;
    let begun = scene.sandbox.rev(BRANCH);
    scene.git(&["reset", "--quiet", "--hard", BRANCH]);
    fs::remove_file(scene.place.join("a.txt"))?;
    let head = scene.commit();
    let scene = Scene { start: begun, ..scene };
    assert_eq!(scene.losses(head)?, []);
    Ok(())
}

#[test]
fn lines_that_the_work_itself_had_taken_away_before_are_no_others() -> Tested {
    let scene = Scene::new()?;
    // One `x` is there before both; the work takes it away, and `c` adds another.
    let x = scene.sandbox.commit_on(scene.start, "src/lib.txt", "one\ntwo\nthree\nfour\nfive\ntwo\n");
    scene.merged("c", x)?;
    fs::write(scene.place.join("src/lib.txt"), "one\nthree\nfour\nfive\n")?;
    scene.commit();
    scene.git(&["merge", "--quiet", "--no-edit", BRANCH]);
    let head = scene.sandbox.rev(branch("t").as_str());
    assert_eq!(scene.losses(head)?, []);
    Ok(())
}

#[test]
fn modes_and_what_is_no_text_count_as_well() -> Tested {
    let scene = Scene::new()?;
    let head = scene.sandbox.commit_on(scene.start, "logo", "\0one");
    scene.merged("a", head)?;
    scene.merge_by_hand();
    fs::write(scene.place.join("logo"), "\0two")?;
    let head = scene.commit();
    assert_eq!(scene.losses(head)?, [loss("logo", Some(Harm::Rewritten), &[])]);
    Ok(())
}

#[test]
fn losses_of_a_merge_that_is_taken_further_are_found_in_what_came_of_it() -> Tested {
    let scene = Scene::new()?;
    let head = {
        scene.merge_by_hand();
        fs::remove_file(scene.place.join("a.txt"))?;
        scene.commit()
    };
    let tip = scene.sandbox.rev(BRANCH);
    let losses = scene.repo.losses(&refs(), (scene.start, head), tip, head)?;
    assert_eq!(losses.iter().map(|loss| loss.path.as_path()).collect::<Vec<_>>(), [Path::new("a.txt")]);
    assert_eq!(scene.repo.losses(&refs(), (scene.start, head), tip, tip)?, []);
    Ok(())
}
