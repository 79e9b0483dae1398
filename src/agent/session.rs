//! Agent programs' sessions: ids for them, and whether one was taken up again.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Event, Runner};

/// So much of its output (in bytes) a program that has not begun may print: notices, a message, a stack trace.
const BEFORE: u64 = 1024 * 1024;

/// Whether the program says in its output that it has begun, and so has found the session that it was given.
///
/// # Errors
/// The file cannot be read.
pub fn is_taken_up(runner: &dyn Runner, stdout: &Path) -> io::Result<bool> {
    let mut output = BufReader::new(File::open(stdout)?.take(BEFORE));
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        let events = runner.events(&String::from_utf8_lossy(&line));
        if events.iter().any(|event| matches!(event, Event::Started { .. })) {
            return Ok(true);
        }
        line.clear();
    }
    // One that has printed more has done something.
    Ok(output.get_ref().limit() == 0)
}

/// The text of a UUID (version 8: made by an application's own rule) that follows from `parts` alone.
///
/// Agent programs refuse a session id that they have seen: give what is never the same twice, such as the state
/// folder, the task, the number of the attempt and its token.
pub fn session_id(parts: &[&str]) -> String {
    let mut bytes = digest(parts);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[0..4], &hex[4..6], &hex[6..8], &hex[8..10], &hex[10..16]].map(<[_]>::concat).join("-")
}

/// The length goes in front of each part, so that no two lists give one text.
fn digest(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut first = [0; 16];
    for (to, from) in first.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_form_of_a_uuid_of_version_8() {
        let id = session_id(&["plan", "task", "1"]);
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes()[14], b'8');
        assert!(matches!(id.as_bytes()[19], b'8'..=b'9' | b'a'..=b'b'));
    }

    #[test]
    fn the_same_parts_give_the_same_id_and_others_another() {
        assert_eq!(session_id(&["a", "b"]), session_id(&["a", "b"]));
        assert_ne!(session_id(&["a", "b"]), session_id(&["ab"]));
        assert_ne!(session_id(&["a", "b"]), session_id(&["a", "c"]));
    }
}
