//! What stands between the tags: characters, text, comments, processing instructions.

use std::ops::Range;

use memchr::memchr;

use crate::genesis::chars::{is_legal, is_name, is_space};
use crate::genesis::{Code, Diagnostic, shown::shown};

use super::problems::Problems;

/// Notes every character of `source` that XML does not allow anywhere.
pub(super) fn check_characters(source: &str, problems: &mut Problems) {
    for (index, chunk) in source.as_bytes().chunks(CHUNK).enumerate() {
        // Without a branch inside, the compiler looks at many bytes at once.
        if chunk.iter().fold(false, |found, byte| found | is_suspect(*byte)) {
            check_chunk(source, index * CHUNK..index * CHUNK + chunk.len(), problems);
        }
        if problems.is_full() {
            return;
        }
    }
}

const CHUNK: usize = 256;

fn check_chunk(source: &str, range: Range<usize>, problems: &mut Problems) {
    let bytes = source.as_bytes().get(range.clone()).unwrap_or_default();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| is_suspect(**byte)) {
        let at = range.start + at;
        let found = source.get(at..).and_then(|rest| rest.chars().next()).filter(|c| !is_legal(*c));
        if let Some(c) = found.filter(|_| !problems.is_full()) {
            let message = format!("the character U+{:04X} is not allowed in XML", u32::from(c));
            problems.note(Code::IllegalCharacter, at..at + c.len_utf8(), message);
        }
    }
}

/// Whether an illegal character may begin with `byte`: all of them are below U+0020 or begin
/// with 0xEF.
#[allow(clippy::needless_bitwise_bool, reason = "without a branch in it many bytes are looked at at once")]
fn is_suspect(byte: u8) -> bool {
    let is_control = byte < b' ' && byte != b'\t' && byte != b'\n' && byte != b'\r';
    is_control | (byte == 0xEF)
}

/// Notes `]]>` in the text `source[span]`.
pub(super) fn check_text(source: &str, span: &Range<usize>, problems: &mut Problems) {
    let text = source.get(span.clone()).unwrap_or_default();
    if memchr(b']', text.as_bytes()).is_none() {
        return;
    }
    for (at, found) in text.match_indices("]]>") {
        let at = span.start + at;
        let problem = Diagnostic::new(Code::ForbiddenSequence, at..at + found.len(), "`]]>` in text");
        problems.push(problem.help("write `]]&gt;`"));
    }
}

/// Notes `--` in the comment `source[span]`, from `<!--` to `-->`.
pub(super) fn check_comment(source: &str, span: &Range<usize>, problems: &mut Problems) {
    let inside = span.start + "<!--".len()..span.end - "->".len();
    let text = source.get(inside.clone()).unwrap_or_default();
    // One hyphen of the end is left in: it must not follow another one.
    if let Some(at) = text.find("--") {
        let at = inside.start + at;
        let message = "`--` in a comment";
        problems.note(Code::ForbiddenSequence, at..at + 2, message);
    }
}

/// Checks the target of the processing instruction `source[span]`, from `<?` to `?>`.
pub(super) fn check_instruction(source: &str, span: Range<usize>, problems: &mut Problems) {
    let inside = span.start + 2..span.end - 2;
    let text = source.get(inside).unwrap_or_default();
    let target = text.split(is_space).next().unwrap_or_default();
    if !is_name(target) {
        problems.note(Code::Markup, span, "a processing instruction begins with a name");
    } else if target.eq_ignore_ascii_case("xml") {
        let message = format!("a processing instruction must not be called {}", shown(target));
        problems.note(Code::Markup, span, message);
    }
}
