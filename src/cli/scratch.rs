//! `--scratch`: an example in a repository of its own, so that trying it leaves no trace.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::{CliError, Kind};
use super::output;
use crate::git;

/// Copies the plan's folder into a new repository under the temp folder, commits everything, and gives the plan's path there.
pub(super) fn copy(plan: &Path) -> Result<PathBuf, CliError> {
    let folder = plan.parent().unwrap_or(Path::new("/"));
    let failed = |error: io::Error| {
        CliError::new(
            Kind::Environment,
            format!("can't copy `{}` to the temp folder: {error}", folder.display()),
        )
    };
    let temp_folder = std::env::temp_dir().canonicalize().map_err(failed)?;
    if temp_folder.starts_with(folder) {
        let message = format!("the temp folder `{}` lies inside the plan's own", temp_folder.display());
        return Err(CliError::usage(message).hint("set TMPDIR to another folder"));
    }
    let temp = tempfile::Builder::new().prefix("blueprint-").tempdir().map_err(failed)?.keep();
    let name = folder.file_name().unwrap_or("plan".as_ref());
    let copy = temp.join(name);
    copy_folder(folder, &copy).map_err(failed)?;
    git::init_with_everything(&copy, "What the scratch run starts from")?;
    output::say(&format!("note    runs in {}", copy.display()));
    Ok(copy.join(plan.file_name().unwrap_or("genesis.xml".as_ref())))
}

/// Everything but a repository's own data; links stay links.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if entry.file_name() != ".git" {
                copy_folder(&source, &target)?;
            }
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
