use std::env;
use std::path::PathBuf;

use crate::cli::context::find;
use crate::genesis::Genesis;

/// What stands in the line beside the word under the cursor, flags left out.
pub(super) struct Words(Vec<String>);

impl Words {
    /// Of the line that the script gave us; the word under the cursor is no word yet.
    pub(super) fn of_line(current: &str) -> Self {
        let line = env::args_os().skip_while(|word| word != "--").skip(2);
        let words = line.map(|word| word.to_string_lossy().into_owned());
        Self(words.filter(|word| !word.starts_with('-') && word != current && !word.is_empty()).collect())
    }

    /// Whether that word stands there already.
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.iter().any(|there| there == word)
    }

    /// The file of the plan that a word names.
    pub(super) fn named_plan(&self) -> Option<PathBuf> {
        self.0.iter().skip(1).find_map(|word| match find(std::slice::from_ref(word)) {
            Ok((path, [])) => Some(path),
            _ => None,
        })
    }

    /// The file of the plan that the line means.
    pub(super) fn plan_file(&self) -> Option<PathBuf> {
        self.named_plan().or_else(|| Some(find(&[]).ok()?.0))
    }

    /// The plan that the line means, as it stands in its file.
    pub(super) fn plan(&self) -> Option<Genesis> {
        Genesis::parse(std::fs::read(self.plan_file()?).ok()?).ok()
    }
}
