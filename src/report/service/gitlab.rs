//! Sections: parts of a GitLab job's log that fold away.

/// The beginning of a section; its name is made of letters, digits, `_`, `.` and `-`, and used once in a log.
pub(super) fn section(name: &str, unix_time: i64, title: &str) -> String {
    format!("\x1b[0Ksection_start:{unix_time}:{name}[collapsed=true]\r\x1b[0K{title}")
}

/// Its end.
pub(super) fn end_section(name: &str, unix_time: i64) -> String {
    format!("\x1b[0Ksection_end:{unix_time}:{name}\r\x1b[0K")
}
