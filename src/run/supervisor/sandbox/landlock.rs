use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;

use landlock::{
    ABI, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError,
};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

use super::Walls;
use super::around::around;

/// Linux 6.2: before, any file could be emptied.
const ABI: ABI = ABI::V3;

pub(super) fn is_available() -> bool {
    ruleset().is_ok()
}

/// From a thread of its own, which alone is restricted, and whose children are with it. Whoever is so restricted can't trace anybody outside, nor
/// read what the kernel keeps for tracers, such as another process's environment.
pub(super) fn spawn(walls: &Walls, mut command: Command) -> io::Result<Child> {
    thread::scope(|scope| {
        let confined = scope.spawn(move || {
            restrict(walls).map_err(io::Error::other)?;
            command.spawn()
        });
        confined.join().unwrap_or_else(|_| Err(io::Error::other("the sandbox could not be made")))
    })
}

fn restrict(walls: &Walls) -> Result<(), RulesetError> {
    give_up_looking_into_others();
    let mut rules = ruleset()?;
    let closed = [walls.secrets.as_slice(), &walls.hidden].concat();
    for place in around(&closed).iter().chain(&walls.read) {
        rules = allow(rules, place, AccessFs::ReadFile.into())?;
    }
    for place in &walls.write {
        rules = allow(rules, place, AccessFs::from_write(ABI) | AccessFs::ReadFile)?;
    }
    rules.restrict_self().map(drop)
}

/// Root may measure all of a machine, and whoever may do that is asked by no sandbox before it reads another process's environment. Whoever
/// can't give that up does not have it.
fn give_up_looking_into_others() {
    for right in [CapabilitySet::PERFMON, CapabilitySet::SYS_ADMIN] {
        let _ = remove_capability_from_bounding_set(right);
    }
}

/// Listing folders and starting programs stay free everywhere.
fn ruleset() -> Result<RulesetCreated, RulesetError> {
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules.handle_access(AccessFs::from_write(ABI) | AccessFs::ReadFile)?.create()
}

/// What is gone, or can't be reached, needs no grant.
fn allow(
    rules: RulesetCreated,
    place: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let is_folder = fs::metadata(place).is_ok_and(|found| found.is_dir());
    let access = if is_folder { access } else { access & AccessFs::from_file(ABI) };
    match PathFd::new(place) {
        Ok(opened) => rules.add_rule(PathBeneath::new(opened, access)),
        Err(_) => Ok(rules),
    }
}
