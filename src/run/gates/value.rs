//! The number that a command's output has under a name. Pure.

use serde_json::Value;

/// Lines from the end of the output in which a JSON document may begin.
const LINES: usize = 2_000;

/// Finds the number called `path`: in a JSON document that is the output or its end, by names and numbers with dots between them; else in
/// the last line that says `path: 81.5` or `path = 81.5`; else in the last line that is nothing but a number. Units may follow.
pub(super) fn value(output: &str, path: &str) -> Option<f64> {
    in_json(output, path).or_else(|| named(output, path)).or_else(|| bare(output)).filter(|n| n.is_finite())
}

fn in_json(output: &str, path: &str) -> Option<f64> {
    let output = output.trim_end();
    let starts = std::iter::once(0).chain(output.match_indices('\n').map(|(at, _)| at + 1));
    let starts = starts.collect::<Vec<_>>().into_iter().rev().take(LINES);
    let texts = starts.filter_map(|at| output.get(at..)).map(str::trim_start);
    let documents = texts.filter(|text| text.starts_with(['{', '[']));
    documents.filter_map(first_document).find_map(|document| at(&document, path))
}

/// Something else may be printed after it.
fn first_document(text: &str) -> Option<Value> {
    serde_json::Deserializer::from_str(text).into_iter().next()?.ok()
}

fn at(document: &Value, path: &str) -> Option<f64> {
    let by_name = document.get(path);
    let step = |value: &mut &'_ Value, part: &str| -> Option<()> {
        *value = match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            Value::Object(fields) => fields.get(part)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        Some(())
    };
    let by_steps = || {
        let mut value = document;
        let path = path.trim_start_matches("$.");
        path.split('.').try_for_each(|part| step(&mut value, part)).map(|()| value)
    };
    number(by_name.or_else(by_steps)?)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => leading(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn named(output: &str, path: &str) -> Option<f64> {
    let said = |line: &str| {
        let rest = line.trim().strip_prefix(path)?.trim_start();
        leading(rest.strip_prefix([':', '='])?)
    };
    output.lines().rev().find_map(said)
}

fn bare(output: &str) -> Option<f64> {
    output.lines().rev().map(str::trim).find_map(|line| {
        let number = line.trim_end_matches(|c: char| c == '%' || c.is_ascii_whitespace());
        number.parse().ok()
    })
}

/// The number that a text begins with.
fn leading(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(text.len());
    let digits = text.get(..end)?;
    // In `5 errors` or `5e` the letter is none of the number's.
    (0..=digits.len()).rev().find_map(|end| digits.get(..end)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_json_by_its_name_or_the_way_to_it() {
        let json =
            "compiling\n{\"data\":[{\"totals\":{\"lines\":{\"percent\":81.5}}}],\"coverage.pct\":\"70%\"}\n";
        assert_eq!(value(json, "data.0.totals.lines.percent"), Some(81.5));
        assert_eq!(value(json, "$.data.0.totals.lines.percent"), Some(81.5));
        assert_eq!(value(json, "coverage.pct"), Some(70.0));
        assert_eq!(value(json, "data.1"), None);
        assert_eq!(value("{\n \"p95\": 12\n}\ndone\n", "p95"), Some(12.0));
    }

    #[test]
    fn a_number_is_found_in_lines_by_its_name_or_alone() {
        assert_eq!(value("coverage: 70\ncoverage = 81.5% of lines\n3 files\n", "coverage"), Some(81.5));
        assert_eq!(value("looking\n 12.5 %\nbye\n", "coverage"), Some(12.5));
        assert_eq!(value("latency=1e3ms", "latency"), Some(1000.0));
        assert_eq!(value("nothing 5 here", "coverage"), None);
        assert_eq!(value("coverage: NaN\ninf\n", "coverage"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_output_is_too_odd(text in "(?s)([{}\\[\\]\":=.e0-9\n ]|a|.){0,60}", path in "[a.0$]{0,6}") {
            let _ = value(&text, &path);
        }
    }
}
