use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};

use super::Walls;

const PROGRAM: &str = "bwrap";

/// With all that is there to be read, and devices to be used.
const GROUND: [&str; 7] = ["--die-with-parent", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev"];
/// Processes of its own, and nobody else's to be seen. A container without rights of its own may not have that.
const ALONE: [&str; 3] = ["--unshare-pid", "--proc", "/proc"];

pub(super) fn is_available() -> bool {
    works(&[])
}

fn works(more: &[&str]) -> bool {
    let tried = Command::new(PROGRAM)
        .args(GROUND)
        .args(more)
        .arg("true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

/// The same program, started by `bwrap`. Standard streams are given by whoever starts it.
pub(super) fn inside(walls: &Walls, command: &Command) -> Command {
    let mut confined = Command::new(PROGRAM);
    let alone: &[&str] = if works(&ALONE) { &ALONE } else { &[] };
    confined.args(arguments(walls, alone)).arg("--").arg(command.get_program()).args(command.get_args());
    confined
}

/// All is there to be read; over that what is hidden, and what may be read of it, then what may be written, and over all what is secret.
fn arguments(walls: &Walls, alone: &[&str]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = GROUND.iter().chain(alone).map(OsString::from).collect();
    let mut add = |words: &[&OsStr]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    for hidden in walls.hidden.iter().filter(|hidden| hidden.is_dir()) {
        add(&["--tmpfs".as_ref(), hidden.as_os_str()]);
    }
    for place in &walls.read {
        add(&["--ro-bind-try".as_ref(), place.as_os_str(), place.as_os_str()]);
    }
    let mut write = walls.write.clone();
    // What lies in a folder comes after that folder.
    write.sort();
    for place in write.iter().filter(|place| !place.starts_with("/dev")) {
        add(&["--bind-try".as_ref(), place.as_os_str(), place.as_os_str()]);
    }
    // Only now: what is bound in there had to have a place.
    for hidden in walls.hidden.iter().filter(|hidden| hidden.is_dir()) {
        add(&["--remount-ro".as_ref(), hidden.as_os_str()]);
    }
    for secret in walls.secrets.iter().filter(|secret| secret.exists()) {
        if secret.is_dir() {
            add(&["--tmpfs".as_ref(), secret.as_os_str()]);
        } else {
            add(&["--ro-bind".as_ref(), "/dev/null".as_ref(), secret.as_os_str()]);
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::run::supervisor::Sandbox;

    #[test]
    fn secrets_lie_over_what_may_be_written_that_over_what_is_hidden_and_that_over_what_may_be_read() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::create_dir(home.join(".ssh")).unwrap();
        fs::create_dir(home.join("trees")).unwrap();
        fs::write(home.join(".netrc"), "").unwrap();
        let walls = Walls {
            by: Sandbox::Bwrap,
            write: vec![home.join("trees/own/deep"), home.join("trees/own")],
            hidden: vec![home.join("trees")],
            read: vec![home.join("trees/own")],
            secrets: [".ssh", ".netrc", ".aws"].map(|name| home.join(name)).to_vec(),
        };
        let arguments = arguments(&walls, &ALONE)
            .iter()
            .map(|arg| arg.to_string_lossy().into_owned())
            .collect::<Vec<_>>();
        let text = arguments.join(" ").replace(&*home.to_string_lossy(), "~");
        assert_eq!(
            text,
            "--die-with-parent --ro-bind / / --dev-bind /dev /dev --unshare-pid --proc /proc --tmpfs ~/trees \
             --ro-bind-try ~/trees/own ~/trees/own --bind-try ~/trees/own ~/trees/own --bind-try ~/trees/own/deep \
             ~/trees/own/deep --remount-ro ~/trees --tmpfs ~/.ssh --ro-bind /dev/null ~/.netrc"
        );
    }
}
