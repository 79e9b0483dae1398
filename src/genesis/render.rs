//! Diagnostics as text for people: the message, the place, the source line with the place marked.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::{Diagnostic, LineIndex, Severity};

/// How many places a message shows beside its own.
const RELATED: usize = 4;

/// All `diagnostics` of the file `path` with the text `source`, for a terminal `width` columns
/// wide, with colours if `color`. Lines that are too long are cut around what is marked.
pub fn render(
    path: &str,
    source: &str,
    diagnostics: &[Diagnostic],
    color: bool,
    width: usize,
) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(width.max(40));
    let page = Page {
        path,
        index: LineIndex::new(source),
        source,
        width: width.max(40),
    };
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&page.report(diagnostic)));
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

impl Page<'_> {
    fn report<'d>(&self, diagnostic: &'d Diagnostic) -> Vec<Group<'d>> {
        let level = match diagnostic.code.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level
            .primary_title(&diagnostic.message)
            .id(diagnostic.code.as_str());
        let mut group = title.element(self.origin(&diagnostic.span));
        let own = AnnotationKind::Primary;
        group = group.element(self.snippet(&diagnostic.span, diagnostic.label.as_deref(), own));
        for (span, label) in diagnostic.related.iter().take(RELATED) {
            group = group.element(self.snippet(span, Some(label), AnnotationKind::Context));
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        vec![group]
    }

    fn origin<'d>(&self, span: &Range<usize>) -> Origin<'d> {
        let place = self.index.position(span.start);
        Origin::path(self.path.to_owned())
            .line(place.line)
            .char_column(place.column)
    }

    /// The line in which `span` begins, with that much of the span marked as stands on it.
    fn snippet<'d>(
        &self,
        span: &Range<usize>,
        label: Option<&'d str>,
        kind: AnnotationKind,
    ) -> Snippet<'d, Annotation<'d>> {
        let line = self.index.position(span.start).line;
        let whole = self.index.line_range(line);
        let start = self
            .source
            .floor_char_boundary(span.start)
            .clamp(whole.start, whole.end);
        let end = self
            .source
            .floor_char_boundary(span.end)
            .clamp(start, whole.end);
        let (text, marked) = self.excerpt(whole, start..end);
        let label = label.map(normalize_untrusted_str);
        Snippet::source(text)
            .line_start(line)
            .fold(false)
            .annotation(kind.span(marked).label(label))
    }

    /// The part of the line `whole` around `span` that fits the terminal, and the span in it.
    fn excerpt(&self, whole: Range<usize>, span: Range<usize>) -> (String, Range<usize>) {
        let room = self.width.saturating_sub(20).max(20);
        let slice = |range: Range<usize>| self.source.get(range).unwrap_or_default();
        if slice(whole.clone()).chars().nth(room).is_none() {
            let text = slice(whole.clone()).to_owned();
            return (text, span.start - whole.start..span.end - whole.start);
        }
        let lead = last_chars(slice(whole.start..span.start), room / 4);
        let marked = first_chars(slice(span.clone()), room / 2);
        let behind = span.start + marked.len();
        let left = room.saturating_sub(lead.chars().count() + marked.chars().count());
        let tail = first_chars(slice(behind..whole.end), left);
        let cut = |cut: bool| if cut { "..." } else { "" };
        let before = cut(lead.len() < span.start - whole.start);
        let after = cut(behind + tail.len() < whole.end);
        let start = before.len() + lead.len();
        (
            format!("{before}{lead}{marked}{tail}{after}"),
            start..start + marked.len(),
        )
    }
}

fn first_chars(text: &str, most: usize) -> &str {
    let end = text
        .char_indices()
        .nth(most)
        .map_or(text.len(), |(at, _)| at);
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
