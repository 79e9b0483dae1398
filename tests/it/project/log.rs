//! What agents wrote in the control folder, in the order in which it happened.

use std::fs;
use std::path::Path;

#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) events: Vec<Event>,
}

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) what: String,
    pub(crate) task: String,
    pub(crate) more: Vec<String>,
}

impl Log {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        let event = |line: &str| {
            let mut fields = line.split('\t').map(str::to_owned);
            let mut next = || fields.next().unwrap_or_default();
            Event { what: next(), task: next(), more: fields.collect() }
        };
        // A line that is still being written has no end yet.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        Self { events: whole.lines().map(event).collect() }
    }

    /// The tasks of that event, in order.
    pub(crate) fn tasks(&self, what: &str) -> Vec<&str> {
        self.all(what).map(|event| event.task.as_str()).collect()
    }

    pub(crate) fn starts(&self) -> Vec<&str> {
        self.tasks("start")
    }

    /// How often that task was started.
    pub(crate) fn starts_of(&self, task: &str) -> usize {
        self.starts().into_iter().filter(|started| *started == task).count()
    }

    pub(crate) fn all(&self, what: &str) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.what == what)
    }

    /// The place of that task's first event of that sort.
    pub(crate) fn place(&self, what: &str, task: &str) -> usize {
        let found = self.events.iter().position(|event| event.what == what && event.task == task);
        found.unwrap_or_else(|| panic!("no {what} of {task} in {self:?}"))
    }
}
