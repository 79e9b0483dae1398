use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::report::shell_word;

/// The first plan; `{project}`, `{epic}` and `{now}` are filled in.
const GENESIS: &str = include_str!("init/genesis.xml");
const CONFIG: &str = include_str!("init/blueprint.toml");

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint init && blueprint validate && blueprint run --dry-run")]
pub(crate) struct Args {
    /// Where to make them.
    #[arg(default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| {
            CliError::new(Kind::Environment, format!("can't write `{}`: {error}", path.display()))
        }
    };
    fs::create_dir_all(&args.dir).map_err(failed(&args.dir))?;
    let files = [
        (args.dir.join("genesis.xml"), genesis(&args.dir)),
        (args.dir.join("blueprint.toml"), CONFIG.to_owned()),
    ];
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists()) {
        let message = format!("`{}` is there already; nothing was changed", there.display());
        return Err(CliError::usage(message).hint("name another folder: `blueprint init DIR`"));
    }
    for (path, text) in &files {
        create(path, text).map_err(failed(path))?;
        output::say(&format!("made    {}", path.display()));
    }
    output::say(&next(&args.dir));
    Ok(0)
}

/// Verbs find the plan of the current folder; any other is named.
fn next(dir: &Path) -> String {
    let is_here = dir.canonicalize().is_ok_and(|dir| std::env::current_dir().is_ok_and(|cwd| cwd == dir));
    let file = dir.join("genesis.xml").to_string_lossy().into_owned();
    if is_here {
        return "next    write your tasks into genesis.xml, then `blueprint validate` and `blueprint run --dry-run`".to_owned();
    }
    let plan = shell_word(&file);
    format!(
        "next    write your tasks into {file}, then `blueprint validate {plan}` and `blueprint run {plan} --dry-run`"
    )
}

/// Never over a file that somebody else makes at the same moment.
fn create(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

fn genesis(dir: &Path) -> String {
    let absolute = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    let name =
        absolute.file_name().map_or_else(|| "project".into(), |name| name.to_string_lossy().into_owned());
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    GENESIS
        .replace("{project}", &escape(&name))
        .replace("{epic}", &escape(&crate::git::epic_slug(&name)))
        .replace("{now}", &now.to_string())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
