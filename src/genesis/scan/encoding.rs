//! From bytes to text: UTF-8 or a clear error.

use crate::genesis::{Code, Diagnostic, Invalid, Utf16};

use super::MAX_BYTES;

/// What the bytes most often are that are no UTF-8.
const USUAL: &str = "WINDOWS-1252";

/// How many bytes are kept from the first one on that can't be read.
const SHOWN: usize = 4096;

/// The text of `bytes`, with its byte order mark if it has one.
pub(in crate::genesis) fn decode(bytes: Vec<u8>) -> Result<String, Invalid> {
    if bytes.len() > MAX_BYTES {
        return Err(Invalid::too_large(bytes.len() as u64));
    }
    if Utf16::of(&bytes).is_some() {
        let problem = Diagnostic::new(Code::Encoding, 0..0, "the file is UTF-16, not UTF-8");
        return Err(refused(String::new(), problem.help("`blueprint repair --to-utf8` converts it")));
    }
    String::from_utf8(bytes).map_err(|error| not_utf8(&error))
}

fn not_utf8(error: &std::string::FromUtf8Error) -> Invalid {
    let at = error.utf8_error().valid_up_to();
    // No more than is shown: what can't be read takes three times its size.
    let shown = error.as_bytes().get(..at + SHOWN).unwrap_or(error.as_bytes());
    let source = String::from_utf8_lossy(shown).into_owned();
    let bad = error.as_bytes().get(at).copied().unwrap_or_default();
    let span = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
    let message = format!("byte 0x{bad:02X} is not UTF-8");
    let help = how_to_convert(declared(&source).unwrap_or(USUAL));
    refused(source, Diagnostic::new(Code::Encoding, span, message).help(help))
}

/// The encoding that the declaration at the beginning of `source` gives, if it is another one than UTF-8.
fn declared(source: &str) -> Option<&str> {
    let declaration = source.strip_prefix("<?xml")?.split_once("?>")?.0;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let name = value.get(1..)?.split(['"', '\'']).next()?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (is_name && !name.is_empty() && !name.eq_ignore_ascii_case("UTF-8")).then_some(name)
}

fn how_to_convert(from: &str) -> String {
    format!("convert it, for example with `iconv -f {from} -t UTF-8`, and let its declaration say `UTF-8`")
}

fn refused(source: String, problem: Diagnostic) -> Invalid {
    Invalid { source, diagnostics: vec![problem] }
}

#[cfg(test)]
mod tests {
    use super::decode;

    fn help(bytes: &[u8]) -> String {
        decode(bytes.to_vec()).unwrap_err().diagnostics.remove(0).help.unwrap()
    }

    #[test]
    fn how_to_convert_names_the_encoding_that_the_file_says_it_has() {
        let latin = help(b"<?xml version='1.0' encoding = 'ISO-8859-1'?><a>\xE9</a>");
        assert!(latin.contains("iconv -f ISO-8859-1 -t UTF-8"), "{latin}");
        for unsaid in [&b"<a>\xE9</a>"[..], b"<?xml encoding='utf-8'?>\xE9", b"<?xml encoding='$(x)'?>\xE9"] {
            let guessed = help(unsaid);
            assert!(guessed.contains("iconv -f WINDOWS-1252 -t UTF-8"), "{guessed}");
        }
        for broken in [&b"<?xml encoding\xE9"[..], b"<?xml encoding=\xE9?>", b"<?xml encoding=?>\xE9"] {
            help(broken);
        }
    }
}
