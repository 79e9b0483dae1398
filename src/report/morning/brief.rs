use unicode_width::UnicodeWidthStr;

use super::Morning;
use super::human::Page;
use super::needs::Need;
use crate::report::status::header;
use crate::report::text::{clean, fit};
use crate::report::{Reader, shell_word};

/// So many that need a person are shown of one plan among several.
const SHOWN: usize = 4;

/// The morning view of one plan among several: how it stands, what needs somebody in a line and a command each, and whether there is anything to
/// review.
pub fn brief_lines(morning: &Morning<'_>, reader: &Reader) -> String {
    let mut page = Page { text: header(morning.report, reader), reader };
    let needs = Need::all(morning);
    if !needs.is_empty() {
        page.title(&format!("Needs you ({})", needs.len()));
    }
    for need in needs.iter().take(SHOWN) {
        page.brief(need);
    }
    if let Some(more) = needs.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        page.text.extend(["  and ", &more.to_string(), " more\n"]);
    }
    let open = morning.review.open.len();
    if open > 0 {
        page.title(&format!("To review ({open} done, not landed)"));
        page.command("next", &format!("blueprint land {}", shell_word(morning.around.plan_name)));
    }
    page.text
}

impl Page<'_> {
    fn brief(&mut self, need: &Need<'_>) {
        let id = fit(&clean(&need.task.id), self.reader.width() / 2);
        self.line(&id, id.width(), &format!("{}: {}", need.word, clean(&need.cause)));
        if let Some(next) = need.next.as_ref().or(need.see.as_ref()) {
            self.command("next", next);
        }
    }
}
