//! `repair`: what it changes, what it leaves, and when it refuses.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::scene::{PLAN, Scene};

/// The plan after an editor that stopped half-way: one task completed and still pending in the list, the other in no list, and
/// counters that never were right.
fn damaged() -> String {
    let metrics = "  <metrics>\n    <progress>\n      <totalTasks>2</totalTasks>\n      <completedTasks>0</completedTasks><!-- by hand -->\n\
                   \x20   </progress>\n  </metrics>\n</projectGenesis>";
    PLAN.replace("        <taskRef id=\"test-api\"/>\n", "        <taskRef  id='build-api' />\n")
        .replace(
            "      <completed>\n        <taskRef id=\"build-api\"/>\n      </completed>\n",
            "      <completed/>\n",
        )
        .replace("</projectGenesis>", metrics)
}

#[test]
fn the_places_follow_the_one_that_decides_and_the_diff_says_how() {
    let scene = Scene::new(damaged());
    fs::set_permissions(scene.path("genesis.xml"), fs::Permissions::from_mode(0o640)).unwrap();
    let told = scene.blueprint(&["repair"]);
    assert_eq!((told.code(), told.err()), (0, "genesis.xml: repaired\n"));
    insta::assert_snapshot!(told.out());
    assert_eq!(scene.found(&[]), []);
    assert_eq!(scene.path("genesis.xml").metadata().unwrap().permissions().mode() & 0o777, 0o640);

    let before = scene.plan();
    let again = scene.blueprint(&["repair"]);
    assert_eq!((again.code(), again.out(), again.err()), (0, "", "genesis.xml: nothing to repair\n"));
    assert_eq!(scene.plan(), before);
}

#[test]
fn a_dry_run_shows_the_same_and_touches_nothing() {
    let scene = Scene::new(damaged());
    let dry = scene.blueprint(&["repair", "--dry-run"]);
    assert_eq!(dry.code(), 0);
    assert_eq!(scene.plan(), damaged());
    assert!(!scene.path(".blueprint").exists());
    assert_eq!(scene.blueprint(&["repair"]).out(), dry.out());
}

#[test]
fn carriage_returns_stay_and_what_only_a_person_can_mend_is_said() {
    let odd = damaged().replace("<description>Cover the cart.</description>", "<description/>");
    let scene = Scene::new(odd.replace('\n', "\r\n"));
    let told = scene.blueprint(&["repair"]);
    let left =
        "genesis.xml: repaired\n1 warning is left that only you can mend: `blueprint validate` shows them\n";
    assert_eq!((told.code(), told.err()), (0, left));
    assert!(!scene.plan().replace("\r\n", "").contains('\n'));
    assert!(!told.out().contains('\r'), "{:?}", told.out());
}

#[test]
fn a_plan_that_is_invalid_is_not_touched() {
    let twice = damaged().replace("<task id=\"test-api\">", "<task id=\"build-api\">");
    for (plan, what) in [(twice.as_str(), "E103"), ("<projectGenesis>", "E009")] {
        let scene = Scene::new(plan);
        let told = scene.blueprint(&["repair"]);
        assert_eq!((told.code(), told.out()), (3, ""));
        assert!(told.err().contains(what), "{}", told.err());
        assert_eq!(scene.plan(), plan);
    }
}

#[test]
fn an_agent_may_not_repair_the_plan_that_it_is_part_of() {
    let scene = Scene::new(damaged());
    let mut command = scene.command();
    let output = command.arg("repair").env("BLUEPRINT_TASK_TOKEN", "t").output().unwrap();
    assert_eq!(output.status.code(), Some(77), "{output:?}");
    assert_eq!(scene.plan(), damaged());
}

