//! Agents in a sandbox: what they can't do, and that all can be done there that they need.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::project::{Ended, INTEGRATION, PlanText, TestProject, toml_text, wait_until};

/// A run of one task in that sandbox; nothing, where the machine does not have it, which is said.
fn confined(sandbox: &str, script: &str) -> Option<TestProject> {
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    configure(&project, sandbox, "");
    let probe = project.run(&["--dry-run"]);
    if probe.code == Some(74) {
        eprintln!("skipped: this machine has no sandbox `{sandbox}`");
        return None;
    }
    Some(project)
}

fn configure(project: &TestProject, sandbox: &str, more: &str) {
    let control = toml_text(&project.control.to_string_lossy());
    project.configure(&format!("sandbox = \"{sandbox}\"\nsandbox-write = [{control}]\n{more}"));
}

/// The agent's script has to go through, its attempt to count.
#[track_caller]
fn assert_does(sandbox: &str, does: &str) {
    let Some(project) =
        confined(sandbox, &format!("== *\n{does}\nwrite done.txt x\ncommit By the agent itself"))
    else {
        return;
    };
    fs::create_dir_all(project.base().join("home/.ssh")).unwrap();
    fs::write(project.base().join("home/.ssh/id_ed25519"), "a secret key").unwrap();
    let before = project.git(&["for-each-ref", "refs/heads/main", "refs/stash", "refs/tags"]);
    project.complete(&[]).assert(0, &["in a sandbox"]);
    assert_eq!(project.git(&["for-each-ref", "refs/heads/main", "refs/stash", "refs/tags"]), before);
    assert_eq!(project.git(&["status", "--porcelain", "--", "README.md", "new.txt"]), "");
    assert_eq!(project.git(&["log", "-1", "--format=%s", "blueprint/trial/a"]), "By the agent itself");
    assert!(project.files(INTEGRATION).contains(&"done.txt".into()));
    assert_eq!(project.facts("attempt-started", "a")[0]["sandbox"], sandbox);
}

const MISCHIEF: &str = r#"
    set ROOT {root}
    sh-refused echo x > "$ROOT/new.txt"
    sh-refused echo x >> "$ROOT/README.md"
    sh-refused rm "$ROOT/README.md"
    sh-refused mv "$ROOT/README.md" "$WORKTREE_PATH/stolen"
    sh-refused : > "$ROOT/README.md"
    sh-refused git -C "$ROOT" checkout -q -b elsewhere
    sh-refused git -C "$ROOT" commit -q --allow-empty -m x
    sh-refused git -C "$ROOT" stash -u
    sh git commit -q --allow-empty -m x
    sh-refused git update-ref refs/heads/main HEAD
    sh-refused git update-ref -d refs/heads/main
    sh-refused git tag x
    sh-refused git stash push -u
    sh-refused git config core.hooksPath /tmp
    sh-refused git config alias.st status
    sh-refused echo x > "$ROOT/.git/hooks/pre-commit"
    sh-refused mkdir "$ROOT/../мой проект.worktrees/trial/b"
    sh-refused echo x > "$HOME/.bashrc"
    sh-refused cat "$HOME/.ssh/id_ed25519"
    sh-refused git push -q "$ROOT/../remote.git" HEAD:refs/heads/x
"#;

fn mischief(project: &TestProject) -> String {
    MISCHIEF.replace("{root}", &project.root.to_string_lossy())
}

#[track_caller]
fn assert_all_refused(sandbox: &str) {
    let Some(project) = confined(sandbox, "") else { return };
    fs::create_dir_all(project.base().join("home/.ssh")).unwrap();
    fs::write(project.base().join("home/.ssh/id_ed25519"), "a secret key").unwrap();
    let remote = project.base().join("remote.git");
    project.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    project.script(&format!("== *\nwrite untracked.txt x\n{}\nwrite done.txt x", mischief(&project)));
    let before = everything(&project);
    project.complete(&[]).assert(0, &["in a sandbox"]);
    assert_eq!(everything(&project), before);
    assert!(project.files(INTEGRATION).contains(&"done.txt".into()));
}

/// What the user has outside of blueprint's own refs.
fn everything(project: &TestProject) -> (String, String, String, String) {
    let refs =
        project.git(&["for-each-ref", "refs/heads/main", "refs/heads/elsewhere", "refs/stash", "refs/tags"]);
    let config = fs::read_to_string(project.root.join(".git/config")).unwrap();
    (
        refs,
        config,
        project.git(&["status", "--porcelain", "README.md", "new.txt"]),
        project.git(&["symbolic-ref", "HEAD"]),
    )
}

#[test]
fn the_kernels_sandbox_refuses_all_that_leads_out_of_the_worktree() {
    assert_all_refused("landlock");
}

#[test]
fn bubblewrap_refuses_all_that_leads_out_of_the_worktree() {
    assert_all_refused("bwrap");
}

