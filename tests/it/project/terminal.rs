//! The real program on a real terminal, with somebody who types.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ExitStatus};
use std::sync::Arc;

use pty_process::blocking::{Command, Pty, open};
use rustix::process::{Signal, kill_process};
use rustix::termios::{Termios, tcgetattr};

use super::{BLUEPRINT, Said, TestProject};

/// A program on a terminal of its own.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    before: Termios,
    screen: Said,
}

impl Terminal {
    /// `blueprint`, which nobody's shell has started.
    pub(crate) fn run(project: &TestProject, arguments: &[&str]) -> Self {
        Self::unread(project, arguments).read()
    }

    /// The same, and nobody reads what it prints.
    pub(crate) fn unread(project: &TestProject, arguments: &[&str]) -> Self {
        Self::of(project, Command::new(BLUEPRINT).args(arguments))
    }

    /// A shell that waits for somebody to type, and knows jobs.
    pub(crate) fn shell(project: &TestProject) -> Self {
        let shell = Self::unread_shell(project).read();
        shell.screen.wait_for("ready$ ");
        shell
    }

    /// The same, and nobody reads what it prints.
    pub(crate) fn unread_shell(project: &TestProject) -> Self {
        Self::of(project, Command::new("sh").arg("-i"))
    }

    /// Another program.
    pub(crate) fn program(project: &TestProject, program: &str, arguments: &[&str]) -> Self {
        Self::of(project, Command::new(program).args(arguments)).read()
    }

    /// `blueprint` on a terminal of that many rows and columns, with that in the environment beside the usual.
    pub(crate) fn sized(
        project: &TestProject,
        size: (u16, u16),
        env: &[(&str, &str)],
        arguments: &[&str],
    ) -> Self {
        Self::of_size(project, size, env, Command::new(BLUEPRINT).args(arguments)).read()
    }

    fn of(project: &TestProject, command: Command) -> Self {
        Self::of_size(project, (30, 100), &[], command)
    }

    fn of_size(
        project: &TestProject,
        (rows, columns): (u16, u16),
        env: &[(&str, &str)],
        command: Command,
    ) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(rows, columns)).unwrap();
        let command = command.env_clear().envs(project.env()).env("TERM", "xterm").env("PS1", "ready$ ");
        let command = command.envs(env.iter().copied());
        let child = command.current_dir(&project.root).spawn(pts).unwrap();
        let before = tcgetattr(pty.as_fd()).unwrap();
        Self { pty: Arc::new(pty), child, before, screen: Said::default() }
    }

    fn read(mut self) -> Self {
        self.screen = Said::by(Reader(Arc::clone(&self.pty)));
        self
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn press(&mut self, key: u8) {
        (&*self.pty).write_all(&[key]).unwrap();
    }

    pub(crate) fn enter(&mut self, line: &str) {
        (&*self.pty).write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub(crate) fn wait_for(&self, text: &str) {
        self.screen.wait_for(text);
    }

    /// What is on the screen.
    pub(crate) fn so_far(&self) -> String {
        self.screen.so_far()
    }

    /// The terminal's modes as they were at first.
    pub(crate) fn before(&self) -> &Termios {
        &self.before
    }

    pub(crate) fn modes(&self) -> Termios {
        tcgetattr(self.pty.as_fd()).unwrap()
    }

    pub(crate) fn modes_at_the_end(&mut self) -> Termios {
        self.child.wait().unwrap();
        self.modes()
    }

    /// Waits for the end; the cursor has to be seen then.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        let screen = self.screen.all();
        assert!(screen.rfind("\u{1b}[?25l") <= screen.rfind("\u{1b}[?25h"), "no cursor: {screen:?}");
        (status, screen)
    }

    /// Takes the terminal away from the program. (Not while somebody reads from it: it would stay.)
    pub(crate) fn close(self) -> Child {
        self.child
    }
}

struct Reader(Arc<Pty>);

impl Read for Reader {
    fn read(&mut self, block: &mut [u8]) -> std::io::Result<usize> {
        (&*self.0).read(block)
    }
}
