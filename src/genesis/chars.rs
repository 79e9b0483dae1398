//! Which characters XML 1.0 (fifth edition) allows where.

/// White space as XML counts it: fewer characters than Unicode does.
pub(super) const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whether `c` may stand in a document at all.
pub(super) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether `c` is white space in markup.
pub(super) fn is_space(c: char) -> bool {
    SPACE.contains(&c)
}

/// Whether `byte` is white space in markup.
pub(super) fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The length in bytes of the longest `Name` that `text` begins with; 0 if it begins with none.
pub(super) fn name_len(text: &str) -> usize {
    let ascii = ascii_name_len(text.as_bytes());
    // Nearly every name; the bytes before the first that ends it are all there is to look at.
    if ascii > 0 && text.as_bytes().get(ascii).is_none_or(u8::is_ascii) {
        ascii
    } else {
        name_len_of_any(text)
    }
}

/// The length of what `text` begins with and is a `Name` in ASCII. What follows may be more of the name, if it is not in ASCII.
pub(super) fn ascii_name_len(text: &[u8]) -> usize {
    match text {
        [first, ..] if is_name_start_byte(*first) => {
            text.iter().position(|byte| !NAME_BYTES[usize::from(*byte)]).unwrap_or(text.len())
        }
        _ => 0,
    }
}

fn name_len_of_any(text: &str) -> usize {
    let mut chars = text.char_indices();
    match chars.next() {
        Some((_, first)) if is_name_start(first) => {}
        _ => return 0,
    }
    chars.find(|(_, c)| !is_name_char(*c)).map_or(text.len(), |(at, _)| at)
}

/// Whether `text` is a `Name`: nothing less and nothing more.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && name_len(text) == text.len()
}

fn is_name_start_byte(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b':' | b'_')
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-' | b'.')
}

/// [`is_name_byte`] for each byte: names are a good part of a document, and a look is faster than five comparisons.
const NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte as usize] = is_name_byte(byte);
        byte += 1;
    }
    table
};

fn is_name_start(c: char) -> bool {
    matches!(c,
        'a'..='z' | 'A'..='Z' | ':' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c,
            '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::{is_legal, is_name, name_len};

    #[test]
    fn names_follow_the_fifth_edition() {
        for name in ["a", ":", "_x-1.2", "Ünï", "a·b", "x:y:z", "\u{2070}"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "1a", "-a", ".a", "a b", "a/", "×", "a÷", "\u{300}a"] {
            assert!(!is_name(other), "{other}");
        }
        assert_eq!(name_len("tête>"), "tête".len());
    }

    #[test]
    fn only_the_characters_of_xml_are_legal() {
        for c in ['\t', '\n', '\r', ' ', '\u{7F}', '\u{85}', '\u{FFFD}', '\u{1F600}'] {
            assert!(is_legal(c), "{c:?}");
        }
        for c in ['\0', '\u{8}', '\u{B}', '\u{1B}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
            assert!(!is_legal(c), "{c:?}");
        }
    }
}
