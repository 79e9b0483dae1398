//! How fast a plan is scanned, loaded and changed, as ratios against the least that could be done: `cargo bench --bench document`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program that prints, and may end at what goes wrong"
)]

mod plans;

use std::hint::black_box;
use std::time::{Duration, Instant};

use blueprint::genesis::{Genesis, well_formed};
use quick_xml::events::Event;
use quick_xml::reader::Reader;

fn main() {
    println!(
        "{:>8} {:>8} {:>11} {:>11} {:>11} {:>7} {:>7}",
        "tasks", "MB", "tokens MB/s", "scan MB/s", "load MB/s", "scan x", "load x"
    );
    if let Some(n) = std::env::var("DUMP").ok() {
        print!("{}", plans::plan(n.parse().unwrap()));
        return;
    }
    if std::env::var_os("LOAD_ONLY").is_some() {
        let text = plans::plan(10_000);
        for _ in 0..40 {
            blueprint::plan::load(&Genesis::parse(text.clone().into_bytes()).unwrap()).unwrap();
        }
        return;
    }
    if std::env::var_os("STAGES").is_some() {
        for n in [1000, 10_000] {
            let text = plans::plan(n);
            let p = best(|| Genesis::parse(text.clone().into_bytes()).unwrap());
            let s = best(|| well_formed(&text).unwrap());
            let c = best(|| text.clone());
            let g = Genesis::parse(text.clone().into_bytes()).unwrap();
            let l = best(|| blueprint::plan::load(&g).unwrap());
            let d = best(|| {
                let g = Genesis::parse(text.clone().into_bytes()).unwrap();
                g.diagnostics().len()
            });
            println!(
                "{n}: copy {c:?} scan {s:?} parse {p:?} parse+diag {d:?} plan::load(with diag cached) {l:?}"
            );
        }
        return;
    }
    if std::env::var_os("SCAN_ONLY").is_some() {
        let text = plans::plan(10_000);
        for _ in 0..60 {
            well_formed(&text).unwrap();
        }
        return;
    }
    for tasks in [4, 1_000, 10_000] {
        speed(tasks);
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn speed(tasks: usize) {
    let text = plans::plan(tasks);
    let megabytes = text.len() as f64 / 1e6;
    let tokens = best(|| cut(&text));
    let scan = best(|| well_formed(&text).unwrap());
    let load = best(|| {
        let genesis = Genesis::parse(text.clone().into_bytes()).unwrap();
        blueprint::plan::load(&genesis).unwrap().len()
    });
    let rate = |time: Duration| megabytes / time.as_secs_f64();
    let against = |time: Duration| time.as_secs_f64() / tokens.as_secs_f64();
    println!(
        "{tasks:>8} {megabytes:>8.3} {:>11.0} {:>11.0} {:>11.0} {:>7.2} {:>7.2}",
        rate(tokens),
        rate(scan),
        rate(load),
        against(scan),
        against(load)
    );
}

/// The parser alone: what no scan can be faster than.
fn cut(text: &str) -> usize {
    let mut reader = Reader::from_str(text);
    let mut events = 0;
    while !matches!(reader.read_event().unwrap(), Event::Eof) {
        events += 1;
    }
    events
}

/// The shortest of many runs: noise only ever adds.
fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let began = Instant::now();
    let mut best = Duration::MAX;
    let mut runs = 0;
    while runs < 5 || began.elapsed() < Duration::from_millis(700) && runs < 2_000 {
        let start = Instant::now();
        black_box(work());
        best = best.min(start.elapsed());
        runs += 1;
    }
    best
}
