use std::fs;

use super::support::{Sandbox, Tested, integrate, message, refs};
use crate::git::{Integrated, finish_removals};

#[test]
fn what_a_power_cut_left_of_refs_and_objects_is_no_obstacle() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    let head = sandbox.commit_on(start, "a", "a");
    let Integrated::Merged { commit, .. } = integrate(&repo, head, &message())? else { panic!() };
    repo.keep_base(&refs(), "a", 1, start)?;
    let git = sandbox.path().join(".git");
    let id = commit.to_string();
    let object = git.join("objects").join(&id[..2]).join(&id[2..]);
    let torn =
        [git.join("refs/heads/blueprint/e/integration"), git.join("refs/blueprint/e/bases/a/1"), object];
    for path in &torn {
        fs::remove_file(path)?;
        fs::write(path, "")?;
    }
    let mut removed = repo.remove_empty(&refs(), &[refs().branch("a")]);
    removed.sort();
    let mut expected = torn.to_vec();
    expected.sort();
    assert_eq!(removed, expected);
    repo.keep_base(&refs(), "a", 1, start)?;
    assert!(
        matches!(integrate(&repo, head, &message())?, Integrated::Merged { commit: again, .. } if again == commit)
    );
    repo.sync()?;
    sandbox.git(&["fsck", "--strict"]);
    Ok(())
}

#[test]
fn what_is_whole_is_left_alone() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    sandbox.write("empty", "");
    sandbox.commit("An empty file is an object that is not empty");
    let before = sandbox.fingerprint();
    assert!(repo.remove_empty(&refs(), &[refs().branch("a")]).is_empty());
    assert_eq!(sandbox.fingerprint(), before);
    Ok(())
}

#[test]
fn what_was_to_be_removed_when_its_remover_was_killed_goes_with_the_next_worktree() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let place = sandbox.place("a");
    let trash = place.with_file_name(".a.trash-01234567");
    let other = place.with_file_name(".ab.trash-01234567");
    let alike = place.with_file_name(".ab.trash-mine");
    for folder in [&trash.join("src"), &other, &alike] {
        fs::create_dir_all(folder)?;
    }
    repo.add_worktree(&place, &refs().branch("a"), start)?;
    finish_removals();
    assert_eq!([&trash, &other, &alike].map(|folder| folder.exists()), [false, false, true]);
    Ok(())
}
