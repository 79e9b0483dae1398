//! By an address on the web: `curl` sends it, since nothing in this program speaks to the network.

use std::env;
use std::process::Command;

use crate::cli::config::Webhook;

/// Where to; the address may be in a variable.
pub(super) fn address(webhook: &Webhook) -> Result<String, String> {
    let address = match webhook {
        Webhook::Address(address) => address.clone(),
        Webhook::Variable(name) => env::var(name).map_err(|_| format!("the variable `{name}` is not set"))?,
    };
    let is_plain = !address.contains(char::is_control);
    is_plain.then_some(address).ok_or_else(|| "its address has control characters in it".to_owned())
}

/// The program that sends. Address and document come by its input: a command line is there for everybody to read.
pub(super) fn sender() -> Command {
    let mut command = Command::new("curl");
    command.args(["--config", "-"]);
    command
}

/// What it is to do, in its own language.
pub(super) fn input(address: &str, document: &str) -> String {
    format!(
        "url = {}\ndata-raw = {}\nheader = \"Content-Type: application/json\"\nproto = \"=http,https\"\n\
         max-time = 20\nretry = 2\nfail\nsilent\nshow-error\noutput = \"/dev/null\"\nglobaloff\n",
        quoted(address),
        quoted(document)
    )
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_an_instruction_to_the_sender() {
        let document = serde_json::json!({"text": "a\"\nurl = \"http://evil\"\\"}).to_string();
        let input = input("https://x/\"y", &document);
        assert_eq!(input.lines().filter(|line| line.starts_with("url")).count(), 1);
        assert!(input.starts_with("url = \"https://x/\\\"y\"\n"), "{input}");
    }
}