/// What agents do all day.
const WORK: &str = r#"
    sh echo x > "$TMPDIR/t" && mv "$TMPDIR/t" moved.txt
    sh mkdir -p a/b && echo x > a/b/c && ln -s c a/b/d && mv a/b moved && rm -r a
    sh echo x > /dev/null && echo x > /dev/shm/blueprint-test && rm /dev/shm/blueprint-test
    sh git status && git log -1 && git add -A && git commit -qm one && git commit -q --amend -m two
    sh git checkout -q -b aside && git commit -q --allow-empty -m x && git checkout -q blueprint/trial/a && git merge -q aside || true
    sh mkdir -p "$HOME/.cache/x" && echo x > "$HOME/.cache/x/y" || [ ! -d "$HOME/.cache" ]
    sh (sleep 0.01 & wait) && ls "$HOME" > /dev/null && ls / > /dev/null
    blueprint task|note|from within
    blueprint task|done|--summary|from within
"#;

#[track_caller]
fn assert_works(sandbox: &str) {
    assert_does(sandbox, WORK);
}

#[test]
fn work_goes_on_as_usual_in_the_kernels_sandbox() {
    assert_works("landlock");
}

#[test]
fn work_goes_on_as_usual_in_bubblewrap() {
    assert_works("bwrap");
}

#[test]
fn build_tools_work_in_the_sandbox() {
    let has =
        |program: &str| Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success());
    let python = "sh python3 -c 'import tempfile, subprocess; subprocess.run([\"true\"], check=True); tempfile.mkdtemp()'";
    let cargo = "sh printf '[package]\\nname = \"x\"\\nversion = \"0.1.0\"\\nedition = \"2021\"\\n' > Cargo.toml && mkdir -p src && echo 'fn main() {}' > src/main.rs && echo target > .gitignore && cargo build --quiet --offline";
    let mut does = String::new();
    for (program, step) in [("python3", python), ("cargo", cargo)] {
        if has(program) {
            does = format!("{does}\n{step}");
        } else {
            eprintln!("skipped: no {program} here");
        }
    }
    let Some(project) = confined("landlock", &format!("== *\n{does}\nwrite done.txt x")) else { return };
    // The toolchain is found where this test's own is.
    let toolchain = ["RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN", "PYENV_ROOT", "PYENV_VERSION"];
    configure(
        &project,
        "landlock",
        &format!("env-pass = [\"FAKE_AGENT_*\", \"GIT_CONFIG_*\", {}]", quoted(&toolchain)),
    );
    let home = std::env::var("HOME").unwrap_or_default();
    let mut command = project.command(crate::project::BLUEPRINT);
    for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
        let there = std::env::var(name).unwrap_or_else(|_| format!("{home}/{folder}"));
        command.env(name, there);
    }
    for name in ["RUSTUP_TOOLCHAIN", "PYENV_ROOT", "PYENV_VERSION"] {
        command.envs(std::env::var(name).map(|value| (name, value)));
    }
    let ended = crate::project::Running::start(command.arg("run")).wait();
    assert_eq!(ended.code, Some(0), "{ended}{:?}", project.task("a"));
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| toml_text(name)).collect::<Vec<_>>().join(", ")
}

/// The worktree of `b` is still there when the agent of `a` does that, with `{pid}` of a process that has a secret in its environment.
#[track_caller]
fn assert_hidden(sandbox: &str, does: &str) {
    let Some(project) = confined(sandbox, "") else { return };
    let other =
        Bystander(Command::new("sleep").arg("600").env("A_SECRET", "of-somebody-else").spawn().unwrap());
    let pid = other.0.id();
    // It has its own environment only once it has become that program.
    let environment = || fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    wait_until("an environment", || environment().contains("of-somebody-else"), environment);
    project.write("genesis.xml", &PlanText::chain(&["b", "a"]).to_xml());
    project.commit_all("Two tasks");
    let does = does.replace("{pid}", &pid.to_string());
    project.script(&format!("== a\n{does}\nwrite a.txt x\n== b\nwrite theirs.txt x"));
    project.run(&[]).assert(0, &["in a sandbox"]);
}

/// A process of the same user that has nothing to do with any run.
struct Bystander(std::process::Child);

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

const CURIOSITY: &str = r#"
    sh-refused grep -q of-somebody-else /proc/{pid}/environ
    sh grep -q TASK_ID=a /proc/self/environ
    sh-refused cat ../b/theirs.txt
    sh ls . > /dev/null && cat genesis.xml > /dev/null && git log -1 > /dev/null && cat "$BLUEPRINT_PROMPT_FILE" > /dev/null"#;

#[test]
fn neither_others_environments_nor_their_worktrees_can_be_read_in_the_kernels_sandbox() {
    assert_hidden("landlock", CURIOSITY);
}

