//! What an attempt adds to `OpenCode`'s settings, which it takes from a variable as well as from files.

use std::ffi::OsString;

use serde_json::{Map, Value, json};

use super::super::tools::Powers;
use super::super::{DefinitionMode, Launch};

/// The variable with settings; the program puts them over those of its files.
pub(super) const VARIABLE: &str = "OPENCODE_CONFIG_CONTENT";

/// The agent that stands for a definition which replaces the program's own instructions.
pub(super) const AGENT: &str = "blueprint";

/// Adds the definition, and takes away the tools that it does not list.
///
/// `None` where what is there is no JSON object.
pub(super) fn added(
    env: Vec<(OsString, OsString)>,
    launch: &Launch<'_>,
    mode: DefinitionMode,
) -> Option<Vec<(OsString, OsString)>> {
    let (ours, mut env): (Vec<_>, Vec<_>) = env.into_iter().partition(|(name, _)| name == VARIABLE);
    let mut settings = match ours.first() {
        None => Map::new(),
        Some((_, value)) => serde_json::from_str::<Map<_, _>>(value.to_str()?).ok()?,
    };
    let file = launch.definition_file.to_string_lossy();
    match mode {
        DefinitionMode::Append => add_instructions(&mut settings, &file)?,
        DefinitionMode::Replace => {
            let agent = json!({"mode": "primary", "prompt": format!("{{file:{file}}}")});
            object(&mut settings, "agent")?.insert(AGENT.to_owned(), agent);
        }
    }
    let denied = denied(Powers::of(&launch.definition.tools));
    if !denied.is_empty() {
        object(&mut settings, "permission")?
            .extend(denied.into_iter().map(|tool| (tool.to_owned(), json!("deny"))));
    }
    env.push((VARIABLE.into(), Value::Object(settings).to_string().into()));
    env.sort();
    Some(env)
}

fn add_instructions(settings: &mut Map<String, Value>, file: &str) -> Option<()> {
    let list = settings.entry("instructions").or_insert_with(|| json!([]));
    list.as_array_mut()?.push(json!(file));
    Some(())
}

fn object<'a>(settings: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    settings.entry(key).or_insert_with(|| json!({})).as_object_mut()
}

/// The program's tools that an agent without these powers is not shown.
fn denied(powers: Powers) -> Vec<&'static str> {
    let tools: [(bool, &[&str]); 3] =
        [(powers.shell, &["bash"]), (powers.edit, &["edit"]), (powers.web, &["webfetch", "websearch"])];
    tools.into_iter().filter(|(has, _)| !has).flat_map(|(_, tools)| tools).copied().collect()
}
