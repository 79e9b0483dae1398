//! Repositories as people have them: each runs its plan, or says plainly why not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;

use crate::project::{BLUEPRINT, INTEGRATION, PlanText, Running, TestProject};

const WORK: &str = "== *\nwrite {task}.txt by {task}";

/// A plan whose second task stands on the first.
fn chain() -> PlanText {
    PlanText::chain(&["a", "b"])
}

/// Runs the chain, and checks that both tasks' work came together and is clean for git.
fn assert_runs(project: &TestProject) {
    project.complete(&[]);
    for task in ["a", "b"] {
        assert_eq!(project.show(INTEGRATION, &format!("{task}.txt")), format!("by {task}"));
        let worktree = project.worktree(task);
        assert_eq!(project.git(&["-C", &worktree, "status", "--porcelain"]), "", "{task}");
    }
}

fn hook(project: &TestProject, name: &str, text: &str) {
    let path = project.root.join(".git/hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The project as a clone of itself.
fn cloned(how: &[&str]) -> TestProject {
    let mut project = TestProject::new(&chain(), WORK);
    project.write("before.txt", "more\n");
    project.commit_all("More");
    project.git(&["config", "uploadpack.allowFilter", "true"]);
    project.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let clone = project.base().join("a clone");
    let url = format!("file://{}", project.root.display());
    project.git(&[&["clone", "--quiet"], how, &[&url, clone.to_str().unwrap()]].concat());
    project.root = clone;
    project
}

#[test]
fn a_shallow_clone() {
    let project = cloned(&["--depth=1"]);
    assert_eq!(project.git(&["rev-list", "--count", "HEAD"]), "1");
    assert_runs(&project);
}

#[test]
fn a_partial_clone() {
    let project = cloned(&["--filter=blob:none"]);
    assert_runs(&project);
}

#[test]
fn a_checkout_that_is_sparse() {
    let project = TestProject::new(&chain(), WORK);
    project.write("large/video", "a lot\n");
    project.write("small/text", "little\n");
    project.commit_all("Folders");
    project.git(&["sparse-checkout", "set", "--cone", "small"]);
    assert_runs(&project);
    let worktree = Path::new(&project.worktree("b")).to_owned();
    assert!(worktree.join("small/text").exists() && !worktree.join("large").exists());
    assert_eq!(project.show(INTEGRATION, "large/video"), "a lot");
}

#[test]
fn a_filter_as_of_lfs_or_git_crypt() {
    let script =
        "== a\nwrite a.txt by a\nwrite a.secret hello\n== b\nwrite b.txt by b\nappend a.secret world";
    let project = TestProject::new(&chain(), script);
    project.git(&["config", "filter.rot.clean", "tr a-z n-za-m"]);
    project.git(&["config", "filter.rot.smudge", "tr n-za-m a-z"]);
    project.git(&["config", "filter.rot.required", "true"]);
    project.write(".gitattributes", "*.secret filter=rot\n");
    project.commit_all("Secrets");
    assert_runs(&project);
    assert_eq!(project.show(INTEGRATION, "a.secret"), "uryyb\njbeyq", "never committed raw");
    let seen = fs::read_to_string(Path::new(&project.worktree("b")).join("a.secret")).unwrap();
    assert_eq!(seen, "hello\nworld\n", "never seen raw");
}

#[test]
fn a_conflict_behind_a_filter_is_resolved_in_plain_text_and_stored_filtered() {
    let script = "== a\nwrite a.secret of a\n== b #1\nwrite a.secret of b\n\
        == b\nsh grep -q '^<<<<<<<' a.secret && grep -q '^of a' a.secret && grep -q '^of b' a.secret\n\
        write a.secret of a\\nof b";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    // It leaves alone what is not in small letters: the signs of the markers.
    project.git(&["config", "filter.rot.clean", "tr a-z n-za-m"]);
    project.git(&["config", "filter.rot.smudge", "tr n-za-m a-z"]);
    project.write(".gitattributes", "*.secret filter=rot\n");
    project.commit_all("Secrets");
    project.complete(&["-j", "1"]);
    assert_eq!(project.task("b")["attempts"], 2);
    assert_eq!(project.show(INTEGRATION, "a.secret"), "bs n\nbs o");
    let worktree = project.worktree("b");
    assert_eq!(project.git(&["-C", &worktree, "status", "--porcelain"]), "");
    let seen = fs::read_to_string(Path::new(&worktree).join("a.secret")).unwrap();
    assert_eq!(seen, "of b\n", "the task's own worktree has its own work again");
}

#[test]
fn a_filter_that_hangs_ends_the_attempt_and_everything_that_it_has_started_is_ended() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WORK);
    let hangs = "sh -c 'trap : TERM; while :; do sleep 1; done'";
    project.write(".gitattributes", "*.secret filter=slow\n");
    project.write("a.secret", "x\n");
    project.commit_all("Secrets");
    project.git(&["config", "filter.slow.smudge", hangs]);
    project.configure("git-timeout = \"2s\"");
    let ended = project.run(&["-j", "1", "--retries", "0"]);
    ended.assert(
        1,
        &[
            "git had not ended after 2s, and was ended with all that it had started",
            "a filter, hook, login or remote hangs",
        ],
    );
    project.assert_statuses(&[("a", "failed"), ("b", "failed")]);
    project.assert_no_process_left();
    project.git(&["config", "--unset", "filter.slow.smudge"]);
    project.configure("");
    project.blueprint(&["retry", "a", "b"]).assert(0, &[]);
    project.complete(&[]);
}

