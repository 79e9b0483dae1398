use super::header::header;
use super::model::StatusReport;
use super::reader::Reader;
use super::table::table;

/// The status of a plan: a header, and a line a task.
pub fn status_lines(report: &StatusReport, reader: &Reader) -> String {
    format!("{}\n{}", header(report, reader), table(&report.tasks, reader))
}

/// The plan as a whole alone.
pub fn header_lines(report: &StatusReport, reader: &Reader) -> String {
    header(report, reader)
}