#[test]
fn a_plan_in_utf_16_is_refused_until_its_owner_has_it_converted() {
    for (mark, to_bytes) in
        [(b"\xFF\xFE", u16::to_le_bytes as fn(u16) -> [u8; 2]), (b"\xFE\xFF", u16::to_be_bytes)]
    {
        let text = PLAN.replace("UTF-8", "UTF-16").replace("Cover the cart.", "Prüfe den 🛒.");
        let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
        let bytes = [&mark[..], &bytes].concat();
        let scene = Scene::new(&bytes);
        fs::set_permissions(scene.path("genesis.xml"), fs::Permissions::from_mode(0o640)).unwrap();
        let refused = scene.blueprint(&["validate"]);
        assert_eq!(refused.code(), 3);
        assert!(
            refused.out().contains("help: `blueprint repair --to-utf8` converts it"),
            "{}",
            refused.out()
        );
        assert_eq!(scene.blueprint(&["repair"]).code(), 3, "only where it is asked for");

        let dry = scene.blueprint(&["repair", "--to-utf8", "--dry-run"]);
        assert_eq!((dry.code(), scene.read("genesis.xml") == bytes), (0, true), "{dry:?}");
        let told = scene.blueprint(&["repair", "--to-utf8"]);
        assert_eq!(told.code(), 0, "{told:?}");
        let sizes =
            format!("converted from UTF-16 ({} bytes) to UTF-8 ({} bytes)", bytes.len(), scene.plan().len());
        assert_eq!(told.err(), format!("genesis.xml: {sizes}\n"));
        assert_eq!(scene.plan(), text.replace("UTF-16", "UTF-8"));
        assert_eq!(scene.path("genesis.xml").metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(scene.found(&[]), []);
        let again = scene.blueprint(&["repair", "--to-utf8"]);
        assert_eq!(again.err(), "genesis.xml: not in UTF-16; nothing to convert\n");
    }
}

#[test]
fn what_would_be_no_plan_in_utf_8_either_is_not_converted() {
    for bytes in [&b"\xFF\xFE<\0a\0/\0>\0"[..], b"\xFF\xFE<", b"\xFF\xFE\x00\xD8<\0"] {
        let scene = Scene::new(bytes);
        let told = scene.blueprint(&["repair", "--to-utf8"]);
        assert_eq!(told.code(), 3, "{told:?}");
        assert_eq!(scene.read("genesis.xml"), bytes);
    }
}

#[test]
fn a_live_run_goes_on_while_its_plan_is_repaired() {
    let scene = Scene::new(damaged());
    scene.write(
        "blueprint.toml",
        "runner = 'x'\nallow-no-changes = ['test-api']\n[runners.x]\ncommand = ['sh', '{config_dir}/a.sh']\n",
    );
    let go = scene.path("go");
    scene.write(
        "a.sh",
        format!(
            "cat > /dev/null\nfor i in $(seq 300); do [ -e {} ] && exit 0; sleep 0.1; done\nexit 1\n",
            go.display()
        ),
    );
    commit_all(&scene);
    let path = std::env::var_os("PATH").unwrap();
    let mut run = scene.command();
    let mut run = run.args(["run", "--progress", "none"]).env("PATH", path).spawn().unwrap();
    let is_running = || scene.plan().contains("<status>in-progress</status>");
    for _ in 0..300 {
        if is_running() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(is_running());
    let told = scene.blueprint(&["repair"]);
    assert_eq!(told.code(), 0, "{told:?}");
    assert!(scene.found(&[]).iter().all(|(code, _, _)| code != "W101" && code != "W103" && code != "W105"));
    assert!(is_running(), "its status stays");
    scene.write("go", "");
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert_eq!(scene.blueprint(&["repair"]).err(), "genesis.xml: nothing to repair\n");
}

fn commit_all(scene: &Scene) {
    let repo = git2::Repository::init(scene.path("")).unwrap();
    let mut index = repo.index().unwrap();
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let tree = repo.find_tree(index.write_tree().unwrap()).unwrap();
    let me = git2::Signature::new("t", "t@example.org", &git2::Time::new(0, 0)).unwrap();
    repo.commit(Some("HEAD"), &me, &me, "start", &tree, &[]).unwrap();
}
