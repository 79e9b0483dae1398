//! Frames around text that is not ours.

/// The shortest fence.
const SHORTEST: usize = 5;

/// A line of tildes that none of `texts` can contain: longer than every run of tildes in them.
///
/// So the frame needs no secret, and the same texts always give the same prompt.
pub(super) fn fence<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let longest = texts.into_iter().map(longest_run).max().unwrap_or(0);
    "~".repeat(SHORTEST.max(longest + 1))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '~').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_any_run_in_the_text() {
        assert_eq!(fence(["plain", ""]), "~~~~~");
        assert_eq!(fence(["a ~~~~ b"]), "~~~~~");
        assert_eq!(fence(["~~~~~\nout", "in ~~~~~~~ line"]).len(), 8);
    }

    proptest::proptest! {
        #[test]
        fn no_text_contains_its_fence(texts in proptest::collection::vec("[~a\n ]{0,40}", 0..4)) {
            let fence = fence(texts.iter().map(String::as_str));
            proptest::prop_assert!(texts.iter().all(|text| !text.contains(&fence)));
        }
    }
}
