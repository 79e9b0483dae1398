use std::fs;

use super::super::super::EndedBy;
use super::*;

/// An ended attempt: how it left, and what it printed.
struct Case {
    name: &'static str,
    exit: Exit,
    ended_by_us: Option<EndedBy>,
    stdout: String,
    stderr: &'static str,
}

/// A whole output: the first event, a text, and a result line with these fields.
fn output(result: &str) -> String {
    [
        r#"{"type":"system","subtype":"init","session_id":"s-1","model":"opus"}"#,
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"On it."}]},"parent_tool_use_id":null}"#,
        result,
    ]
    .join("\n")
}

fn result(fields: &str) -> String {
    output(&format!(
        r#"{{"type":"result","num_turns":2,"session_id":"s-1","total_cost_usd":0.25,"usage":{{"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":7}},"modelUsage":{{}},{fields}}}"#
    ))
}

fn said(message: &str) -> String {
    let message = serde_json::to_string(message).unwrap();
    result(&format!(
        r#""subtype":"success","is_error":false,"api_error_status":null,"result":{message},"permission_denials":[]"#
    ))
}

fn failed(status: &str, message: &str) -> String {
    result(&format!(
        r#""subtype":"success","is_error":true,"api_error_status":{status},"result":"{message}","permission_denials":[]"#
    ))
}

fn case(name: &'static str, code: i32, stdout: String) -> Case {
    Case { name, exit: Exit::Code(code), ended_by_us: None, stdout, stderr: "" }
}

fn read_case(case: &Case) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    fs::write(&out, &case.stdout).unwrap();
    fs::write(&err, case.stderr).unwrap();
    read(&Ended {
        exit: case.exit,
        ended_by_us: case.ended_by_us,
        stdout: &out,
        stderr: &err,
        at: &jiff::Zoned::now(),
    })
}

fn told(case: &Case) -> String {
    let reading = read_case(case);
    let mut told = format!("{}: {}", case.name, reading.outcome);
    let parts = [("summary", &reading.summary), ("detail", &reading.detail), ("question", &reading.question)];
    for (name, text) in parts {
        if let Some(text) = text {
            told.push_str(&format!("\n    {name}: {text:?}"));
        }
    }
    told
}

fn snapshot(cases: &[Case]) -> String {
    cases.iter().map(told).collect::<Vec<_>>().join("\n")
}

const DENIED: &str = r#"[{"tool_name":"Write","tool_use_id":"t","tool_input":{"file_path":"/etc/x","content":"y"}},{"tool_name":"Bash","tool_input":{"command":"git push\nnow"}},{}]"#;

