//! A disk that refuses: an error that says so, the documented exit code, and nothing changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Command, Output};

use crate::scene::{PLAN, Scene};

/// Nobody in particular: root is refused nothing.
const NOBODY: u32 = 65534;

/// A plan that can be repaired, in a folder whose content belongs to `owner`.
fn scene(owner: Option<u32>) -> Scene {
    let scene = Scene::new(damaged());
    // The folder of state is there already: what is refused is the plan itself.
    assert_eq!(scene.blueprint(&["repair"]).code(), 0);
    fs::write(scene.path("genesis.xml"), damaged()).unwrap();
    if let Some(owner) = owner {
        // So that a stranger gets in.
        fs::set_permissions(scene.path("").parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        for path in ["", "genesis.xml"] {
            chown(scene.path(path), Some(owner), None).unwrap();
        }
        let state =
            Command::new("chown").arg("-R").arg(owner.to_string()).arg(scene.path(".blueprint")).status();
        assert!(state.unwrap().success());
    }
    scene
}

fn damaged() -> String {
    PLAN.replace("        <taskRef id=\"test-api\"/>\n", "")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// `repair` through a shell that does `before` first; as nobody, where we are root.
fn repair(scene: &Scene, before: &str) -> Output {
    let script = format!("{before}; exec \"$BLUEPRINT\" repair");
    let mut command = if is_root() { Command::new("setpriv") } else { Command::new("sh") };
    if is_root() {
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "sh"]);
    }
    command.args(["-c", &script]).current_dir(scene.path(""));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", scene.path("no-home"));
    command.env("BLUEPRINT", env!("CARGO_BIN_EXE_blueprint")).output().unwrap()
}

fn assert_refused(scene: &Scene, before: &str, what: &str) {
    let names = scene.names();
    let output = repair(scene, before);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains(what) && said.contains("genesis.xml"), "{said}");
    assert!(output.stdout.is_empty(), "a diff of what was not done");
    assert_eq!(scene.plan(), damaged());
    assert_eq!(scene.names(), names, "nothing is left lying about");
}

/// Whether a stranger can start the program at all.
fn can_run(scene: &Scene) -> bool {
    let output = repair(scene, "\"$BLUEPRINT\" --version >/dev/null 2>&1 || exit 126; true");
    output.status.code() != Some(126) && output.status.code() != Some(127)
}

#[test]
fn a_disk_without_room_leaves_the_plan_as_it_was() {
    let scene = scene(is_root().then_some(NOBODY));
    if can_run(&scene) {
        fs::write(scene.path("genesis.xml"), damaged()).unwrap();
        // No file may grow beyond that, which writes find out half-way, as on a full disk.
        assert_refused(&scene, "trap '' XFSZ; ulimit -f 1", "can't write");
    }
}

#[test]
fn a_read_only_folder_leaves_the_plan_as_it_was() {
    let scene = scene(is_root().then_some(NOBODY));
    if can_run(&scene) {
        fs::write(scene.path("genesis.xml"), damaged()).unwrap();
        fs::set_permissions(scene.path(""), fs::Permissions::from_mode(0o555)).unwrap();
        assert_refused(&scene, "true", "genesis.xml");
        fs::set_permissions(scene.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// A file that is not ours to write is not replaced either, though its folder would let us.
#[test]
fn a_plan_that_is_not_ours_to_write_stays_as_it_was() {
    let scene = scene(is_root().then_some(NOBODY));
    if can_run(&scene) {
        fs::write(scene.path("genesis.xml"), damaged()).unwrap();
        if is_root() {
            chown(scene.path("genesis.xml"), Some(0), Some(0)).unwrap();
        }
        fs::set_permissions(scene.path("genesis.xml"), fs::Permissions::from_mode(0o444)).unwrap();
        assert_refused(&scene, "true", "genesis.xml");
    }
}
