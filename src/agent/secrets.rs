//! Secrets: values of variables that must not stand in anything that is kept or shown.
//!
//! A value is taken for one by the name of its variable (`…_TOKEN`, `…_API_KEY`, `…PASSWORD`), or by its shape (keys of well-known services,
//! passwords in addresses). Short and common values never are: to mask every `true` and every user name would hide more than it saves.

mod looks;
mod mask;

use std::collections::BTreeSet;
use std::ffi::OsString;

use looks::{Look, look};
pub use mask::Masking;

/// What stands in a secret's place.
pub const MASK: &str = "***";

/// Values that are to be masked, in every way in which programs write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The longest first: of two that begin alike the longer one counts.
    written: Vec<Vec<u8>>,
    /// Which bytes they begin with.
    begins: BTreeSet<u8>,
}

impl Secrets {
    /// Those among variables that programs are passed.
    pub fn among<'v>(variables: impl IntoIterator<Item = &'v (OsString, OsString)>) -> Secrets {
        let named: Vec<_> = variables
            .into_iter()
            .map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()))
            .collect();
        let looks: Vec<_> = named.iter().map(|(name, value)| look(name, value)).collect();
        // What everybody may see in the value of another variable, a path or a name, is no secret.
        let open: Vec<_> = named.iter().zip(&looks).filter(|(_, look)| matches!(look, Look::Open)).collect();
        let is_open = |secret: &str| open.iter().any(|((_, value), _)| value.contains(secret));
        let secrets = looks.iter().flat_map(Look::secrets).filter(|secret| !is_open(secret));
        Secrets::of(secrets)
    }

    fn of<'s>(secrets: impl Iterator<Item = &'s str>) -> Secrets {
        let written: BTreeSet<_> = secrets.flat_map(ways_to_write).collect();
        let begins = written.iter().filter_map(|secret| secret.first().copied()).collect();
        let mut written: Vec<_> = written.into_iter().collect();
        written.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Secrets { written, begins }
    }

    /// Those of both.
    #[must_use]
    pub fn and(mut self, others: Secrets) -> Secrets {
        self.written.extend(others.written);
        self.written.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.written.dedup();
        self.begins.extend(others.begins);
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// The text with every secret masked.
    pub fn masked(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let mut masking = Masking::new(self);
        let mut bytes = Vec::with_capacity(text.len());
        masking.push(text.as_bytes(), &mut bytes);
        masking.finish(&mut bytes);
        // Secrets are texts, so that what is left between them is one, too.
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Masks in place.
    pub fn mask(&self, text: &mut String) {
        if !self.is_empty() {
            *text = self.masked(text);
        }
    }

    /// The same for a text that may not be there.
    pub fn mask_some(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.mask(text);
        }
    }
}

/// As it is, as it stands in JSON, in an address, and in a command line.
fn ways_to_write(secret: &str) -> Vec<Vec<u8>> {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default().to_owned();
    let in_shell = secret.replace('\'', r"'\''");
    let ways = [secret.to_owned(), json, in_address(secret), in_shell];
    ways.into_iter().map(String::into_bytes).filter(|way| !way.is_empty()).collect()
}

fn in_address(secret: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let written =
        |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    secret.bytes().map(written).collect()
}

#[cfg(test)]
mod tests;
