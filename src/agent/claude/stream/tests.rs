use std::fs;

use super::*;

fn read(text: &[u8]) -> Stream {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    Stream::read(file.path()).unwrap()
}

#[test]
fn broken_lines_and_unknown_events_are_passed_over() {
    let stream = read(
        b"warning: not json\n\
          {\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s1\"}\n\
          {\"type\":\"moon\"}\n[1]\nnull\n{\"type\":5}\n\xff\xfe\n\
          {\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"hello\"}]}}\n\
          {\"type\":\"assistant\",\"message\":{\"content\":\"odd\"}}\n\
          {\"type\":\"result\",\"result\":\"first\"}\n{\"type\":\"result\",\"result\":\"last\"}\n{\"type\":\"resu",
    );
    assert_eq!(stream.session.as_deref(), Some("s1"));
    assert_eq!(stream.last_text.as_deref(), Some("hello"));
    assert_eq!(text(&stream.result.unwrap(), "result"), Some("last"));
}

#[test]
fn what_an_agents_own_agents_say_is_not_its_last_text() {
    let stream = read(
        b"{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"mine\"}]},\"parent_tool_use_id\":null}\n\
          {\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"its\"}]},\"parent_tool_use_id\":\"t1\"}\n",
    );
    assert_eq!(stream.last_text.as_deref(), Some("mine"));
}

fn last(line: &str) -> Option<String> {
    events(line).iter().rev().find_map(Event::line)
}

#[test]
fn progress_is_one_short_line_of_what_the_agent_says_or_does() {
    let told = [
        r#"{"type":"system","subtype":"init","model":"opus","session_id":"s"}"#,
        r#"{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"error":"rate_limit"}"#,
        r#"{"type":"system","subtype":"api_retry"}"#,
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"\n  I begin.\nThen more."}]}}"#,
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Now:"},{"type":"tool_use","name":"Bash","input":{"command":"cargo test\n--all","description":"tests"}}]}}"#,
        r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Edit","input":{"file_path":"src/a.rs","old_string":"x"}}]}}"#,
        r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"TodoWrite","input":{"todos":[]}}]}}"#,
        r#"{"type":"assistant","message":{"content":[{"type":"thinking","thinking":"hm"}]}}"#,
        r#"{"type":"user","message":{"content":[{"type":"tool_result","content":"ok"}]}}"#,
        r#"{"type":"user","message":{},"tool_use_result":{"filePath":"src/a.rs","structuredPatch":[]}}"#,
        r#"{"type":"result","result":"All done.\nReally."}"#,
        "not json",
        "{}",
    ]
    .map(|line| last(line).unwrap_or_else(|| "-".to_owned()));
    assert_eq!(
        told,
        [
            "started with opus",
            "the service refused; trying again (1 of 10): rate_limit",
            "the service refused; trying again",
            "I begin.",
            "Bash: cargo test",
            "Edit: src/a.rs",
            "TodoWrite",
            "-",
            "-",
            "changed src/a.rs",
            "All done.",
            "-",
            "-",
        ]
    );
}
