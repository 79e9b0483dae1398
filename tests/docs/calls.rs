//! Calls of blueprint that are mentioned in the text.

use std::collections::BTreeMap;

use crate::page::Page;
use crate::scene::Scene;

/// Those that there are not: a verb or a flag is another one, or none.
pub(crate) fn wrong(page: &Page, scene: &Scene) -> Vec<String> {
    let synopses = page.blocks.iter().filter(|block| block.language == "text");
    let in_blocks = synopses.flat_map(|block| block.text.lines()).map(str::to_owned);
    let mut helps = BTreeMap::new();
    let calls = page.code_in_text().into_iter().chain(in_blocks);
    let calls = calls.filter_map(|code| Some(code.strip_prefix("blueprint ")?.to_owned()));
    let wrong = calls.filter_map(|call| Some((wrong_word(&call, scene, &mut helps)?, call)));
    wrong.map(|(word, call)| format!("{}: `{word}` in `blueprint {call}`", page.name)).collect()
}

fn wrong_word(call: &str, scene: &Scene, helps: &mut BTreeMap<String, Option<String>>) -> Option<String> {
    let call = call.split('#').next().unwrap_or_default();
    let words: Vec<_> =
        call.split([' ', '[', ']', '|', '…', '\n', '=']).filter(|word| !word.is_empty()).collect();
    let mut verb: Vec<&str> = words.iter().copied().take(1).collect();
    if verb == ["VERB"] || verb.first().is_none_or(|verb| verb.starts_with('-')) {
        return None;
    }
    if verb == ["task"] {
        verb.extend(words.get(1).filter(|word| word.chars().all(char::is_lowercase)));
    }
    let help = helps.entry(verb.join(" ")).or_insert_with(|| scene.help(&verb));
    let Some(help) = help else { return Some(verb.join(" ")) };
    let flag = |word: &&&str| word.starts_with("--") && word.len() > 2;
    words.iter().filter(flag).find(|flag| !help.contains(**flag)).map(|flag| (*flag).to_owned())
}
