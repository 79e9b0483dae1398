//! A program that plays an agent in tests: it does what a script says, so that a test can make an agent behave in any way.
//!
//! `$FAKE_AGENT_DIR` is the test's control folder. The file `script` in it has a section for each task, `== TASK`, or for one
//! attempt at it, `== TASK #2`; the section `== *` is for all others. Every line of a section is one step, see `step`.
//! What happens is appended to the file `log` there, a line each: the event, the task, and more, separated by tabs.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what agents do")]

mod claude;
mod control;
mod steps;

use std::env;
use std::io;
use std::process::ExitCode;

use control::Control;
use steps::Agent;

/// The argument by which we start ourselves as a child that nothing but a KILL ends.
const HANG: &str = "--hang-in-own-session";

fn main() -> ExitCode {
    match play() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("fake-agent: {error}");
            ExitCode::from(99)
        }
    }
}

fn play() -> io::Result<u8> {
    if env::args().nth(1).as_deref() == Some(HANG) {
        return hang_in_own_session();
    }
    let control = Control::from_environment()?;
    let script = control.script()?;
    control.log("start", &[control.attempt(), &std::process::id().to_string()])?;
    let live = control.enter()?;
    let code = Agent::new(control.clone()).play(&script)?;
    drop(live);
    control.log("end", &[control.attempt(), &code.to_string()])?;
    Ok(code)
}

fn hang_in_own_session() -> io::Result<u8> {
    rustix::process::setsid()?;
    let control = Control::from_environment()?;
    let _ignored = steps::ignore_term()?;
    control.log("child", &[&std::process::id().to_string()])?;
    steps::hang()
}
