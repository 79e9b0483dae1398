//! All keys of `blueprint.toml`, with what they mean: the man page and `docs/configuration.md` are made of this.
//!
//! The key's own type says what is accepted; a test holds the two together.

mod tables;

pub(crate) use tables::{INTRODUCTION, TABLES};

/// One table of the file.
pub(crate) struct Table {
    /// As it stands in the file; of the keys at the top, what they are.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
}

/// One key.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) takes: &'static str,
    /// What holds where it is left out, as it would be written.
    pub(crate) default: Option<&'static str>,
    /// What it means, in sentences.
    pub(crate) about: &'static str,
}

const fn key(name: &'static str, takes: &'static str, about: &'static str) -> Key {
    Key { name, takes, default: None, about }
}

impl Key {
    const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}

#[cfg(test)]
mod tests;
