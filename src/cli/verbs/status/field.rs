//! One value, for scripts.

use std::io::{IsTerminal, stdout};

use serde_json::Value;

use crate::cli::error::{CliError, Kind};
use crate::genesis::nearest;
use crate::report::{StatusReport, clean, clean_lines};

/// Says which names there are, and what each means.
const SCHEMA: &str = include_str!("../../../../schemas/status.schema.json");

/// The value of that name: of each of the report's tasks, a line each, or of the plan. What is not known is an empty line.
pub(super) fn value(report: &StatusReport, name: &str) -> Result<String, CliError> {
    let names = Names::known();
    let whole = serde_json::to_value(report).map_err(|error| CliError::new(Kind::Bug, error))?;
    if names.of_plan.iter().any(|known| known == name) {
        return Ok(shown(at(&whole, name), true) + "\n");
    }
    if !names.of_task.iter().any(|known| known == name) {
        return Err(names.unknown(name));
    }
    let tasks = whole["tasks"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(tasks.iter().map(|task| shown(at(task, name), tasks.len() == 1) + "\n").collect())
}

/// All names that there are.
pub(in crate::cli) fn names() -> Vec<String> {
    let Names { of_plan, of_task } = Names::known();
    of_task.into_iter().chain(of_plan).collect()
}

/// Names of fields; those of objects within are joined by dots.
struct Names {
    of_plan: Vec<String>,
    of_task: Vec<String>,
}

impl Names {
    fn known() -> Self {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
        let definitions = &schema["$defs"];
        let mut of_plan = below(&schema, definitions);
        of_plan.retain(|name| name != "tasks");
        Self { of_plan, of_task: below(&definitions["task"], definitions) }
    }

    fn unknown(&self, name: &str) -> CliError {
        let error = CliError::usage(format!("there is no field `{}`", clean(name)));
        let mut near = Vec::new();
        let mut left: Vec<_> = self.of_task.iter().chain(&self.of_plan).map(String::as_str).collect();
        while let Some(one) = nearest(name, left.iter().copied()).filter(|_| near.len() < 3) {
            near.push(format!("`{one}`"));
            left.retain(|other| *other != one);
        }
        error.hint(if near.is_empty() {
            // Those within others are many, and found by the name of what they are in.
            let outer = |names: &[String]| -> String {
                let outer: Vec<_> = names.iter().filter(|name| !name.contains('.')).cloned().collect();
                outer.join(", ")
            };
            format!(
                "of tasks there are {};\nof the plan {};\nwhat is within one is named by dots, as plan.remaining_ms",
                outer(&self.of_task),
                outer(&self.of_plan)
            )
        } else {
            format!("did you mean {}?", near.join(" or "))
        })
    }
}

/// The names of an object's fields, and of those within them. Where one may be of several sorts, all of them count.
fn below(schema: &Value, definitions: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        names.push(name.clone());
        let sorts = field["oneOf"].as_array().map_or_else(|| vec![field], |sorts| sorts.iter().collect());
        for sort in sorts {
            let within = below(referred(sort, definitions), definitions);
            names.extend(within.into_iter().map(|inner| format!("{name}.{inner}")));
        }
    }
    names
}

fn referred<'a>(schema: &'a Value, definitions: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    name.map_or(schema, |name| &definitions[name])
}

fn at<'a>(value: &'a Value, name: &str) -> &'a Value {
    name.split('.').fold(value, |value, key| &value[key])
}

/// A text as it is where it is alone, on one line where it is one of many; lists and objects as JSON.
fn shown(value: &Value, is_alone: bool) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if !is_alone => clean(text),
        Value::String(text) if stdout().is_terminal() => clean_lines(text),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_says_which_fields_there_are() {
        let names = Names::known();
        for name in ["branch", "tokens.input", "owner.pid", "not_run_because.task", "session", "needs"] {
            assert!(names.of_task.iter().any(|known| known == name), "{name} in {:?}", names.of_task);
        }
        for name in ["plan.epic", "counts.failed", "run.pid", "spent.tokens.output", "version"] {
            assert!(names.of_plan.iter().any(|known| known == name), "{name} in {:?}", names.of_plan);
        }
        assert!(names.of_plan.iter().all(|name| !names.of_task.contains(name)));
    }

    #[test]
    fn an_unknown_field_is_told_with_those_that_look_like_it_or_with_all() {
        let hint = |name| Names::known().unknown(name).hint.unwrap();
        assert!(hint("brnch").contains("`branch`"), "{}", hint("brnch"));
        let all = hint("zzzzqq");
        assert!(all.contains("each_attempt") && all.contains("plan.remaining_ms"), "{all}");
        assert!(all.lines().all(|line| line.len() < 400), "{all}");
    }
}