#[test]
fn a_run_that_is_told_to_end_at_once_does_not_wait_for_a_filter_that_hangs() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.write(".gitattributes", "*.secret filter=slow\n");
    project.write("a.secret", "x\n");
    project.commit_all("Secrets");
    project.git(&["config", "filter.slow.smudge", "touch \"$FAKE_AGENT_DIR/hangs\"; sleep 600"]);
    let run = project.start(&["run"]);
    project.wait_until_there("hangs");
    run.signal(Signal::TERM);
    run.wait_for("ending the running agents");
    run.signal(Signal::TERM);
    run.wait().assert(143, &["still to do: a"]);
    project.assert_no_process_left();
    project.assert_statuses(&[("a", "pending")]);
    project.git(&["config", "--unset", "filter.slow.smudge"]);
    project.complete(&[]);
}

#[test]
fn line_ends_and_encodings() {
    let project = TestProject::new(&chain(), WORK);
    project.write(".gitattributes", "*.txt text eol=crlf\nwide.md working-tree-encoding=UTF-16LE\n");
    project.commit_all("Attributes");
    assert_runs(&project);
    let seen = fs::read_to_string(Path::new(&project.worktree("b")).join("a.txt")).unwrap();
    assert_eq!(seen, "by a\r\n");
}

#[test]
fn a_submodule() {
    let project = TestProject::new(&chain(), WORK);
    let library = project.base().join("library");
    let place = library.to_str().unwrap();
    project.git(&["init", "--quiet", place]);
    project.git(&["-C", place, "commit", "--quiet", "--allow-empty", "-m", "Library"]);
    project.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", place, "lib"]);
    project.commit_all("Library");
    assert_runs(&project);
    let link = |commit: &str| project.git(&["ls-tree", commit, "lib"]);
    assert_eq!(link(INTEGRATION), link("HEAD"));
}

#[test]
fn the_hook_of_a_checkout_has_run_before_the_agent_begins_and_no_other_runs() {
    let script = "== *\nsh cp prepared {task}.txt";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.write(".gitignore", "prepared\n");
    project.commit_all("Ignore");
    hook(&project, "post-checkout", "echo \"flag $3\" > prepared");
    for other in ["pre-commit", "commit-msg", "post-commit", "post-merge"] {
        hook(&project, other, "exit 1");
    }
    project.complete(&[]);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "flag 1");
}