#[test]
fn answers_of_the_agent() {
    let told = snapshot(&[
        case("success", 0, said("Added the parser.\n\nTests pass.")),
        case("success without words", 0, said("")),
        case("blocked", 0, said("BLOCKED: no database")),
        case("blocked at the end", 0, said("Half done.\n\nBLOCKED: no database")),
        case("question", 0, said("I looked.\n\n**CLARIFICATION:** Which database?")),
        case("error report", 0, said(r#"{"error_code":"MISSING_INPUT","message":"no schema"}"#)),
        case("prose about limits is no limit", 0, said("I fixed the rate_limit and the 429 handling.")),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn errors_of_the_service() {
    let told = snapshot(&[
        case("401", 1, failed("401", "Invalid API key · Fix external API key")),
        case("403", 1, failed("403", "Failed to authenticate. API Error: 403 not allowed")),
        case("not logged in", 1, failed("null", "Not logged in · Please run /login")),
        case("429", 1, failed("429", "API Error: Request rejected (429) · slow down")),
        case("529", 1, failed("529", "API Error: 529 Overloaded.")),
        case("529 without status", 1, failed("null", "API Error: Repeated 529 Overloaded errors")),
        case("usage limit", 1, failed("null", "Claude AI usage limit reached|1790000000")),
        case("no credit", 1, failed("400", "Credit balance is too low")),
        case("500", 1, failed("500", "API Error: 500 boom")),
        case("connection lost", 1, failed("null", "API Error: Unable to connect to API (ECONNRESET)")),
        case("400", 1, failed("400", "Prompt is too long")),
        case("status of an odd type", 1, failed("\"429\"", "API Error: rate_limit_error")),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn other_ends() {
    let denied = format!(
        r#""subtype":"success","is_error":false,"result":"BLOCKED: could not","permission_denials":{DENIED}"#
    );
    let both = format!(
        r#""subtype":"success","is_error":true,"api_error_status":429,"result":"x","permission_denials":{DENIED}"#
    );
    let told = snapshot(&[
        case("denied tools", 0, result(&denied)),
        case("denied tools come before a rate limit", 1, result(&both)),
        case(
            "turns",
            1,
            result(
                r#""subtype":"error_max_turns","is_error":true,"errors":["Reached maximum number of turns (2)"]"#,
            ),
        ),
        case("budget", 1, result(r#""subtype":"error_max_budget_usd","is_error":true"#)),
        case(
            "broke off",
            1,
            result(r#""subtype":"error_during_execution","is_error":true,"errors":["a","b"]"#),
        ),
        case(
            "refusal",
            1,
            result(
                r#""subtype":"success","is_error":true,"stop_reason":"refusal","result":"API Error: Usage Policy""#,
            ),
        ),
        case(
            "fields of odd types",
            0,
            result(r#""subtype":7,"is_error":"no","result":[],"permission_denials":{}"#),
        ),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn ends_without_a_result() {
    let ended = |name, exit, by| Case { ended_by_us: by, exit, ..case(name, 0, output("{\"type\":\"resu")) };
    let told = snapshot(&[
        Case { stderr: "error: unknown option '--bogus'\n", ..case("usage", 1, String::new()) },
        case("interrupted by somebody", 0, output("")),
        ended("terminated by somebody", Exit::Code(143), None),
        ended("killed by somebody", Exit::Signal(9), None),
        ended("timed out by us", Exit::Code(143), Some(EndedBy::TimedOut)),
        ended("cancelled by us", Exit::Code(0), Some(EndedBy::Cancelled)),
        ended("interrupted by us", Exit::Signal(9), Some(EndedBy::Interrupted)),
        Case {
            ended_by_us: Some(EndedBy::TimedOut),
            ..case("timed out at the last moment", 0, said("Done."))
        },
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn cost_tokens_and_session_are_read_whatever_the_outcome() {
    for stdout in [said("Done."), failed("429", "slow down")] {
        let reading = read_case(&case("", 1, stdout));
        assert_eq!(reading.cost_usd, Some(0.25));
        assert_eq!(reading.tokens, Some(Tokens { input: 100, output: 7, cached: 90 }));
        assert_eq!(reading.session.as_deref(), Some("s-1"));
    }
    assert_eq!(read_case(&case("", 0, output(""))).session.as_deref(), Some("s-1"));
}

#[test]
fn a_question_at_the_end_of_a_very_long_message_is_not_lost() {
    let message = format!("{}\n\nCLARIFICATION: Which?", "word ".repeat(5_000));
    let reading = read_case(&case("", 0, said(&message)));
    assert_eq!((reading.outcome, reading.question.as_deref()), (Outcome::NeedsAnswer, Some("Which?")));
    assert_eq!(reading.summary.unwrap().chars().count(), MESSAGE);
}

#[test]
fn when_a_limit_ends_is_read_from_the_event_or_else_from_the_message() {
    let in_an_hour = jiff::Timestamp::now().as_second() + 3_600;
    let event = |status: &str, at: i64| {
        format!(r#"{{"type":"rate_limit_event","rate_limit_info":{{"status":"{status}","resetsAt":{at}}}}}"#)
    };
    let at = |stdout: String| read_case(&case("", 1, stdout)).retry_at.map(jiff::Timestamp::as_second);
    let message = || failed("429", &format!("Claude AI usage limit reached|{in_an_hour}"));
    assert_eq!(at(event("rejected", in_an_hour + 60) + "\n" + &message()), Some(in_an_hour + 60));
    assert_eq!(at(event("allowed", in_an_hour + 60) + "\n" + &message()), Some(in_an_hour));
    assert_eq!(at(event("rejected", 1) + "\n" + &message()), Some(in_an_hour), "a time that is past");
    assert_eq!(at(failed("429", "slow down")), None);
    assert_eq!(at(failed("500", "resets in 2 hours")), None);
}

#[test]
fn tokens_of_all_models_are_added_up() {
    let usage = r#""subtype":"success","result":"x","modelUsage":{"a":{"inputTokens":1,"cacheCreationInputTokens":2,"outputTokens":3},"b":{"inputTokens":10,"outputTokens":30}}"#;
    let line = format!(r#"{{"type":"result",{usage}}}"#);
    let reading = read_case(&case("", 0, line));
    assert_eq!(reading.tokens, Some(Tokens { input: 13, output: 33, cached: 0 }));
}

#[test]
fn a_log_that_cannot_be_read_is_told() {
    let gone = std::path::Path::new("/nonexistent/log");
    let reading = read(&Ended {
        exit: Exit::Code(1),
        ended_by_us: None,
        stdout: gone,
        stderr: gone,
        at: &jiff::Zoned::now(),
    });
    assert_eq!(reading.outcome, Outcome::Failed);
    assert!(reading.detail.unwrap().starts_with("/nonexistent/log cannot be read"));
}

#[test]
fn recorded_ends() {
    let recorded = |name, code, output: &str| case(name, code, output.to_owned());
    let told = snapshot(&[
        recorded("success", 0, include_str!("../fixtures/success.jsonl")),
        recorded("denied tool", 0, include_str!("../fixtures/denied.jsonl")),
        recorded("401", 1, include_str!("../fixtures/401.jsonl")),
        recorded("429 that stays", 1, include_str!("../fixtures/429-that-stays.jsonl")),
        recorded("no money", 1, include_str!("../fixtures/quota.jsonl")),
        recorded("529", 1, include_str!("../fixtures/529.jsonl")),
        recorded("disconnected", 1, include_str!("../fixtures/disconnected.jsonl")),
        recorded("refusal", 1, include_str!("../fixtures/refusal.jsonl")),
        recorded("turns", 1, include_str!("../fixtures/max-turns.jsonl")),
        recorded("question", 0, include_str!("../fixtures/question.jsonl")),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn an_answer_in_the_form_that_was_asked_for_counts_before_words() {
    let structured = r#"{"status":"done","summary":"Wrote it.","deliverables":["a.rs"],"question":null,"learnings":["x"]}"#;
    let line = result(&format!(
        r#""subtype":"success","is_error":false,"result":"BLOCKED: no","structured_output":{structured}"#
    ));
    let reading = read_case(&case("", 0, line));
    assert_eq!((reading.outcome, reading.summary.as_deref()), (Outcome::Completed, Some("Wrote it.")));
    assert_eq!((reading.deliverables, reading.learnings), (vec!["a.rs".to_owned()], vec!["x".to_owned()]));
}
