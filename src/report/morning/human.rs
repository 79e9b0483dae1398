use std::time::Duration;

use anstyle::{AnsiColor, Effects, Style};
use unicode_width::UnicodeWidthStr;

use super::needs::Need;
use super::{Finished, Morning, Size};
use crate::genesis::Status;
use crate::report::explain::advice;
use crate::report::spent::{caps, spent, too_small};
use crate::report::status::{Owner, because, color, header, owner, until};
use crate::report::text::{clean, fit, folded, short};
use crate::report::{Reader, TaskStatus, shell_word};
use crate::run::{Caps, call};

/// So many tasks of a section are shown; `status` has them all. What needs a person is never left out.
const SHOWN: usize = 12;
/// The column of ids is never wider than this.
const ID: usize = 48;

const BOLD: Style = Style::new().effects(Effects::BOLD);
const FAINT: Style = Style::new().dimmed();
const COMMAND: Style = AnsiColor::Cyan.on_default();

/// The morning view, in lines that fit the reader's terminal where words allow. Commands stand whole, to be copied.
pub fn morning_lines(morning: &Morning<'_>, reader: &Reader) -> String {
    let mut page = Page { text: header(morning.report, reader), reader };
    let needs = Need::all(morning);
    page.needs(&needs);
    page.review(morning);
    page.running(morning);
    page.waiting(morning);
    page.close(morning, needs.is_empty() && !morning.report.tasks.iter().any(is_with_a_person));
    page.text
}

pub(super) struct Page<'a> {
    pub(super) text: String,
    pub(super) reader: &'a Reader,
}

