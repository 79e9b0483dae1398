use std::fmt::Write as _;

use super::{MAX_DEPTH, decode, scan};
use crate::genesis::Code::{self, Attribute, ForbiddenSequence, IllegalCharacter, Markup, Reference};
use crate::genesis::LineIndex;

/// Documents that any XML processor accepts.
pub(super) const WELL_FORMED: &[&[u8]] = &[
    b"<a/>",
    b"<a></a>",
    b"<a ></a >",
    b"<a b='1' c=\"2\"/>",
    b"<a b = '1'\n\tc='2' />",
    b"<a b='\"' c=\"'\"/>",
    b"<a b='>'/>",
    b"<a b=']]>'/>",
    b"<a b='&lt;&gt;&amp;&quot;&apos;&#65;&#x41;'/>",
    b"<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x41;&#x1F600;</a>",
    b"<a>]]&gt; ]] ></a>",
    b"<a>></a>",
    b"<a><![CDATA[<b>&c;]] ]]]></a>",
    b"<a><![CDATA[]]></a>",
    b"<!-- a --><a/><!-- b -->",
    b"<!----><a/>",
    b"<!-- - - --><a/>",
    b"<a><!-- <b> & --></a>",
    b"<?pi?><a/><?pi x?>",
    b"<?xml-stylesheet href='x'?><a/>",
    b"<?xmlx y?><a/>",
    b"<?xml version='1.0'?><a/>",
    b"<?xml version = \"1.0\" ?><a/>",
    b"<?xml version='1.1'?><a/>",
    b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?><a/>",
    b"<?xml version='1.0' encoding='utf-8'?>\n<a>\xc3\xa4</a>\n",
    b"<?xml version='1.0' encoding='US-ASCII'?><a/>",
    b"<?xml version='1.0' standalone='no'?><a/>",
    b"\xef\xbb\xbf<a/>",
    b"\xef\xbb\xbf<?xml version='1.0'?><a/>",
    b" \n\t\r\n<a/> \n",
    b"<!DOCTYPE a><a/>",
    b"<!DOCTYPE b ><a/>",
    b"<!DOCTYPE a SYSTEM 'x.dtd'><a/>",
    b"<!DOCTYPE a PUBLIC '-//X//Y' \"it's\" ><a/>",
    b"<?xml version='1.0'?><!-- c --><!DOCTYPE a><?p?><a/>",
    b"<a:b xmlns:a='u'/>",
    b"<a:b/>",
    b"<_a.b-c1/>",
    b"<\xc3\x84rger \xc3\xb6='1'/>",
    b"<a>\x7f\xc2\x85</a>",
    b"<a>\xef\xbf\xbd</a>",
    b"<a>\r\n\t</a>",
    b"<a><b><c/></b><b/></a>",
    b"<a xml:space='preserve'/>",
];

/// Documents that none may accept, or that are refused here.
pub(super) const ILL_FORMED: &[&[u8]] = &[
    b"",
    b" ",
    b"text",
    b"<a/><b/>",
    b"<a/>text",
    b"text<a/>",
    b"<a/>&#32;",
    b"&#32;<a/>",
    b"<a/><![CDATA[]]>",
    b"<a/></a>",
    b"</a>",
    b"<a>",
    b"<a><b></a></b>",
    b"<a></b>",
    b"<a></A>",
    b"<a></a b='1'>",
    b"<a></ a>",
    b"<a",
    b"<a b='1",
    b"<a b>x</a>",
    b"<a b=1/>",
    b"<a b=/>",
    b"<a b='1'c='2'/>",
    b"<a b='1' b='2'/>",
    b"<a b='<'/>",
    b"<a b='&'/>",
    b"<a b='&c;'/>",
    b"<a b='&lt'/>",
    b"<a b='&#0;'/>",
    b"<a 1b='1'/>",
    b"<a/ >",
    b"<a / >",
    b"<a/b='1'/>",
    b"< a/>",
    b"<1/>",
    b"<-a/>",
    b"<a\xc3\x97/>",
    b"<>x</>",
    b"<a>1 < 2</a>",
    b"<a><b </a>",
    b"<a>&</a>",
    b"<a>& b</a>",
    b"<a>&b</a>",
    b"<a>&b;</a>",
    b"<a>&nbsp;</a>",
    b"<a>&;</a>",
    b"<a>&#;</a>",
    b"<a>&#x;</a>",
    b"<a>&#X41;</a>",
    b"<a>&#0;</a>",
    b"<a>&#xFFFE;</a>",
    b"<a>&#xD800;</a>",
    b"<a>&#x110000;</a>",
    b"<a>&#99999999999999999999;</a>",
    b"<a>]]></a>",
    b"<a><![CDATA[</a>",
    b"<a><![cdata[]]></a>",
    b"<a><!x></a>",
    b"<!-- a -- b --><a/>",
    b"<!-- a ---><a/>",
    b"<!--><a/>",
    b"<!---><a/>",
    b"<!-- a <a/>",
    b"<a>\x01</a>",
    b"<a>\x1b[1m</a>",
    b"<a b='\x02'/>",
    b"<!-- \x0b --><a/>",
    b"<a>\0</a>",
    b"<a>\xef\xbf\xbe</a>",
    b"<a>\xef\xbf\xbf</a>",
    b"<a>\xff</a>",
    b"<a>\xc3</a>",
    b"<a>\xed\xa0\x80</a>",
    b"<a>\xc0\xaf</a>",
    b"\xef\xbb\xbf\xef\xbb\xbf<a/>",
    b"\xfe\xff\0<\0a\0/",
    b" <?xml version='1.0'?><a/>",
    b"<!-- --><?xml version='1.0'?><a/>",
    b"<a><?xml version='1.0'?></a>",
    b"<?xml?><a/>",
    b"<?xml encoding='UTF-8'?><a/>",
    b"<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>",
    b"<?xml version='2.0'?><a/>",
    b"<?xml version='1.0a'?><a/>",
    b"<?xml version=1.0?><a/>",
    b"<?xml version='1.0' encoding=''?><a/>",
    b"<?xml version='1.0' encoding='x-none'?><a/>",
    b"<?xml version='1.0' encoding='UTF-16'?><a/>",
    b"<?xml version='1.0' encoding='US-ASCII'?><a>\xc3\xa4</a>",
    b"<?xml version='1.0' standalone='maybe'?><a/>",
    b"<?xml version='1.0' other='1'?><a/>",
    b"<?xml version='1.0'><a/>",
    b"<?XML version='1.0'?><a/>",
    b"<? pi?><a/>",
    b"<?1?><a/>",
    b"<??><a/>",
    b"<?><a/>",
    b"<?pi <a/>",
    b"<!doctype a><a/>",
    b"<!DOCTYPE><a/>",
    b"<!DOCTYPE a><!DOCTYPE a><a/>",
    b"<a/><!DOCTYPE a>",
    b"<a><!DOCTYPE a></a>",
    b"<!DOCTYPEa><a/>",
    b"<!DOCTYPE a SYSTEM><a/>",
    b"<!DOCTYPE a SYSTEM x><a/>",
    b"<!DOCTYPE a PUBLIC 'x'><a/>",
    b"<!DOCTYPE a PUBLIC '{' 'y'><a/>",
    b"<!DOCTYPE a SYSTEM'x'><a/>",
    b"<!DOCTYPE a x><a/>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    b"<!DOCTYPE a []><a/>",
    b"<!DOCTYPE a SYSTEM 'x.dtd'><a>&b;</a>",
    b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
    b"<?xml version='1.'?><a/>",
    b"<a/>\0",
];

