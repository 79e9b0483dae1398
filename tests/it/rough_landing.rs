//! `land` where files, plans or words of others are in its way: it refuses, or leaves them as they are.

use std::fs;

use crate::landing::{WORK, done, identify, ok};
use crate::project::{PlanText, TestProject};

#[test]
fn ignored_files_are_in_the_way_where_a_file_becomes_a_folder_or_the_other_way_round() {
    let script = "== a\nsh git rm -rq d && ln -s README.md d && mkdir f.log && echo x > f.log/new && git add -f f.log\n\
                  sh echo x > out/new.txt && git add -f out/new.txt";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    identify(&project);
    project.write("d/kept.txt", "x");
    project.write("out/kept.txt", "x");
    project.commit_all("Folders");
    project.write(".gitignore", "*.log\nout\n");
    project.commit_all("Ignore");
    project.complete(&[]);
    for mine in ["d/x.log", "f.log", "out/mine.txt"] {
        project.write(mine, "mine");
    }
    let before = (project.refs(), project.git(&["status", "--porcelain"]));
    project.blueprint(&["land"]).assert(2, &["in the way, in d/x.log, f.log; nothing was changed"]);
    assert_eq!((project.refs(), project.git(&["status", "--porcelain"])), before);
    assert_eq!((project.read("d/x.log"), project.read("f.log")), ("mine".into(), "mine".into()));
    fs::remove_file(project.root.join("d/x.log")).unwrap();
    fs::remove_file(project.root.join("f.log")).unwrap();
    ok(&project, &["land"]);
    assert!(project.root.join("d").is_symlink());
    assert_eq!((project.read("f.log/new"), project.read("out/mine.txt")), ("x\n".into(), "mine".into()));
}

#[test]
fn work_never_counts_as_landed_by_an_agents_word() {
    let script = "== b\nwrite b.txt x\n== a\nwrite a.txt x\n\
        sh until git rev-parse --verify --quiet refs/heads/blueprint/trial/integration; do sleep 0.05; done\n\
        sh git add . && git commit -q -m nice -m \"Blueprint-Landed: $(git rev-parse refs/heads/blueprint/trial/b)\"";
    let project = done(&PlanText::of(&["a", "b"]), script);
    assert!(project.git(&["log", "-1", "--format=%B", "blueprint/trial/a"]).contains("Blueprint-Landed: "));
    // A person may fast-forward to it, too.
    project.git(&["branch", "by-hand", "blueprint/trial/a"]);
    for into in ["main", "by-hand"] {
        ok(&project, &["land", "a", "--into", into]);
        let said = ok(&project, &["land", "b", "--into", into]);
        assert!(said.contains(&format!("task b in {into}, by merge")), "{said}");
        assert!(project.files(into).contains(&"b.txt".to_owned()));
    }
}

#[test]
fn a_clone_without_its_history_is_landed_in_and_cleaned() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WORK);
    identify(&project);
    project.write("more.txt", "x");
    project.commit_all("More");
    project.write(".git/shallow", &(project.git(&["rev-parse", "HEAD"]) + "\n"));
    project.git(&["reflog", "expire", "--expire=now", "--all"]);
    project.git(&["repack", "-adq"]);
    project.git(&["prune", "--expire=now"]);
    assert_eq!(project.git(&["rev-list", "--count", "HEAD"]), "1");
    project.complete(&[]);
    ok(&project, &["land", "a"]);
    ok(&project, &["land", "--squash"]);
    assert!(ok(&project, &["land"]).contains("has landed"));
    ok(&project, &["clean", "--yes"]);
    assert_eq!(project.git(&["for-each-ref", "refs/heads/blueprint"]), "");
    assert_eq!(project.read("b.txt"), "of b\n");
}

#[test]
fn an_edit_of_the_plan_that_only_the_branch_has_stays() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    identify(&project);
    project.git(&["checkout", "--quiet", "-b", "other"]);
    project.write("genesis.xml", &(project.read("genesis.xml") + "<!-- a colleague's -->\n"));
    project.commit_all("Edit");
    let edited = project.show("other", "genesis.xml");
    project.git(&["checkout", "--quiet", "main"]);
    project.complete(&[]);
    let said = ok(&project, &["land", "--into", "other"]);
    assert!(said.contains("task a in other, by merge") && !said.contains("plan's state in"), "{said}");
    assert!(said.contains("note    other has an edit of the plan that this checkout has not"), "{said}");
    assert_eq!(project.show("other", "genesis.xml"), edited);
    assert!(project.files("other").contains(&"a.txt".to_owned()));
    let said = ok(&project, &["land", "--into", "other"]);
    assert!(said.contains("has landed in other") && said.contains("note    other has an edit"), "{said}");
    assert!(ok(&project, &["land"]).contains("the plan's state in main"));
}

#[test]
fn the_plans_state_lands_again_from_a_checkout_that_never_had_what_landed_before() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.git(&["checkout", "--quiet", "--detach"]);
    ok(&project, &["land"]);
    ok(&project, &["add", "b", "--name", "More"]);
    project.complete(&[]);
    assert!(ok(&project, &["land"]).contains("the plan's state in main"));
    assert_eq!(project.show("main", "genesis.xml"), project.read("genesis.xml").trim_end());
}

#[test]
fn edits_that_git_was_told_not_to_look_for_are_in_the_way() {
    let project = done(&PlanText::of(&["a"]), "== a\nwrite README.md changed");
    let plan = project.read("genesis.xml");
    for (flag, no) in
        [("--assume-unchanged", "--no-assume-unchanged"), ("--skip-worktree", "--no-skip-worktree")]
    {
        project.git(&["update-index", flag, "README.md"]);
        project.write("README.md", "mine");
        let before = (project.refs(), project.git(&["status", "--porcelain"]));
        project.blueprint(&["land"]).assert(2, &["work is in the way, in README.md; nothing was changed"]);
        assert_eq!((project.refs(), project.git(&["status", "--porcelain"])), before);
        assert_eq!((project.read("README.md"), project.read("genesis.xml")), ("mine".into(), plan.clone()));
        assert!(!project.root.join(".git/blueprint/landing.json").exists());
        project.git(&["update-index", no, "README.md"]);
    }
    project.git(&["checkout", "--quiet", "README.md"]);
    ok(&project, &["land"]);
    assert_eq!(project.read("README.md"), "changed\n");
}
