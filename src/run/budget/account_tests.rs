use proptest::prelude::*;

use super::*;
use crate::agent::Tokens;

fn player(agent: &str) -> Player {
    Player { agent: agent.to_owned(), runner: "claude".to_owned() }
}

fn attempt(agent: &str, cap: Option<f64>) -> Opened {
    Opened { player: player(agent), caps: Caps { cost_usd: cap, tokens: None }, is_counted: true }
}

fn account(dollars: f64) -> Account {
    Account::new(Caps { cost_usd: Some(dollars), tokens: None }, &History::default())
}

fn dollars(cost: f64) -> Used {
    Used { cost_usd: Some(cost), tokens: None }
}

fn end(account: &mut Account, task: &str, used: Used) {
    account.settle(&TaskId::from(task), 1, used, true, true);
}

#[test]
fn shares_in_flight_count_until_their_attempts_end() {
    let mut account = account(2.0);
    let capped = attempt("dev", Some(0.75));
    for task in ["a", "b"] {
        assert_eq!(account.fit(&capped), Fit::Now);
        account.open(&TaskId::from(task), 1, &capped);
    }
    assert_eq!(account.fit(&capped), Fit::Later, "1.50 is set aside");
    end(&mut account, "a", dollars(0.1));
    assert_eq!(account.fit(&capped), Fit::Now, "0.75 is set aside, 0.10 used");
    end(&mut account, "b", dollars(1.5));
    assert_eq!(account.fit(&capped), Fit::Never, "0.40 is left, and nobody gives anything back");
    assert_eq!(account.fit(&attempt("dev", Some(0.3))), Fit::Now);
}

#[test]
fn a_reviewer_that_does_not_say_what_it_cost_counts_with_its_share() {
    let (task, reviewer) = (TaskId::from("a"), attempt("reviewer", Some(0.5)));
    let key = (&task, 1, "review");
    let mut account = account(5.0);
    account.open(&task, 1, &attempt("dev", Some(1.0)));
    end(&mut account, "a", dollars(0.8));
    account.open_review(key, &reviewer);
    account.release(&task, 1);
    assert_eq!(account.counted_cost(), Some(1.3), "a guess");
    assert_eq!(account.used(), dollars(0.8), "what is known");
    account.open_review(key, &reviewer);
    account.drop_review(key);
    assert_eq!(account.counted_cost(), Some(1.3), "it has not begun");
}

#[test]
fn what_a_review_cost_is_the_reviewers_and_counts_once() {
    let (task, key) = (TaskId::from("a"), (&TaskId::from("a"), 1, "review"));
    let mut account = account(5.0);
    account.open(&task, 1, &attempt("dev", Some(1.0)));
    end(&mut account, "a", dollars(0.75));
    account.open_review(key, &attempt("reviewer", Some(0.5)));
    end(&mut account, "a", dollars(1.0));
    account.end_review(key, dollars(0.25));
    assert_eq!((account.counted_cost(), account.used()), (Some(1.0), dollars(1.0)));
    let by_agent: Vec<_> = account.of_agents().collect();
    assert_eq!(by_agent, [("dev", dollars(0.75)), ("reviewer", dollars(0.25))]);
}

#[test]
fn before_anything_has_ended_an_attempt_takes_all_that_is_left_and_then_the_average() {
    let mut account = account(10.0);
    let unknown = attempt("dev", None);
    assert_eq!(account.open(&TaskId::from("a"), 1, &unknown).cost_usd, Some(10.0));
    assert_eq!(account.fit(&unknown), Fit::Later);
    end(&mut account, "a", dollars(4.0));
    assert_eq!(account.fit(&unknown), Fit::Now, "4.00 of the 6.00 that are left");
    account.open(&TaskId::from("b"), 1, &unknown);
    assert_eq!(account.fit(&unknown), Fit::Later);
    assert_eq!(
        account.fit(&attempt("other", None)),
        Fit::Later,
        "another agent of the runner: as that runner's"
    );
    end(&mut account, "b", dollars(2.0));
    assert_eq!(account.fit(&unknown), Fit::Now, "3.00 on average, of 4.00");
}

#[test]
fn what_an_attempt_has_used_already_counts_where_that_is_more_than_its_share() {
    let mut account = account(2.0);
    let capped = attempt("dev", Some(0.5));
    account.open(&TaskId::from("a"), 1, &capped);
    account.note(&TaskId::from("a"), 1, dollars(1.75));
    assert_eq!(account.fit(&capped), Fit::Later);
    account.note(&TaskId::from("a"), 1, dollars(0.1));
    assert_eq!(account.fit(&capped), Fit::Later, "what was used stays used");
}

#[test]
fn who_ends_without_a_word_counts_with_its_share_unless_nothing_was_done() {
    let mut account = account(2.0);
    let capped = attempt("dev", Some(1.0));
    account.open(&TaskId::from("a"), 1, &capped);
    account.settle(&TaskId::from("a"), 1, Used::default(), false, false);
    assert_eq!(account.counted_cost(), Some(0.0));
    account.open(&TaskId::from("b"), 1, &capped);
    account.settle(&TaskId::from("b"), 1, Used::default(), false, true);
    assert_eq!((account.counted_cost(), account.used()), (Some(1.0), Used::default()));
}

