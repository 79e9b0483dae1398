use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::plan::sample::Sample;
use crate::plan::{Ending, Event, Plan, Schedule, State};

const DATABASE: Share = Share(0);
const RUNNER: Share = Share(1);

fn t(index: usize) -> TaskIndex {
    TaskIndex(index)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn schedule(plan: &Arc<Plan>, most: &[Option<u32>], needs: &[&[Share]]) -> Schedule {
    let limits = Limits::new(most.to_vec(), needs.iter().map(|needs| needs.to_vec()));
    Schedule::limited(plan, limits, |_| State::Ready)
}

fn start(schedule: &mut Schedule) -> Option<TaskIndex> {
    let next = schedule.next_ready()?;
    schedule.apply(next, Event::Started).unwrap();
    Some(next)
}

#[test]
fn a_task_that_waits_for_a_share_holds_up_nobody_else() {
    let plan = Sample::of(4).estimates(&["4h", "3h", "2h", "1h"]).plan();
    let mut schedule = schedule(&plan, &[Some(1)], &[&[DATABASE], &[DATABASE], &[], &[]]);
    let started: Vec<_> = std::iter::from_fn(|| start(&mut schedule)).collect();
    assert_eq!(started, [t(0), t(2), t(3)]);
    schedule.apply(t(0), Event::End(Ending::Failed)).unwrap();
    assert_eq!(start(&mut schedule), Some(t(1)));
}

#[test]
fn a_task_that_rests_holds_no_share() {
    let plan = Sample::of(2).plan();
    let mut schedule = schedule(&plan, &[Some(1)], &[&[DATABASE], &[DATABASE, DATABASE]]);
    assert_eq!((start(&mut schedule), start(&mut schedule)), (Some(t(0)), None));
    schedule.apply(t(0), Event::Rest { until: at(100) }).unwrap();
    assert_eq!((start(&mut schedule), start(&mut schedule)), (Some(t(1)), None));
    schedule.wake(at(100)).unwrap();
    assert_eq!(start(&mut schedule), None, "the other one has it now");
}

#[test]
fn what_runs_when_the_schedule_is_made_uses_its_shares() {
    let plan = Sample::of(2).plan();
    let limits = Limits::new(vec![Some(1)], [vec![DATABASE], vec![DATABASE]]);
    let running = |index: TaskIndex| if index == t(0) { State::Running } else { State::Ready };
    let mut schedule = Schedule::limited(&plan, limits, running);
    assert_eq!(schedule.next_ready(), None);
    schedule.apply(t(0), Event::End(Ending::Completed)).unwrap();
    assert_eq!(schedule.next_ready(), Some(t(1)));
}

#[test]
fn a_closed_share_keeps_its_tasks_waiting_until_it_opens_and_the_others_not_at_all() {
    let plan = Sample::of(3).plan();
    let mut schedule = schedule(&plan, &[None, None], &[&[RUNNER], &[RUNNER], &[]]);
    schedule.close(RUNNER, at(50));
    schedule.close(RUNNER, at(20));
    assert_eq!((start(&mut schedule), start(&mut schedule)), (Some(t(2)), None));
    schedule.apply(t(2), Event::End(Ending::Completed)).unwrap();
    assert_eq!((schedule.is_over(), schedule.next_due()), (false, Some(at(50))));
    schedule.wake(at(49)).unwrap();
    assert_eq!(schedule.next_ready(), None);
    schedule.wake(at(50)).unwrap();
    assert_eq!((start(&mut schedule), start(&mut schedule)), (Some(t(0)), Some(t(1))));
}

#[test]
fn a_share_that_is_reopened_serves_its_tasks_at_once() {
    let plan = Sample::of(1).plan();
    let mut schedule = schedule(&plan, &[None, None], &[&[RUNNER]]);
    schedule.close(RUNNER, at(50));
    schedule.reopen(RUNNER);
    assert_eq!(schedule.next_ready(), Some(t(0)));
}

#[test]
fn nobody_waits_for_a_closed_share_that_no_task_is_left_for() {
    let plan = Sample::of(1).plan();
    let mut schedule = schedule(&plan, &[None, None], &[&[RUNNER]]);
    schedule.close(RUNNER, at(50));
    schedule.apply(t(0), Event::End(Ending::Cancelled)).unwrap();
    assert!(schedule.is_over());
}

#[test]
fn tasks_that_a_share_will_never_serve_again_are_lost_with_all_that_depends_on_them() {
    let plan = Sample::of(5).edges([(1, 2), (4, 3)]).plan();
    let mut schedule = schedule(&plan, &[None, None], &[&[RUNNER], &[RUNNER], &[], &[RUNNER], &[]]);
    schedule.apply(t(0), Event::Started).unwrap();
    schedule.apply(t(0), Event::End(Ending::Failed)).unwrap();
    assert_eq!(schedule.waiting_for(RUNNER), [t(1), t(3)]);
    let not_run = Ending::NotRun { because: t(0) };
    let lost: Vec<_> = [t(1), t(3)].map(|task| schedule.apply(task, Event::End(not_run)).unwrap()).concat();
    assert_eq!(lost, [t(2)]);
    assert!([1, 2, 3].iter().all(|&i| *schedule.state(t(i)) == State::Ended(not_run)));
    assert_eq!(schedule.next_ready(), Some(t(4)));
}

#[derive(Debug, Clone)]
struct Scene {
    edges: Vec<(usize, usize)>,
    hours: Vec<u32>,
    most: Vec<Option<u32>>,
    needs: Vec<Vec<Share>>,
    jobs: usize,
    /// Which of the running attempts ends next, and whether it rests first.
    choices: Vec<(prop::sample::Index, bool)>,
}

fn scene() -> impl Strategy<Value = Scene> {
    (2..14_usize).prop_flat_map(|tasks| {
        let pairs: Vec<_> = (0..tasks).flat_map(|to| (0..to).map(move |from| (from, to))).collect();
        let edges = prop::sample::subsequence(pairs.clone(), 0..=pairs.len().min(tasks));
        let hours = prop::collection::vec(1..4_u32, tasks);
        let most = prop::collection::vec(prop::option::of(1..3_u32), 3);
        let share = (0..3_usize).prop_map(Share);
        let needs = prop::collection::vec(prop::collection::vec(share, 0..3), tasks);
        let choices = prop::collection::vec((any::<prop::sample::Index>(), prop::bool::weighted(0.2)), 40);
        (edges, hours, most, needs, 1..6_usize, choices).prop_map(
            |(edges, hours, most, needs, jobs, choices)| Scene { edges, hours, most, needs, jobs, choices },
        )
    })
}

/// What a dispatcher does with it; at each step what must always hold.
struct Drive<'a> {
    scene: &'a Scene,
    plan: Arc<Plan>,
    schedule: Schedule,
    running: Vec<TaskIndex>,
}

