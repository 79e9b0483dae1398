use std::cmp::Reverse;
use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::plan::sample::Sample;

fn t(index: usize) -> TaskIndex {
    TaskIndex(index)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn to_do(_: TaskIndex) -> State {
    State::Ready
}

/// The order in which one after the other would be started, each completing at once.
fn serial_order(plan: &Arc<Plan>) -> Vec<usize> {
    let mut schedule = Schedule::new(plan, to_do);
    let mut order = Vec::new();
    while let Some(index) = schedule.next_ready() {
        order.push(index.0);
        schedule.apply(index, Event::Started).unwrap();
        schedule.apply(index, Event::End(Ending::Completed)).unwrap();
    }
    order
}

#[test]
fn the_longest_remaining_path_goes_first_and_ties_go_in_document_order() {
    let plan = Sample::of(5).estimates(&["1h", "5h", "1h", "3h", "1h"]).edges([(2, 3)]).plan();
    assert_eq!(serial_order(&plan), [1, 2, 3, 0, 4]);
}

#[test]
fn a_task_stays_the_next_one_until_it_is_started() {
    let plan = Sample::of(2).plan();
    let mut schedule = Schedule::new(&plan, to_do);
    assert_eq!((schedule.next_ready(), schedule.next_ready()), (Some(t(0)), Some(t(0))));
    schedule.apply(t(0), Event::Started).unwrap();
    assert_eq!(schedule.next_ready(), Some(t(1)));
}

#[test]
fn a_resting_task_holds_no_slot_and_wakes_when_its_pause_is_over() {
    let plan = Sample::of(2).edges([(0, 1)]).plan();
    let mut schedule = Schedule::new(&plan, to_do);
    schedule.apply(t(0), Event::Started).unwrap();
    assert_eq!(schedule.running(), 1);
    schedule.apply(t(0), Event::Rest { until: at(10) }).unwrap();
    assert_eq!((schedule.running(), schedule.next_ready(), schedule.next_due()), (0, None, Some(at(10))));
    assert!(!schedule.is_over());
    schedule.wake(at(9)).unwrap();
    assert_eq!(schedule.next_ready(), None);
    schedule.wake(at(10)).unwrap();
    assert_eq!((schedule.next_ready(), schedule.next_due()), (Some(t(0)), None));
}

#[test]
fn the_first_pause_to_end_is_the_next_due() {
    let plan = Sample::of(2).plan();
    let mut schedule = Schedule::new(&plan, to_do);
    for (task, until) in [(0, 20), (1, 10)] {
        schedule.apply(t(task), Event::Started).unwrap();
        schedule.apply(t(task), Event::Rest { until: at(until) }).unwrap();
    }
    assert_eq!(schedule.next_due(), Some(at(10)));
    schedule.wake(at(15)).unwrap();
    assert_eq!((schedule.next_ready(), schedule.next_due()), (Some(t(1)), Some(at(20))));
}

#[test]
fn everything_behind_a_failure_is_not_run_because_of_the_root_cause() {
    let plan = Sample::of(5).edges([(0, 1), (1, 2), (2, 3)]).plan();
    let mut schedule = Schedule::new(&plan, to_do);
    schedule.apply(t(0), Event::Started).unwrap();
    let lost = schedule.apply(t(0), Event::End(Ending::Failed)).unwrap();
    assert_eq!(lost, [t(1), t(2), t(3)]);
    for index in [1, 2, 3] {
        assert_eq!(schedule.state(t(index)), &State::Ended(Ending::NotRun { because: t(0) }));
    }
    assert_eq!(schedule.state(t(4)), &State::Ready);
}

#[test]
fn what_is_behind_an_interrupted_task_waits_for_the_next_run() {
    let plan = Sample::of(2).edges([(0, 1)]).plan();
    let mut schedule = Schedule::new(&plan, to_do);
    schedule.apply(t(0), Event::Started).unwrap();
    assert_eq!(schedule.apply(t(0), Event::End(Ending::Interrupted)).unwrap(), []);
    assert_eq!(schedule.state(t(1)), &State::Waiting { missing: 1 });
    assert!(schedule.is_over());
}

#[test]
fn what_was_over_before_the_run_counts_for_those_behind_it() {
    let plan = Sample::of(6).edges([(0, 1), (2, 3), (3, 4), (5, 4)]).plan();
    let schedule = Schedule::new(&plan, |index| match index.0 {
        0 => State::Ended(Ending::Completed),
        2 => State::Ended(Ending::Failed),
        5 => State::LeftOut,
        _ => State::Ready,
    });
    let states: Vec<_> = schedule.states().map(|(_, state)| state.clone()).collect();
    let not_run = State::Ended(Ending::NotRun { because: t(2) });
    let expected = [
        State::Ended(Ending::Completed),
        State::Ready,
        State::Ended(Ending::Failed),
        not_run.clone(),
        not_run,
        State::LeftOut,
    ];
    assert_eq!(states, expected);
}

#[test]
fn a_schedule_with_nothing_to_do_is_over() {
    let plan = Sample::of(2).edges([(0, 1)]).plan();
    assert!(Schedule::new(&plan, |_| State::LeftOut).is_over());
    assert!(Schedule::new(&plan, |_| State::Ended(Ending::Completed)).is_over());
}

#[test]
fn attempts_that_are_under_way_at_the_start_are_counted() {
    let plan = Sample::of(3).plan();
    let mut schedule = Schedule::new(&plan, |index| if index.0 == 1 { State::Running } else { State::Ready });
    assert_eq!(schedule.running(), 1);
    schedule.apply(t(1), Event::End(Ending::Completed)).unwrap();
    assert_eq!(schedule.running(), 0);
}

#[test]
fn a_task_that_ended_while_it_waited_frees_or_loses_those_behind_it() {
    let plan = Sample::of(3).edges([(0, 1), (1, 2)]).plan();
    let mut schedule = Schedule::new(&plan, to_do);
    schedule.apply(t(1), Event::End(Ending::Completed)).unwrap();
    assert_eq!(schedule.state(t(2)), &State::Ready);
    schedule.apply(t(0), Event::End(Ending::Failed)).unwrap();
    assert_eq!(schedule.state(t(1)), &State::Ended(Ending::Completed), "a late word changes nothing");
    assert_eq!(schedule.state(t(2)), &State::Ready);
}

/// All states and events: which of them go together is a table that one can read.
#[test]
fn what_can_not_happen_is_an_error_and_changes_nothing() {
    let until = at(1);
    let because = t(0);
    let states = [
        State::LeftOut,
        State::Waiting { missing: 2 },
        State::Ready,
        State::Running,
        State::Resting { until },
        State::Ended(Ending::Completed),
    ];
    let events = [
        Event::PrerequisiteCompleted,
        Event::PrerequisiteLost { because },
        Event::Started,
        Event::Rest { until },
        Event::Due,
        Event::End(Ending::Failed),
    ];
    let allowed: Vec<String> = states
        .iter()
        .map(|state| events.iter().map(|&event| if state.after(event).is_ok() { 'y' } else { '.' }).collect())
        .collect();
    assert_eq!(allowed, ["yy....", "yy...y", ".yy..y", "y..y.y", "....yy", "yy...."]);

    let plan = Sample::of(1).plan();
    let mut schedule = Schedule::new(&plan, to_do);
    let error = schedule.apply(t(0), Event::Due).unwrap_err();
    assert_eq!(error, IllegalEvent { state: State::Ready, event: Event::Due });
    assert_eq!(error.to_string(), "Due can't happen to a task that is Ready");
    assert_eq!(schedule.state(t(0)), &State::Ready);
}

#[test]
fn a_hundred_layers_of_a_hundred_tasks_are_driven_to_the_end() {
    let edges = (1..100_usize).flat_map(|layer| {
        let below = move |i: usize, k: usize| ((layer - 1) * 100 + (i + k * 31) % 100, layer * 100 + i);
        (0..100).flat_map(move |i| (0..3).map(move |k| below(i, k)))
    });
    let plan = Sample::of(10_000).edges(edges).plan();
    let order = serial_order(&plan);
    assert_eq!(order.len(), 10_000);
    assert!(order.iter().enumerate().all(|(position, task)| position / 100 == task / 100));
}

/// Ten steps of four thousand tasks would be a hundred and forty million edges.
#[test]
fn large_steps_are_driven_to_the_end() {
    let (steps, size) = (10, 4_000);
    let levels = (0..steps).map(|step| (step * size..(step + 1) * size).collect()).collect();
    let plan = Sample::of(steps * size).levels(levels).plan();
    assert_eq!(serial_order(&plan), (0..steps * size).collect::<Vec<_>>());
    let mut schedule = Schedule::new(&plan, to_do);
    for index in 0..size {
        schedule.apply(t(index), Event::Started).unwrap();
    }
    let lost: usize =
        (0..size).map(|index| schedule.apply(t(index), Event::End(Ending::Failed)).unwrap().len()).sum();
    assert_eq!(lost, (steps - 1) * size);
    assert!(schedule.is_over());
}

/// What happens to each task of a random plan, should its turn come.
#[derive(Debug, Clone)]
struct Fate {
    initial: State,
    rests: usize,
    ending: Ending,
}

#[derive(Debug, Clone)]
struct Scene {
    sample: Sample,
    fates: Vec<Fate>,
    jobs: usize,
    /// Which of the running attempts ends next.
    choices: Vec<prop::sample::Index>,
}

fn fate() -> impl Strategy<Value = Fate> {
    let initial = prop_oneof![
        12 => Just(State::Ready),
        2 => Just(State::Ended(Ending::Completed)),
        1 => Just(State::Ended(Ending::Failed)),
        1 => Just(State::Ended(Ending::Foreign)),
        1 => Just(State::LeftOut),
    ];
    let ending = prop_oneof![
        8 => Just(Ending::Completed),
        1 => Just(Ending::Failed),
        1 => Just(Ending::Blocked),
        1 => Just(Ending::Cancelled),
        1 => Just(Ending::Interrupted),
    ];
    (initial, 0..3_usize, ending).prop_map(|(initial, rests, ending)| Fate { initial, rests, ending })
}

/// Edges go from earlier to later in a shuffled order, so that there is no cycle and document order means nothing.
fn edges(tasks: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    let pairs = (0..tasks).flat_map(|to| (0..to).map(move |from| (from, to))).collect::<Vec<_>>();
    let most = pairs.len().min(3 * tasks);
    let shuffled = Just((0..tasks).collect::<Vec<_>>()).prop_shuffle();
    (prop::sample::subsequence(pairs, 0..=most), shuffled)
        .prop_map(|(pairs, names)| pairs.into_iter().map(|(from, to)| (names[from], names[to])).collect())
}

/// Up to four levels, and some tasks in none.
fn levels(tasks: usize) -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(0..5_usize, tasks).prop_map(|level_of| {
        let of = |level| (0..level_of.len()).filter(|&task| level_of[task] == level).collect();
        (0..4).map(of).collect()
    })
}

