//! What attempts share, and how much of it there is.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use super::settings::Casting;
use crate::plan::{Limits, Plan, Share};

/// Something that attempts share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// A runner: all who are played by it have one account, one service, one limit of that service.
    Runner(String),
    /// An agent.
    Agent(String),
    /// What the configuration calls so, such as `database`.
    Named(String),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Runner(name) | Self::Agent(name) | Self::Named(name)) = self;
        f.write_str(name)
    }
}

/// How much there is of what attempts share.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    /// How many attempts may use a thing at once, where that is limited.
    pub most: BTreeMap<Resource, u32>,
    /// Nothing starts while less is free on the disk of the worktrees, or of the plan's state, in bytes.
    pub min_free_disk: Option<u64>,
    /// Nothing starts while the machine's load (the mean of the last minute) is higher.
    pub max_load: Option<f64>,
    /// Builds that agents start share so many jobs.
    pub build_jobs: Option<NonZeroU32>,
}

/// The number of each thing that tasks share, for the schedule.
#[derive(Debug, Default)]
pub(super) struct Shares(BTreeMap<Resource, Share>);

impl Shares {
    /// Of a plan whose tasks are played so.
    pub(super) fn of(casting: &Casting) -> Self {
        let mut shares = BTreeMap::new();
        for resource in casting.values().flat_map(|cast| &cast.needs) {
            let next = Share(shares.len());
            shares.entry(resource.clone()).or_insert(next);
        }
        Self(shares)
    }

    pub(super) fn share(&self, resource: &Resource) -> Option<Share> {
        self.0.get(resource).copied()
    }

    /// The limits that hold for the plan's tasks.
    pub(super) fn limits(&self, plan: &Plan, casting: &Casting, sharing: &Sharing) -> Limits {
        let mut most = vec![None; self.0.len()];
        for (resource, share) in &self.0 {
            most[share.0] = sharing.most.get(resource).copied();
        }
        let needs = plan.tasks().map(|(_, task)| {
            let needs = casting.get(&task.id).map_or(&[][..], |cast| &cast.needs);
            needs.iter().filter_map(|resource| self.share(resource)).collect()
        });
        Limits::new(most, needs)
    }
}