fn codes(source: &str) -> Vec<Code> {
    scan(source).err().unwrap_or_default().into_iter().map(|problem| problem.code).collect()
}

#[test]
fn well_formed_documents_are_accepted() {
    for snippet in WELL_FORMED {
        let text = decode(snippet.to_vec()).unwrap();
        assert_eq!(scan(&text).err(), None, "{text}");
    }
}

#[test]
fn ill_formed_documents_are_refused() {
    for snippet in ILL_FORMED {
        let accepted = decode(snippet.to_vec()).is_ok_and(|text| scan(&text).is_ok());
        assert!(!accepted, "{}", String::from_utf8_lossy(snippet));
    }
}

#[test]
fn every_problem_has_its_place_and_message() {
    let mut report = String::new();
    for snippet in ILL_FORMED {
        let (source, problems) = match decode(snippet.to_vec()) {
            Ok(source) => (source.clone(), scan(&source).unwrap_err()),
            Err(invalid) => (invalid.source, invalid.diagnostics),
        };
        writeln!(report, "{}", snippet.escape_ascii()).unwrap();
        let index = LineIndex::new(&source);
        for problem in problems {
            let (code, place) = (problem.code, index.position(problem.span.start));
            let marked = source.get(problem.span).expect("spans are on character boundaries");
            writeln!(report, "  {code} {place} {marked:?}: {}", problem.message).unwrap();
        }
    }
    insta::assert_snapshot!(report);
}

#[test]
fn independent_problems_are_found_in_one_pass() {
    let source = "<a b='1' b='2'>\n&nbsp; ]]> & \u{1} <c d=e/> 1 < 2 <!-- -- --></a>";
    assert_eq!(
        codes(source),
        [
            Attribute,
            Reference,
            ForbiddenSequence,
            Reference,
            IllegalCharacter,
            Attribute,
            Markup,
            ForbiddenSequence
        ]
    );
}

#[test]
fn entities_of_a_refused_subset_are_not_reported_one_by_one() {
    let laughs = "<!DOCTYPE a [<!ENTITY l 'l'><!ENTITY m '&l;&l;'>]><a>&m;&m;&m;</a>";
    assert_eq!(codes(laughs), [Code::Doctype]);
}

#[test]
fn deep_nesting_is_refused_and_no_recursion() {
    let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert_eq!(codes(&nested(MAX_DEPTH)), []);
    assert_eq!(codes(&nested(MAX_DEPTH + 1)), [Code::TooLarge]);
    assert_eq!(codes(&nested(100_000)), [Code::TooLarge]);
}

#[test]
fn hostile_input_has_a_bounded_number_of_problems() {
    for piece in ["&x;", "\u{1}", "<1>", "]]>", "& ", "< ", "<a b='&&&&&&&&&&'/>"] {
        let source = format!("<a>{}</a>", piece.repeat(20_000));
        assert!((1..=100).contains(&codes(&source).len()), "{piece}");
    }
    let attributes: String = (0..20_000).flat_map(|n| [format!(" a{n}"), "=''".into()]).collect();
    assert_eq!(codes(&format!("<a{attributes}/>")), []);
    assert_eq!(codes(&format!("<a{attributes} a19999=''/>")), [Code::Attribute]);
}
