use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use jiff::Timestamp;

use super::TaskIndex;
use super::limits::{Limits, Share};

/// The tasks that can start as far as the plan goes, the most urgent one first, and the limits that may keep them waiting all the same.
///
/// Tasks that need the same wait in one line, so that those which have to wait hold up nobody else, and are not looked at one by one.
#[derive(Debug)]
pub(super) struct Ready {
    limits: Limits,
    /// One for each group of the limits.
    lines: Vec<BinaryHeap<Place>>,
    /// How many attempts use each share.
    used: BTreeMap<Share, u32>,
    /// Shares that nobody may begin to use before that time.
    closed: BTreeMap<Share, Timestamp>,
}

/// The most urgent task is the greatest; of equals the first one of the plan.
type Place = (Duration, Reverse<TaskIndex>);

impl Ready {
    pub(super) fn new(limits: Limits) -> Self {
        let lines = vec![BinaryHeap::new(); limits.groups().len().max(1)];
        Self { limits, lines, used: BTreeMap::new(), closed: BTreeMap::new() }
    }

    pub(super) fn push(&mut self, task: TaskIndex, urgency: Duration) {
        self.lines[self.limits.group(task)].push((urgency, Reverse(task)));
    }

    /// The most urgent of those that are free to start. What `is_ready` denies has gone meanwhile.
    pub(super) fn next(&mut self, is_ready: impl Fn(TaskIndex) -> bool) -> Option<TaskIndex> {
        let mut most_urgent = None;
        for group in 0..self.lines.len() {
            if self.is_free(group) {
                most_urgent = most_urgent.max(self.first(group, &is_ready));
            }
        }
        most_urgent.map(|(_, Reverse(task))| task)
    }

    /// The first of a line that is still ready.
    fn first(&mut self, group: usize, is_ready: &impl Fn(TaskIndex) -> bool) -> Option<Place> {
        let line = &mut self.lines[group];
        while let Some(&place @ (_, Reverse(task))) = line.peek() {
            if is_ready(task) {
                return Some(place);
            }
            line.pop();
        }
        None
    }

    fn is_free(&self, group: usize) -> bool {
        let used = |share: &Share| self.used.get(share).copied().unwrap_or(0);
        let has_room = |share: &Share| self.limits.most(*share).is_none_or(|most| used(share) < most);
        self.needs(group).iter().all(|share| has_room(share) && !self.closed.contains_key(share))
    }

    fn needs(&self, group: usize) -> &[Share] {
        self.limits.groups().get(group).map_or(&[], Vec::as_slice)
    }

    /// An attempt at the task begins.
    pub(super) fn take(&mut self, task: TaskIndex) {
        for share in self.limits.needs(task) {
            *self.used.entry(*share).or_default() += 1;
        }
    }

    /// Its attempt is over.
    pub(super) fn give_back(&mut self, task: TaskIndex) {
        for share in self.limits.needs(task) {
            if let Some(used) = self.used.get_mut(share) {
                *used = used.saturating_sub(1);
            }
        }
    }

    /// Nobody begins to use it before that time; if it is closed for longer already, that holds.
    pub(super) fn close(&mut self, share: Share, until: Timestamp) {
        let closed = self.closed.entry(share).or_insert(until);
        *closed = until.max(*closed);
    }

    /// Opens it before its time.
    pub(super) fn reopen(&mut self, share: Share) {
        self.closed.remove(&share);
    }

    /// Opens what was closed until now.
    pub(super) fn open(&mut self, now: Timestamp) {
        self.closed.retain(|_, until| *until > now);
    }

    /// When the first share opens again that a ready task waits for.
    pub(super) fn next_opening(&mut self, is_ready: impl Fn(TaskIndex) -> bool) -> Option<Timestamp> {
        if self.closed.is_empty() {
            return None;
        }
        let waited_for =
            |group: usize| self.needs(group).iter().filter_map(|share| self.closed.get(share)).max();
        let closings: Vec<_> = (0..self.lines.len()).map(|group| waited_for(group).copied()).collect();
        let with_tasks = closings.into_iter().enumerate().filter_map(|(group, closing)| {
            let closing = closing?;
            self.first(group, &is_ready).map(|_| closing)
        });
        with_tasks.min()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
}
