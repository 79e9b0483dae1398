//! From bytes to text: UTF-8 or a clear error.

use crate::genesis::{Code, Diagnostic, Invalid, Utf16};

use super::MAX_BYTES;

const CONVERT: &str = "convert the file to UTF-8 first, for example with `iconv -t UTF-8`";

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
    refused(source, Diagnostic::new(Code::Encoding, span, message).help(CONVERT))
}

fn refused(source: String, problem: Diagnostic) -> Invalid {
    Invalid { source, diagnostics: vec![problem] }
}