fn with_fates(sample: impl Strategy<Value = Sample>) -> impl Strategy<Value = Scene> {
    sample.prop_flat_map(|sample| {
        let fates = prop::collection::vec(fate(), sample.estimates.len());
        let choices = prop::collection::vec(any::<prop::sample::Index>(), 64);
        (Just(sample), fates, 1..5_usize, choices).prop_map(|(sample, fates, jobs, choices)| Scene {
            sample,
            fates,
            jobs,
            choices,
        })
    })
}

fn estimates(tasks: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec((1..5).prop_map(|hours| format!("{hours}h")), tasks)
}

fn with_edges() -> impl Strategy<Value = Scene> {
    with_fates((1..16_usize).prop_flat_map(|tasks| {
        (estimates(tasks), edges(tasks)).prop_map(|(estimates, edges)| Sample {
            estimates,
            edges,
            levels: Vec::new(),
        })
    }))
}

fn with_levels() -> impl Strategy<Value = Scene> {
    with_fates((1..16_usize).prop_flat_map(|tasks| {
        (estimates(tasks), levels(tasks)).prop_map(|(estimates, levels)| Sample {
            estimates,
            edges: Vec::new(),
            levels,
        })
    }))
}

/// What was seen of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    starts: Vec<TaskIndex>,
    lost: Vec<TaskIndex>,
    states: Vec<State>,
}

