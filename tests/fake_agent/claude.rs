//! Output as Claude Code prints it: a JSON object a line, the last one of type `result`. Its session is called `s`.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `starts` is its first line; how it ends: `says TEXT`, `learns TEXT`, `costs USD TEXT`, `asks QUESTION`, `error STATUS TEXT`,
/// `denied TOOL`, `limit-ends SECONDS TEXT`, `turns`, `budget`, `lost` (there is no such session). Before that: `using ANSWER TOKENS`,
/// what the model used for one of its answers.
pub(crate) fn output(kind: &str, rest: &str) -> io::Result<String> {
    let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok(match kind {
        "starts" => r#"{"type":"system","subtype":"init","session_id":"s","model":"m"}"#.to_owned(),
        "asks" => {
            let answer = format!(
                r#","structured_output":{{"status":"needs_clarification","summary":"","deliverables":[],"question":"{rest}","learnings":[]}}"#
            );
            result("success", false, "", &answer)
        }
        "lost" => {
            let errors = r#","errors":["No conversation found with session ID: s"]"#;
            result("error_during_execution", true, "", errors)
        }
        "says" => result("success", false, rest, ""),
        "costs" => {
            let usage = r#""usage":{"input_tokens":90,"output_tokens":10}"#;
            result("success", false, more, &format!(r#","total_cost_usd":{first},{usage}"#))
        }
        "using" => {
            let usage = format!(r#""usage":{{"input_tokens":{more},"output_tokens":0}}"#);
            format!(r#"{{"type":"assistant","message":{{"id":"{first}","content":[],{usage}}}}}"#)
        }
        "learns" => {
            let answer = format!(
                r#"{{"status":"done","summary":"Done.","deliverables":[],"question":null,"learnings":["{rest}"]}}"#
            );
            result("success", false, "Done.", &format!(r#","structured_output":{answer}"#))
        }
        "error" => result("success", true, more, &format!(r#","api_error_status":{first}"#)),
        "denied" => result(
            "success",
            false,
            "could not",
            &format!(r#","permission_denials":[{{"tool_name":"{rest}"}}]"#),
        ),
        "limit-ends" => {
            let seconds = first.parse().map_err(|_| io::Error::other("not a number"))?;
            let ends = SystemTime::now() + Duration::from_secs(seconds);
            let ends = ends.duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
            let limit = format!(
                r#"{{"type":"rate_limit_event","rate_limit_info":{{"status":"rejected","resetsAt":{ends}}}}}"#
            );
            limit + "\n" + &result("success", true, more, r#","api_error_status":429"#)
        }
        "turns" => result("error_max_turns", true, "", ""),
        "budget" => result("error_max_budget_usd", true, "", ""),
        _ => return Err(io::Error::other("no such end")),
    })
}

fn result(subtype: &str, is_error: bool, text: &str, more: &str) -> String {
    format!(
        r#"{{"type":"result","subtype":"{subtype}","is_error":{is_error},"result":"{text}","session_id":"s"{more}}}"#
    )
}