impl Drive<'_> {
    fn is_free(&self, task: TaskIndex) -> bool {
        let needs = |task: &TaskIndex, share: &Share| self.scene.needs[task.0].contains(share);
        let used = |share: &Share| self.running.iter().filter(|task| needs(task, share)).count();
        let most = |share: &Share| self.scene.most[share.0].map_or(usize::MAX, |most| most as usize);
        self.scene.needs[task.0].iter().all(|share| used(share) < most(share))
    }

    /// The most urgent of the ready tasks whose shares are free, found the slow way.
    fn expected(&self) -> Option<TaskIndex> {
        let ready = self.schedule.states().filter(|(_, state)| **state == State::Ready);
        let free = ready.map(|(index, _)| index).filter(|index| self.is_free(*index));
        free.max_by_key(|&index| (self.plan.urgency(index), Reverse(index)))
    }

    fn start_all(&mut self) {
        while self.running.len() < self.scene.jobs {
            let next = self.schedule.next_ready();
            assert_eq!(next, self.expected());
            let Some(next) = next else { break };
            self.schedule.apply(next, Event::Started).unwrap();
            self.running.push(next);
        }
    }

    fn drive(&mut self) {
        let mut choices = self.scene.choices.iter();
        let mut now = 0;
        while !self.schedule.is_over() {
            self.start_all();
            let Some((choice, rests)) = choices.next().map_or_else(
                || (!self.running.is_empty()).then_some((0, false)),
                |(index, rests)| {
                    (!self.running.is_empty()).then(|| (index.index(self.running.len()), *rests))
                },
            ) else {
                now = self.schedule.next_due().expect("nothing runs, and nothing can").as_second();
                self.schedule.wake(at(now)).unwrap();
                continue;
            };
            let task = self.running.swap_remove(choice);
            let event =
                if rests { Event::Rest { until: at(now + 3) } } else { Event::End(Ending::Completed) };
            self.schedule.apply(task, event).unwrap();
            now += 1;
            self.schedule.wake(at(now)).unwrap();
        }
    }
}

proptest! {
    #[test]
    fn never_more_than_the_limits_always_the_most_urgent_and_all_tasks_end(scene in scene()) {
        let hours: Vec<_> = scene.hours.iter().map(|hours| format!("{hours}h")).collect();
        let sample = Sample { estimates: hours, edges: scene.edges.clone(), levels: Vec::new() };
        let plan = sample.plan();
        let limits = Limits::new(scene.most.clone(), scene.needs.clone());
        let schedule = Schedule::limited(&plan, limits, |_| State::Ready);
        let mut drive = Drive { scene: &scene, plan, schedule, running: Vec::new() };
        drive.drive();
        prop_assert!(drive.schedule.states().all(|(_, state)| *state == State::Ended(Ending::Completed)));
    }
}