impl Page<'_> {
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn title(&mut self, title: &str) {
        let title = folded(title, "", "", self.reader.width());
        self.add(&format!("\n{BOLD}{}{BOLD:#}\n", title.trim_end()));
    }

    /// A line that begins with an id, cut to the terminal.
    pub(super) fn line(&mut self, id: &str, id_width: usize, rest: &str) {
        let id = fit(&clean(id), id_width);
        let blanks = " ".repeat(id_width.saturating_sub(id.width()));
        let room = self.reader.width().saturating_sub(id_width + 4);
        let line = format!("  {id}{blanks}  {}", fit(rest, room));
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub(super) fn command(&mut self, word: &str, command: &str) {
        self.add(&format!("      {word:<5} {COMMAND}{command}{COMMAND:#}\n"));
    }

    fn words(&mut self, text: &str) {
        self.text.push_str(&folded(&clean(text), "      ", "      ", self.reader.width()));
    }

    fn needs(&mut self, needs: &[Need<'_>]) {
        if needs.is_empty() {
            return;
        }
        self.title(&format!("Needs you ({})", needs.len()));
        for need in needs {
            self.need(need);
        }
    }

    fn need(&mut self, need: &Need<'_>) {
        let (style, word) = (color(need.task.status), need.word);
        let id = fit(&clean(&need.task.id), self.reader.width().saturating_sub(word.len() + 6));
        self.add(&format!("  {id}  {style}{word}{style:#}"));
        let taken = id.width() + word.len() + 4;
        self.add(&folded_after(&so_far(need), taken, self.reader));
        self.words(&need.cause);
        if let Some(first) = &need.first {
            self.words(first);
        }
        for (word, command) in [("next", &need.next), ("see", &need.see)] {
            if let Some(command) = command {
                self.command(word, command);
            }
        }
    }

    fn review(&mut self, morning: &Morning<'_>) {
        let review = &morning.review;
        let Some(first) = review.open.first() else { return };
        let into = review.into.as_deref().map_or_else(String::new, |into| format!(" in {}", clean(into)));
        self.title(&format!("To review ({} done, not landed{into})", review.open.len()));
        let shown: Vec<_> = review.open.iter().take(SHOWN).collect();
        let ids = id_width(shown.iter().map(|finished| finished.task.as_str()), self.reader);
        for finished in &shown {
            self.line(&finished.task, ids, &finished_words(finished, morning));
        }
        self.more(review.open.len());
        let plan = shell_word(morning.around.plan_name);
        self.command("next", &format!("blueprint land {plan}"));
        self.command("see", &call("diff", &plan, &clean(&first.task), ""));
    }

    fn running(&mut self, morning: &Morning<'_>) {
        let running: Vec<_> =
            of_status(morning, Status::InProgress).filter(|task| task.question.is_none()).collect();
        if running.is_empty() {
            return;
        }
        self.title(&format!("Running ({})", running.len()));
        let ids = id_width(running.iter().take(SHOWN).map(|task| task.id.as_str()), self.reader);
        for task in running.iter().take(SHOWN) {
            self.line(&task.id, ids, &running_words(task));
            if is_with_a_person(task) {
                let first = advice(task, &[], morning.around).into_iter().find_map(|advice| advice.command);
                if let Some(command) = first {
                    self.command("next", &command);
                }
            }
        }
        self.more(running.len());
    }

    fn waiting(&mut self, morning: &Morning<'_>) {
        let mut waiting: Vec<_> = of_status(morning, Status::Pending).collect();
        if waiting.is_empty() {
            return;
        }
        waiting.sort_by_key(|task| (task.not_run_because.is_some(), std::cmp::Reverse(task.urgency)));
        self.title(&format!("Waiting ({})", waiting.len()));
        let ids = id_width(waiting.iter().take(SHOWN).map(|task| task.id.as_str()), self.reader);
        for task in waiting.iter().take(SHOWN) {
            self.line(&task.id, ids, &waiting_words(task, morning, self.reader));
        }
        self.more(waiting.len());
    }

    fn more(&mut self, count: usize) {
        if let Some(more) = count.checked_sub(SHOWN).filter(|more| *more > 0) {
            self.add(&format!("  {FAINT}and {more} more{FAINT:#}\n"));
        }
    }

    /// What there is to do for the plan as a whole.
    fn close(&mut self, morning: &Morning<'_>, is_calm: bool) {
        self.add("\n");
        if let Some((budget, needed)) = out_of_budget(morning) {
            self.add(&folded(&why_out(budget, needed), "", "", self.reader.width()));
        }
        self.add(&format!("{}\n", closing(morning, is_calm)));
    }
}

/// The last word: what to do next with the whole plan.
fn closing(morning: &Morning<'_>, is_calm: bool) -> String {
    let (plan, counts) = (shell_word(morning.around.plan_name), morning.report.counts);
    let next = |verb: &str, why: &str| format!("next    blueprint {verb} {plan}   ({why})");
    if morning.around.is_ending {
        next("attach", "shows how the run ends: it starts nothing new")
    } else if morning.around.is_paused {
        next("resume", "the run is paused")
    } else if morning.around.is_live {
        next("attach", "shows what the run does")
    } else if can_go_on(morning) {
        let is_tried = morning.report.tasks.iter().any(|task| task.attempts > 0);
        let has_begun = is_tried || morning.report.plan.started.is_some();
        match out_of_budget(morning) {
            Some((budget, Some(needed))) => {
                let flags = budget.raised_to(needed).as_flags();
                format!("next    blueprint run {plan}{flags}   (goes on with a larger budget)")
            }
            Some((budget, None)) => {
                let flags = budget.as_flags();
                format!("next    blueprint run {plan}{flags}   (goes on with that budget anew)")
            }
            None => next(
                "run",
                if has_begun { "goes on with what can be run" } else { "begins with what can be run" },
            ),
        }
    } else if counts.total == 0 {
        format!("next    blueprint add {plan} ID --name NAME   (the plan has no tasks yet)")
    } else if counts.completed == counts.total && morning.review.open.is_empty() {
        let has_landed = morning.review.landed > 0;
        let landed = if has_landed { ", and all that was done has landed" } else { "" };
        format!("all is completed{landed}: nothing needs you")
    } else if is_calm {
        "nothing needs you".to_owned()
    } else {
        format!("all of it  blueprint status {plan}")
    }
}

/// What the last run might use up, if that is why it ended, and something is left to be run; and what it would have needed, if that was too
/// small from the beginning.
fn out_of_budget(morning: &Morning<'_>) -> Option<(Caps, Option<Caps>)> {
    let is_open = !morning.around.is_live && can_go_on(morning);
    let last = morning.around.history.runs().last().filter(|_| is_open)?;
    Some((last.out_of_budget?, last.needed))
}

/// Nothing was wrong with what waits.
fn why_out(budget: Caps, needed: Option<Caps>) -> String {
    if let Some(needed) = needed {
        return format!("the last run ended because its budget is too small: {}", too_small(needed, budget));
    }
    let most = match caps(budget) {
        most if most.is_empty() => String::new(),
        most => format!(" of {most}"),
    };
    format!("the last run ended because its budget{most} was used up")
}

/// What it took up to now.
fn so_far(need: &Need<'_>) -> String {
    let tries = match need.task.attempts {
        0 => None,
        1 => Some("1 try".to_owned()),
        count => Some(format!("{count} tries")),
    };
    tries.into_iter().chain(spent(need.used)).collect::<Vec<_>>().join(", ")
}

/// What follows on a line of which so many columns are taken; on one of its own where there is no room.
fn folded_after(text: &str, taken: usize, reader: &Reader) -> String {
    match text {
        "" => "\n".to_owned(),
        text if taken + 2 + text.width() <= reader.width() => format!("  {text}\n"),
        text => format!("\n{}", folded(text, "      ", "      ", reader.width())),
    }
}

fn of_status<'a>(morning: &Morning<'a>, status: Status) -> impl Iterator<Item = &'a TaskStatus> {
    morning.report.tasks.iter().filter(move |task| task.status == status)
}

