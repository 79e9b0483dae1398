//! The property of the fuzz target, for everybody: plans of the project, damaged at random.

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::property;
use crate::scene::{PLAN, files};

/// Plans of every kind: broken ones, odd ones, every form that there is.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let files = ["tests/invalid", "tests/forms", "examples"].into_iter().flat_map(files);
    let mut seeds: Vec<_> = files.map(|file| fs::read(file).unwrap()).collect();
    seeds.push(PLAN.into());
    seeds
});

/// What damage is made of.
const WORDS: [&str; 16] = [
    "<",
    ">",
    "/>",
    "\"",
    "&",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<taskRef id=\"build-api\"/>",
    "</task>",
    "<task id='x'>",
    "completed",
    "\r\n",
    "\u{FEFF}",
    "<pending/>",
];

/// One change of the bytes: where, how many go, and what comes (nothing, a word, or a piece of the text itself).
#[derive(Debug, Clone)]
struct Damage {
    at: Index,
    gone: usize,
    word: Option<Index>,
    copied: Option<(Index, usize)>,
}

fn damage() -> impl Strategy<Value = Damage> {
    let copied = prop::option::weighted(0.3, (any::<Index>(), 1..200_usize));
    (any::<Index>(), 0..40_usize, prop::option::of(any::<Index>()), copied)
        .prop_map(|(at, gone, word, copied)| Damage { at, gone, word, copied })
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = self.at.index(bytes.len() + 1);
        let end = (at + self.gone).min(bytes.len());
        let mut new = self.word.map(|word| word.get(&WORDS).as_bytes().to_vec()).unwrap_or_default();
        if let Some((from, len)) = self.copied {
            let from = from.index(bytes.len() + 1);
            new.extend_from_slice(&bytes[from..(from + len).min(bytes.len())]);
        }
        bytes.splice(at..end, new);
    }
}

#[test]
fn the_collection_itself_holds_it() {
    for seed in SEEDS.iter() {
        property::check(seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_plans_are_refused_or_edited_faithfully(
        seed in any::<Index>(),
        damages in prop::collection::vec(damage(), 1..5),
    ) {
        let mut bytes = seed.get(&SEEDS).clone();
        for damage in damages {
            damage.apply(&mut bytes);
        }
        property::check(&bytes);
    }

    #[test]
    fn any_bytes_at_all_are_refused_or_edited_faithfully(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        property::check(&bytes);
    }
}
