//! Masking a stream of bytes, piece by piece.

use super::{MASK, Secrets};

/// Masks what is pushed through it; what may be the beginning of a secret is held back until more is known.
#[derive(Debug)]
pub struct Masking<'s> {
    secrets: &'s Secrets,
    held: Vec<u8>,
    count: usize,
}

/// What is known of the place in a text.
enum Here {
    /// A secret of so many bytes.
    Secret(usize),
    /// Perhaps a secret, if what follows fits.
    Beginning,
    Nothing,
}

impl<'s> Masking<'s> {
    /// Masks these.
    pub fn new(secrets: &'s Secrets) -> Masking<'s> {
        Masking { secrets, held: Vec::new(), count: 0 }
    }

    /// How many were masked so far.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Takes the next bytes in, and adds to `out` what can be told by now.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.held.extend_from_slice(bytes);
        let mut at = 0;
        while at < self.held.len() {
            at += self.skip(at, out);
            match self.here(at) {
                Here::Beginning => break,
                here => at += self.write(&here, at, out),
            }
        }
        self.held.drain(..at.min(self.held.len()));
    }

    /// There is no more to come: what was held back is no secret, but for a shorter one in it.
    pub fn finish(mut self, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while at < self.held.len() {
            let here = match self.longest(at) {
                Some(length) => Here::Secret(length),
                None => Here::Nothing,
            };
            at += self.write(&here, at, out);
        }
        self.count
    }

    /// Writes what no secret begins with; gives how much that was.
    fn skip(&self, at: usize, out: &mut Vec<u8>) -> usize {
        let rest = self.held.get(at..).unwrap_or_default();
        let plain = rest.iter().position(|byte| self.secrets.begins.contains(byte)).unwrap_or(rest.len());
        out.extend_from_slice(rest.get(..plain).unwrap_or_default());
        plain
    }

    fn write(&mut self, here: &Here, at: usize, out: &mut Vec<u8>) -> usize {
        match here {
            Here::Secret(length) => {
                out.extend_from_slice(MASK.as_bytes());
                self.count += 1;
                *length
            }
            Here::Beginning | Here::Nothing => {
                out.extend(self.held.get(at));
                1
            }
        }
    }

    fn here(&self, at: usize) -> Here {
        let rest = self.held.get(at..).unwrap_or_default();
        let mut longer = self.secrets.written.iter().filter(|secret| secret.len() > rest.len());
        if !rest.is_empty() && longer.any(|secret| secret.starts_with(rest)) {
            return Here::Beginning;
        }
        self.longest(at).map_or(Here::Nothing, Here::Secret)
    }

    fn longest(&self, at: usize) -> Option<usize> {
        let rest = self.held.get(at..)?;
        self.secrets.written.iter().find(|secret| rest.starts_with(secret)).map(Vec::len)
    }
}
