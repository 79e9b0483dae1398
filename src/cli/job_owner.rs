//! Who has a plan or a task, as others read it who find that it is taken: the job of a CI system, or a person.

use std::env;

use super::person::actor;

/// The job that this is part of, by what its system says of itself; else who is logged in.
pub(super) fn owner() -> String {
    described(variable).unwrap_or_else(actor)
}

/// Whether this is part of a job of a CI system, whose clone goes with it.
pub(super) fn is_a_job() -> bool {
    described(variable).is_some()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn described(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    if let (Some(run), Some(job)) = (var("GITHUB_RUN_ID"), var("GITHUB_JOB")) {
        let attempt = var("GITHUB_RUN_ATTEMPT").unwrap_or_else(|| "1".to_owned());
        let repository = var("GITHUB_REPOSITORY").unwrap_or_default();
        return Some(format!("GitHub job {job} of {repository} run {run}.{attempt}"));
    }
    if let Some(url) = var("CI_JOB_URL") {
        return Some(format!("GitLab job {url}"));
    }
    var("BUILD_URL").map(|url| format!("job {url}"))
}

#[cfg(test)]
mod tests {
    use super::described;

    fn owner(vars: &[(&str, &str)]) -> Option<String> {
        described(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn jobs_are_named_as_their_systems_name_them() {
        let github = [("GITHUB_RUN_ID", "7"), ("GITHUB_JOB", "parse"), ("GITHUB_REPOSITORY", "a/b")];
        assert_eq!(owner(&github).as_deref(), Some("GitHub job parse of a/b run 7.1"));
        assert_eq!(owner(&[("CI_JOB_URL", "https://h/1")]).as_deref(), Some("GitLab job https://h/1"));
        assert_eq!(owner(&[("HOME", "/root")]), None);
    }
}
