//! A disk that is full, a folder and a file that are not ours to write: an error that says so, and nothing is changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::project::{BLUEPRINT, Ended, PlanText, Running, TestProject, files_below};
use crate::xmlstarlet::is_installed;

/// What `nobody` is called by number nearly everywhere; any other that isn't root would do.
const NOBODY: u32 = 65534;

/// What writes the plan.
const WRITERS: [&[&str]; 4] = [
    &["blueprint", "task", "--task", "a", "done", "--summary", "it is a test"],
    &["blueprint", "task", "--task", "a", "start"],
    &["blueprint", "run"],
    &["xmlstarlet", "ed", "-L", "-u", "//projectName", "-v", "New", "genesis.xml"],
];

#[test]
fn a_folder_that_is_not_ours_to_write_is_left_as_it_is() {
    let scene = Scene::new();
    scene.give_to(NOBODY);
    fs::set_permissions(scene.folder(), fs::Permissions::from_mode(0o555)).unwrap();
    scene.assert_refused(Scene::nobody);
    fs::set_permissions(scene.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    scene.give_to(0);
    scene.assert_done();
}

#[test]
fn a_plan_that_belongs_to_somebody_else_is_left_as_it_is() {
    if !is_root() {
        eprintln!("skipped: only root can give a file to somebody else");
        return;
    }
    let scene = Scene::new();
    scene.give_to(NOBODY);
    chown(scene.plan(), Some(0), Some(0)).unwrap();
    scene.assert_refused(Scene::nobody);
    scene.give_to(0);
    scene.assert_done();
}

#[test]
fn a_disk_that_takes_no_more_leaves_the_plan_as_it_is() {
    // Whoever writes more than that into one file is told that it is too large, as if the disk were full.
    let blocks = ["0", "1", "2"];
    for blocks in blocks {
        let scene = Scene::new();
        scene.assert_refused(|scene, writer| {
            let mut command = scene.project.command("sh");
            command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", blocks]);
            command.args(scene.line(writer));
            Some(command)
        });
        scene.assert_done();
    }
}

#[test]
fn a_full_disk_leaves_the_plan_as_it_is() {
    // What is free, in kilobytes: nothing, and less than what there is to write.
    let script = "
        for room in 0 4; do
            fill_but $room
            blueprint task --task a start
            echo \"$? $(cmp genesis.xml before) $(ls -A | grep tmp)\" >> \"$results\"
            rm ../filler
        done
        blueprint task --task a start
        echo $? >> \"$results\"";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "");
    let Some(results) = on_small_disk(&project, script) else { return };
    assert_eq!(results, "74  \n74  \n0\n");
}

#[test]
fn a_disk_that_an_agent_has_filled_ends_the_run_and_the_next_one_goes_on() {
    let agents =
        "== a #1\nwrite a.txt x\ncall dd|if=/dev/zero|of={plan}.filler|bs=4k\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), agents);
    let script = "
        blueprint run
        echo $? >> \"$results\"
        blueprint validate --strict > /dev/null && echo valid >> \"$results\"
        rm genesis.xml.filler
        blueprint run
        echo $? >> \"$results\"
        git cat-file -e blueprint/trial/integration:a.txt && echo merged >> \"$results\"";
    let Some(results) = on_small_disk(&project, script) else { return };
    assert_eq!(results, "74\nvalid\n0\nmerged\n");
    assert_eq!(project.log().all("end").filter(|end| end.task == "b").count(), 1);
}

/// Journal and git's folder on a small disk, plan and worktrees on another one.
#[test]
fn a_state_folder_that_takes_no_more_ends_the_run_with_its_name_and_no_task_has_failed() {
    let agents = "== a #1\nwrite a.txt x\ntouch works\nwait-for go\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b", "c"]), agents);
    let script = "
        mv .git ../git && echo gitdir: ../git > .git
        git config core.worktree \"$PWD\"
        blueprint run 2> said &
        run=$!
        until [ -e \"$FAKE_AGENT_DIR/works\" ]; do sleep 0.01; done
        fill_but 0
        touch \"$FAKE_AGENT_DIR/go\"
        wait $run
        echo $? >> \"$results\"
        grep -o 'No space left on device' said | head -1 >> \"$results\"
        grep -o 'make room on.*' said >> /dev/stderr
        grep -c 'make room on' said >> \"$results\"
        grep -c '^failed\\|^blocked' said >> \"$results\"
        rm ../filler
        blueprint run
        echo $? >> \"$results\"
        git cat-file -e blueprint/trial/integration:a.txt && echo merged >> \"$results\"";
    let Some(results) = on_small_disk(&project, script) else { return };
    assert_eq!(results, "74\nNo space left on device\n1\n0\n0\nmerged\n");
    assert_eq!(project.log().starts_of("a"), 1, "what it did was not done again");
}

#[test]
fn whichever_write_is_the_first_that_fails_the_run_says_so_and_the_next_one_goes_on() {
    for first in (1..).step_by(6) {
        let project = TestProject::new(&PlanText::chain(&["a", "b"]), "== *\nwrite {task}.txt x\nsleep 20");
        let mut run = project.command(BLUEPRINT);
        let ended = Running::start(run.arg("run").env("BLUEPRINT_FAULTS", format!("from:{first}"))).wait();
        if ended.code == Some(0) {
            assert!(first > 40, "there are more writes than {first}: {ended}");
            break;
        }
        assert_eq!(ended.code, Some(74), "from {first}: {ended}");
        let place = project.root.to_str().unwrap();
        let last = ended.stderr.rsplit_once("error: ").unwrap().1;
        assert!(last.contains(place) && last.contains("run again"), "from {first}: {ended}");
        project.assert_no_process_left();
        project.complete(&[]);
        for task in ["a", "b"] {
            assert_eq!(project.transitions(task, "completed"), 1, "from {first}");
            assert_eq!(project.merges()[task], 1, "from {first}");
        }
    }
}

