//! Input that is meant to do harm: refused with the reason, fast, in little memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Output;

use crate::scene::{PLAN, Scene};

/// The address space that the program gets, in KiB; it takes a third of that for itself.
const MEMORY: u32 = 400 * 1024;
/// After that many seconds it hangs.
const PATIENCE: u32 = 120;

/// The program with little memory, ended by force where it doesn't end by itself.
fn confined(scene: &Scene, arguments: &str) -> Output {
    let mut command = std::process::Command::new("sh");
    let script = format!("ulimit -v {MEMORY}; exec timeout -s KILL {PATIENCE} \"$BLUEPRINT\" {arguments}");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).current_dir(scene.path(""));
    command.env("BLUEPRINT", env!("CARGO_BIN_EXE_blueprint")).env("HOME", scene.path("no-home"));
    command.args(["-c", &script]).output().unwrap()
}

fn refused(scene: &Scene, what: &str, code: &str) {
    for verb in ["validate --schema", "validate --format sarif", "repair"] {
        let output = confined(scene, verb);
        let said =
            [String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap()].concat();
        assert_eq!(output.status.code(), Some(3), "{what}, {verb}: {:?} {said:.2000}", output.status);
        assert!(said.contains(code), "{what}, {verb}: {said:.2000}");
        assert!(said.len() < 100_000 || verb.ends_with("sarif"), "{what}, {verb}: {} bytes", said.len());
    }
}

fn repeated(times: std::ops::Range<u32>, part: impl Fn(u32) -> String) -> String {
    times.fold(String::new(), |text, n| text + &part(n))
}

/// The plan with `hostile` in a description.
fn with(hostile: &str) -> String {
    PLAN.replace("Cover the cart.", hostile)
}

#[test]
fn bombs_of_entities_are_not_even_read() {
    let entities: String =
        repeated(1..60, |n| format!("<!ENTITY a{n} \"&a{0};&a{0};&a{0};&a{0};\">\n", n - 1));
    let bomb = PLAN.replace(
        "<projectGenesis ",
        &format!("<!DOCTYPE projectGenesis [\n<!ENTITY a0 \"boom\">\n{entities}]>\n<projectGenesis "),
    );
    refused(&Scene::new(bomb.replace("Cover the cart.", "&a59;")), "a bomb", "E005");
    let outside =
        PLAN.replace("<projectGenesis ", "<!DOCTYPE p [<!ENTITY f SYSTEM \"/etc/passwd\">]><projectGenesis ");
    refused(&Scene::new(outside.replace("Cover the cart.", "&f;")), "a file", "E005");
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = with(&("<a>".repeat(10_000) + &"</a>".repeat(10_000)));
    refused(&Scene::new(deep), "nesting", "E002");
    refused(&Scene::new("<a>".repeat(10_000_000)), "nesting that is never closed", "E002");
}

#[test]
fn characters_and_bytes_that_no_text_has_are_refused() {
    refused(&Scene::new(with("\0".repeat(1_000_000).as_str())), "NUL", "E003");
    let mut broken = with(&"x".repeat(1000)).into_bytes();
    broken.extend(vec![0xFF; 100_000_000]);
    refused(&Scene::new(broken), "broken UTF-8", "E001");
    refused(&Scene::new(b"\xFF\xFE<\0".repeat(1_000_000)), "UTF-16", "E001");
}

#[test]
fn attributes_by_the_million_are_read_or_refused() {
    let same = with(&format!("<x:y {}/>", "a='1' ".repeat(300_000)));
    refused(&Scene::new(same), "one attribute again and again", "E007");
    let distinct: String = repeated(0..1_000_000, |n| format!("a{n}='' "));
    let read = confined(&Scene::new(with(&format!("<x:y {distinct}/>"))), "validate");
    assert_eq!(read.status.code(), Some(0), "{read:?}");
}

/// Nothing is read of a file that is too large, so a file of holes will do.
#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    for size in [1 << 30, 1 << 40] {
        let scene = Scene::new("<projectGenesis version=\"");
        File::options().write(true).open(scene.path("genesis.xml")).unwrap().set_len(size).unwrap();
        refused(&scene, "an attribute of a gigabyte", "E002");
    }
}

#[test]
fn a_large_file_takes_memory_in_proportion() {
    let scene = Scene::new("");
    let mut file = BufWriter::new(File::create(scene.path("genesis.xml")).unwrap());
    // The text, and little more.
    for _ in 0..16 {
        file.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    }
    file.into_inner().unwrap();
    refused(&scene, "nothing but lines", "E010");
}

#[test]
fn what_has_no_end_is_not_opened() {
    let scene = Scene::new(PLAN);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        scene.path("pipe.xml"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    for endless in ["/dev/zero", "pipe.xml"] {
        for verb in ["validate", "repair", "repair --to-utf8", "status"] {
            let mut command = scene.command();
            let output = command.args(verb.split(' ')).env("GENESIS_FILE_PATH", endless).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(74), "{endless}, {verb}: {said}");
            assert!(said.contains("is no regular file"), "{endless}, {verb}: {said}");
        }
    }
    let named = scene.command().args(["validate", "pipe.xml"]).output().unwrap();
    let said = String::from_utf8(named.stderr).unwrap();
    assert!(said.contains("pipe.xml` is no regular file"), "{said}");
}

/// Thousands of warnings in one line: each place is found without reading the whole line again.
#[test]
fn a_plan_of_one_line_with_very_many_warnings_ends_in_good_time() {
    let tasks: String = repeated(0..20_000, |n| format!("<task id='t{n}'><name>n</name></task>"));
    let plan = format!(
        "<projectGenesis version='1'><metadata><epicName>e</epicName></metadata><executionPlan><tasks>{tasks}</tasks></executionPlan></projectGenesis>"
    );
    let output = confined(&Scene::new(plan), "validate --format json");
    assert_eq!(output.status.code(), Some(0), "{:?}", output.stderr);
}
