//! A plan that was really run, by the fake agent, with everything that a report tells of: failures, retries, gates that measure, costs, a
//! question and its answer, decisions and learnings. And plans whose every word is out for mischief.

use crate::project::{FAKE_AGENT, PlanText, TestProject, toml_text};

const PLAN: &str = include_str!("story/genesis.xml");
const SCRIPT: &str = include_str!("story/script");
const KEYS: &str = include_str!("story/keys.toml");

/// Fifteen tasks, in two runs: 11 are completed, one failed, one is blocked, and two wait for those.
pub(crate) fn story() -> TestProject {
    let project = TestProject::of_text(PLAN, SCRIPT);
    project.configure(&format!("{KEYS}[runners.claude]\ncommand = [{}]", toml_text(FAKE_AGENT)));
    project.run(&[]).assert(1, &["7 of 15 tasks completed", "Stripe or Adyen?"]);
    project.blueprint(&["answer", "payment", "Adyen: the fees are lower"]).assert(0, &[]);
    project.run(&[]).assert(1, &["11 of 15 tasks completed"]);
    project
}

/// What would be markup, a script or a wide page if anybody forgot to escape or to break it.
pub(crate) const HOSTILE: [&str; 7] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "</title></style><iframe src=javascript:alert(3)>",
    "a|b`c`\n# d [e](javascript:alert(4))",
    "AveryveryveryverylongwordthatnobodycanbreakAveryveryveryverylongwordthatnobodycanbreakAveryveryverylongword",
    "日本語の仕事はとても長い名前を持つことができますね日本語の仕事はとても長い名前を持つことができますね",
    "\u{202e}drowkcab&amp;#x3c;b>",
];

/// Every id, the agent's words, and what a gate says are of that kind.
pub(crate) fn hostile() -> TestProject {
    let ids: Vec<_> = HOSTILE.iter().map(|text| text.replace(['\n', ' '], "-")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let plan = ids.iter().fold(PlanText::chain(&ids).epic(HOSTILE[1]), |plan, id| plan.agent(id, HOSTILE[1]));
    let words = HOSTILE.map(|text| text.replace('\n', " ")).join(" ");
    let script = format!(
        "== *\nwrite x.txt x\nblueprint task|note|--learning|{}|{}\\nprint {words}",
        HOSTILE[0],
        words.replace('|', " ")
    );
    let project = TestProject::new(&plan, &script);
    let gate = "[[gates]]\nname = \"<b onclick=alert(5)>\"\nrun = \"echo '<svg onload=alert(6)>'; exit 1\"\n";
    project.configure(&format!("gate-iterations = 1\n{gate}"));
    project.run(&[]).assert(1, &[]);
    project
}

/// Ten levels of ten tasks, each of which needs some of the level before, and one level all of it. Nothing of it was run.
pub(crate) fn hundred() -> TestProject {
    let ids: Vec<_> = (0..100).map(|n| format!("task-{n}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let needs = |n: usize| match n {
        0..10 => Vec::new(),
        50..60 => (40..50).collect(),
        _ => vec![n - 10, n / 10 * 10 - 10 + n * 7 % 10],
    };
    let edges = (0..100).flat_map(|n| needs(n).into_iter().map(move |from| (from, n)));
    let plan = edges.fold(PlanText::of(&ids), |plan, (from, to)| plan.edge(ids[from], ids[to]));
    let states = ["completed", "in-progress", "failed", "blocked", "cancelled"];
    let plan = states
        .iter()
        .zip([3, 12, 14, 21, 33])
        .fold(plan, |plan, (status, n)| plan.already(ids[n], status, "ada"));
    TestProject::new(&plan, "")
}