/// What a shell script writes to `$results`, in a copy of the project on a disk of its own, which is small; nothing where that can't be
/// had.
pub(crate) fn on_small_disk(project: &TestProject, script: &str) -> Option<String> {
    const NO_DISK: i32 = 99;
    let before = "
        mount -t tmpfs -o size=4m tmpfs \"$HOME\" || exit 99
        cp -a \"$1\" \"$HOME/p\" && cd \"$HOME/p\" && cp genesis.xml before
        blueprint() { \"$program\" \"$@\"; }
        fill_but() {
            dd if=/dev/zero of=../filler bs=4k 2> /dev/null
            truncate -s \"-$1K\" ../filler
        }";
    let results = project.base().join("results");
    fs::write(&results, "").unwrap();
    let mut command = project.command("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &format!("{before}\n{script}"), "sh"]);
    command.arg(&project.root).env("program", BLUEPRINT).env("results", &results);
    let ended = command.stdin(Stdio::null()).output().ok();
    if ended.as_ref().is_none_or(|ended| ended.status.code() == Some(NO_DISK) || is_refused(ended)) {
        eprintln!("skipped: no disk can be mounted here");
        return None;
    }
    eprintln!("{}", String::from_utf8_lossy(&ended.unwrap().stderr));
    Some(fs::read_to_string(results).unwrap())
}

/// Whether there was no namespace to mount in.
fn is_refused(ended: &Output) -> bool {
    String::from_utf8_lossy(&ended.stderr).contains("unshare: ")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A plan in a folder of its own, in a repository.
struct Scene {
    project: TestProject,
    programs: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let project = TestProject::new(&PlanText::of(&["unused"]), "");
        project.write("plans/genesis.xml", &PlanText::of(&["a", "b"]).epic("plans").to_xml());
        project.write("plans/blueprint.toml", "runner = \"sh\"\n[runners.sh]\ncommand = [\"true\"]\n");
        project.commit_all("Plans");
        // Where anybody may execute it, which is not said of the place where it was built.
        let programs = project.base().join("programs");
        fs::create_dir(&programs).unwrap();
        for name in ["blueprint", "xmlstarlet"] {
            crate::project::copy_of_blueprint(&programs.join(name));
        }
        Self { project, programs }
    }

    fn folder(&self) -> PathBuf {
        self.project.root.join("plans")
    }

    fn plan(&self) -> PathBuf {
        self.folder().join("genesis.xml")
    }

    /// All of it belongs to that user from now on, if that can be.
    fn give_to(&self, user: u32) {
        if is_root() {
            let owner = format!("{user}:{user}");
            let status = Command::new("chown").arg("-R").arg(owner).arg(self.project.base()).status();
            assert!(status.unwrap().success());
        }
    }

    fn line(&self, writer: &[&str]) -> Vec<String> {
        let program = self.programs.join(writer[0]).to_str().unwrap().to_owned();
        [program].into_iter().chain(writer[1..].iter().map(ToString::to_string)).collect()
    }

    /// The writer with no more rights than anybody's; nothing, where they can't be given up.
    fn nobody(&self, writer: &[&str]) -> Option<Command> {
        let line = self.line(writer);
        if !is_root() {
            let mut command = self.project.command(&line[0]);
            command.args(&line[1..]);
            return Some(command);
        }
        let mut command = self.project.command("setpriv");
        let user = format!("--reuid={NOBODY}");
        let group = format!("--regid={NOBODY}");
        command.args([user.as_str(), group.as_str(), "--clear-groups"]).args(line);
        let mut probe = self.project.command("setpriv");
        let status = probe.args([user.as_str(), "true"]).stderr(Stdio::null()).status();
        if status.is_ok_and(|status| status.success()) {
            return Some(command);
        }
        eprintln!("skipped: there is no setpriv to give up root's rights");
        None
    }

    /// Every writer fails with 74 and says on what; the plan stays, and nothing else is left in its folder.
    #[track_caller]
    fn assert_refused(&self, command: impl Fn(&Self, &[&str]) -> Option<Command>) {
        let before = files_below(&self.folder());
        for writer in WRITERS {
            if writer[0] == "xmlstarlet" && !is_installed() {
                continue;
            }
            let Some(mut command) = command(self, writer) else { return };
            let ended = Running::start(command.current_dir(self.folder())).wait();
            assert_eq!(ended.code, Some(74), "{writer:?}: {ended}");
            assert!(ended.stderr.contains(self.project.root.to_str().unwrap()), "{writer:?}: {ended}");
            assert_eq!(files_below(&self.folder()), before, "{writer:?}: {ended}");
        }
    }

    /// Nothing that was refused stands in the way of what comes after it.
    fn assert_done(&self) {
        let mut run = self.project.command(BLUEPRINT);
        let ended: Ended = Running::start(run.arg("run").current_dir(self.folder())).wait();
        ended.assert(0, &["completed: 2 of 2"]);
    }
}