#[test]
fn a_hook_that_fails_is_quoted_and_nothing_half_made_is_left() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    hook(&project, "post-checkout", "echo the server is down >&2; exit 1");
    let ended = project.run(&["--retries", "0"]);
    ended.assert(1, &["the server is down"]);
    assert!(!project.refs().contains("refs/heads/blueprint/trial/a"), "{}", project.refs());
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn without_git_a_plain_repository_runs_and_one_with_a_filter_says_what_it_needs() {
    let project = TestProject::new(&chain(), WORK);
    let without_git = |project: &TestProject| {
        let mut command = project.command(BLUEPRINT);
        let nothing = project.base().join("nothing");
        Running::start(command.args(["run"]).env("PATH", nothing)).wait()
    };
    project.git(&["config", "filter.rot.clean", "tr a-z n-za-m"]);
    project.write(".gitattributes", "secret* filter=rot\n");
    project.commit_all("Secrets");
    let (plan, refs) = (project.read("genesis.xml"), project.refs());
    without_git(&project).assert(74, &["needs the git program", "`rot`", "`secret*`"]);
    assert_eq!((project.read("genesis.xml"), project.refs()), (plan, refs));
    project.git(&["rm", "--quiet", ".gitattributes"]);
    project.commit_all("No secrets");
    without_git(&project).assert(0, &["completed: 2 of 2"]);
}

#[test]
fn formats_that_only_git_knows_are_named_and_refused() {
    for (option, reason) in [("--object-format=sha256", "sha256"), ("--ref-format=reftable", "refstorage")] {
        let project = TestProject::without_git();
        project.write("genesis.xml", &PlanText::of(&["a"]).to_xml());
        project.configure("");
        if !project.command("git").args(["init", "--quiet", option]).status().unwrap().success() {
            eprintln!("skipped: this git does not know {option}");
            continue;
        }
        project.commit_all("First");
        let ended = project.run(&[]);
        ended.assert(ended.code.unwrap(), &["format that is not supported", "help"]);
        assert_ne!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.to_lowercase().contains(reason), "{ended}");
    }
}

/// Hands the repository to somebody else; false where only root may, and this is not root.
fn given_away(project: &TestProject) -> bool {
    let somebody = Some(54_321);
    let places = [project.root.clone(), project.root.join(".git")];
    places.iter().all(|place| std::os::unix::fs::chown(place, somebody, None).is_ok())
}

#[test]
fn a_repository_of_another_user_is_refused_with_the_way_out_and_doctor_says_so() {
    let project = TestProject::new(&chain(), WORK);
    if !given_away(&project) {
        return eprintln!("skipped: only root can give files away");
    }
    let way_out = "git config --global --add safe.directory";
    for verb in ["status", "run"] {
        project.blueprint(&[verb, "genesis.xml"]).assert(74, &["belongs to another user", way_out]);
    }
    for call in [["doctor"].as_slice(), &["doctor", "genesis.xml"]] {
        let ended = project.blueprint(call);
        assert_eq!(ended.code, Some(1), "{ended}");
        assert!(ended.stdout.contains("wrong git") && ended.stdout.contains(way_out), "{ended}");
    }
}

#[test]
fn a_repository_of_another_user_is_taken_wherever_git_has_been_told_that_it_is_safe() {
    let file = |project: &TestProject| {
        let config = project.base().join("trusted");
        fs::write(&config, "[safe]\n\tdirectory = *\n").unwrap();
        vec![("GIT_CONFIG_GLOBAL", config.to_string_lossy().into_owned())]
    };
    let count = |_: &TestProject| {
        ["GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"]
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name, value.to_owned()))
            .to_vec()
    };
    for told in [&file as &dyn Fn(&TestProject) -> Vec<(&'static str, String)>, &count] {
        let project = TestProject::new(&chain(), WORK);
        if !given_away(&project) {
            return eprintln!("skipped: only root can give files away");
        }
        for verb in ["run", "status"] {
            let mut command = project.command(BLUEPRINT);
            Running::start(command.args([verb, "genesis.xml"]).envs(told(&project))).wait().assert(0, &[]);
        }
    }
}
