//! Output as agent programs print it for other programs: a JSON object a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

/// Lines longer than this (in bytes) are passed over.
const MAX_LINE: u64 = 32 * 1024 * 1024;

/// Gives every value of a log to `take`, in order; lines that are no JSON are passed over.
pub(super) fn each(log: &Path, mut take: impl FnMut(Value)) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(log)?);
    let mut line = Vec::new();
    while next_line(&mut reader, &mut line)? {
        if let Ok(value) = serde_json::from_slice::<Value>(&line) {
            take(value);
        }
    }
    Ok(())
}

/// The next line into `line`, empty if it is too long; `false` at the end.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    if reader.by_ref().take(MAX_LINE).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if !line.ends_with(b"\n") && line.len() as u64 == MAX_LINE {
        line.clear();
        reader.skip_until(b'\n')?;
    }
    Ok(true)
}

/// A text field of an object.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}

/// The first of these text fields that an object has.
pub(super) fn first_text<'a>(value: &'a Value, fields: &[&str]) -> Option<&'a str> {
    fields.iter().find_map(|field| text(value, field))
}

/// The sum of these number fields of an object, those that it lacks taken for 0.
pub(super) fn sum(value: &Value, fields: &[&str]) -> u64 {
    let numbers = fields.iter().filter_map(|field| value.get(field).and_then(Value::as_u64));
    numbers.fold(0, u64::saturating_add)
}

/// The items of a list field; none where there is no list.
pub(super) fn items<'a>(value: &'a Value, field: &str) -> impl DoubleEndedIterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn values(text: &[u8]) -> Vec<Value> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let mut values = Vec::new();
        each(file.path(), |value| values.push(value)).unwrap();
        values
    }

    #[test]
    fn what_is_no_json_is_passed_over() {
        assert_eq!(values(b"warning\n\xff\xfe\n{\"a\":1}\n\n[2]\n{\"cut").len(), 2);
    }

    #[test]
    fn a_line_that_is_too_long_does_not_hide_the_next() {
        let mut text = vec![b'x'; usize::try_from(MAX_LINE).unwrap() + 5];
        text.extend_from_slice(b"\n{\"type\":\"result\"}\n");
        assert_eq!(values(&text).len(), 1);
    }
}
