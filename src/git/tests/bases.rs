use std::path::PathBuf;

use super::support::{Sandbox, Tested, refs};
use crate::git::BaseError;

const LINES: &str = "one\ntwo\nthree\nfour\nfive\n";

#[test]
fn without_results_the_base_is_the_start() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let base = sandbox.repo().build_base(start, &[])?;
    assert_eq!((base.commit, base.merged), (start, vec![]));
    let base = sandbox.repo().build_base(start, &[start, start])?;
    assert_eq!((base.commit, base.merged), (start, vec![]));
    Ok(())
}

#[test]
fn one_result_is_the_base_itself_and_older_ones_are_passed_over() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let older = sandbox.commit_on(start, "a", "1");
    let newer = sandbox.commit_on(older, "a", "2");
    let repo = sandbox.repo();
    assert_eq!(repo.build_base(start, &[newer])?.commit, newer);
    assert_eq!(repo.build_base(start, &[older, newer])?.commit, newer);
    let base = repo.build_base(start, &[newer, older])?;
    assert_eq!((base.commit, base.merged), (newer, vec![newer]));
    Ok(())
}

#[test]
fn the_base_holds_exactly_the_given_results() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let results = ["a", "b", "c"].map(|file| sandbox.commit_on(start, file, file));
    sandbox.commit_on(start, "unrelated", "x");
    sandbox.write("later", "on main");
    sandbox.commit("main goes on");
    let before = sandbox.fingerprint();

    let base = sandbox.repo().build_base(start, &results[..2])?;
    assert_eq!(base.merged, results[..2]);
    let files = sandbox.git(&["ls-tree", "-r", "--name-only", &base.commit.to_string()]);
    assert_eq!(files.lines().collect::<Vec<_>>(), ["README", "a", "b", "src/lib.txt"]);
    let parents = sandbox.git(&["log", "-1", "--format=%P", &base.commit.to_string()]);
    assert_eq!(parents, format!("{} {}", results[0], results[1]));
    assert_eq!(sandbox.fingerprint(), before);
    Ok(())
}

#[test]
fn the_same_inputs_give_the_same_id_in_any_checkout_state() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let left = sandbox.commit_on(start, "src/lib.txt", &LINES.replace("one", "ONE"));
    let right = sandbox.commit_on(start, "src/lib.txt", &LINES.replace("five", "FIVE"));
    let last = sandbox.commit_on(right, "c", "c");
    let first = sandbox.repo().build_base(start, &[left, right, last])?;

    sandbox.git(&["config", "user.name", "somebody else"]);
    sandbox.write(".gitattributes", "* merge=binary\n");
    sandbox.git(&["add", ".gitattributes"]);
    let again = sandbox.repo().build_base(start, &[left, right, last])?;
    assert_eq!(first, again);
    let when = sandbox.git(&["log", "-1", "--format=%ct %cn <%ce> %an", &first.commit.to_string()]);
    assert_eq!(when, "1700000120 blueprint <blueprint@localhost> blueprint");
    Ok(())
}

#[test]
fn another_order_is_another_base_with_the_same_tree() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let (a, b) = (sandbox.commit_on(start, "a", "a"), sandbox.commit_on(start, "b", "b"));
    let (one, other) =
        (sandbox.repo().build_base(start, &[a, b])?, sandbox.repo().build_base(start, &[b, a])?);
    assert_ne!(one.commit, other.commit);
    assert_eq!(sandbox.repo().changed_paths(one.commit, other.commit)?, Vec::<PathBuf>::new());
    Ok(())
}

#[test]
fn a_diamond_takes_each_side_in_once() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let top = sandbox.commit_on(start, "src/lib.txt", &LINES.replace("three", "THREE"));
    let left = sandbox.commit_on(
        repo.build_base(start, &[top])?.commit,
        "src/lib.txt",
        &LINES.replace("three", "LEFT"),
    );
    let right = sandbox.commit_on(repo.build_base(start, &[top])?.commit, "right", "r");
    let bottom = repo.build_base(start, &[top, left, right])?;
    assert_eq!(bottom.merged, [top, left, right]);
    let text = sandbox.git(&["show", &format!("{}:src/lib.txt", bottom.commit)]);
    assert_eq!(text, LINES.replace("three", "LEFT").trim_end());
    let merges = sandbox.git(&["rev-list", "--count", "--merges", &bottom.commit.to_string()]);
    assert_eq!(merges, "1");
    Ok(())
}

#[test]
fn a_conflict_names_the_result_and_the_paths_and_moves_nothing() {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let left = sandbox.commit_on(sandbox.commit_on(start, "src/lib.txt", "left\n"), "new – ü", "left");
    let right = sandbox.commit_on(sandbox.commit_on(start, "src/lib.txt", "right\n"), "new – ü", "right");
    let before = sandbox.git(&["for-each-ref"]);
    let error = sandbox.repo().build_base(start, &[left, right]).unwrap_err();
    let BaseError::Conflict { with, paths } = &error else { panic!("{error}") };
    assert_eq!(*with, right);
    assert_eq!(*paths, ["new – ü", "src/lib.txt"].map(PathBuf::from));
    assert!(error.to_string().contains("src/lib.txt"));
    assert_eq!(sandbox.git(&["for-each-ref"]), before);
}

#[test]
fn a_side_that_renames_and_one_that_edits_fit_together() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    sandbox.git(&["checkout", "--quiet", "-b", "mover"]);
    sandbox.git(&["mv", "src/lib.txt", "src/moved.txt"]);
    let moved = sandbox.commit("move");
    let edited = sandbox.commit_on(start, "src/lib.txt", &LINES.replace("one", "ONE"));
    let base = sandbox.repo().build_base(start, &[moved, edited])?;
    let text = sandbox.git(&["show", &format!("{}:src/moved.txt", base.commit)]);
    assert_eq!(text, LINES.replace("one", "ONE").trim_end());
    Ok(())
}

#[test]
fn merge_drivers_come_from_the_commits() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.write(".gitattributes", "CHANGELOG merge=union\n");
    sandbox.write("CHANGELOG", "start\n");
    let start = sandbox.commit("union");
    let left = sandbox.commit_on(start, "CHANGELOG", "start\nleft\n");
    let right = sandbox.commit_on(start, "CHANGELOG", "start\nright\n");
    sandbox.git(&["rm", "--quiet", ".gitattributes"]);
    sandbox.commit("gone from the checkout");
    let base = sandbox.repo().build_base(start, &[left, right])?;
    let text = sandbox.git(&["show", &format!("{}:CHANGELOG", base.commit)]);
    assert_eq!(text, "start\nleft\nright");
    Ok(())
}

#[test]
fn a_base_survives_garbage_collection_once_it_is_kept() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let results = ["a", "b"].map(|file| sandbox.commit_on(start, file, file));
    let repo = sandbox.repo();
    let base = repo.build_base(start, &results)?;
    repo.keep_base(&refs(), "t", 1, base.commit)?;
    sandbox.git(&["gc", "--quiet", "--prune=now"]);
    sandbox.git(&["cat-file", "-e", &base.commit.to_string()]);
    assert_eq!(repo.build_base(start, &results)?, base);
    Ok(())
}

#[test]
fn a_missing_commit_is_an_error_not_a_base() {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    let missing = git2::Oid::from_str(&"ab".repeat(20)).unwrap();
    assert!(matches!(sandbox.repo().build_base(start, &[missing]), Err(BaseError::Git(_))));
}
