//! Secrets in what is kept of an attempt: the real process had the real values, and what it printed of them is masked when it has ended.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Attempt;
use super::supervisor;
use crate::agent::{Masking, Secrets};
use crate::store::{AttemptDir, StoreError, transform_file};

/// So much of a file is in memory at once, in bytes.
const BLOCK: usize = 64 * 1024;

/// Masks the secrets in an attempt's files: what its agent printed, its prompt and definition, what it found on standard input. Nobody
/// may write to them any more. A file without any is left as it is.
///
/// # Errors
/// [`StoreError`] if one can't be read or replaced; it is unchanged then.
pub(super) fn mask_kept(dir: &AttemptDir, secrets: &Secrets) -> Result<(), StoreError> {
    if secrets.is_empty() {
        return Ok(());
    }
    kept(dir).iter().try_for_each(|file| mask_file(file, secrets))
}

/// A step's second log is a link to the first one.
fn kept(dir: &AttemptDir) -> Vec<PathBuf> {
    let files = [dir.stdout(), dir.stderr(), dir.prompt(), dir.definition(), dir.stdin()];
    let is_file =
        |file: &PathBuf| file.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() > 0);
    files.into_iter().filter(is_file).collect()
}

fn mask_file(path: &Path, secrets: &Secrets) -> Result<(), StoreError> {
    let mut file = File::open(path).map_err(|error| unread(path, error))?;
    if mask(secrets, &mut file, &mut io::sink()).map_err(|error| unread(path, error))? == 0 {
        return Ok(());
    }
    transform_file(path, |from, to| mask(secrets, from, to).map(drop))
}

fn unread(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { action: "read", path: path.to_owned(), source }
}

/// How many secrets were masked.
fn mask(secrets: &Secrets, from: &mut dyn Read, to: &mut dyn Write) -> io::Result<usize> {
    let (mut block, mut out) = (vec![0; BLOCK], Vec::with_capacity(BLOCK));
    let mut masking = Masking::new(secrets);
    loop {
        let count = match from.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        masking.push(block.get(..count).unwrap_or_default(), &mut out);
        to.write_all(&out)?;
        out.clear();
    }
    let masked = masking.finish(&mut out);
    to.write_all(&out).map(|()| masked)
}

/// The environment that the agent of an attempt works with, if it lives and is ours: whoever looks on may have another one.
pub fn environment_of(dir: &AttemptDir, attempt: &Attempt) -> Vec<(OsString, OsString)> {
    let process = attempt.process.clone().or_else(|| supervisor::agent_of(dir));
    let Some(process) = process.filter(supervisor::is_alive) else { return Vec::new() };
    environment_of_process(process.pid)
}

/// The environment of a process, as it was when that began; nothing of one that is gone, or somebody else's.
pub fn environment_of_process(pid: u32) -> Vec<(OsString, OsString)> {
    let variables = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    variables.split(|byte| *byte == 0).filter_map(variable).collect()
}

fn variable(line: &[u8]) -> Option<(OsString, OsString)> {
    let end = line.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (line.get(..end)?, line.get(end + 1..)?);
    Some((OsStr::from_bytes(name).to_owned(), OsStr::from_bytes(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_masked_in_place_and_what_has_no_secret_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let dir = AttemptDir::at(folder.path().to_owned());
        let secrets = Secrets::among(&[("A_TOKEN".into(), "Zx81-qwerty-0042".into())]);
        let long = "x".repeat(BLOCK - 5);
        fs::write(dir.stdout(), format!("{long}Zx81-qwerty-0042\n")).unwrap();
        fs::write(dir.prompt(), "nothing to hide").unwrap();
        std::os::unix::fs::symlink("stdout.log", dir.stderr()).unwrap();
        let before = fs::metadata(dir.prompt()).unwrap().modified().unwrap();
        mask_kept(&dir, &secrets).unwrap();
        assert_eq!(fs::read_to_string(dir.stdout()).unwrap(), format!("{long}***\n"));
        assert_eq!(fs::metadata(dir.prompt()).unwrap().modified().unwrap(), before);
        assert!(dir.stderr().is_symlink());
    }
}
