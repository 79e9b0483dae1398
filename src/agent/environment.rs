//! The environment of an attempt: nothing is inherited but what is on a list.

mod git;

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::iter;
use std::path::Path;

use super::{BuildJobs, Launch, RunnerError, RunnerSpec};

/// The variables that we were started with, handed in so that nothing here asks the process for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaseEnv(BTreeMap<OsString, OsString>);

impl BaseEnv {
    /// From names and values, such as `std::env::vars_os()`; the last of two with one name wins.
    pub fn new<K: Into<OsString>, V: Into<OsString>>(vars: impl IntoIterator<Item = (K, V)>) -> BaseEnv {
        BaseEnv(vars.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }

    /// The value of a variable.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }
}

/// What a configuration passes on beside the fixed list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvPolicy {
    /// Names of variables (`env-pass`); `NAME_*` stands for all that begin with `NAME_`.
    pub pass: Vec<String>,
    /// Agents may push: they get what git needs for that, an ssh agent included.
    pub allow_push: bool,
}

/// Passed on to every agent program: where it is, who it is for, how to talk to them.
const ALWAYS: &[&str] = &["PATH", "HOME", "USER", "SHELL", "LANG", "LC_*", "TERM", "TZ", "TMPDIR"];

/// Passed on to agents that may push.
const FOR_PUSHING: &[&str] = &["SSH_AUTH_SOCK"];

/// The way to the network, for programs that talk to a service.
pub(super) const NETWORK: &[&str] = &[
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "all_proxy",
    "https_proxy",
    "http_proxy",
    "no_proxy",
];

/// Never passed on, whatever a configuration says: they would make git in the worktree work on another repository
/// (the list of `git rev-parse --local-env-vars`, those that carry settings left out).
const NEVER: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The variable that says where an agent leaves its reports, where that is not its worktree.
pub const OUTBOX: &str = "BLUEPRINT_OUTBOX";

/// The variable that names the folder of a step (a command that is no agent) in the step's environment.
pub const STEP: &str = "BLUEPRINT_STEP";

/// The variables of our own environment that steps see: those that every agent program sees, sorted by name.
pub fn passed_to_steps(base: &BaseEnv, policy: &EnvPolicy) -> Vec<(OsString, OsString)> {
    passed_on(base, &Needs::default(), policy).into_iter().collect()
}

/// What a kind of program needs from the environment, and what of that must not reach it.
#[derive(Debug, Clone, Default)]
pub(super) struct Needs {
    /// Patterns of variables to pass on.
    pub pass: Vec<&'static str>,
    /// Patterns of variables to hold back all the same.
    pub hold_back: &'static [&'static str],
}

/// The whole environment of an attempt, sorted by name.
///
/// Later layers win: the allowed variables of our own environment, the jobs of builds, what git is told, the variables of the place, the
/// runner's `env` table, the attempt's variables.
pub(super) fn assemble(
    launch: &Launch<'_>,
    needs: &Needs,
    runner_env: &BTreeMap<String, String>,
) -> Vec<(OsString, OsString)> {
    let mut vars = passed_on(launch.env, needs, launch.policy);
    let of_builds = launch.build_jobs.map(BuildJobs::vars).unwrap_or_default();
    vars.extend(of_builds.into_iter().map(|(name, value)| (name.into(), value.into())));
    vars.extend(git::vars(launch, &vars));
    vars.extend(launch.place_env.iter().cloned());
    vars.extend(runner_env.iter().map(|(k, v)| (k.into(), v.into())));
    vars.extend(attempt(launch));
    vars.extend(launch.outbox.map(|folder| (OUTBOX.into(), folder.into())));
    if let Some(folder) = launch.programs {
        put_first_in_path(folder, &mut vars);
    }
    vars.into_iter().collect()
}

/// Without a `PATH` every shell has one of its own, which a new one of ours would hide; and a folder with a colon in its name can't be in it.
fn put_first_in_path(folder: &Path, vars: &mut BTreeMap<OsString, OsString>) {
    let Some(path) = vars.get_mut(OsStr::new("PATH")) else { return };
    let others: Vec<_> = env::split_paths(path).filter(|other| other != folder).collect();
    if let Ok(joined) = env::join_paths(iter::once(folder.to_owned()).chain(others)) {
        *path = joined;
    }
}

