use super::support::{Sandbox, Tested, message, refs};
use crate::git::{GitError, Integrated, MayLose, Message, Oid, Repo, Strategy, Unmerged, Work};

const BRANCH: &str = "blueprint/e/integration";

fn begun() -> Result<(Sandbox, Repo, Oid), GitError> {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    repo.fix_start(&refs(), start)?;
    Ok((sandbox, repo, start))
}

fn integrate(repo: &Repo, task: &str, base: Oid, head: Oid, strategy: Strategy) -> Result<Oid, GitError> {
    let message = Message::new(&format!("Merge task {task}")).for_attempt(task, 1);
    match repo.integrate(
        &refs(),
        &Work { head, base: Some(base), message: &message, may_lose: MayLose::In(&[]) },
        strategy,
    )? {
        Integrated::Merged { commit, .. } => Ok(commit),
        other => panic!("{other:?}"),
    }
}

/// Two commits of one task.
fn two(sandbox: &Sandbox, base: Oid) -> Oid {
    sandbox.commit_on(sandbox.commit_on(base, "a", "a"), "b", "b")
}

fn log(sandbox: &Sandbox, format: &str, start: Oid) -> String {
    sandbox.git(&["log", "--reverse", &format!("--format={format}"), &format!("{start}..{BRANCH}")])
}

fn files(sandbox: &Sandbox) -> String {
    sandbox.git(&["ls-tree", "-r", "--name-only", BRANCH]).replace('\n', " ")
}

#[test]
fn squash_makes_one_commit_of_a_task_that_names_its_work() -> Tested {
    let (sandbox, repo, start) = begun()?;
    let head = two(&sandbox, start);
    let made = integrate(&repo, "t", start, head, Strategy::Squash)?;
    assert_eq!(log(&sandbox, "%H %P %s", start), format!("{made} {start} Merge task t"));
    let trailers =
        log(&sandbox, "%(trailers:key=Blueprint-Task,key=Blueprint-Head,valueonly,separator=%x20)", start);
    assert_eq!(trailers, format!("t {head}"));
    assert_eq!(files(&sandbox), "README a b src/lib.txt");
    Ok(())
}

#[test]
fn rebase_makes_each_commit_again_with_its_author_and_our_trailers() -> Tested {
    let (sandbox, repo, start) = begun()?;
    integrate(&repo, "other", start, sandbox.commit_on(start, "z", "z"), Strategy::Rebase)?;
    let made = integrate(&repo, "t", start, two(&sandbox, start), Strategy::Rebase)?;
    assert_eq!(sandbox.rev(BRANCH), made);
    let shown = log(&sandbox, "%an %cn %s %(trailers:key=Blueprint-Task,valueonly,separator=%x2C)", start);
    assert_eq!(shown, "t blueprint z other\nt blueprint a t\nt blueprint b t");
    assert_eq!(files(&sandbox), "README a b src/lib.txt z");
    assert_eq!(log(&sandbox, "%P", start).lines().filter(|parents| parents.contains(' ')).count(), 0);
    Ok(())
}

#[test]
fn doing_it_again_changes_nothing_whatever_the_strategy_was() -> Tested {
    let (sandbox, repo, start) = begun()?;
    let all = [Strategy::Merge, Strategy::Squash, Strategy::Rebase];
    for (file, first) in ["x", "y", "z"].into_iter().zip(all) {
        let head = sandbox.commit_on(sandbox.commit_on(start, file, "1"), file, "2");
        let made = integrate(&repo, file, start, head, first)?;
        for again in all {
            let work = Work { head, base: Some(start), message: &message(), may_lose: MayLose::In(&[]) };
            assert_eq!(repo.integrate(&refs(), &work, again)?, Integrated::AlreadyIn, "{first:?} {again:?}");
        }
        assert_eq!(repo.merge_of(&refs(), head)?, Some(made), "{first:?}");
    }
    Ok(())
}

