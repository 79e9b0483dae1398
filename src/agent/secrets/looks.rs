//! Whether the value of a variable looks like a secret.

use super::super::Kind;

/// What a variable's value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// Everybody may see it.
    Open,
    /// Nobody may see these parts of it, or all of it.
    Secret(Vec<String>),
    /// Nobody can tell, or it is too short or too common to be masked.
    Neither,
}

impl Look {
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        match self {
            Look::Secret(parts) => parts.as_slice(),
            Look::Open | Look::Neither => &[],
        }
        .iter()
        .map(String::as_str)
    }
}

/// Looks at the name first, then at the value.
pub(super) fn look(name: &str, value: &str) -> Look {
    if is_ours(name) {
        return Look::Neither;
    }
    let parts = parts_by_shape(value);
    if !parts.is_empty() {
        return Look::Secret(parts);
    }
    if !says_secret(name) {
        return Look::Open;
    }
    let lines = value.lines().map(str::trim).filter(|line| is_uncommon(line));
    let parts: Vec<_> = [value.trim()].into_iter().filter(|all| is_uncommon(all)).chain(lines).collect();
    if parts.is_empty() {
        Look::Neither
    } else {
        Look::Secret(parts.into_iter().map(str::to_owned).collect())
    }
}

/// The token of an attempt is worth nothing when the attempt is over; what tells programs which git settings hold is none.
fn is_ours(name: &str) -> bool {
    name.starts_with("BLUEPRINT_") || name.starts_with("GIT_CONFIG_")
}

/// Words of a name that say so.
const TELLING: &[&str] = &[
    "KEY",
    "APIKEY",
    "TOKEN",
    "PAT",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "CREDENTIAL",
    "CREDENTIALS",
    "AUTH",
    "AUTHORIZATION",
    "COOKIE",
    "BEARER",
    "JWT",
    "DSN",
    "PRIVATE",
    "WEBHOOK",
];

/// Last words of a name that say that its value only leads to a secret, or tells about one.
const LEADING: &[&str] = &[
    "FILE", "PATH", "DIR", "FOLDER", "HOME", "SOCK", "SOCKET", "URL", "URI", "HOST", "PORT", "NAME", "USER",
    "HELPER", "TTL", "TYPE", "METHOD", "MODE", "EXPIRY", "TIMEOUT", "ENABLED", "DISABLED", "REGION",
    "PROFILE",
];

fn says_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<_> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_telling = |word: &&&str| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        TELLING.contains(&bare)
            || ["PASSWORD", "TOKEN", "SECRET", "APIKEY"].iter().any(|end| bare.ends_with(end))
    };
    let leads = words.last().is_some_and(|last| LEADING.contains(last));
    !leads && words.iter().any(|word| is_telling(&word))
}

/// The shortest value that is masked, in bytes.
const SHORTEST: usize = 8;
/// Values of letters alone are words, up to this length.
const LONGEST_WORD: usize = 15;

/// Whether masking it hides the secret, and not half of every log.
fn is_uncommon(value: &str) -> bool {
    let mut different: Vec<_> = value.chars().collect();
    different.sort_unstable();
    different.dedup();
    let is_word = value.len() <= LONGEST_WORD && value.chars().all(|c| c.is_lowercase() || "-_ ".contains(c));
    let is_number =
        value.len() <= LONGEST_WORD && value.chars().all(|c| c.is_ascii_digit() || ".,:-".contains(c));
    let is_path = value.starts_with(['/', '~']) && value.len() < 40;
    let is_kind = Kind::ALL.iter().any(|kind| kind.as_str() == value);
    let is_common = is_word || is_number || is_path || is_kind;
    value.len() >= SHORTEST && different.len() >= 5 && !is_common
}

/// How keys of well-known services begin, and how long they are at least.
const BEGINNINGS: &[(&str, usize)] = &[
    ("sk-", 20),
    ("sk_live_", 20),
    ("rk_live_", 20),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghu_", 30),
    ("ghs_", 30),
    ("ghr_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xapp-", 20),
    ("AKIA", 20),
    ("ASIA", 20),
    ("AIza", 30),
    ("ya29.", 30),
    ("hf_", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("dop_v1_", 30),
    ("eyJ", 40),
    ("-----BEGIN ", 60),
];

/// What of the value is a secret by its looks alone.
fn parts_by_shape(value: &str) -> Vec<String> {
    let value = value.trim();
    let begins = |(start, least): &(&str, usize)| value.starts_with(start) && value.len() >= *least;
    if BEGINNINGS.iter().any(begins) {
        let lines =
            value.lines().map(str::trim).filter(|line| is_uncommon(line) && !line.starts_with("-----"));
        return [value].into_iter().chain(lines).map(str::to_owned).collect();
    }
    password_in_address(value)
        .filter(|password| is_uncommon(password))
        .map(str::to_owned)
        .into_iter()
        .collect()
}

/// `postgres://user:PASSWORD@host/…`
fn password_in_address(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (login, _) = authority.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password)
}
