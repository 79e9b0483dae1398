use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::error::CliError;
use crate::run::supervisor::{MOST_OUTPUT, Orders, Sandbox, Walls, supervise};
use crate::store::AttemptDir;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Between TERM and KILL, in milliseconds.
    #[arg(long)]
    grace_ms: u64,
    /// The longest that the agent may take, in milliseconds.
    #[arg(long)]
    deadline_ms: u64,
    /// The longest that the agent may give no sign of life, in milliseconds.
    #[arg(long)]
    patience_ms: u64,
    /// The most that the agent may print, in bytes.
    #[arg(long, default_value_t = MOST_OUTPUT)]
    most_output: u64,
    /// Do without a control group of the kernel, as where there is none.
    #[arg(long)]
    without_cgroup: bool,
    /// What keeps the agent in its walls: `landlock` or `bwrap`.
    #[arg(long)]
    sandbox: Option<Sandbox>,
    /// What the agent may write there.
    #[arg(long)]
    may_write: Vec<PathBuf>,
    /// What the agent may not read there.
    #[arg(long)]
    secret: Vec<PathBuf>,
    /// Folders of others' work.
    #[arg(long)]
    hidden: Vec<PathBuf>,
    /// What of these the agent may read.
    #[arg(long)]
    may_read: Vec<PathBuf>,
    /// The attempt's folder.
    dir: PathBuf,
    /// The agent program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(super) fn run(args: Args) -> Result<u8, CliError> {
    let Args { may_write: write, secret: secrets, hidden, may_read: read, .. } = args;
    let walls = args.sandbox.map(|by| Walls { by, write, secrets, hidden, read });
    let orders = Orders {
        dir: AttemptDir::at(args.dir),
        grace: Duration::from_millis(args.grace_ms),
        deadline: Duration::from_millis(args.deadline_ms),
        patience: Duration::from_millis(args.patience_ms),
        most_output: args.most_output,
        with_cgroup: !args.without_cgroup,
        walls,
        command: args.command,
    };
    supervise(&orders)?;
    Ok(0)
}
