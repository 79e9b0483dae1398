use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};

use super::Walls;

const PROGRAM: &str = "bwrap";

pub(super) fn is_available() -> bool {
    let tried = Command::new(PROGRAM)
        .args(["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

/// The same program, started by `bwrap`. Standard streams are given by whoever starts it.
pub(super) fn inside(walls: &Walls, command: &Command) -> Command {
    let mut confined = Command::new(PROGRAM);
    confined.args(arguments(walls)).arg("--").arg(command.get_program()).args(command.get_args());
    confined
}

/// All is there to be read; over that what may be written, and over both what is secret.
fn arguments(walls: &Walls) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["--die-with-parent", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev"].map(OsString::from).into();
    let mut add = |words: &[&OsStr]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    let mut write = walls.write.clone();
    // What lies in a folder comes after that folder.
    write.sort();
    for place in write.iter().filter(|place| !place.starts_with("/dev")) {
        add(&["--bind-try".as_ref(), place.as_os_str(), place.as_os_str()]);
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
    fn secrets_lie_over_what_may_be_written_and_that_over_what_may_be_read() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::create_dir(home.join(".ssh")).unwrap();
        fs::write(home.join(".netrc"), "").unwrap();
        let walls = Walls {
            by: Sandbox::Bwrap,
            write: vec![home.join("work/deep"), home.join("work")],
            secrets: [".ssh", ".netrc", ".aws"].map(|name| home.join(name)).to_vec(),
        };
        let arguments =
            arguments(&walls).iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>();
        let text = arguments.join(" ").replace(&*home.to_string_lossy(), "~");
        assert_eq!(
            text,
            "--die-with-parent --ro-bind / / --dev-bind /dev /dev --bind-try ~/work ~/work --bind-try ~/work/deep \
             ~/work/deep --tmpfs ~/.ssh --ro-bind /dev/null ~/.netrc"
        );
    }
}
