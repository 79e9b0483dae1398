//! UTF-16, which plans are not read in, turned into UTF-8, which they are.

use std::ops::Range;

const BOM: char = '\u{FEFF}';

/// The byte order of a text in UTF-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Utf16 {
    /// The low byte first; what Windows calls "Unicode".
    LittleEndian,
    /// The high byte first.
    BigEndian,
}

/// Why a text in UTF-16 could not be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Utf16Error {
    /// Its length is odd.
    #[error("the text ends in the middle of a character")]
    Torn,
    /// Half of a character that is written as a pair.
    #[error("no character begins at byte {0}")]
    Lone(usize),
}

impl Utf16 {
    /// Whether `bytes` are UTF-16: they begin with its byte order mark, or with a `<` in it.
    pub fn of(bytes: &[u8]) -> Option<Utf16> {
        let marks: [(&[u8], Utf16); 4] = [
            (b"\xFF\xFE", Utf16::LittleEndian),
            (b"\xFE\xFF", Utf16::BigEndian),
            (b"<\0", Utf16::LittleEndian),
            (b"\0<", Utf16::BigEndian),
        ];
        marks.into_iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, order)| order)
    }

    /// The same XML in UTF-8: without the byte order mark, and with an XML declaration, if there is one, that says so.
    ///
    /// # Errors
    /// If `bytes` are no UTF-16.
    pub fn to_utf8(self, bytes: &[u8]) -> Result<String, Utf16Error> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Utf16Error::Torn);
        }
        let units = pairs.iter().map(|pair| match self {
            Utf16::LittleEndian => u16::from_le_bytes(*pair),
            Utf16::BigEndian => u16::from_be_bytes(*pair),
        });
        let mut text = String::with_capacity(bytes.len());
        let mut at = 0;
        for decoded in char::decode_utf16(units) {
            let c = decoded.map_err(|_| Utf16Error::Lone(at))?;
            at += 2 * c.len_utf16();
            text.push(c);
        }
        let mut text = text.strip_prefix(BOM).map(str::to_owned).unwrap_or(text);
        if let Some(encoding) = declared_encoding(&text) {
            text.replace_range(encoding, "UTF-8");
        }
        Ok(text)
    }
}

/// The encoding's name in the XML declaration that `text` begins with.
fn declared_encoding(text: &str) -> Option<Range<usize>> {
    let declaration = text.get(..text.find("?>")?).filter(|text| text.starts_with("<?xml"))?;
    let name = declaration.find("encoding")?;
    let open = name + declaration.get(name..)?.find(['"', '\''])?;
    let quote = declaration.get(open..)?.chars().next()?;
    let length = declaration.get(open + 1..)?.find(quote)?;
    Some(open + 1..open + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<?xml version='1.0' encoding='UTF-16' standalone=\"yes\"?>\r\n<a b=\"ü\">🦀</a>";

    fn utf16(text: &str, order: Utf16) -> Vec<u8> {
        let pair = |unit: u16| match order {
            Utf16::LittleEndian => unit.to_le_bytes(),
            Utf16::BigEndian => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(pair).collect()
    }

    #[test]
    fn both_byte_orders_with_and_without_a_mark_become_the_same_text() {
        for order in [Utf16::LittleEndian, Utf16::BigEndian] {
            for mark in ["", "\u{FEFF}"] {
                let bytes = utf16(&format!("{mark}{TEXT}"), order);
                assert_eq!(Utf16::of(&bytes), Some(order));
                assert_eq!(order.to_utf8(&bytes).unwrap(), TEXT.replace("UTF-16", "UTF-8"));
            }
        }
    }

    #[test]
    fn a_declaration_without_an_encoding_stays_as_it_is() {
        for text in [
            "<a encoding='x'/>",
            "<?xml version=\"1.0\"?><a encoding='x'/>",
            "",
            "<?xml encoding=",
            "<?xml encoding?>",
        ] {
            let bytes = utf16(text, Utf16::BigEndian);
            assert_eq!(Utf16::BigEndian.to_utf8(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_utf_16_is_refused() {
        assert_eq!(Utf16::LittleEndian.to_utf8(b"<\0a"), Err(Utf16Error::Torn));
        assert_eq!(Utf16::LittleEndian.to_utf8(b"<\0\x00\xD8a\0"), Err(Utf16Error::Lone(2)));
        assert_eq!(Utf16::of("<ä/>".as_bytes()), None);
    }
}