/// Refuses a runner whose `env` table sets what git must not see.
pub(super) fn refuse_git_variables(spec: &RunnerSpec) -> Result<(), RunnerError> {
    match spec.env.keys().find(|name| matches_any(NEVER, OsStr::new(name))) {
        None => Ok(()),
        Some(variable) => {
            Err(RunnerError::GitVariable { name: spec.name.clone(), variable: variable.clone() })
        }
    }
}

/// The variables of our own environment that a program is passed, and those of its runner's `env` table.
pub(super) fn of_program(
    base: &BaseEnv,
    needs: &Needs,
    policy: &EnvPolicy,
    runner_env: &BTreeMap<String, String>,
) -> Vec<(OsString, OsString)> {
    let mut vars = passed_on(base, needs, policy);
    vars.extend(runner_env.iter().map(|(name, value)| (name.into(), value.into())));
    vars.into_iter().collect()
}

fn passed_on(base: &BaseEnv, needs: &Needs, policy: &EnvPolicy) -> BTreeMap<OsString, OsString> {
    let allowed = |name: &OsStr| {
        let needed = matches_any(&needs.pass, name) && !matches_any(needs.hold_back, name);
        let asked_for = policy.pass.iter().any(|pattern| matches(pattern, name));
        let to_push = policy.allow_push && matches_any(FOR_PUSHING, name);
        (needed || asked_for || to_push || matches_any(ALWAYS, name)) && !matches_any(NEVER, name)
    };
    base.0.iter().filter(|(name, _)| allowed(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn attempt(launch: &Launch<'_>) -> [(OsString, OsString); 8] {
    let number = launch.attempt.to_string();
    [
        ("GENESIS_FILE_PATH", launch.genesis.as_os_str()),
        ("TASK_ID", OsStr::new(launch.task)),
        ("WORKTREE_PATH", launch.worktree.as_os_str()),
        ("BLUEPRINT_AGENT", OsStr::new(launch.agent)),
        ("BLUEPRINT_ATTEMPT", OsStr::new(&number)),
        ("BLUEPRINT_TASK_TOKEN", OsStr::new(launch.token)),
        ("BLUEPRINT_DEFINITION_FILE", launch.definition_file.as_os_str()),
        ("BLUEPRINT_PROMPT_FILE", launch.prompt_file.as_os_str()),
    ]
    .map(|(name, value)| (name.into(), value.to_owned()))
}

fn matches_any(patterns: &[&str], name: &OsStr) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &OsStr) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.as_encoded_bytes().starts_with(prefix.as_bytes()),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::super::launch::tests::Scene;
    use super::*;

    fn names(vars: &[(OsString, OsString)]) -> Vec<&str> {
        vars.iter().map(|(name, _)| name.to_str().unwrap()).collect()
    }

    /// All but what git is told.
    fn others(vars: &[(OsString, OsString)]) -> Vec<&str> {
        let is_for_git = |name: &&str| name.starts_with("GIT_") || *name == "SSH_ASKPASS";
        names(vars).into_iter().filter(|name| !is_for_git(name)).collect()
    }

    const ATTEMPT: [&str; 8] = [
        "BLUEPRINT_AGENT",
        "BLUEPRINT_ATTEMPT",
        "BLUEPRINT_DEFINITION_FILE",
        "BLUEPRINT_PROMPT_FILE",
        "BLUEPRINT_TASK_TOKEN",
        "GENESIS_FILE_PATH",
        "TASK_ID",
        "WORKTREE_PATH",
    ];

    #[test]
    fn an_empty_environment_gives_the_attempts_variables_only() {
        let vars = assemble(&Scene::new().launch(), &Needs::default(), &BTreeMap::new());
        assert_eq!(others(&vars), ATTEMPT);
    }

    #[test]
    fn where_reports_are_left_is_only_said_where_it_is_not_the_worktree() {
        let scene = Scene::new();
        let launch = Launch { outbox: Some(Path::new("/state/1")), ..scene.launch() };
        let vars = assemble(&launch, &Needs::default(), &BTreeMap::new());
        assert!(vars.contains(&(OUTBOX.into(), "/state/1".into())));
    }

    #[test]
    fn only_listed_variables_are_passed_on() {
        let scene = Scene::new().env(&["PATH", "LC_ALL", "LC_", "SECRET", "PATHS", "CARGO_HOME"]);
        let vars = assemble(&scene.launch(), &Needs::default(), &BTreeMap::new());
        let passed: Vec<_> = others(&vars).into_iter().filter(|n| !ATTEMPT.contains(n)).collect();
        assert_eq!(passed, ["LC_", "LC_ALL", "PATH"]);
    }

    #[test]
    fn the_configuration_passes_on_names_and_prefixes() {
        let scene = Scene::new().env(&["CARGO_HOME", "DB_URL", "DB_USER"]).pass(&["CARGO_HOME", "DB_*"]);
        let vars = assemble(&scene.launch(), &Needs::default(), &BTreeMap::new());
        assert!(["CARGO_HOME", "DB_URL", "DB_USER"].iter().all(|n| names(&vars).contains(n)));
    }

    #[test]
    fn variables_that_redirect_git_never_leak_even_when_asked_for() {
        let scene = Scene::new()
            .env(&["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_AUTHOR_NAME"])
            .pass(&["GIT_*", "GIT_DIR", "*"]);
        let vars = assemble(&scene.launch(), &Needs::default(), &BTreeMap::new());
        let leaked = |name: &&str| ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"].contains(name);
        assert_eq!(names(&vars).into_iter().find(leaked), None);
        assert!(vars.contains(&("GIT_AUTHOR_NAME".into(), "1".into())), "that leads nowhere");
    }

    #[test]
    fn an_ssh_agent_is_passed_on_to_those_only_who_may_push() {
        let scene = Scene::new().env(&["SSH_AUTH_SOCK"]);
        let has_one = |launch: &Launch<'_>| {
            let vars = assemble(launch, &Needs::default(), &BTreeMap::new());
            names(&vars).contains(&"SSH_AUTH_SOCK")
        };
        assert!(!has_one(&scene.launch()));
        let policy = EnvPolicy { allow_push: true, ..EnvPolicy::default() };
        assert!(has_one(&Launch { policy: &policy, ..scene.launch() }));
    }

    #[test]
    fn the_attempts_own_variables_win_over_everything() {
        let scene = Scene::new().env(&["TASK_ID"]).pass(&["TASK_ID"]);
        let runner = BTreeMap::from([("TASK_ID".to_owned(), "other".to_owned())]);
        let vars = assemble(&scene.launch(), &Needs::default(), &runner);
        let id = vars.iter().find(|(name, _)| name == "TASK_ID").unwrap();
        assert_eq!(id.1, "auth-api");
    }

    fn path_of(scene: &Scene, runner_env: &[(&str, &str)]) -> Option<OsString> {
        let launch = Launch { programs: Some(Path::new("/state/bin")), ..scene.launch() };
        let runner = runner_env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let vars = assemble(&launch, &Needs::default(), &runner);
        vars.into_iter().find(|(name, _)| name == "PATH").map(|(_, value)| value)
    }

    #[test]
    fn our_programs_stand_first_in_the_path_whoever_set_it() {
        let scene = Scene::new().env(&["PATH"]);
        assert_eq!(path_of(&scene, &[]).unwrap(), "/state/bin:1");
        assert_eq!(path_of(&scene, &[("PATH", "/a:/b")]).unwrap(), "/state/bin:/a:/b");
        assert_eq!(path_of(&scene, &[("PATH", "/a:/state/bin:/b")]).unwrap(), "/state/bin:/a:/b");
        assert_eq!(path_of(&Scene::new(), &[]), None);
    }

    #[test]
    fn a_program_gets_what_it_needs_but_for_what_is_held_back() {
        let needs = Needs { pass: vec!["CLAUDE_*"], hold_back: &["CLAUDE_CODE_SSE_PORT"] };
        let scene = Scene::new().env(&["CLAUDE_CONFIG_DIR", "CLAUDE_CODE_SSE_PORT", "CLAUDE"]);
        let vars = assemble(&scene.launch(), &needs, &BTreeMap::new());
        let claude: Vec<_> = names(&vars).into_iter().filter(|n| n.starts_with("CLAUDE")).collect();
        assert_eq!(claude, ["CLAUDE_CONFIG_DIR"]);
    }
}