#[test]
fn a_dependents_own_changes_alone_are_taken_from_its_base() -> Tested {
    for strategy in [Strategy::Squash, Strategy::Rebase] {
        let (sandbox, repo, start) = begun()?;
        let first = sandbox.commit_on(start, "shared", "one\n");
        // It changes the very line that its prerequisite wrote: against the start both would have added the file.
        let second = sandbox.commit_on(first, "shared", "two\n");
        integrate(&repo, "first", start, first, strategy)?;
        integrate(&repo, "second", first, second, strategy)?;
        assert_eq!(sandbox.git(&["show", &format!("{BRANCH}:shared")]), "two");
        assert_eq!(log(&sandbox, "%s", start).lines().count(), 2, "{strategy:?}");
    }
    Ok(())
}

#[test]
fn a_rebase_whose_steps_conflict_though_their_sum_does_not_becomes_one_commit() -> Tested {
    let (sandbox, repo, start) = begun()?;
    let detour = sandbox.commit_on(start, "src/lib.txt", "ours\n");
    let head = sandbox.commit_on(detour, "src/lib.txt", "one\ntwo\nthree\nfour\nfive\n");
    let head = sandbox.commit_on(head, "more", "x");
    integrate(&repo, "other", start, sandbox.commit_on(start, "src/lib.txt", "theirs\n"), Strategy::Rebase)?;
    integrate(&repo, "t", start, head, Strategy::Rebase)?;
    assert_eq!(log(&sandbox, "%s", start), "src/lib.txt\nMerge task t");
    assert_eq!(sandbox.git(&["show", &format!("{BRANCH}:src/lib.txt")]), "theirs");
    Ok(())
}

#[test]
fn a_conflict_moves_nothing_and_names_the_paths() -> Tested {
    for strategy in [Strategy::Squash, Strategy::Rebase] {
        let (sandbox, repo, start) = begun()?;
        integrate(&repo, "a", start, sandbox.commit_on(start, "same", "a"), strategy)?;
        let tip = sandbox.rev(BRANCH);
        let work = Work {
            head: sandbox.commit_on(start, "same", "b"),
            base: None,
            message: &message(),
            may_lose: MayLose::In(&[]),
        };
        assert_eq!(repo.integrate(&refs(), &work, strategy)?, Integrated::Conflict(vec!["same".into()]));
        assert_eq!(sandbox.rev(BRANCH), tip);
    }
    Ok(())
}

#[test]
fn work_that_was_squashed_or_rebased_leaves_the_branch_again() -> Tested {
    for strategy in [Strategy::Squash, Strategy::Rebase] {
        let (sandbox, repo, start) = begun()?;
        integrate(&repo, "before", start, sandbox.commit_on(start, "x", "x"), strategy)?;
        integrate(&repo, "out", start, two(&sandbox, start), strategy)?;
        integrate(&repo, "after", start, sandbox.commit_on(start, "y", "y"), strategy)?;
        assert!(matches!(repo.unmerge(&refs(), &["out"])?, Unmerged::Done { .. }));
        assert_eq!(files(&sandbox), "README src/lib.txt x y", "{strategy:?}");
        assert_eq!(repo.unmerge(&refs(), &["out"])?, Unmerged::Nothing);
    }
    Ok(())
}

#[test]
fn the_same_work_in_the_same_order_gives_the_same_ids() -> Tested {
    for strategy in [Strategy::Squash, Strategy::Rebase] {
        let (sandbox, repo, start) = begun()?;
        let mut tips = Vec::new();
        for _ in 0..2 {
            integrate(&repo, "a", start, two(&sandbox, start), strategy)?;
            tips.push(integrate(&repo, "z", start, sandbox.commit_on(start, "z", "z"), strategy)?);
            sandbox.git(&["branch", "-D", BRANCH]);
        }
        assert_eq!(tips[0], tips[1], "{strategy:?}");
    }
    Ok(())
}
