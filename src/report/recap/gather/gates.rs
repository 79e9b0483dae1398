use crate::report::recap::{GateRecap, GateTry, TaskRecap};

/// The gates with all that went through them, in the order of time.
pub(super) fn gates(tasks: &[TaskRecap]) -> Vec<GateRecap> {
    let mut tries: Vec<_> = tasks.iter().flat_map(tries).collect();
    tries.sort_by_key(|one| one.pass.at);
    let mut gates = Vec::<GateRecap>::new();
    for one in tries {
        match gates.iter_mut().find(|gate| gate.gate == one.pass.gate) {
            Some(gate) => gate.tries.push(one),
            None => gates.push(GateRecap::begun(one)),
        }
    }
    for gate in &mut gates {
        gate.passed = gate.tries.iter().filter(|one| one.pass.passed).count();
        gate.failed = gate.tries.len() - gate.passed;
        gate.measures = gate.tries.iter().any(|one| one.pass.value.is_some());
    }
    gates
}

fn tries(task: &TaskRecap) -> impl Iterator<Item = GateTry> + '_ {
    task.attempts.iter().flat_map(|attempt| {
        let of = |pass: &super::super::GatePass| GateTry {
            task: task.id.clone(),
            attempt: attempt.attempt,
            pass: pass.clone(),
        };
        attempt.gates.iter().map(of)
    })
}

impl GateRecap {
    fn begun(first: GateTry) -> Self {
        Self { gate: first.pass.gate.clone(), passed: 0, failed: 0, measures: false, tries: vec![first] }
    }
}