#[test]
fn bubblewrap_shows_nobody_elses_processes_nor_worktrees() {
    assert_hidden("bwrap", &format!("{CURIOSITY}\n    sh-refused ls /proc/{{pid}}\n    sh-refused ls ../b"));
}

#[test]
fn what_the_configuration_opens_is_open() {
    let does = r#"
        sh cat "$HOME/.ssh/id_ed25519" && echo x > "$HOME/notes/x"
        sh-refused cat "$HOME/.aws/credentials"
        write done.txt x"#;
    let Some(project) = confined("landlock", &format!("== *\n{does}")) else { return };
    for (folder, file) in [(".ssh", "id_ed25519"), (".aws", "credentials"), ("notes", "y")] {
        fs::create_dir_all(project.base().join("home").join(folder)).unwrap();
        fs::write(project.base().join("home").join(folder).join(file), "x").unwrap();
    }
    let control = toml_text(&project.control.to_string_lossy());
    project.configure(&format!(
        "sandbox = \"landlock\"\nsandbox-write = [{control}, \"~/notes\"]\nsandbox-read = [\"~/.ssh\"]"
    ));
    project.complete(&[]);
}

#[test]
fn agents_that_share_a_worktree_report_from_their_sandbox_too() {
    let does = "write {task}.txt x\nblueprint task|done|--summary|from within {task}";
    let Some(project) = confined("landlock", &format!("== *\n{does}")) else { return };
    configure(&project, "landlock", "isolation = \"shared\"");
    project.complete(&[]).assert(0, &["in a sandbox"]);
    assert_eq!(project.task("a")["summary"], "from within a");
}

#[test]
fn what_people_do_beside_a_confined_agent_is_not_even_told() {
    let Some(project) = confined("landlock", "== *\nwrite a.txt x\ntouch at-work\nwait-for go") else {
        return;
    };
    let running = project.start(&["run"]);
    crate::project::wait_until("the agent", || project.control.join("at-work").exists(), String::new);
    project.write("README.md", "mine\n");
    project.write("mine.txt", "x");
    project.git(&["config", "alias.st", "status"]);
    project.touch("go");
    let ended = running.wait();
    ended.assert(0, &[]);
    assert!(!ended.stderr.contains("warning a"), "{ended}");
}

#[test]
fn branches_beside_its_own_are_open_to_an_agent_and_looked_after() {
    let does = "write a.txt x\nsh git add -A && git commit -qm x && git update-ref refs/heads/blueprint/trial/integration HEAD";
    let Some(project) = confined("landlock", &format!("== *\n{does}")) else { return };
    project.run(&[]).assert(1, &["wrote outside its worktree", "blueprint/trial/integration"]);
    assert_eq!(project.task("a")["outcome"], "escaped");
}

#[test]
fn a_folder_for_temporary_files_with_others_work_in_it_is_none_of_the_agents() {
    let does = r#"
        sh echo x > "$TMPDIR/mine"
        sh-refused echo x > "{base}/theirs"
        record seen"#;
    let Some(project) = confined("landlock", "") else { return };
    let base = project.base().to_string_lossy().into_owned();
    project.script(&format!("== *\n{}", does.replace("{base}", &base)));
    let mut command = project.command(crate::project::BLUEPRINT);
    let ended = crate::project::Running::start(command.arg("run").env("TMPDIR", project.base())).wait();
    assert_eq!(ended.code, Some(0), "{ended}");
    let env = fs::read_to_string(project.control.join("seen/env")).unwrap();
    let own = env.split('\0').find_map(|variable| variable.strip_prefix("TMPDIR=")).unwrap();
    assert!(own.starts_with(&base) && own != base, "{own}");
    assert!(!Path::new(own).exists(), "it is gone with the attempt");
}

#[test]
fn what_is_required_and_not_to_be_had_is_refused_before_anything_begins() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    project.configure("sandbox = \"off\"\nrequire-sandbox = true");
    let ended: Ended = project.run(&[]);
    ended.assert(74, &["a sandbox is required"]);
    project.configure("sandbox = \"auto\"\nrequire-sandbox = true\nisolation = \"none\"");
    let ended = project.run(&[]);
    assert!([Some(2), Some(74)].contains(&ended.code), "{ended}");
    assert!(project.log().starts().is_empty());
}

#[test]
fn an_agent_that_hides_whose_it_is_still_decides_nothing_for_a_person() {
    let does = "call env|-u|BLUEPRINT_TASK_TOKEN|-u|GENESIS_FILE_PATH|setsid|-f|sh|-c|$FAKE_AGENT_BLUEPRINT retry '{plan}' a; \
                echo $? > $FAKE_AGENT_DIR/code\nwait-for code\nwrite done.txt x";
    let Some(project) = confined("landlock", &format!("== *\n{does}")) else { return };
    project.complete(&[]);
    let code = fs::read_to_string(project.control.join("code")).unwrap();
    assert_eq!(code.trim(), "77");
}
