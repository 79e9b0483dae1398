//! An agent's definition: who does a task, and how.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::front_matter::{self, Fields};

/// Files larger than this (in bytes) are no definitions.
pub(super) const MAX_SIZE: u64 = 1024 * 1024;

/// An agent: the front matter and body of its Markdown file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The front matter's `name`, else the file's name without its ending.
    pub name: String,
    /// When to use it, in the words of the file.
    pub description: Option<String>,
    /// The tools that it may use; empty where the file says nothing.
    pub tools: Vec<String>,
    /// The model that it wants.
    pub model: Option<String>,
    /// The colour that a terminal may show it in.
    pub color: Option<String>,
    /// What it is, in a few words.
    pub role: Option<String>,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Files of shared settings that the front matter refers to (`@NAME-base-config.yml`), without the `@`.
    pub base_configs: Vec<String>,
    /// Files that these name for it to read, as they are written there: relative to the repository's root, and perhaps not there.
    pub reads: Vec<String>,
    /// Everything below the front matter, unchanged.
    pub body: String,
    /// The file; empty for [`Definition::generic`].
    pub path: PathBuf,
    /// What was odd about the file, though it could be read.
    pub warnings: Vec<String>,
}

/// Why a file cannot be used as a definition.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DefinitionError {
    /// The file cannot be read.
    #[error("agent definition {}: cannot be read: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// What is in it is no definition.
    #[error("agent definition {}: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Reason,
    },
}

/// Why the content of a file is no definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    /// Nothing, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// More than a mebibyte.
    #[error("the file is larger than 1 MiB")]
    TooLarge,
    /// Text in UTF-16, which no agent program reads.
    #[error("the file is in UTF-16; save it as UTF-8")]
    Utf16,
    /// NUL bytes.
    #[error("the file is not text: it contains a NUL byte")]
    Binary,
    /// The front matter has no end.
    #[error("the front matter that begins in its first line is not closed by a line `---`")]
    Unclosed,
}

impl Definition {
    /// Reads a file, whatever its name's ending.
    ///
    /// # Errors
    /// The file cannot be read, or what is in it is no definition.
    pub fn load(path: &Path) -> Result<Definition, DefinitionError> {
        let bytes = read(path).map_err(|error| DefinitionError::Unreadable {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
        Definition::parse(path, &bytes)
            .map_err(|reason| DefinitionError::Refused { path: path.to_owned(), reason })
    }

    /// Understands the content of the file at `path`, which is only named, not read.
    ///
    /// # Errors
    /// The content is no definition.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Definition, Reason> {
        let mut warnings = Vec::new();
        let text = decode(bytes, &mut warnings)?;
        let split = front_matter::split(&text)?;
        let fields = match split.matter {
            Some(matter) => Fields::read(matter, &mut warnings),
            None => Fields::default(),
        };
        if split.matter.is_none() {
            warnings.push("no front matter: the name is the file's".to_owned());
        } else if fields.description.is_none() {
            warnings.push("no description".to_owned());
        }
        if split.body.trim().is_empty() {
            warnings.push("no text below the front matter".to_owned());
        }
        Ok(Definition::from_parts(path, fields, split.body, warnings))
    }

    /// The agent that stands in for a definition that is nowhere to be found.
    pub fn generic(name: &str) -> Definition {
        Definition {
            name: name.to_owned(),
            description: None,
            tools: Vec::new(),
            model: None,
            color: None,
            role: None,
            capabilities: Vec::new(),
            base_configs: Vec::new(),
            reads: Vec::new(),
            body: GENERIC.to_owned(),
            path: PathBuf::new(),
            warnings: Vec::new(),
        }
    }

    fn from_parts(path: &Path, fields: Fields, body: &str, warnings: Vec<String>) -> Definition {
        Definition {
            name: fields.name.unwrap_or_else(|| stem(path)),
            description: fields.description,
            tools: fields.tools,
            model: fields.model,
            color: fields.color,
            role: fields.role,
            capabilities: fields.capabilities,
            base_configs: fields.base_configs,
            reads: Vec::new(),
            body: body.to_owned(),
            path: path.to_owned(),
            warnings,
        }
    }
}

const GENERIC: &str = "\
You are an experienced software engineer who works alone and unattended on one task of a larger plan.

- Read the code around your task before you change it, and follow its style, its structure and its conventions.
- Do all of the task and nothing beside it. Its acceptance criteria decide when it is done.
- Write tests that would fail without your change, and run them.
- Leave nothing half done: no stubs, no commented-out code, no files that only you need.
";

/// The file's name without its ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// One byte more than allowed is read, so that a larger file is noticed without being read whole.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decode(bytes: &[u8], warnings: &mut Vec<String>) -> Result<String, Reason> {
    if bytes.len() as u64 > MAX_SIZE {
        return Err(Reason::TooLarge);
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Reason::Utf16);
    }
    if bytes.contains(&0) {
        return Err(Reason::Binary);
    }
    let text = String::from_utf8_lossy(bytes);
    if matches!(text, std::borrow::Cow::Owned(_)) {
        warnings.push("not valid UTF-8: what could not be read shows as \u{fffd}".to_owned());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() { Err(Reason::Empty) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests;
