//! What a number has to be, and how plans say it. Pure.

use std::fmt;

/// What a number has to be: not below the one, not above the other.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds {
    /// The least that is good enough.
    pub at_least: Option<f64>,
    /// The most.
    pub at_most: Option<f64>,
}

/// Words that stand before a target, and whether it is the least or the most. Where one is the beginning of another, the longer one
/// comes first.
const WORDS: [(&str, Side); 20] = [
    (">=", Side::Least),
    ("=>", Side::Least),
    ("≥", Side::Least),
    (">", Side::Least),
    ("<=", Side::Most),
    ("=<", Side::Most),
    ("≤", Side::Most),
    ("<", Side::Most),
    ("at least", Side::Least),
    ("at most", Side::Most),
    ("minimum", Side::Least),
    ("maximum", Side::Most),
    ("more than", Side::Least),
    ("less than", Side::Most),
    ("above", Side::Least),
    ("over", Side::Least),
    ("below", Side::Most),
    ("under", Side::Most),
    ("up to", Side::Most),
    ("within", Side::Most),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Least,
    Most,
}

impl Bounds {
    /// Whether it is good enough.
    pub(super) fn hold(self, value: f64) -> bool {
        self.distance(value) <= 0.0
    }

    /// How far it is from being good enough: 0 if it is.
    pub(super) fn distance(self, value: f64) -> f64 {
        let below = self.at_least.map_or(0.0, |least| least - value);
        let above = self.at_most.map_or(0.0, |most| value - most);
        below.max(above).max(0.0)
    }

    /// Reads a quality attribute's target, such as `>= 80%`, `p95 < 200ms` or `at least 99.9 %`. A percentage without more is the least.
    /// Nothing for a text that names no single number, or does not say of which side.
    pub fn of_target(target: &str) -> Option<Self> {
        let text = target.to_lowercase();
        let found = WORDS.iter().filter_map(|(word, side)| Some((text.find(word)?, word.len(), *side)));
        // The first one; of two that begin there, the longer.
        let said = found.min_by_key(|(at, length, _)| (*at, usize::MAX - length));
        let rest = said.map_or(text.as_str(), |(at, length, _)| text.get(at + length..).unwrap_or_default());
        let (number, unit) = first_number(rest)?;
        if first_number(unit).is_some() {
            return None;
        }
        match said.map(|(_, _, side)| side) {
            Some(Side::Least) => Some(Self { at_least: Some(number), at_most: None }),
            Some(Side::Most) => Some(Self { at_least: None, at_most: Some(number) }),
            None if unit.trim_start().starts_with('%') => {
                Some(Self { at_least: Some(number), at_most: None })
            }
            None => None,
        }
    }
}

/// In what a target is measured: the word or sign that follows its number.
pub(super) fn unit(target: &str) -> Option<String> {
    let (_, after) = first_number(target)?;
    let unit: String = after.trim_start().chars().take_while(|c| c.is_alphabetic() || *c == '%').collect();
    (!unit.is_empty()).then_some(unit)
}

/// The first number in a text, and what follows it.
fn first_number(text: &str) -> Option<(f64, &str)> {
    // The 95 of `p95` is part of a name.
    let is_start = |(at, c): &(usize, char)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        c.is_ascii_digit() && before.is_none_or(|before| !before.is_alphanumeric())
    };
    let (start, _) = text.char_indices().find(is_start)?;
    let rest = text.get(start..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && !".,_".contains(c)).unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end)?;
    let digits = digits.trim_end_matches(['.', ',']).replace(['_', ','], "");
    let sign = if text.get(..start)?.trim_end().ends_with('-') { -1.0 } else { 1.0 };
    digits.parse::<f64>().ok().map(|number| (sign * number, after))
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) => write!(f, "from {least} to {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => f.write_str("any number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: &str) -> Option<String> {
        Bounds::of_target(target).map(|bounds| bounds.to_string())
    }

    #[test]
    fn targets_are_read_as_people_write_them() {
        for (target, says) in [
            (">= 80%", "at least 80"),
            ("≥80", "at least 80"),
            ("p95 < 200ms", "at most 200"),
            ("under 1,500 req", "at most 1500"),
            ("At least 99.9 %", "at least 99.9"),
            ("80%", "at least 80"),
            ("coverage > 0.75.", "at least 0.75"),
            ("<= -5 dB", "at most -5"),
        ] {
            assert_eq!(read(target).as_deref(), Some(says), "{target}");
        }
    }

    #[test]
    fn what_names_no_single_number_or_no_side_is_no_target() {
        for target in ["", "fast", "200ms", "between 3 and 5", "< p95", ">", "> 3 and < 5", "1.2.3 <"] {
            assert_eq!(read(target), None, "{target}");
        }
    }

    #[test]
    fn a_value_is_as_far_from_the_bounds_as_it_is_outside_of_them() {
        let bounds = Bounds { at_least: Some(10.0), at_most: Some(20.0) };
        let distances = [5.0, 10.0, 15.0, 20.0, 22.0].map(|value| bounds.distance(value));
        assert_eq!(distances.map(|distance| distance > 0.0), [true, false, false, false, true]);
        assert!(bounds.hold(12.0) && !bounds.hold(f64::NAN.max(30.0)));
    }

    #[test]
    fn a_target_has_its_unit_behind_the_number() {
        assert_eq!(
            [">= 80%", "< 200 ms", "at least 5"].map(unit),
            [Some("%".into()), Some("ms".into()), None]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_target_is_too_odd(text in "(?s)([<>=≤≥%., 0-9-]|at least|.){0,40}") {
            let _ = (Bounds::of_target(&text), unit(&text));
        }
    }
}