/// Runs the plan to its end as a dispatcher would, and checks at each step what must always hold.
fn drive(plan: &Arc<Plan>, scene: &Scene) -> Seen {
    let mut schedule = Schedule::new(plan, |index| scene.fates[index.0].initial.clone());
    let mut seen = Seen { starts: Vec::new(), lost: Vec::new(), states: Vec::new() };
    let mut rests: Vec<_> = scene.fates.iter().map(|fate| fate.rests).collect();
    let mut running: Vec<TaskIndex> = Vec::new();
    let mut choices = scene.choices.iter().cycle();
    let mut now = 0;
    while !schedule.is_over() {
        while running.len() < scene.jobs
            && let Some(index) = schedule.next_ready()
        {
            check_is_most_urgent(plan, &schedule, index);
            schedule.apply(index, Event::Started).unwrap();
            running.push(index);
            seen.starts.push(index);
        }
        assert_eq!(schedule.running(), running.len());
        if running.is_empty() {
            now = schedule.next_due().expect("neither running nor ready nor due, and not over").as_second();
            schedule.wake(at(now)).unwrap();
            continue;
        }
        let index = running.swap_remove(choices.next().unwrap().index(running.len()));
        let event = match rests[index.0].checked_sub(1) {
            Some(left) => {
                rests[index.0] = left;
                Event::Rest { until: at(now + 5) }
            }
            None => Event::End(scene.fates[index.0].ending),
        };
        seen.lost.extend(schedule.apply(index, event).unwrap());
        now += 1;
        schedule.wake(at(now)).unwrap();
        assert!(seen.starts.len() <= scene.fates.len() * 3, "does not end");
    }
    seen.states = schedule.states().map(|(_, state)| state.clone()).collect();
    seen
}

