use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::checkout::GONE;
use super::{Checkout, Fingerprint};

/// One difference between two moments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Of what.
    pub what: What,
    /// A ref's full name, a setting's path, a file's path in its checkout, or the checkout's own.
    pub name: String,
    /// The checkout's path, where it is in one.
    pub checkout: Option<String>,
    /// How it was; nothing, where it was not there (or, of a file, as committed).
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
    /// How long the log of the checkout's `HEAD` was before.
    #[serde(skip)]
    pub(super) logged: u64,
}

/// What can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A ref.
    Ref,
    /// A file of settings, or a hook.
    Setting,
    /// What a checkout's `HEAD` says.
    Head,
    /// What is staged in a checkout.
    Index,
    /// A file of a checkout.
    File,
    /// A checkout, which is gone.
    Folder,
}

impl Fingerprint {
    /// What is otherwise `after`. Checkouts that only one of them knows are passed over.
    pub fn changes(&self, after: &Self) -> Vec<Change> {
        let refs = differences(&self.refs, &after.refs, What::Ref, None);
        let settings = differences(&self.settings, &after.settings, What::Setting, None);
        let both = self
            .checkouts
            .iter()
            .filter_map(|(path, before)| Some((path, before, after.checkouts.get(path)?)));
        let checkouts = both.flat_map(|(path, before, after)| of_checkout(path, before, after));
        refs.into_iter().chain(settings).chain(checkouts).collect()
    }
}

fn of_checkout(path: &str, before: &Checkout, after: &Checkout) -> Vec<Change> {
    let change = |what, before: &str, after: &str| Change {
        what,
        name: path.to_owned(),
        checkout: Some(path.to_owned()),
        before: Some(before.to_owned()),
        after: Some(after.to_owned()),
        logged: 0,
    };
    if after.head == GONE && before.head != GONE {
        return vec![change(What::Folder, &before.head, GONE)];
    }
    let mut changes = differences(&before.files, &after.files, What::File, Some(path));
    if before.index != after.index {
        changes.push(change(What::Index, &before.index, &after.index));
    }
    // A log that has grown says that `HEAD` was moved, and perhaps back.
    if before.head != after.head || before.logged < after.logged {
        changes.push(change(What::Head, &before.head, &after.head));
    }
    for change in &mut changes {
        change.logged = before.logged;
    }
    changes
}

fn differences(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    what: What,
    checkout: Option<&str>,
) -> Vec<Change> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let change = |name: &String| Change {
        what,
        name: name.clone(),
        checkout: checkout.map(str::to_owned),
        before: before.get(name).cloned(),
        after: after.get(name).cloned(),
        logged: 0,
    };
    differ.map(change).collect()
}
