//! The loop over the tokens.

use std::ops::Range;

use memchr::{memchr, memchr2, memchr3, memmem};
use quick_xml::Error;
use quick_xml::errors::SyntaxError;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::genesis::chars::{ascii_name_len, is_space, is_space_byte};
use crate::genesis::tree::{Node, Tree};
use crate::genesis::{Code, Diagnostic};

use super::problems::Problems;
use super::{content, declaration, doctype, reference};

/// What an element takes of a text, its content left out, in most plans or more: room is made for so many.
const BYTES_PER_ELEMENT: usize = 40;
const BOM: char = '\u{FEFF}';

/// The elements of `source`.
///
/// # Errors
/// Everything that keeps it from being well-formed, in the order of the text; never empty.
pub(in crate::genesis) fn scan(source: &str) -> Result<Tree, Vec<Diagnostic>> {
    let mut scanner = Scanner::new(source);
    scanner.tree = Tree::with_room(source.len() / BYTES_PER_ELEMENT);
    content::check_characters(source, &mut scanner.problems);
    scanner.section_end = memmem::find(source.as_bytes(), b"]]>").is_some();
    scanner.run();
    scanner.check_end();
    match scanner.problems.into_sorted() {
        problems if problems.is_empty() => Ok(scanner.tree),
        problems => Err(problems),
    }
}

/// Where a piece of a document stands: what a scan of the piece alone has to know of the rest.
#[derive(Debug, Clone)]
pub(in crate::genesis) struct Around {
    /// Where the root gives a default namespace.
    pub root_xmlns: Option<Range<usize>>,
    /// Whether the element around is in another namespace than the root.
    pub foreign: bool,
    /// How many elements are around it.
    pub depth: usize,
}

/// The elements of `source[range]`, a piece of an element's content that begins and ends between its children, as a tree of their own:
/// those on top have [`TOP`] as their parent. `None` if it is not well-formed.
pub(in crate::genesis) fn scan_piece(source: &str, range: Range<usize>, around: Around) -> Option<Tree> {
    let mut scanner = Scanner::new(source);
    let piece = source.get(range.clone())?;
    scanner.tree = Tree::with_room(piece.len() / BYTES_PER_ELEMENT);
    content::check_characters(piece, &mut scanner.problems);
    let Around { root_xmlns, foreign, depth } = around;
    let placeholder = Open { node: TOP, name: 0..0, xmlns: None, foreign };
    scanner.open = vec![Open { xmlns: root_xmlns, ..placeholder.clone() }, placeholder];
    let placeholders = scanner.open.len();
    scanner.depth = depth.saturating_sub(placeholders);
    scanner.root = Some(TOP);
    scanner.end = range.end;
    scanner.at = range.start;
    scanner.run();
    let is_whole = !scanner.stopped && scanner.open.len() == placeholders;
    (is_whole && scanner.problems.is_empty()).then_some(scanner.tree)
}

/// The parent of elements whose parent is not in their tree.
pub(in crate::genesis) const TOP: Node = Node(u32::MAX);

/// What is known in the middle of a text.
pub(super) struct Scanner<'s> {
    pub(super) source: &'s str,
    pub(super) tree: Tree,
    pub(super) problems: Problems,
    /// The elements that are not closed yet, outermost first.
    pub(super) open: Vec<Open>,
    pub(super) root: Option<Node>,
    /// How many elements are around those that are open.
    pub(super) depth: usize,
    /// Whether the rest is worth a look.
    pub(super) stopped: bool,
    /// Where the next token begins.
    pub(super) at: usize,
    /// Where the text ends that is scanned.
    end: usize,
    /// Whether `]]>` stands anywhere, so that texts are to be looked through for it.
    section_end: bool,
    doctype: Doctype,
}

/// What was made of the document type declaration.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doctype {
    /// There was none yet.
    None,
    /// It changes nothing.
    Passed,
    /// It declares what is not read.
    Refused,
}

/// An element that is not closed yet.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) node: Node,
    pub(super) name: Range<usize>,
    /// Where it gives a default namespace.
    pub(super) xmlns: Option<Range<usize>>,
    /// Whether that, or the one around it, is another than the root's.
    pub(super) foreign: bool,
}

