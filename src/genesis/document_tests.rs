use proptest::prelude::*;

use super::{Edit, EditError, Genesis};
use crate::genesis::Splice;

const PLANS: [&str; 7] = [
    include_str!("../../tests/forms/guide.xml"),
    include_str!("../../tests/forms/epic.xml"),
    include_str!("../../tests/forms/daemon-crlf-tabs.xml"),
    include_str!("../../tests/forms/workflow-bom.xml"),
    include_str!("../../tests/forms/canonical-namespaces.xml"),
    include_str!("../../tests/forms/guide-nodes-one-line.xml"),
    include_str!("../../examples/genesis/quickstart/genesis.xml"),
];

/// What may come in the place of something: harmless, structural, and what breaks the document.
const PIECES: [&str; 16] = [
    "",
    " status='done'",
    "<dependencies>a b</dependencies>",
    "x",
    " ",
    "<!-- note -->",
    "&amp;",
    "<event><timestamp>2026-01-01T00:00:00Z</timestamp><status>completed</status></event>",
    "<taskRef id='a'/>",
    "<task id='new'><name>n</name></task>",
    "<x xmlns='urn:other'><task id='y'/></x>",
    "</task>",
    "<inProgress>",
    "<",
    "&",
    "]]>",
];

/// A splice at a place of the text that is near to `place` and between two characters.
fn splice(text: &str, place: prop::sample::Index, len: usize, piece: usize) -> Splice {
    let start = text.floor_char_boundary(place.index(text.len() + 1));
    // Most often something whole is changed: what stands between two brackets; or a tag, behind an attribute.
    let around = if len == 1 { ['"', '\''] } else { ['>'; 2] };
    let start = text.get(..start).and_then(|before| before.rfind(around)).map_or(start, |at| at + 1);
    let len = if len == 1 { 0 } else { len };
    let end = text.ceil_char_boundary((start + len).min(text.len()));
    Splice { range: start..end, text: PIECES[piece].to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// What is read where the edit is, is what is read of the whole text: tree, view, form; and where that can't be read, the document
    /// stays as it was.
    #[test]
    fn an_edit_reads_what_its_text_says(
        plan in 0..PLANS.len(),
        places in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, 0..PIECES.len()), 1..5),
        long in 0..90_usize,
    ) {
        let mut document = Genesis::parse(PLANS[plan].as_bytes().to_vec()).unwrap();
        let mut splices: Vec<Splice> = Vec::new();
        for (place, kind, piece) in places {
            let len = [0, 7, long, 1][kind];
            splices.push(splice(document.source(), place, len, piece));
        }
        splices.sort_by_key(|splice| splice.range.start);
        splices.dedup_by(|next, before| next.range.start < before.range.end);
        let edit = Edit { splices };
        let before = document.clone();
        let parsed = edit.splice(document.source()).map(|text| Genesis::parse(text.into_bytes())).unwrap();
        match (document.edit(&edit), parsed) {
            (Ok(()), Ok(parsed)) => {
                prop_assert_eq!(document.source(), parsed.source());
                prop_assert!(document.is_as_if_parsed());
                prop_assert_eq!(document.diagnostics(), parsed.diagnostics());
            }
            (Err(EditError::Breaks(_)), Err(_)) => {
                prop_assert_eq!(document.source(), before.source());
                prop_assert!(document.is_as_if_parsed());
            }
            (edited, parsed) => prop_assert!(false, "{edited:?}, but the text: {parsed:?}"),
        }
    }
}
