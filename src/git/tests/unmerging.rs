use std::path::PathBuf;

use super::support::{Sandbox, Tested, integrate, refs};
use crate::git::{Integrated, Message, Oid, Repo, Unmerged};

/// Merges a commit with one file more, as the work of the task of that name.
fn merge(
    sandbox: &Sandbox,
    repo: &Repo,
    base: Oid,
    task: &str,
    text: &str,
) -> Result<Oid, crate::git::GitError> {
    let head = sandbox.commit_on(base, task, text);
    let message = Message::new(&format!("Merge task {task}")).for_attempt(task, 1);
    let merged = integrate(repo, head, &message)?;
    assert!(matches!(merged, Integrated::Merged { .. }), "{merged:?}");
    Ok(head)
}

fn subjects(sandbox: &Sandbox) -> String {
    let log = sandbox.git(&["log", "--first-parent", "--reverse", "--format=%s", "blueprint/e/integration"]);
    log.lines().skip(1).collect::<Vec<_>>().join(", ")
}

fn files(sandbox: &Sandbox) -> String {
    sandbox.git(&["ls-tree", "-r", "--name-only", "blueprint/e/integration"]).trim().replace('\n', " ")
}

#[test]
fn what_was_merged_after_it_is_merged_again_and_the_old_branch_is_kept() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    for task in ["a", "b", "c"] {
        merge(&sandbox, &repo, start, task, task)?;
    }
    let old = sandbox.rev("blueprint/e/integration");
    let done = repo.unmerge(&refs(), &["b"])?;
    assert_eq!(
        done,
        Unmerged::Done { before: old, after: sandbox.rev("blueprint/e/integration"), held_by: Vec::new() }
    );
    assert_eq!(subjects(&sandbox), "Merge task a, Merge task c");
    assert_eq!(files(&sandbox), "README a c src/lib.txt");
    assert_eq!(sandbox.rev("refs/blueprint/e/replaced/1"), old);
    assert_eq!(repo.unmerge(&refs(), &["b"])?, Unmerged::Nothing);
    assert_eq!(repo.unmerge(&refs(), &["nobody"])?, Unmerged::Nothing);
    repo.unmerge(&refs(), &["a", "c"])?;
    assert_eq!(sandbox.rev("blueprint/e/integration"), start);
    Ok(())
}

#[test]
fn what_people_committed_there_is_made_again_with_its_author() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    merge(&sandbox, &repo, start, "a", "a")?;
    let theirs = sandbox.commit_on(sandbox.rev("blueprint/e/integration"), "theirs", "by hand");
    sandbox.git(&["update-ref", "refs/heads/blueprint/e/integration", &theirs.to_string()]);
    merge(&sandbox, &repo, start, "b", "b")?;
    let author = |commit: &str| sandbox.git(&["log", "-1", "--format=%an %ae %ad %s", commit]);
    let before = author(&theirs.to_string());
    repo.unmerge(&refs(), &["a"])?;
    assert_eq!(files(&sandbox), "README b src/lib.txt theirs");
    assert_eq!(author("blueprint/e/integration~1"), before);
    Ok(())
}

#[test]
fn what_does_not_hold_without_it_is_named_and_nothing_is_moved() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    merge(&sandbox, &repo, start, "a", "a")?;
    let theirs = sandbox.commit_on(sandbox.rev("blueprint/e/integration"), "a", "mended by hand");
    sandbox.git(&["update-ref", "refs/heads/blueprint/e/integration", &theirs.to_string()]);
    let subject = sandbox.git(&["log", "-1", "--format=%s", &theirs.to_string()]).trim().to_owned();
    assert_eq!(
        repo.unmerge(&refs(), &["a"])?,
        Unmerged::Conflict { subject, paths: vec![PathBuf::from("a")] }
    );
    assert_eq!(sandbox.rev("blueprint/e/integration"), theirs);
    assert!(!sandbox.git(&["for-each-ref"]).contains("replaced"));
    Ok(())
}
