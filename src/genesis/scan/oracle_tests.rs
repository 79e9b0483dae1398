//! xmllint says the same, where it is installed.

use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::tests::{ILL_FORMED, WELL_FORMED};
use super::{decode, scan};

/// Whether a document is accepted here.
fn accepted(bytes: &[u8]) -> bool {
    decode(bytes.to_vec()).is_ok_and(|text| scan(&text).is_ok())
}

/// Whether xmllint accepts it; `None` where it is not installed.
fn accepted_by_xmllint(bytes: &[u8]) -> Option<bool> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.xml");
    std::fs::write(&file, bytes).unwrap();
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--noout", "--nonet", "--huge"]).arg(&file);
    let status = xmllint.stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    Some(status.success())
}

fn is_installed() -> bool {
    let installed = accepted_by_xmllint(b"<a/>").is_some();
    if !installed {
        println!("xmllint is not installed: oracle comparison skipped");
    }
    installed
}

/// Where we mean to differ from libxml2: what we refuse on purpose (see the head of the module
/// above), and where libxml2 is laxer than the standard (a NUL behind the root, version `1.`,
/// `<!DOCTYPEa>`).
const DIFFERENT: &[&[u8]] = &[
    b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    b"<!DOCTYPE a []><a/>",
    b"<!DOCTYPE a SYSTEM 'x.dtd'><a>&b;</a>",
    b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
    b"<?xml version='1.'?><a/>",
    b"<!DOCTYPEa><a/>",
    b"<a/>\0",
];

#[test]
fn xmllint_agrees_on_every_snippet() {
    if !is_installed() {
        return;
    }
    for (snippets, expected) in [(WELL_FORMED, true), (ILL_FORMED, false)] {
        for snippet in snippets.iter().filter(|snippet| !DIFFERENT.contains(snippet)) {
            let text = String::from_utf8_lossy(snippet);
            assert_eq!(accepted_by_xmllint(snippet), Some(expected), "{text}");
        }
    }
}

#[test]
fn where_we_differ_we_are_the_stricter() {
    for snippet in DIFFERENT {
        assert!(!accepted(snippet), "{}", String::from_utf8_lossy(snippet));
    }
    if !is_installed() {
        return;
    }
    for snippet in DIFFERENT {
        assert_eq!(accepted_by_xmllint(snippet), Some(true), "a difference that is none");
    }
}

const DOCUMENT: &str = "\u{FEFF}<!-- before --><?pi some?>\n<plan xmlns:x=\"urn:x\" a='1' b=\"&lt;2&#x41;\">\r\n  \
    <x:one x:c = \"ä 'q'\"/>text &amp; <![CDATA[ <raw> ]] ]]> more\n\t<two><!-- - --></two >\
    <häß/>&#65;]] ></plan>\n<!-- after -->\n<?end?>\n";

/// What is put in: single characters, broken UTF-8 and whole pieces of markup.
const PIECES: &[&[u8]] = &[
    b"<",
    b">",
    b"&",
    b";",
    b"\"",
    b"'",
    b"/",
    b"!",
    b"?",
    b"-",
    b"]",
    b"[",
    b"=",
    b" ",
    b"\n",
    b"\r",
    b"\t",
    b":",
    b"a",
    b"1",
    b"#",
    b"x",
    b".",
    b"\x01",
    b"\x1b",
    b"\x7f",
    b"\xef",
    b"\xbf",
    b"\xbe",
    b"\xc3",
    b"\x80",
    b"\xf4",
    b"]]>",
    b"--",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<?",
    b"?>",
    b"<?xml version='1.0'?>",
    b"&lt;",
    b"&#65;",
    b"&#1;",
    b"&b;",
    b"<a>",
    b"</a>",
    b"<a/>",
    b"</plan>",
    b" a=''",
    b"xml",
    "\u{FEFF}".as_bytes(),
    "é".as_bytes(),
    "×".as_bytes(),
];

#[derive(Debug, Clone)]
struct Mutation {
    at: prop::sample::Index,
    removed: usize,
    piece: usize,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let piece = prop_oneof![1 => Just(PIECES.len()), 3 => 0..PIECES.len()];
    (any::<prop::sample::Index>(), 0..4_usize, piece).prop_map(|(at, removed, piece)| Mutation {
        at,
        removed,
        piece,
    })
}

fn mutated(mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = DOCUMENT.as_bytes().to_vec();
    for Mutation { at, removed, piece } in mutations {
        let start = at.index(bytes.len() + 1);
        let end = (start + removed).min(bytes.len());
        bytes.splice(start..end, PIECES.get(*piece).copied().unwrap_or_default().iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn xmllint_agrees_on_damaged_documents(
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        let bytes = mutated(&mutations);
        let ours = accepted(&bytes);
        if let Some(theirs) = accepted_by_xmllint(&bytes) {
            prop_assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = accepted(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(pieces in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| PIECES[*piece].to_vec()).collect();
        let _ = accepted(&bytes);
    }
}
