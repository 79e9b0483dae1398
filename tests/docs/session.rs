//! Recorded sessions: `$ command`, and below it what was printed.

use std::process::Command;

use crate::page::{Block, Page};
use crate::scene::Scene;

/// Each command is run again, and what it prints has to have every line that is shown, apart from times, names of folders and commits.
/// `…` stands for lines that are left out, or for the rest of a line.
pub(crate) fn replay(scene: &Scene, block: &Block, page: &Page) {
    let at = format!("{}:{}", page.name, block.line);
    for part in block.text.split("$ ").filter(|part| !part.trim().is_empty()) {
        let (command, shown) = part.split_once('\n').unwrap_or((part, ""));
        let printed = scene.plain(&printed(scene.sh(command)));
        let printed: Vec<_> = printed.lines().map(masked).collect();
        for line in shown.lines().map(str::trim_end).filter(|line| !line.is_empty() && *line != "…") {
            let is_there = match line.split_once('…') {
                Some((beginning, _)) => {
                    printed.iter().any(|line| line.starts_with(masked(beginning).trim_end()))
                }
                None => printed.contains(&masked(line)),
            };
            assert!(is_there, "{at}: `{command}` does not print {line:?}, but {printed:#?}");
        }
    }
}

fn printed(mut command: Command) -> String {
    let output = command.output().unwrap();
    let all = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&all).into_owned()
}

/// Words with digits and temp folders are what differs from run to run, blanks what they shift.
fn masked(line: &str) -> String {
    let differs = |word: &str| word.contains(|c: char| c.is_ascii_digit()) || word.starts_with("/tmp/");
    let word = |word: &str| if differs(word) { "#".to_owned() } else { word.to_owned() };
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}
