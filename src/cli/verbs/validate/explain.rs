use std::fmt::Write;

use crate::cli::error::CliError;
use crate::cli::output;
use crate::genesis::{Code, nearest};

/// The word that asks for all codes.
const LIST: &str = "list";

/// Prints the page of a code, or the list of them.
pub(super) fn run(word: &str) -> Result<u8, CliError> {
    if word.eq_ignore_ascii_case(LIST) {
        output::data(&list())?;
        return Ok(0);
    }
    let code = Code::from_word(word).ok_or_else(|| unknown(word))?;
    output::page(&format!(
        "{code}: {} ({})\n\n{}\n",
        code.title(),
        super::json::severity(code.severity()),
        code.page()
    ))?;
    Ok(0)
}

fn list() -> String {
    Code::ALL.iter().fold(String::new(), |mut text, code| {
        let _ = writeln!(text, "{code}  {}", code.title());
        text
    })
}

fn unknown(word: &str) -> CliError {
    let error = CliError::usage(format!("there is no code `{word}`"));
    let upper = word.to_ascii_uppercase();
    match nearest(&upper, Code::ALL.iter().map(|code| code.as_str())) {
        Some(near) => error.hint(format!("did you mean `{near}`? `--explain {LIST}` lists them all")),
        None => error.hint(format!("`blueprint validate --explain {LIST}` lists them all")),
    }
}
