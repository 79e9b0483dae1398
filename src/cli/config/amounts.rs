//! Numbers with units, and keys that take more than one kind of value.

use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// An amount of disk, written like `500 MB`, `1.5 GB` or `2 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

const UNITS: [(&str, f64); 10] = [
    ("b", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("tb", 1e12),
    ("kib", 1_024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("tib", 1_099_511_627_776.0),
    ("", 1.0),
];

impl FromStr for Bytes {
    type Err = String;

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let unit = unit.trim().to_ascii_lowercase();
        let size = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| size);
        let bytes = number.parse::<f64>().ok().zip(size).map(|(number, size)| number * size);
        match bytes.filter(|bytes| (0.0..1e18).contains(bytes)) {
            Some(bytes) => Ok(Self(bytes as u64)),
            None => Err(format!("`{text}` is no amount like `500 MB` or `1.5 GB`")),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The load of a machine: how many programs want to work at once.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Load(pub f64);

impl TryFrom<f64> for Load {
    type Error = &'static str;

    fn try_from(load: f64) -> Result<Self, Self::Error> {
        if load.is_finite() && load > 0.0 { Ok(Self(load)) } else { Err("a load is a number above 0") }
    }
}

/// `jobserver`: whether agents' builds share the cores, or how many jobs they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected `true`, `false` or a number of jobs from 1 up")]
pub enum Jobserver {
    /// As many as there are cores, or none at all.
    Cores(bool),
    /// So many.
    Jobs(NonZeroU32),
}

/// `needs-limit`: the names of limits, or one of them alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected the name of a limit, or a list of them")]
pub enum NeedsLimit {
    /// One.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl NeedsLimit {
    /// All that are named.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_and_without_units() {
        let amounts = ["500 MB", "1.5GB", "2 GiB", "0", "10 b"].map(|text| text.parse::<Bytes>().unwrap().0);
        assert_eq!(amounts, [500_000_000, 1_500_000_000, 2_147_483_648, 0, 10]);
    }

    #[test]
    fn what_is_no_amount_is_refused_with_an_example() {
        for text in ["", "GB", "1 parsec", "-1 GB", "1..5 GB", "9999999999 TB", "ü"] {
            let error = text.parse::<Bytes>().unwrap_err();
            assert!(error.contains("`500 MB`"), "{error}");
        }
    }
}
