use crate::agent;
use crate::cli::args::Format;
use crate::cli::context::{Context, Known};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::report::{StatusReport, clean, clean_lines, task_lines};

pub(super) fn show(context: &Context, known: &Known, name: &str, format: Format) -> Result<u8, CliError> {
    let index = known.task(name)?;
    let (genesis, run) = (&known.genesis, known.run.as_ref());
    let report = StatusReport::new(&context.path, genesis, &known.plan, &known.history, run, |i| i == index);
    if format == Format::Json {
        output::json(&report)?;
        return Ok(0);
    }
    let status: String = report.tasks.iter().map(task_lines).collect();
    let Some(task) = genesis.task(name) else { return Ok(0) };
    let brief = agent::TaskBrief {
        id: task.id.clone(),
        name: task.name.clone(),
        description: task.description.clone(),
        acceptance: task.acceptance.clone(),
        estimate: task.estimate.as_ref().map(|estimate| estimate.id.clone()),
    };
    output::data(&format!("{status}{}", described(&brief)))?;
    Ok(0)
}

fn described(brief: &agent::TaskBrief) -> String {
    let mut text = format!("\n{}\n", clean_lines(brief.description.trim()));
    for criterion in &brief.acceptance {
        text.extend(["  - ", &clean(criterion), "\n"]);
    }
    text
}
