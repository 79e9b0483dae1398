//! Safe, distinct, readable names for hostile ids: as a part of a ref, as a folder name, on any file system. Pure.

use std::collections::{BTreeMap, HashSet};

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::git::EpicRefs;

/// Longest slug, in bytes: a branch `blueprint/<epic>/<task>` and its lock file stay far below the 255 bytes a file name may have.
const LONGEST: usize = 60;
/// Hex digits of the id's hash that tell changed names apart.
const HASH_DIGITS: usize = 8;
/// Names that we need ourselves, beside the tasks.
const RESERVED: [&str; 2] = ["integration", EpicRefs::SHARED];
/// Names that Windows gives to devices, also with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// One name per id, in the same order: `[A-Za-z0-9._-]` only, at most 60 bytes, a valid part of a ref and of a path everywhere, and
/// distinct also where the file system ignores case.
///
/// An id that is safe as it is stays as it is; any other becomes a readable form and a hash of the id. What an id becomes depends on
/// other ids only where two would share a name: then the one that comes first (a safe one before a changed one) keeps it.
pub fn slugs(ids: &[&str]) -> Vec<String> {
    slugs_beside(ids, &BTreeMap::new())
}

/// The same beside names that ids were given before: each keeps its name, and no other id gets it.
pub fn slugs_beside(ids: &[&str], given: &BTreeMap<String, String>) -> Vec<String> {
    let mut taken: HashSet<String> = RESERVED.iter().map(ToString::to_string).collect();
    taken.extend(given.values().map(|slug| slug.to_ascii_lowercase()));
    let is_new = |id: &str| !given.contains_key(id);
    let kept: Vec<bool> =
        ids.iter().map(|id| is_new(id) && is_safe(id) && taken.insert(id.to_ascii_lowercase())).collect();
    ids.iter()
        .zip(kept)
        .map(|(id, keeps)| match given.get(*id) {
            Some(slug) => slug.clone(),
            None if keeps => (*id).to_owned(),
            None => distinct(id, &mut taken),
        })
        .collect()
}

/// The name of an epic, by the same rules. Two epics that differ only by case are left to the caller to refuse.
pub fn epic_slug(epic: &str) -> String {
    slugs(&[epic]).pop().unwrap_or_default()
}

fn distinct(id: &str, taken: &mut HashSet<String>) -> String {
    let hash = hex(&Sha256::digest(id.as_bytes()));
    let hashes = (HASH_DIGITS..=32).map(|digits| hash.chars().take(digits).collect::<String>());
    // Only the same id given twice gets as far as the counter.
    let counted = (2u64..).map(|n| format!("{hash:.8}-{n}"));
    hashes
        .chain(counted)
        .map(|suffix| with_suffix(id, &suffix))
        .find(|slug| taken.insert(slug.to_ascii_lowercase()))
        .unwrap_or_default()
}

fn with_suffix(id: &str, suffix: &str) -> String {
    let readable = readable(id, LONGEST.saturating_sub(suffix.len() + 1));
    let readable = if readable.is_empty() { "task" } else { &readable };
    format!("{readable}-{suffix}")
}

/// Letters without their accents, digits and `_`; any run of anything else is one `-`.
fn readable(id: &str, longest: usize) -> String {
    let mut out = String::new();
    for c in id.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        if out.len() >= longest {
            break;
        }
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => out.push(c),
            _ if out.is_empty() || out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    out.trim_end_matches('-').to_owned()
}

fn is_safe(id: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=LONGEST).contains(&id.len())
        && id.chars().all(allowed)
        && !id.starts_with(['.', '-'])
        && !id.ends_with('.')
        && !id.contains("..")
        && !id.to_ascii_lowercase().ends_with(".lock")
        && !is_device(id)
}

fn is_device(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let stem = lower.split('.').next().unwrap_or_default();
    let numbered = |prefix| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest: &str| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    DEVICES.contains(&stem) || numbered("com") || numbered("lpt")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
