//! "Did you mean …?"

/// The one of `known` that `wanted` is most probably a slip of; none if none is near.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (likeness(wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// In a short word two letters that have changed places leave little in common, and are a slip all the same.
fn likeness(wanted: &str, name: &str) -> f64 {
    let likeness = strsim::jaro_winkler(wanted, name);
    let is_a_slip = wanted.chars().count() > 2 && strsim::osa_distance(wanted, name) == 1;
    if is_a_slip { likeness.max(0.9) } else { likeness }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_none() {
        assert_eq!(nearest("bild-api", ["test", "build-api", "build"]), Some("build-api"));
        assert_eq!(nearest("zzz", ["test", "build-api"]), None);
        assert_eq!(nearest("", []), None);
    }
}