fn id_width<'a>(ids: impl Iterator<Item = &'a str>, reader: &Reader) -> usize {
    ids.map(|id| clean(id).width()).max().unwrap_or_default().min(ID).min(reader.width() / 2)
}

fn finished_words(finished: &Finished, morning: &Morning<'_>) -> String {
    let size = finished.size.map(size).unwrap_or_default();
    let task = morning.report.tasks.iter().find(|task| task.id == finished.task);
    let said = task.and_then(|task| task.summary.as_deref()).map(clean).unwrap_or_default();
    format!("{size:<22}  {said}").trim().to_owned()
}

fn size(Size { files, insertions, deletions }: Size) -> String {
    let plural = if files == 1 { "" } else { "s" };
    format!("{files} file{plural}, +{insertions} -{deletions}")
}

fn running_words(task: &TaskStatus) -> String {
    let time = |ms: Option<u64>| ms.map(|ms| short(Duration::from_millis(ms)));
    let so_far = time(task.elapsed_ms).map(|so_far| match time(task.estimate_ms) {
        Some(estimate) => format!("{so_far} of about {estimate}"),
        None => so_far,
    });
    let by = match &task.owner {
        Some(Owner::Run { pid: Some(_), .. }) => task.agent.as_deref().map(clean),
        Some(by) => Some(owner(by)),
        None => None,
    };
    by.into_iter().chain(so_far).collect::<Vec<_>>().join("  ")
}

fn waiting_words(task: &TaskStatus, morning: &Morning<'_>, reader: &Reader) -> String {
    let waits = until(task, reader).map(|until| format!("waits {until}"));
    let open = open_needs(task, morning);
    let needs = (!open.is_empty()).then(|| format!("for {}", open.join(", ")));
    because(task).or(waits).or(needs).unwrap_or_else(|| "ready".to_owned())
}

/// The prerequisites that are not completed.
fn open_needs(task: &TaskStatus, morning: &Morning<'_>) -> Vec<String> {
    let is_open = |id: &&String| {
        let index = morning.around.plan.find(id);
        index.is_some_and(|index| morning.around.plan.task(index).status != Status::Completed)
    };
    task.needs.iter().filter(is_open).map(|id| clean(id)).collect()
}

/// In progress, and no run has it.
fn is_with_a_person(task: &TaskStatus) -> bool {
    task.status == Status::InProgress
        && task.question.is_none()
        && matches!(task.owner, Some(Owner::Person(_)) | None)
}

/// A run would find something to do: a task that waits for nothing but a run, or one that a run which is gone had in hand.
fn can_go_on(morning: &Morning<'_>) -> bool {
    let is_left = |task: &TaskStatus| match task.status {
        Status::Pending => task.not_run_because.is_none() && open_needs(task, morning).is_empty(),
        Status::InProgress => matches!(task.owner, Some(Owner::Run { pid: None, .. })),
        Status::Completed | Status::Failed | Status::Blocked | Status::Cancelled => false,
    };
    morning.report.tasks.iter().any(is_left)
}
