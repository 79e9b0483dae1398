use std::collections::BTreeMap;

use super::TaskIndex;

/// Something that attempts share, such as a runner or a database; a number that its owner gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(pub usize);

/// What the tasks of a plan share, and how many attempts may use each at once.
///
/// A task takes all that it needs when it starts, and gives all back when its attempt ends: nobody holds one share while waiting for
/// another, so nobody waits for ever.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// By share; nothing where there is no limit.
    most: Vec<Option<u32>>,
    /// The distinct sets of shares that tasks need: usually a handful. The first one is empty.
    groups: Vec<Vec<Share>>,
    /// By task.
    group_of: Vec<usize>,
}

impl Limits {
    /// `most` has the limit of each share, `needs` the shares of each task, in the order of the plan.
    pub fn new(most: Vec<Option<u32>>, needs: impl IntoIterator<Item = Vec<Share>>) -> Self {
        let mut known = BTreeMap::from([(Vec::new(), 0)]);
        let group_of = needs.into_iter().map(|mut needs| {
            needs.sort_unstable();
            needs.dedup();
            let next = known.len();
            *known.entry(needs).or_insert(next)
        });
        let group_of = group_of.collect();
        let mut groups = vec![Vec::new(); known.len()];
        for (needs, group) in known {
            groups[group] = needs;
        }
        Self { most, groups, group_of }
    }

    /// What the task needs.
    pub fn needs(&self, task: TaskIndex) -> &[Share] {
        self.groups.get(self.group(task)).map_or(&[], Vec::as_slice)
    }

    /// The group of the task: tasks of one group need the same.
    pub(super) fn group(&self, task: TaskIndex) -> usize {
        self.group_of.get(task.0).copied().unwrap_or(0)
    }

    /// What the tasks of each group need.
    pub(super) fn groups(&self) -> &[Vec<Share>] {
        &self.groups
    }

    /// How many attempts may use the share at once, where that is limited.
    pub(super) fn most(&self, share: Share) -> Option<u32> {
        self.most.get(share.0).copied().flatten()
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