impl<'s> Scanner<'s> {
    fn new(source: &'s str) -> Scanner<'s> {
        Scanner {
            source,
            tree: Tree::default(),
            problems: Problems::default(),
            open: Vec::new(),
            root: None,
            depth: 0,
            stopped: false,
            at: if source.starts_with(BOM) { BOM.len_utf8() } else { 0 },
            end: source.len(),
            section_end: true,
            doctype: Doctype::None,
        }
    }

    fn run(&mut self) {
        while !self.stopped && !self.problems.is_full() && self.at < self.end {
            if !self.plain_token() {
                self.other_token();
            }
        }
    }

    /// Nearly all tokens are start tags, end tags and text, and those are easy to cut. False for anything else, and what is not whole.
    fn plain_token(&mut self) -> bool {
        let start = self.at;
        let rest = self.source.as_bytes().get(start..self.end).unwrap_or_default();
        if let Some(len) = self.short_token(rest) {
            self.at = start + len;
            return true;
        }
        match rest {
            [b'&', ..] | [b'<'] | [b'<', b'!' | b'?', ..] => false,
            [b'<', b'/', ..] => memchr(b'>', rest).is_some_and(|end| {
                self.at = start + end + 1;
                self.end_tag(start..self.at);
                true
            }),
            [b'<', ..] => tag_end(rest).is_some_and(|end| {
                let is_empty = rest.get(end - 1) == Some(&b'/');
                self.at = start + end + 1;
                self.start_tag(start..self.at, is_empty);
                true
            }),
            _ => {
                self.at = start + memchr2(b'<', b'&', rest).unwrap_or(rest.len());
                self.text(start..self.at);
                true
            }
        }
    }

    /// The length of what `rest` begins with, inside an element, if it is what most tokens are: a tag with nothing but a name, or white space
    /// before the next tag. Such are known byte by byte, in less time than it takes to begin a search.
    fn short_token(&mut self, rest: &[u8]) -> Option<usize> {
        let open = self.open.last()?;
        let len = match rest {
            [b'<', b'/', named @ ..] => {
                let name = self.source.as_bytes().get(open.name.clone())?;
                let len = named.strip_prefix(name)?.starts_with(b">").then_some(name.len() + 3)?;
                self.close_element(self.at..self.at + len);
                len
            }
            [b'<', named @ ..] => {
                let name = ascii_name_len(named);
                let len = (name > 0 && named.get(name) == Some(&b'>')).then_some(name + 2)?;
                self.open_element(&(self.at..self.at + len), self.at + 1..self.at + 1 + name, None);
                len
            }
            text => {
                let blank = text.iter().position(|byte| !is_space_byte(*byte))?;
                (blank > 0 && text.get(blank) == Some(&b'<')).then_some(blank)?
            }
        };
        Some(len)
    }

    /// Any token, cut by the reader.
    fn other_token(&mut self) {
        let start = self.at;
        let mut reader = Reader::from_str(self.source.get(start..self.end).unwrap_or_default());
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let event = reader.read_event();
        self.at = start + usize::try_from(reader.buffer_position()).unwrap_or_default();
        match &event {
            Ok(event) => self.token(event, start..self.at),
            Err(error) => self.broken(error, start),
        }
        if self.at == start {
            self.stopped = true;
        }
    }

    fn token(&mut self, event: &Event<'_>, span: Range<usize>) {
        match event {
            Event::Start(_) => self.start_tag(span, false),
            Event::Empty(_) => self.start_tag(span, true),
            Event::End(_) => self.end_tag(span),
            Event::Text(_) => self.text(span),
            Event::CData(_) => self.outside_root(&span, "a CDATA section"),
            Event::GeneralRef(_) => self.reference(span),
            Event::Comment(_) => content::check_comment(self.source, &span, &mut self.problems),
            Event::PI(_) => content::check_instruction(self.source, span, &mut self.problems),
            Event::Decl(_) => self.declaration(span),
            Event::DocType(_) => self.doctype(span),
            Event::Eof => {}
        }
    }

    fn text(&mut self, span: Range<usize>) {
        let text = self.source.get(span.clone()).unwrap_or_default();
        if text.starts_with('&') {
            return reference::check(self.source, span, &mut self.problems);
        }
        if self.section_end {
            content::check_text(self.source, &span, &mut self.problems);
        }
        if !self.open.is_empty() {
            return;
        }
        let blank = text.len() - text.trim_start_matches(is_space).len();
        let words = span.start + blank..span.start + text.trim_end_matches(is_space).len();
        if !words.is_empty() {
            self.outside_root(&words, "text");
        }
    }

    fn reference(&mut self, span: Range<usize>) {
        self.outside_root(&span, "a reference");
        // The entities of a subset that was refused are not missing: they were not read.
        if self.doctype != Doctype::Refused {
            reference::check(self.source, span, &mut self.problems);
        }
    }

    fn outside_root(&mut self, span: &Range<usize>, what: &str) {
        if self.open.is_empty() {
            let side = if self.root.is_some() { "after" } else { "before" };
            let message = format!("{what} {side} the root element");
            self.problems.note(Code::OutsideRoot, span.clone(), message);
        }
    }

    fn declaration(&mut self, span: Range<usize>) {
        if self.source.get(..span.start).unwrap_or_default().trim_start_matches(BOM).is_empty() {
            return declaration::check(self.source, span, &mut self.problems);
        }
        let message = "an XML declaration can only stand at the very beginning of the file";
        self.problems.note(Code::Declaration, span, message);
    }

    fn doctype(&mut self, span: Range<usize>) {
        if self.doctype != Doctype::None {
            let message = "a second document type declaration";
            self.problems.note(Code::Doctype, span.clone(), message);
        } else if self.root.is_some() {
            let message = "a document type declaration stands before the root element";
            self.problems.note(Code::Doctype, span.clone(), message);
        }
        match doctype::check(self.source, span) {
            Err(problem) => {
                self.doctype = Doctype::Refused;
                self.problems.push(problem);
            }
            Ok(()) if self.doctype == Doctype::None => self.doctype = Doctype::Passed,
            Ok(()) => {}
        }
    }

    /// Something that the reader cannot cut into a token.
    fn broken(&mut self, error: &Error, start: usize) {
        let (code, message) = match error {
            Error::Syntax(error) => (Code::Markup, unclosed(*error)),
            // With the reader's other checks switched off, only a `<!DOCTYPE>` is left.
            _ => (Code::Doctype, "a document type declaration without a name"),
        };
        let rest = self.source.get(start..self.end).unwrap_or_default();
        let len = rest.find(is_space).unwrap_or(rest.len()).min(rest.floor_char_boundary(20));
        self.problems.note(code, start..start + len, message);
        self.stopped = matches!(error, Error::Syntax(_));
    }

    fn check_end(&mut self) {
        if self.stopped || self.problems.is_full() {
            return;
        }
        if let Some(Open { name, .. }) = self.open.last().cloned() {
            self.unclosed(name);
        } else if self.root.is_none() && self.problems.is_empty() {
            let end = self.source.len();
            let message = if self.source.trim().is_empty() {
                "the file is empty"
            } else {
                "the document has no root element"
            };
            self.problems.note(Code::OutsideRoot, end..end, message);
        }
    }
}

/// Where the `>` is that ends the tag which `text` begins with: not in a value.
fn tag_end(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr3(b'>', b'"', b'\'', text.get(at..)?)?;
        let quote = *text.get(at)?;
        if quote == b'>' {
            return Some(at);
        }
        at += 2 + memchr(quote, text.get(at + 1..)?)?;
    }
}

fn unclosed(error: SyntaxError) -> &'static str {
    match error {
        SyntaxError::InvalidBangMarkup => "`<!` begins no markup that XML knows",
        SyntaxError::UnclosedPI => "this processing instruction is never closed",
        SyntaxError::UnclosedXmlDecl => "the XML declaration is never closed",
        SyntaxError::UnclosedComment => "this comment is never closed",
        SyntaxError::UnclosedDoctype => "this document type declaration is never closed",
        SyntaxError::UnclosedCData => "this CDATA section is never closed",
        SyntaxError::UnclosedTag => "this tag is never closed",
        SyntaxError::UnclosedSingleQuotedAttributeValue | SyntaxError::UnclosedDoubleQuotedAttributeValue => {
            "a quote in this tag is never closed"
        }
    }
}