#[test]
fn a_second_end_of_one_attempt_adds_only_what_it_has_more() {
    let mut account = account(2.0);
    account.open(&TaskId::from("a"), 1, &attempt("dev", Some(1.0)));
    end(&mut account, "a", dollars(0.5));
    end(&mut account, "a", dollars(0.5));
    assert_eq!(account.used(), dollars(0.5));
    end(&mut account, "a", dollars(0.75));
    assert_eq!((account.used(), account.counted_cost()), (dollars(0.75), Some(0.75)));
    account.take_over(&TaskId::from("old"), 1, &player("dev"), dollars(5.0));
    end(&mut account, "old", dollars(5.25));
    assert_eq!(account.counted_cost(), Some(1.0), "the rest was an earlier run's");
}

#[test]
fn who_never_tells_what_it_uses_runs_until_others_have_used_it_up() {
    let mut account = account(1.0);
    let (mute, capped) = (Opened { is_counted: false, ..attempt("dev", None) }, attempt("dev", Some(1.0)));
    account.open(&TaskId::from("a"), 1, &capped);
    assert_eq!(account.fit(&mute), Fit::Later, "nothing is left");
    end(&mut account, "a", dollars(0.5));
    assert_eq!(account.fit(&mute), Fit::Now);
}

#[test]
fn a_program_that_does_not_say_what_it_cost_is_no_reason_to_run_one_by_one_for_ever() {
    let mut account = account(1.0);
    account.open(&TaskId::from("a"), 1, &attempt("dev", None));
    end(&mut account, "a", Used::default());
    account.open(&TaskId::from("b"), 1, &attempt("dev", None));
    assert_eq!(account.fit(&attempt("dev", None)), Fit::Now);
}

#[test]
fn tokens_have_a_budget_of_their_own() {
    let most = Caps { cost_usd: Some(100.0), tokens: Some(1_000) };
    let mut account = Account::new(most, &History::default());
    let capped = Opened { caps: Caps { cost_usd: Some(1.0), tokens: Some(600) }, ..attempt("dev", None) };
    assert_eq!(account.open(&TaskId::from("a"), 1, &capped), capped.caps);
    assert_eq!(account.fit(&capped), Fit::Later);
    let tokens = Some(Tokens { input: 900, output: 50, cached: 0 });
    end(&mut account, "a", Used { cost_usd: Some(0.1), tokens });
    assert_eq!(account.fit(&capped), Fit::Never);
}

/// An agent's attempt: whether it has a cap, and how much it costs, in cents; more than its cap only by `over`.
#[derive(Debug, Clone)]
struct Made {
    agent: u8,
    cap: Option<u32>,
    cost: u32,
}

fn made() -> impl Strategy<Value = Made> {
    (0u8..3, proptest::option::of(1u32..200), 0u32..300).prop_map(|(agent, cap, cost)| Made {
        agent,
        cap,
        cost,
    })
}

proptest! {
    /// Whatever starts and ends in whatever order, with up to eight at once: no more is used than there was, but for what single
    /// attempts used over their share.
    #[test]
    fn a_run_uses_no_more_than_it_may_but_for_what_attempts_use_over_their_shares(
        all in proptest::collection::vec(made(), 1..40),
        most in 1u32..1000,
        order in proptest::collection::vec(any::<u8>(), 80),
    ) {
        let most = f64::from(most) / 100.0;
        let mut account = account(most);
        let (mut waiting, mut running) = (all.into_iter().enumerate().collect::<Vec<_>>(), Vec::new());
        let (mut total, mut over) = (0.0, 0.0);
        for pick in order {
            let start = waiting.last().filter(|_| running.len() < 8).cloned();
            if let Some((number, made)) = start.filter(|_| pick % 2 == 0) {
                let opened = attempt(&made.agent.to_string(), made.cap.map(|cap| f64::from(cap) / 100.0));
                if account.fit(&opened) == Fit::Now {
                    let before = account.cost.as_ref().map_or(0.0, Purse::left);
                    account.open(&TaskId::from(number.to_string().as_str()), 1, &opened);
                    let share = before - account.cost.as_ref().map_or(0.0, Purse::left);
                    waiting.pop();
                    running.push((number, f64::from(made.cost) / 100.0, share));
                    continue;
                }
                prop_assert!(!running.is_empty() || account.fit(&opened) == Fit::Never, "it would wait for ever");
            }
            if !running.is_empty() {
                let (number, cost, share) = running.swap_remove(usize::from(pick) % running.len());
                end(&mut account, &number.to_string(), dollars(cost));
                total += cost;
                over += f64::max(cost - share, 0.0);
            }
            prop_assert!(total <= most + over + 1e-6, "{total} of {most}, {over} over shares");
        }
    }
}
