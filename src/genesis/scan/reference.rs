//! Entity and character references.

use std::ops::Range;

use crate::genesis::chars::{is_legal, is_name};
use crate::genesis::{Code, Diagnostic, shown::shown};

use super::problems::Problems;

/// Why a reference means no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::genesis) enum BadReference {
    /// What stands between `&` and `;` is no name and no number, or there is no `;`.
    Malformed,
    /// A number that is no legal character.
    IllegalCharacter,
    /// A name other than the five.
    Undefined,
}

/// The character that `&name;` means.
pub(in crate::genesis) fn resolve(name: &str) -> Result<char, BadReference> {
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => name.strip_prefix('#').map_or_else(|| Err(unknown(name)), numeric),
    }
}

/// Notes every bad reference in the attribute value `source[range]`.
pub(super) fn check_all(source: &str, range: Range<usize>, problems: &mut Problems) {
    let value = source.get(range.clone()).unwrap_or_default();
    for (at, _) in value.match_indices('&') {
        if problems.is_full() {
            return;
        }
        let rest = value.get(at + 1..).unwrap_or_default();
        let end = rest.find([';', '&']).filter(|end| rest[*end..].starts_with(';'));
        let end = at + end.map_or(1, |name| name + 2);
        check(source, range.start + at..range.start + end, problems);
    }
}

/// Notes what is wrong with the reference `source[range]`, `&` and `;` included; one that is only
/// an `&` has no `;`.
pub(super) fn check(source: &str, range: Range<usize>, problems: &mut Problems) {
    let raw = source.get(range.clone()).unwrap_or_default();
    let name = raw.strip_prefix('&').and_then(|raw| raw.strip_suffix(';'));
    let Some(bad) = name.map_or(Err(BadReference::Malformed), resolve).err() else {
        return;
    };
    problems.push(match bad {
        BadReference::Malformed => {
            let lone = Diagnostic::new(Code::Reference, range.start..range.start + 1, LONE);
            lone.help("write `&amp;` for the character itself")
        }
        BadReference::IllegalCharacter => {
            let message = format!("{} is no character that XML allows", shown(raw));
            Diagnostic::new(Code::Reference, range, message)
        }
        BadReference::Undefined => {
            let message = format!("the entity {} is not defined", shown(raw));
            Diagnostic::new(Code::Reference, range, message).help(FIVE)
        }
    });
}

const LONE: &str = "this `&` begins no reference";
const FIVE: &str = "only &lt; &gt; &amp; &quot; and &apos; are known; write other characters as \
                    themselves or by number, such as &#160;";

fn unknown(name: &str) -> BadReference {
    if is_name(name) { BadReference::Undefined } else { BadReference::Malformed }
}

fn numeric(digits: &str) -> Result<char, BadReference> {
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hex| (hex, 16));
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(BadReference::Malformed);
    }
    let number = u32::from_str_radix(digits, radix).ok();
    number.and_then(char::from_u32).filter(|c| is_legal(*c)).ok_or(BadReference::IllegalCharacter)
}

#[cfg(test)]
mod tests {
    use super::{BadReference, resolve};

    #[test]
    fn the_five_and_the_numbers_mean_characters() {
        assert_eq!(resolve("lt"), Ok('<'));
        assert_eq!(resolve("#65"), Ok('A'));
        assert_eq!(resolve("#x1F600"), Ok('😀'));
        assert_eq!(resolve("#00000000000065"), Ok('A'));
    }

    #[test]
    fn others_mean_none() {
        for (name, why) in [
            ("nbsp", BadReference::Undefined),
            ("#0", BadReference::IllegalCharacter),
            ("#xD800", BadReference::IllegalCharacter),
            ("#99999999999999999999", BadReference::IllegalCharacter),
            ("#xFFFE", BadReference::IllegalCharacter),
            ("#", BadReference::Malformed),
            ("#x", BadReference::Malformed),
            ("#X41", BadReference::Malformed),
            ("#+1", BadReference::Malformed),
            ("#4a", BadReference::Malformed),
            ("", BadReference::Malformed),
            ("a b", BadReference::Malformed),
        ] {
            assert_eq!(resolve(name), Err(why), "{name}");
        }
    }
}
