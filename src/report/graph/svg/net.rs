//! What is drawn of a plan's edges: those that others imply are left out, and where several tasks need the same several tasks, all arrows
//! go through one knot. A hundred tasks would be a hundred arrows' thicket otherwise.

use std::collections::BTreeMap;

use crate::plan::{Plan, TaskIndex};

/// So many arrows into so many tasks are worth a knot.
const FEW: usize = 2;

/// What arrows lead between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum End {
    /// A task.
    Task(TaskIndex),
    /// A knot, by its number.
    Knot(usize),
}

/// A plan's edges, as they are drawn.
#[derive(Debug, Default)]
pub(super) struct Net {
    /// Of each knot the level that is behind it.
    pub(super) knots: Vec<usize>,
    pub(super) arrows: Vec<(End, End)>,
}

impl Net {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut shared = BTreeMap::<Vec<TaskIndex>, Vec<TaskIndex>>::new();
        let ancestors = ancestors(plan);
        for (index, _) in plan.tasks() {
            let needs = reduced(plan, index, &ancestors);
            if !needs.is_empty() {
                shared.entry(needs).or_default().push(index);
            }
        }
        let mut net = Self::default();
        for (needs, tasks) in shared {
            net.join(plan, &needs, &tasks);
        }
        net
    }

    fn join(&mut self, plan: &Plan, needs: &[TaskIndex], tasks: &[TaskIndex]) {
        if needs.len() <= FEW || tasks.len() <= FEW {
            let each =
                needs.iter().flat_map(|from| tasks.iter().map(|to| (End::Task(*from), End::Task(*to))));
            return self.arrows.extend(each);
        }
        let knot = End::Knot(self.knots.len());
        self.knots.extend(tasks.first().map(|task| plan.level(*task)));
        self.arrows.extend(needs.iter().map(|from| (End::Task(*from), knot)));
        self.arrows.extend(tasks.iter().map(|to| (knot, End::Task(*to))));
    }
}

/// A set of tasks, by their place in the plan.
#[derive(Debug, Clone)]
struct Marks(Vec<u64>);

impl Marks {
    fn has(&self, index: TaskIndex) -> bool {
        self.0.get(index.0 / 64).is_some_and(|word| word >> (index.0 % 64) & 1 == 1)
    }

    fn add(&mut self, index: TaskIndex) {
        if let Some(word) = self.0.get_mut(index.0 / 64) {
            *word |= 1 << (index.0 % 64);
        }
    }

    fn add_all(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(word, other)| *word |= other);
    }
}

/// Of each task all that has to be done before it.
fn ancestors(plan: &Plan) -> Vec<Marks> {
    let mut ancestors = vec![Marks(vec![0; plan.len().div_ceil(64)]); plan.len()];
    for &index in plan.topological() {
        let mut own = ancestors[index.0].clone();
        for before in plan.prerequisites(index) {
            own.add_all(&ancestors[before.0]);
            own.add(before);
        }
        ancestors[index.0] = own;
    }
    ancestors
}

/// What a task needs, without what it needs anyway because of the others.
fn reduced(plan: &Plan, index: TaskIndex, ancestors: &[Marks]) -> Vec<TaskIndex> {
    let needs = plan.prerequisites(index);
    let is_implied = |before: &TaskIndex| needs.iter().any(|other| ancestors[other.0].has(*before));
    needs.iter().filter(|before| !is_implied(before)).copied().collect()
}
