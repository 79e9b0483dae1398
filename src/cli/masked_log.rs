//! A log as people may see it: what an agent prints is masked in its file only when it has ended.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::context::Context;
use super::said::secrets_around;
use crate::agent::{Masking, Secrets};
use crate::run::{Attempt, environment_of};
use crate::store::AttemptDir;

/// So much is read at once, in bytes.
const BLOCK: usize = 64 * 1024;

/// The secrets that an attempt's agent may print: those of the environment that it has, as long as it lives, those of the run that started
/// it, and those that it would have if it were started here and now.
pub(super) fn secrets_of(context: &Context, attempt: &Attempt, dir: &AttemptDir) -> Secrets {
    Secrets::among(&environment_of(dir, attempt)).and(secrets_around(context))
}

/// A log that is read with its secrets masked; what may be the beginning of one is held back until more of it is there.
#[derive(Debug)]
pub(super) struct MaskedLog<'s> {
    file: File,
    /// Nothing, when the end was read that is one.
    masking: Option<Masking<'s>>,
    ready: Vec<u8>,
    is_whole: bool,
}

impl<'s> MaskedLog<'s> {
    pub(super) fn open(path: &Path, secrets: &'s Secrets) -> io::Result<Self> {
        let (file, masking) = (File::open(path)?, Some(Masking::new(secrets)));
        Ok(Self { file, masking, ready: Vec::new(), is_whole: false })
    }

    /// Nobody adds to it any more: at its end comes what was held back.
    pub(super) fn is_whole(&mut self) {
        self.is_whole = true;
    }

    /// The same, unless more may follow.
    pub(super) fn is_whole_unless(&mut self, more_follows: bool) {
        self.is_whole |= !more_follows;
    }

    /// Reads on until something can be told; false at the end.
    fn read_on(&mut self) -> io::Result<bool> {
        let mut block = vec![0; BLOCK];
        while self.ready.is_empty() {
            let count = self.file.read(&mut block)?;
            match &mut self.masking {
                Some(masking) if count > 0 => {
                    masking.push(block.get(..count).unwrap_or_default(), &mut self.ready);
                }
                Some(_) if self.is_whole => {
                    if let Some(masking) = self.masking.take() {
                        masking.finish(&mut self.ready);
                    }
                    return Ok(!self.ready.is_empty());
                }
                Some(_) | None => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl Read for MaskedLog<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.read_on()? {
            return Ok(0);
        }
        let count = self.ready.len().min(into.len());
        let rest = self.ready.split_off(count);
        let told = std::mem::replace(&mut self.ready, rest);
        if let Some(place) = into.get_mut(..count) {
            place.copy_from_slice(&told);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    #[test]
    fn what_may_be_a_secret_is_held_back_until_that_is_known_or_nothing_follows() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut log = OpenOptions::new().append(true).open(file.path()).unwrap();
        let secrets = Secrets::among(&[("A_TOKEN".into(), "Zx81-qwerty-0042".into())]);
        let mut masked = MaskedLog::open(file.path(), &secrets).unwrap();
        let mut next = |more: &str, is_whole: bool| {
            log.write_all(more.as_bytes()).unwrap();
            if is_whole {
                masked.is_whole();
            }
            let mut text = String::new();
            masked.read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(next("a Zx81-qwer", false), "a ");
        assert_eq!(next("ty-0042 b Zx8", false), "*** b ");
        assert_eq!(next("", true), "Zx8");
        assert_eq!(next("", true), "");
    }
}