fn check_is_most_urgent(plan: &Plan, schedule: &Schedule, next: TaskIndex) {
    let ready = schedule.states().filter(|(_, state)| **state == State::Ready).map(|(index, _)| index);
    let rank = |index: TaskIndex| (plan.urgency(index), Reverse(index));
    assert_eq!(ready.max_by_key(|&index| rank(index)), Some(next));
    for before in plan.prerequisites(next) {
        assert_eq!(schedule.state(before), &State::Ended(Ending::Completed), "started before {before:?}");
    }
}

fn check_end(plan: &Plan, scene: &Scene, seen: &Seen) {
    let state = |index: TaskIndex| &seen.states[index.0];
    let mut lost_at_start = HashSet::new();
    for (index, _) in plan.tasks() {
        let fate = &scene.fates[index.0];
        let starts = seen.starts.iter().filter(|&&started| started == index).count();
        let before = plan.prerequisites(index);
        let could_run = before.iter().all(|&b| state(b) == &State::Ended(Ending::Completed));
        if fate.initial != State::Ready {
            assert_eq!((state(index), starts), (&fate.initial, 0));
        } else if could_run {
            assert_eq!((state(index), starts), (&State::Ended(fate.ending), fate.rests + 1));
        } else {
            assert_eq!(starts, 0);
            match state(index) {
                State::Ended(Ending::NotRun { because }) => {
                    assert!(is_root_cause(plan, seen, index, *because), "{index:?} because of {because:?}");
                    if !seen.lost.contains(&index) {
                        lost_at_start.insert(*because);
                    }
                }
                State::Waiting { missing } => {
                    assert!(*missing > 0);
                    let is_lost = |b: &TaskIndex| is_lost(state(*b));
                    assert!(!before.iter().any(is_lost), "{index:?} waits for what never comes");
                }
                other => panic!("{index:?} is {other:?}"),
            }
        }
    }
    assert!(lost_at_start.iter().all(|cause| scene.fates[cause.0].initial != State::Ready));
    let distinct: HashSet<_> = seen.lost.iter().collect();
    assert_eq!(distinct.len(), seen.lost.len(), "each is lost once");
}

