//! Which gates the work of a task has to pass. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Bounds, Check, CommandGate, Gate, Metric};
use crate::genesis::Quality;

/// All gates of a run, and who has to pass which.
#[derive(Clone, Default)]
pub struct Gates {
    /// In the order in which they are run.
    pub all: Vec<Arc<Gate>>,
    /// The work of these tasks has to pass those gates and no others, by name.
    pub of_tasks: BTreeMap<String, Vec<String>>,
    /// The same for agents; what is said of the task counts for more.
    pub of_agents: BTreeMap<String, Vec<String>>,
}

impl Gates {
    /// Those that the work of an agent at a task has to pass, in their order. A command that is called as a quality attribute of the plan
    /// has to print a number that reaches its target.
    pub fn of(&self, task: &str, agent: &str, quality: &[Quality]) -> Vec<Arc<Gate>> {
        let chosen = self.of_tasks.get(task).or_else(|| self.of_agents.get(agent));
        let is_meant = |gate: &Gate| match chosen {
            Some(names) => names.contains(&gate.name),
            None => gate.is_for(task, agent),
        };
        let meant = self.all.iter().filter(|gate| is_meant(gate));
        meant.map(|gate| with_target(gate, quality)).collect()
    }

    /// The agents that review the work of others.
    pub fn reviewers(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter_map(|gate| match &gate.check {
            Check::Review(reviewer) => Some(reviewer.cast.agent.as_str()),
            Check::Command(_) | Check::Approve => None,
        })
    }

    /// The quality attributes that have a gate, but a target that no number can be held against, with the gate's name.
    pub fn unreadable<'q>(&self, quality: &'q [Quality]) -> Vec<&'q Quality> {
        let is_unreadable = |attribute: &&Quality| {
            let gate = self.all.iter().find(|gate| is_called(&gate.name, attribute));
            let wants_one = gate.is_some_and(|gate| match &gate.check {
                Check::Command(command) => {
                    command.metric.as_ref().is_none_or(|metric| metric.bounds.is_none())
                }
                Check::Review(_) | Check::Approve => false,
            });
            wants_one && Bounds::of_target(&attribute.target).is_none()
        };
        quality.iter().filter(is_unreadable).collect()
    }
}

impl Gate {
    fn is_for(&self, task: &str, agent: &str) -> bool {
        let tasks = self.tasks.as_ref().is_none_or(|tasks| tasks.contains(task));
        tasks && self.agents.as_ref().is_none_or(|agents| agents.contains(agent))
    }
}

/// However it is written: `Test coverage` in the plan is `test-coverage` in a configuration.
pub(super) fn is_called(gate: &str, attribute: &Quality) -> bool {
    plain(gate) == plain(&attribute.name)
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn with_target(gate: &Arc<Gate>, quality: &[Quality]) -> Arc<Gate> {
    let Check::Command(command) = &gate.check else { return Arc::clone(gate) };
    if command.metric.as_ref().is_some_and(|metric| metric.bounds.is_some()) {
        return Arc::clone(gate);
    }
    let attribute = quality.iter().find(|attribute| is_called(&gate.name, attribute));
    let Some(bounds) = attribute.and_then(|attribute| Bounds::of_target(&attribute.target)) else {
        return Arc::clone(gate);
    };
    let path = command.metric.as_ref().map_or_else(|| gate.name.clone(), |metric| metric.path.clone());
    let metric = Some(Metric { path, bounds: Some(bounds) });
    let check = Check::Command(CommandGate { metric, ..command.clone() });
    Arc::new(Gate { check, ..Gate::clone(gate) })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Patience, When};
    use super::*;
    use crate::run::step::{Step, StepCommand};

    fn gate(name: &str) -> Gate {
        let step =
            Step { name: name.into(), command: StepCommand::Shell("x".into()), timeout: Duration::ZERO };
        let patience = Patience { rounds: 3, without_progress: 3 };
        let check = Check::Command(CommandGate { step, metric: None, patience });
        Gate { name: name.into(), check, agents: None, tasks: None, when: When::default(), parallel: false }
    }

    fn names(gates: &[Arc<Gate>]) -> Vec<&str> {
        gates.iter().map(|gate| gate.name.as_str()).collect()
    }

    fn some() -> Gates {
        let only = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let all = [
            Gate { agents: only(&["dev"]), ..gate("lint") },
            Gate { tasks: only(&["a", "b"]), ..gate("tests") },
            gate("docs"),
        ];
        Gates { all: all.map(Arc::new).to_vec(), ..Gates::default() }
    }

    #[test]
    fn gates_are_for_agents_and_tasks_in_their_order() {
        assert_eq!(names(&some().of("a", "dev", &[])), ["lint", "tests", "docs"]);
        assert_eq!(names(&some().of("a", "qa", &[])), ["tests", "docs"]);
        assert_eq!(names(&some().of("c", "qa", &[])), ["docs"]);
    }

    #[test]
    fn what_a_task_or_agent_names_is_what_it_has_to_pass_and_no_more() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let gates = Gates {
            of_tasks: [("a".to_owned(), list(&["docs", "lint"]))].into(),
            of_agents: [("qa".to_owned(), list(&[]))].into(),
            ..some()
        };
        assert_eq!(names(&gates.of("a", "qa", &[])), ["lint", "docs"]);
        assert!(gates.of("b", "qa", &[]).is_empty());
        assert_eq!(names(&gates.of("b", "dev", &[])), ["lint", "tests", "docs"]);
    }

    #[test]
    fn a_quality_attribute_gives_the_gate_of_its_name_a_target() {
        let attribute = |name: &str, target: &str| Quality {
            name: name.into(),
            target: target.into(),
            measurement: String::new(),
        };
        let gates = Gates { all: vec![Arc::new(gate("test-coverage"))], ..Gates::default() };
        let quality = [attribute("Test coverage", ">= 80%")];
        let found = gates.of("a", "dev", &quality);
        let Check::Command(command) = &found[0].check else { panic!("a command") };
        let bounds = Bounds { at_least: Some(80.0), at_most: None };
        assert_eq!(command.metric, Some(Metric { path: "test-coverage".into(), bounds: Some(bounds) }));
        assert!(gates.unreadable(&quality).is_empty());
        assert_eq!(gates.unreadable(&[attribute("test_coverage", "good")]).len(), 1);
        let Check::Command(plain) = &gates.of("a", "dev", &[])[0].check else { panic!("a command") };
        assert_eq!(plain.metric, None);
    }
}
