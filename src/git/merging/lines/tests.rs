use proptest::prelude::*;

use super::*;

fn lost(base: &str, ours: &str, theirs: &str, result: &str) -> Vec<String> {
    let lost = lost_lines(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), result.as_bytes());
    let shown = |line: &LostLine| match line.side {
        Side::Integration => format!("ours: {}", line.text),
        Side::Task => format!("theirs: {}", line.text),
        Side::Before => format!("before: {}", line.text),
    };
    lost.iter().map(shown).collect()
}

#[test]
fn a_result_with_all_that_both_have_added_loses_nothing() {
    assert!(lost("a\n", "a\nb\n", "a\nc\n", "a\nb\nc\n").is_empty());
    assert!(lost("", "b\n", "c\n", "c\nb").is_empty());
}

#[test]
fn what_a_side_added_and_the_result_has_not_is_named_with_its_side() {
    assert_eq!(lost("a\n", "a\nb\n", "a\nc\n", "a\nc\n"), ["ours: b"]);
    assert_eq!(lost("a\n", "a\nb\n", "a\nc\n", "a\nb\n"), ["theirs: c"]);
    assert_eq!(lost("a\n", "b\n", "c\n", "d\n"), ["ours: b", "theirs: c"]);
}

#[test]
fn what_was_there_before_may_go_and_what_was_taken_away_may_stay_away() {
    assert!(lost("old\n", "new\n", "old\n", "new\n").is_empty());
    assert!(lost("old\n", "old\n", "", "").is_empty());
}

#[test]
fn one_of_many_equal_lines_is_missed_if_the_others_were_there_before() {
    assert_eq!(lost("}\n}\n", "}\nf {\n}\n}\n", "}\n}\n", "}\nf {\n}\n"), ["ours: }"]);
}

#[test]
fn a_line_that_both_have_added_is_needed_once_and_one_that_the_other_took_away_elsewhere_less_often() {
    assert!(lost("", "use x;\n", "use x;\n", "use x;\n").is_empty());
    assert_eq!(lost("", "use x;\n", "use x;\n", ""), ["ours: use x;", "theirs: use x;"]);
    assert!(lost("x\n", "x\nx\n", "", "x\n").is_empty());
}

#[test]
fn indenting_moving_and_blank_lines_are_no_loss() {
    assert!(lost("a\n", "a\n\n\nb\nc\n", "a\n", "if d {\n    c\n    b\r\n}\na\n").is_empty());
}

#[test]
fn of_a_merge_without_a_conflict_every_line_is_missed_and_each_once() {
    let (base, ours, merged, result) = (b"a\nb\n", b"a\nb\nc\n", b"a\nb\nc\n", b"b\n");
    let lost = lost_lines(base, ours, base, result);
    let before = |result: &[u8]| {
        let lines = lost_before(merged, result, &lost).into_iter();
        lines.map(|line| (line.side, line.text)).collect::<Vec<_>>()
    };
    assert_eq!(before(result), [(Side::Before, "a".to_owned())]);
    assert_eq!(before(b"x\n b\na\n"), []);
}

#[test]
fn markers_are_found_where_neither_side_has_them() {
    let text = b"a\n<<<<<<< x\nb\n||||||| y\n=======\nc\n>>>>>>> z\r\n>>>>>>>\n";
    assert_eq!(markers(b"", b"", text), [2, 4, 7, 8]);
    assert_eq!(markers(text, b"", text), [0; 0]);
    assert_eq!(markers(b"", b"", b"<<<<<<<< eight\n<<<<<< six\n <<<<<<< indented\n<<<<<<<x\n"), [0; 0]);
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec("[ab ]{0,2}", 0..8).prop_map(|lines| lines.join("\n"))
}

/// Lines that no other text has.
fn own(name: &'static str) -> impl Strategy<Value = Vec<String>> {
    (0..6usize).prop_map(move |count| (0..count).map(|number| format!("{name}{number}")).collect())
}

/// `base` with `more` put in at some places.
fn with(base: &[String], more: &[String], places: &[prop::sample::Index]) -> Vec<String> {
    let mut text = base.to_vec();
    for (line, place) in more.iter().zip(places) {
        text.insert(place.index(text.len() + 1), line.clone());
    }
    text
}

proptest! {
    #[test]
    fn no_input_is_too_odd(
        texts in proptest::array::uniform4(proptest::collection::vec(any::<u8>(), 0..60)),
    ) {
        let [base, ours, theirs, result] = &texts;
        let _ = (lost_lines(base, ours, theirs, result), markers(ours, theirs, result));
        prop_assert!(lost_lines(base, base, base, result).is_empty());
    }

    #[test]
    fn taking_one_side_loses_just_what_only_the_other_added(base in text(), ours in text(), theirs in text()) {
        let lost = lost_lines(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), ours.as_bytes());
        let words = |text: &str| text.split('\n').map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<_>>();
        let count = |text: &str, line: &str| words(text).iter().filter(|other| *other == line).count();
        let only = words(&theirs).iter().any(|line| count(&theirs, line) > count(&base, line).max(count(&ours, line)));
        prop_assert!(!only || lost.iter().any(|line| line.side == Side::Task));
        prop_assert!(lost_lines(base.as_bytes(), ours.as_bytes(), base.as_bytes(), ours.as_bytes()).is_empty());
    }

    #[test]
    fn of_a_whole_merge_nothing_is_lost_and_every_line_that_is_taken_out_of_it_is_found(
        base in own("base "),
        (mine, other) in (own("ours "), own("theirs ")),
        places in proptest::collection::vec(any::<prop::sample::Index>(), 12),
        gone in any::<prop::sample::Index>(),
    ) {
        let (ours, theirs) = (with(&base, &mine, &places), with(&base, &other, &places[6..]));
        let mut result = with(&ours, &other, &places[6..]);
        let check = |result: &[String]| {
            let [b, o, t, r] = [&base[..], &ours, &theirs, result].map(|lines| lines.join("\n"));
            lost_lines(b.as_bytes(), o.as_bytes(), t.as_bytes(), r.as_bytes())
        };
        prop_assert!(check(&result).is_empty());
        let added: Vec<_> = mine.iter().chain(&other).cloned().collect();
        if !added.is_empty() {
            let line = added[gone.index(added.len())].clone();
            result.retain(|kept| *kept != line);
            let lost = check(&result);
            prop_assert_eq!(lost.iter().map(|lost| lost.text.as_str()).collect::<Vec<_>>(), vec![line.as_str()]);
        }
    }
}
