//! Diagnostics as text for people: the message, the place, the source line with the place marked.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};

use super::{Diagnostic, LineIndex, Position, Severity};

/// How many places a message shows beside its own.
const RELATED: usize = 4;
/// The columns left of a source line: the number of the line, and what separates it.
const MARGIN: usize = 8;

/// All `diagnostics` of the file `path` with the text `source`, for a terminal `width` columns
/// wide, with colours if `color`. Lines that are too long are cut around what is marked.
pub fn render(path: &str, source: &str, diagnostics: &[Diagnostic], color: bool, width: usize) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width.max(40));
    let page = Page { path, index: LineIndex::new(source), source, width: width.max(40) };
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&page.message(&renderer, diagnostic));
        text.push_str("\n\n");
    }
    text
}

struct Page<'a> {
    path: &'a str,
    source: &'a str,
    index: LineIndex<'a>,
    width: usize,
}

/// The part of a line that is shown for a place.
struct Excerpt<'a> {
    text: String,
    marked: Range<usize>,
    /// The bytes of the source that the text shows, and where they begin in it.
    shows: Range<usize>,
    lead: usize,
    label: Option<&'a str>,
    place: Position,
}

impl<'a> Page<'a> {
    fn message(&self, renderer: &Renderer, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.code.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let own = self.excerpt(&diagnostic.span, diagnostic.label.as_deref());
        let mut snippet = self.snippet(&own, AnnotationKind::Primary);
        let mut others = Vec::new();
        for (span, label) in diagnostic.related.iter().take(RELATED) {
            match own.find(span).filter(|_| self.index.position(span.start).line == own.place.line) {
                Some(marked) => snippet = snippet.annotation(context(marked, label)),
                None => others.push(self.excerpt(span, Some(label))),
            }
        }
        let title = level.primary_title(&diagnostic.message).id(diagnostic.code.as_str());
        let others_shown = others.iter().map(|other| self.snippet(other, AnnotationKind::Context));
        let mut group = title.element(snippet).elements(others_shown);
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        let text = renderer.render(&[group]);
        std::iter::once(&own).chain(&others).fold(text, |text, part| self.with_column(&text, part))
    }

    fn snippet<'e>(&self, excerpt: &'e Excerpt<'_>, kind: AnnotationKind) -> Snippet<'e, Annotation<'e>> {
        let label = excerpt.label.map(normalize_untrusted_str);
        Snippet::source(&excerpt.text)
            .line_start(excerpt.place.line)
            .path(self.path.to_owned())
            .annotation(kind.span(excerpt.marked.clone()).label(label))
    }

    /// The renderer counts columns in the excerpt; where the line is cut, the file has others.
    fn with_column(&self, text: &str, excerpt: &Excerpt<'_>) -> String {
        let Position { line, column } = excerpt.place;
        let before = excerpt.text.get(..excerpt.marked.start).unwrap_or_default();
        let counted = before.chars().count() + 1;
        if counted == column {
            return text.to_owned();
        }
        let (path, wrong) = (self.path, format!("{}:{line}:{counted}\n", self.path));
        text.replacen(&wrong, &format!("{path}:{line}:{column}\n"), 1)
    }

    /// The line in which `span` begins, or the part around it that fits the terminal, with that
    /// much of the span marked as is shown.
    fn excerpt<'l>(&self, span: &Range<usize>, label: Option<&'l str>) -> Excerpt<'l> {
        let place = self.index.position(span.start);
        let whole = self.index.line_range(place.line);
        let start = self.source.floor_char_boundary(span.start).clamp(whole.start, whole.end);
        let end = self.source.floor_char_boundary(span.end).clamp(start, whole.end);
        let shows = self.window(&whole, start..end);
        let cut = |cut: bool| if cut { "..." } else { "" };
        let (before, after) = (cut(shows.start > whole.start), cut(shows.end < whole.end));
        let text = format!("{before}{}{after}", self.slice(shows.clone()));
        let mut excerpt = Excerpt { text, marked: 0..0, lead: before.len(), shows, label, place };
        excerpt.marked = excerpt.find(&(start..end)).unwrap_or_default();
        self.make_room_for_label(&mut excerpt);
        excerpt
    }

    /// The label stands behind what is marked: of a long place no more is marked than leaves room for it.
    fn make_room_for_label(&self, excerpt: &mut Excerpt<'_>) {
        let Some(label) = excerpt.label else { return };
        let before = excerpt.text.get(..excerpt.marked.start).unwrap_or_default().chars().count();
        let taken = MARGIN + before + label.chars().count() + 1;
        let most = self.width.saturating_sub(taken).max(1);
        let marked = excerpt.text.get(excerpt.marked.clone()).unwrap_or_default();
        excerpt.marked.end = excerpt.marked.start + first_chars(marked, most).len();
    }

    /// As much of the line `whole` around `span` as fits.
    fn window(&self, whole: &Range<usize>, span: Range<usize>) -> Range<usize> {
        let room = self.width.saturating_sub(20).max(20);
        if self.slice(whole.clone()).chars().nth(room).is_none() {
            return whole.clone();
        }
        let lead = last_chars(self.slice(whole.start..span.start), room / 4);
        let start = span.start - lead.len();
        start..start + first_chars(self.slice(start..whole.end), room).len()
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.source.get(range).unwrap_or_default()
    }
}

impl Excerpt<'_> {
    /// Where the bytes `span` of the source are in the excerpt, as far as they are.
    fn find(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let Range { start, end } = self.shows;
        (start..=end).contains(&span.start).then(|| {
            let last = span.end.clamp(span.start, end);
            self.lead + span.start - start..self.lead + last - start
        })
    }
}

fn context(marked: Range<usize>, label: &str) -> Annotation<'_> {
    AnnotationKind::Context.span(marked).label(normalize_untrusted_str(label))
}

fn first_chars(text: &str, most: usize) -> &str {
    let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

fn last_chars(text: &str, most: usize) -> &str {
    let Some(most) = most.checked_sub(1) else {
        return "";
    };
    let start = text.char_indices().rev().nth(most).map_or(0, |(at, _)| at);
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
