use std::path::PathBuf;

use super::support::{Sandbox, Tested, integrate, message, refs};
use crate::git::{GitError, Integrated, Message, Oid};

fn merged(outcome: Integrated) -> Oid {
    match outcome {
        Integrated::Merged { commit, .. } => commit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_finished_task_becomes_one_merge_commit_with_both_parents() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    let head = sandbox.commit_on(start, "a", "a");
    let text = Message::new("Merge task t-1: Parse").for_attempt("t-1", 1);
    let commit = merged(integrate(&repo, head, &text)?);
    assert_eq!(sandbox.rev("blueprint/e/integration"), commit);
    let shown = sandbox.git(&["log", "-1", "--format=%P%n%an <%ae>%n%B", &commit.to_string()]);
    let expected = "Merge task t-1: Parse\n\nBlueprint-Task: t-1\nBlueprint-Attempt: 1";
    assert_eq!(shown, format!("{start} {head}\nblueprint <blueprint@localhost>\n{expected}"));
    let trailers =
        sandbox.git(&["log", "-1", "--format=%(trailers:key=Blueprint-Task,valueonly)", &commit.to_string()]);
    assert_eq!(trailers.trim(), "t-1");
    Ok(())
}

#[test]
fn doing_it_again_changes_nothing() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    assert_eq!(integrate(&repo, start, &message())?, Integrated::AlreadyIn);
    assert_eq!(sandbox.rev("blueprint/e/integration"), start);
    let head = sandbox.commit_on(start, "a", "a");
    let commit = merged(integrate(&repo, head, &message())?);
    assert_eq!(integrate(&repo, head, &message())?, Integrated::AlreadyIn);
    assert_eq!(sandbox.rev("blueprint/e/integration"), commit);
    merged(integrate(&repo, sandbox.commit_on(start, "b", "b"), &message())?);
    assert_eq!(repo.merge_of(&refs(), head)?, Some(commit));
    assert_eq!(repo.merge_of(&refs(), start)?, None);
    Ok(())
}

#[test]
fn a_conflict_names_the_paths_and_moves_nothing() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    let left = sandbox.commit_on(sandbox.commit_on(start, "z", "left"), "a", "left");
    let right = sandbox.commit_on(sandbox.commit_on(start, "z", "right"), "a", "right");
    let tip = merged(integrate(&repo, left, &message())?);
    let before = sandbox.fingerprint();
    let outcome = integrate(&repo, right, &message())?;
    assert_eq!(outcome, Integrated::Conflict(["a", "z"].map(PathBuf::from).to_vec()));
    assert_eq!(sandbox.rev("blueprint/e/integration"), tip);
    assert_eq!(sandbox.fingerprint(), before);
    Ok(())
}

#[test]
fn deleting_against_editing_is_a_conflict() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    let edited = sandbox.commit_on(start, "src/lib.txt", "edited");
    sandbox.git(&["checkout", "--quiet", "-b", "deleter"]);
    sandbox.git(&["rm", "--quiet", "src/lib.txt"]);
    let deleted = sandbox.commit("delete");
    merged(integrate(&repo, edited, &message())?);
    let outcome = integrate(&repo, deleted, &message())?;
    assert_eq!(outcome, Integrated::Conflict(vec!["src/lib.txt".into()]));
    Ok(())
}

#[test]
fn without_a_start_it_is_refused() {
    let sandbox = Sandbox::new();
    let refused = integrate(&sandbox.repo(), sandbox.rev("HEAD"), &message());
    assert!(matches!(refused, Err(GitError::NoStart { .. })), "{refused:?}");
}

#[test]
fn a_checkout_of_the_integration_branch_is_reported_and_not_touched() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    integrate(&repo, start, &message())?;
    let place = sandbox.root().join("somebody's");
    sandbox.git(&["worktree", "add", "--quiet", place.to_str().unwrap(), "blueprint/e/integration"]);
    let admin = sandbox.git_in(&place, &["rev-parse", "--absolute-git-dir"]);
    let index = || std::fs::read(std::path::Path::new(&admin).join("index"));
    let before = index()?;
    let outcome = integrate(&repo, sandbox.commit_on(start, "a", "a"), &message())?;
    let Integrated::Merged { checked_out, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(checked_out, Some(place.clone()));
    assert!(!place.join("a").exists());
    assert_eq!(index()?, before);
    Ok(())
}

#[test]
fn the_main_checkout_on_the_integration_branch_is_reported_too() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    integrate(&repo, start, &message())?;
    sandbox.git(&["checkout", "--quiet", "blueprint/e/integration"]);
    let outcome = integrate(&repo, sandbox.commit_on(start, "a", "a"), &message())?;
    let Integrated::Merged { checked_out, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(checked_out, Some(sandbox.path()));
    assert!(!sandbox.path().join("a").exists());
    Ok(())
}

#[test]
fn many_at_once_are_all_merged_and_none_is_lost() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    let heads: Vec<_> = (0..24).map(|n| sandbox.commit_on(start, &format!("f{n}"), "x")).collect();
    std::thread::scope(|scope| {
        for part in heads.chunks(3) {
            let repo = repo.clone();
            scope.spawn(move || {
                for head in part {
                    merged(integrate(&repo, *head, &message()).unwrap());
                }
            });
        }
    });
    for head in &heads {
        sandbox.git(&["merge-base", "--is-ancestor", &head.to_string(), "blueprint/e/integration"]);
    }
    let steps =
        sandbox.git(&["rev-list", "--count", "--first-parent", &format!("{start}..blueprint/e/integration")]);
    assert_eq!(steps, "24");
    let files = sandbox.git(&["ls-tree", "--name-only", "blueprint/e/integration"]);
    assert_eq!(files.lines().filter(|file| file.starts_with('f')).count(), 24);
    Ok(())
}

#[test]
fn the_same_merges_in_the_same_order_give_the_same_ids() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    let heads = ["a", "b"].map(|file| sandbox.commit_on(start, file, file));
    let mut tips = Vec::new();
    for _ in 0..2 {
        for head in heads {
            merged(integrate(&repo, head, &message())?);
        }
        tips.push(sandbox.rev("blueprint/e/integration"));
        sandbox.git(&["branch", "-D", "blueprint/e/integration"]);
    }
    assert_eq!(tips[0], tips[1]);
    Ok(())
}
