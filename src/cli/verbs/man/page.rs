use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use crate::cli::config::{INTRODUCTION, TABLES};
use crate::cli::error::{CliError, Kind};

/// The page of a command.
pub(super) fn of_command(command: &Command) -> Result<String, CliError> {
    let mut text = Vec::new();
    render(command, &mut text).map_err(|error| CliError::new(Kind::Bug, error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The page of the configuration file.
pub(super) fn of_configuration() -> String {
    let mut roff = Roff::new();
    roff.control("TH", ["blueprint.toml", "5", "", &source(), "blueprint"]);
    roff.control("SH", ["NAME"]).text([roman("blueprint.toml - how a plan is run")]);
    roff.control("SH", ["DESCRIPTION"]).text(marked(INTRODUCTION));
    for table in &TABLES {
        let name =
            if table.name.starts_with('[') { table.name.to_owned() } else { table.name.to_uppercase() };
        roff.control("SH", [name.as_str()]).text(marked(table.about));
        for key in table.keys {
            let default = key.default.map_or_else(String::new, |default| format!(" [default: {default}]"));
            let takes = key.takes.replace('`', "");
            roff.control("TP", []).text([bold(key.name), roman(" = "), italic(takes), roman(default)]);
            roff.text(marked(key.about));
        }
    }
    roff.to_roff()
}

/// What stands between back ticks is bold.
fn marked(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate();
    parts.map(|(place, part)| if place % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

fn source() -> String {
    format!("blueprint {}", env!("CARGO_PKG_VERSION"))
}

fn render(command: &Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let man = Man::new(command.clone()).source(source()).manual("blueprint");
    man.render_title(text)?;
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    man.render_options_section(text)?;
    if command.get_subcommands().any(|verb| !verb.is_hide_set()) {
        man.render_subcommands_section(text)?;
    }
    more(command).to_writer(text)
}

/// What stands below the flags in `--help`, in sections of its own.
fn more(command: &Command) -> Roff {
    let said = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut roff = Roff::new();
    for paragraph in said.split("\n\n") {
        match paragraph.split_once(':') {
            Some(("Example" | "Examples", examples)) => as_they_are(&mut roff, examples),
            Some(("Exit codes", codes)) => section(&mut roff, "EXIT STATUS", codes),
            _ if paragraph.is_empty() => {}
            _ => section(&mut roff, "NOTES", paragraph),
        }
    }
    roff
}

fn as_they_are(roff: &mut Roff, lines: &str) {
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

fn section(roff: &mut Roff, name: &str, text: &str) {
    roff.control("SH", [name]).text([roman(text.trim())]);
}
