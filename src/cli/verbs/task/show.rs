use crate::cli::args::Format;
use crate::cli::context::{Context, Known};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::report::{StatusReport, show_lines};

pub(super) fn show(context: &Context, known: &Known, name: &str, format: Format) -> Result<u8, CliError> {
    let index = known.task(name)?;
    let Known { genesis, plan, history, run, .. } = known;
    let report = StatusReport::new(&context.path, genesis, plan, history, run.as_ref(), |i| i == index);
    match format {
        Format::Json => output::json(&report)?,
        Format::Human => {
            let width = output::width();
            let lines = |task| show_lines(task, genesis, plan, history, index, width);
            output::page(&report.tasks.iter().map(lines).collect::<String>())?;
        }
    }
    Ok(0)
}