fn is_lost(state: &State) -> bool {
    match state {
        State::LeftOut => true,
        State::Ended(ending) => !matches!(ending, Ending::Completed | Ending::Interrupted),
        State::Waiting { .. } | State::Ready | State::Running | State::Resting { .. } => false,
    }
}

/// It failed itself, and everything on some way from it to the task was lost.
fn is_root_cause(plan: &Plan, seen: &Seen, task: TaskIndex, cause: TaskIndex) -> bool {
    let is_itself = !matches!(seen.states[cause.0], State::Ended(Ending::NotRun { .. }));
    let mut open = vec![task];
    let mut reached = HashSet::new();
    while let Some(index) = open.pop() {
        let is_not_run = matches!(seen.states[index.0], State::Ended(Ending::NotRun { .. }));
        if reached.insert(index) && is_not_run {
            open.extend(plan.prerequisites(index));
        }
    }
    is_itself && is_lost(&seen.states[cause.0]) && reached.contains(&cause)
}

/// The same plan with each of its steps' edges written out.
fn spelled_out(sample: &Sample) -> Sample {
    let steps: Vec<_> = sample.levels.iter().filter(|level| !level.is_empty()).collect();
    let pairs = steps
        .windows(2)
        .flat_map(|pair| pair[0].iter().flat_map(move |&from| pair[1].iter().map(move |&to| (from, to))));
    Sample { edges: pairs.collect(), levels: Vec::new(), ..sample.clone() }
}

proptest! {
    #[test]
    fn any_plan_is_driven_to_the_end_and_nothing_runs_too_early_or_twice(scene in with_edges()) {
        let plan = scene.sample.plan();
        let seen = drive(&plan, &scene);
        check_end(&plan, &scene, &seen);
        prop_assert_eq!(seen, drive(&plan, &scene), "deterministic");
    }

    #[test]
    fn steps_run_as_their_edges_would(scene in with_levels()) {
        let (plan, twin) = (scene.sample.plan(), spelled_out(&scene.sample).plan());
        let seen = drive(&plan, &scene);
        check_end(&plan, &scene, &seen);
        let expected = drive(&twin, &scene);
        prop_assert_eq!(&seen.starts, &expected.starts);
        for (index, _) in plan.tasks() {
            prop_assert_eq!(plan.prerequisites(index), twin.prerequisites(index));
            prop_assert_eq!(plan.dependents(index), twin.dependents(index));
            prop_assert_eq!(plan.level(index), twin.level(index));
            prop_assert_eq!(plan.urgency(index), twin.urgency(index));
            prop_assert_eq!(plan.with_prerequisites(&[index]), twin.with_prerequisites(&[index]));
            let same = |state: &State| match state {
                State::Waiting { .. } => State::Waiting { missing: 0 },
                other => other.clone(),
            };
            prop_assert_eq!(same(&seen.states[index.0]), same(&expected.states[index.0]));
        }
        prop_assert_eq!(plan.critical_path(), twin.critical_path());
        prop_assert_eq!(plan.longest_path(|i| i.0 % 2 == 0), twin.longest_path(|i| i.0 % 2 == 0));
    }
}
