//! A branch and a pull request for each task, each on top of those that it needs.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Ground;
use super::pieces::Pieces;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::cli::works::work;
use crate::git::Program;
use crate::plan::TaskIndex;
use crate::report::{clean, shell_word};

/// The forge's own program.
const GH: &str = "gh";
/// Where branches go, unless `--push` says otherwise.
const REMOTE: &str = "origin";

/// One of them: what is pushed, and the request's words.
struct Request {
    task: String,
    commit: String,
    branch: String,
    onto: String,
    title: String,
    body: String,
}

/// Makes them where `gh` is installed; else, and if nothing is to be changed, prints the commands that would.
pub(super) fn make(
    ground: &Ground<'_>,
    pieces: &Pieces,
    remote: Option<&str>,
    dry_run: bool,
) -> Result<u8, CliError> {
    let remote = remote.unwrap_or(REMOTE);
    // Commands that can't work are not worth copying.
    ground.branches.repo.remote(remote)?;
    let requests = requests(ground, pieces)?;
    if requests.is_empty() {
        output::say(&format!("all that is finished has landed in {}", ground.into));
        return Ok(0);
    }
    let place = ground.branches.repo.workdir().unwrap_or(ground.branches.repo.common_dir());
    if dry_run || !has_gh() {
        let why = if dry_run { "nothing was changed (--dry-run)" } else { "there is no `gh` here" };
        output::say(&format!("note    {why}: these commands make the pull requests"));
        return output::data(&requests.iter().map(|request| request.commands(remote)).collect::<String>())
            .map(|()| 0);
    }
    for request in &requests {
        request.make(place, remote)?;
    }
    Ok(0)
}

fn requests(ground: &Ground<'_>, pieces: &Pieces) -> Result<Vec<Request>, CliError> {
    let request = |index: &TaskIndex| -> Result<Option<Request>, CliError> {
        let plan = &ground.known.plan;
        let task = plan.task(*index);
        let Some(work) = work((ground.context, ground.known), ground.branches, task.id.as_str())? else {
            return Ok(None);
        };
        let branch = |index: TaskIndex| {
            ground.branches.refs.branch(ground.branches.slug(plan.task(index).id.as_str()))
        };
        let before: Vec<_> =
            pieces.tasks.iter().filter(|before| plan.prerequisites(*index).contains(before)).collect();
        let onto = before.last().map_or_else(|| ground.into.clone(), |before| branch(**before));
        let needs: Vec<_> = before.iter().map(|before| clean(plan.task(**before).id.as_str())).collect();
        let summary = ground.known.genesis.details(task.id.as_str()).result.map(|result| result.summary);
        let said = summary.unwrap_or_else(|| task.name.clone());
        let body = match needs.len() {
            0 => said,
            _ => format!("{said}\n\nBuilds on {}.", needs.join(", ")),
        };
        Ok(Some(Request {
            task: task.id.to_string(),
            commit: work.head.to_string(),
            branch: branch(*index).as_str().to_owned(),
            onto: onto.as_str().to_owned(),
            title: clean(&format!("{}: {}", task.id, task.name)),
            body,
        }))
    };
    pieces.tasks.iter().filter_map(|index| request(index).transpose()).collect()
}

impl Request {
    fn push_arguments(&self, remote: &str) -> [String; 4] {
        let what = format!("{}:refs/heads/{}", self.commit, self.branch);
        ["push".to_owned(), "--".to_owned(), remote.to_owned(), what]
    }

    fn create_arguments(&self) -> [&str; 10] {
        let Self { branch, onto, title, body, .. } = self;
        ["pr", "create", "--head", branch, "--base", onto, "--title", title, "--body", body]
    }

    fn commands(&self, remote: &str) -> String {
        let line = |program: &str, words: &[&str]| {
            let words: Vec<_> = [program].iter().chain(words).map(|word| shell_word(word)).collect();
            words.join(" ") + "\n"
        };
        let push = self.push_arguments(remote);
        line("git", &push.each_ref().map(String::as_str)) + &line(GH, &self.create_arguments())
    }

    fn make(&self, place: &Path, remote: &str) -> Result<(), CliError> {
        Program::new("push", place).args(self.push_arguments(remote)).run()?;
        let mut call = Command::new(GH);
        call.args(self.create_arguments())
            .current_dir(place)
            .env("GH_PROMPT_DISABLED", "1")
            .stdin(Stdio::null());
        let failed = |why: &str| {
            CliError::new(
                Kind::Environment,
                format!("`gh` could make no pull request for {}: {why}", clean(&self.task)),
            )
            .hint(format!("its branch {} is pushed; those before it have theirs", self.branch))
        };
        let ended = call.output().map_err(|error| failed(&error.to_string()))?;
        if !ended.status.success() {
            return Err(failed(&clean(&String::from_utf8_lossy(&ended.stderr))));
        }
        let address = clean(&String::from_utf8_lossy(&ended.stdout));
        output::data(&format!("{} {address}\n", clean(&self.task)))
    }
}

fn has_gh() -> bool {
    let mut asked = Command::new(GH);
    asked.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}
