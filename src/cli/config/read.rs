use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use thiserror::Error;
use toml::{Spanned, Table};

use super::Config;
use crate::genesis::nearest;

/// The name of a configuration file.
const FILE: &str = "blueprint.toml";

/// A configuration that could not be read. `at` is the byte of the file, where it is known.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("can't read `{path}`: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}` line {line}, column {column}: {message}")]
    Invalid { path: PathBuf, at: usize, line: usize, column: usize, message: String, hint: Option<String> },
}

/// A configuration, and the folder that `{config_dir}` stands for.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) dir: PathBuf,
    /// What it was read from, the nearer file first.
    files: Vec<PathBuf>,
}

/// As much of a file as it takes to find a gate's place.
#[derive(Deserialize)]
struct Places {
    #[serde(default)]
    gates: Vec<GatePlace>,
}

#[derive(Deserialize)]
struct GatePlace {
    name: Spanned<String>,
    run: Option<Spanned<toml::Value>>,
}

impl Loaded {
    /// The file with the `[[gates]]` of that name, and the line with what it runs, from 1.
    pub(crate) fn gate_at(&self, name: &str) -> Option<(&Path, usize)> {
        self.files.iter().find_map(|file| {
            let text = fs::read_to_string(file).ok()?;
            let places: Places = toml::from_str(&text).ok()?;
            let gate = places.gates.iter().find(|gate| gate.name.get_ref() == name)?;
            let span = gate.run.as_ref().map_or_else(|| gate.name.span(), Spanned::span);
            let before = text.get(..span.start)?;
            Some((file.as_path(), before.matches('\n').count() + 1))
        })
    }
}

/// Reads `blueprint.toml` beside the plan and at the root of its repository; the nearer one wins, key by key.
///
/// `{config_dir}` is the folder of the file that names the runners: the nearer one that is there.
pub(crate) fn load(plan_dir: &Path, root: Option<&Path>) -> Result<Loaded, ConfigError> {
    let near = read(&plan_dir.join(FILE))?;
    let far = root.filter(|root| *root != plan_dir).map(|root| read(&root.join(FILE))).transpose()?.flatten();
    let dir = match (&near, &far, root) {
        (None, Some(_), Some(root)) => root,
        _ => plan_dir,
    };
    let mut table = far.unwrap_or_default();
    merge(&mut table, near.unwrap_or_default());
    let config = Config::deserialize_table(table, &plan_dir.join(FILE))?;
    Ok(Loaded { config, dir: dir.to_owned(), files: files(plan_dir, root) })
}

/// The files that a plan's configuration is read from, where they are there: the nearer one first.
pub(crate) fn files(plan_dir: &Path, root: Option<&Path>) -> Vec<PathBuf> {
    let folders = [Some(plan_dir), root.filter(|root| *root != plan_dir)].into_iter().flatten();
    folders.map(|folder| folder.join(FILE)).filter(|file| file.exists()).collect()
}

fn read(path: &Path) -> Result<Option<Table>, ConfigError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ConfigError::Read { path: path.to_owned(), source }),
    };
    // Read as what it must be first, so that an error names the place in this very file.
    toml::from_str::<Config>(&text).map_err(|error| explain(path, &text, &error))?;
    toml::from_str(&text).map(Some).map_err(|error| explain(path, &text, &error))
}

impl Config {
    fn deserialize_table(table: Table, path: &Path) -> Result<Self, ConfigError> {
        table.try_into().map_err(|error| explain(path, "", &error))
    }
}

/// The keys of `near` over those of `far`; tables are merged, anything else is replaced.
fn merge(far: &mut Table, near: Table) {
    for (key, value) in near {
        match (far.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => merge(below, above),
            (_, value) => {
                far.insert(key, value);
            }
        }
    }
}

fn explain(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let (message, hint) = reword(error.message());
    ConfigError::Invalid { path: path.to_owned(), at: start, line, column, message, hint }
}

/// serde lists every key that there is; the nearest one says more.
fn reword(message: &str) -> (String, Option<String>) {
    let quoted: Vec<_> = message.split('`').skip(1).step_by(2).collect();
    match (message.strip_prefix("unknown field"), quoted.split_first()) {
        (Some(_), Some((wrong, known))) => {
            let hint = nearest(wrong, known.iter().copied()).map(|key| format!("did you mean `{key}`?"));
            (
                format!("unknown key `{wrong}`"),
                hint.or_else(|| Some(format!("known keys: {}", known.join(", ")))),
            )
        }
        (None, Some((wrong, known))) if message.starts_with("unknown variant") => {
            let hint = nearest(wrong, known.iter().copied()).map(|word| format!("did you mean `{word}`?"));
            (message.trim().to_owned(), hint)
        }
        _ => (said_plainly(message.trim()), None),
    }
}

/// Types of Rust are no words for people.
fn said_plainly(message: &str) -> String {
    let text = message
        .replace("a nonzero usize", "a whole number above 0")
        .replace("a nonzero u64", "a whole number above 0");
    if text.ends_with(", expected a string") { text + ", in quotes: \"…\"" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(near: &str, far: &str) -> Result<Loaded, ConfigError> {
        let root = tempfile::tempdir().unwrap();
        let plan = root.path().join("plan");
        fs::create_dir(&plan).unwrap();
        fs::write(plan.join(FILE), near).unwrap();
        fs::write(root.path().join(FILE), far).unwrap();
        load(&plan, Some(root.path()))
    }

    #[test]
    fn the_nearer_file_wins_key_by_key() {
        let near = "jobs = 2\n[runners.a]\nmodel = 'near'\n";
        let far = "jobs = 9\nretries = 5\n[runners.a]\nkind = 'claude'\nmodel = 'far'\n[runners.b]\n";
        let config = with(near, far).unwrap().config;
        assert_eq!(config.jobs.unwrap().get(), 2);
        assert_eq!(config.retries, Some(5));
        assert_eq!(config.runners["a"].model.as_deref(), Some("near"));
        assert_eq!(config.runners["a"].kind, Some(crate::agent::Kind::Claude));
        assert!(config.runners.contains_key("b"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place_and_the_nearest_one() {
        let error = with("jobs = 2\n\n  retrys = 1\n", "").unwrap_err();
        let ConfigError::Invalid { line, column, message, hint, .. } = error else { panic!("{error}") };
        assert_eq!((line, column, message.as_str()), (3, 3, "unknown key `retrys`"));
        assert_eq!(hint.as_deref(), Some("did you mean `retries`?"));
    }

    #[test]
    fn a_word_that_is_none_of_its_key_s_is_answered_by_the_nearest() {
        let ConfigError::Invalid { hint, .. } = with("strategy = \"sqash\"\n", "").unwrap_err() else {
            panic!()
        };
        assert_eq!(hint.as_deref(), Some("did you mean `squash`?"));
    }

    #[test]
    fn every_key_of_the_reference_is_known() {
        let text = r#"
            jobs = 4
            runner = "claude"
            retries = 2
            retry-outcomes = ["timed-out", "failed"]
            timeout = "60m"
            stall-timeout = "15m"
            kill-grace = "10s"
            git-timeout = "30m"
            isolation = "worktree"
            keep = "landed"
            strategy = "merge"
            on-conflict = "agent"
            verify-integration = "cargo test"
            commit-plan = true
            require-definitions = false
            require-sandbox = false
            sandbox-write = ["~/.cache/x"]
            sandbox-read = ["~/.kube"]
            allow-push = false
            allow-no-changes = ["a"]
            sandbox = "auto"
            branch = "b/{epic}/{task}"
            worktree-dir = "../w/{task}"
            base = "main"
            agent-dirs = ["x"]
            env-pass = ["CARGO_HOME"]
            context = ["docs/*.md"]
            protected-paths = [".github/**"]
            max-cost = 4.5
            max-tokens = 1000
            gate-iterations = 3
            quality = "production"
            definition = "append"
            setup = ["npm ci"]
            bring = [".env", { path = "node_modules", how = "reflink" }]
            build-cache = ["CARGO_TARGET_DIR"]
            max-worktrees = 9
            jobserver = true
            min-free-disk = "1 GB"
            max-load = 8
            notify = "x"
            ask-command = "y"
            [limits]
            database = 1
            [price.opus]
            input = 1.0
            output = 5
            cached-input = 0.1
            [runners.local]
            kind = "command"
            command = ["sh"]
            args = ["-x"]
            model = "m"
            env = { A = "b" }
            jobs = 2
            [agents.a]
            runner = "local"
            model = "m"
            args = []
            timeout = "5m"
            jobs = 1
            needs-limit = ["database"]
            max-cost = 1.5
            max-tokens = 9_000
            [tasks.t]
            runner = "local"
            gates = ["tests"]
            isolation = "none"
            needs-limit = "database"
            [[gates]]
            name = "tests"
            run = "cargo test"
            metric = "x"
            at-least = 1.0
            at-most = 2.0
            kind = "command"
            when = "always"
            agents = []
            tasks = []
            timeout = "5m"
            parallel = true
            rounds = 5
            patience = 2
            quality = "enterprise"
        "#;
        let config = with(text, "").unwrap().config;
        assert!(config.notify.is_some());
        assert_eq!(config.timeout.unwrap().0.as_secs(), 3600);
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused_with_their_place() {
        for (text, place) in [
            ("jobs = 0", (1, 8)),
            ("\ntimeout = '5 parsecs'", (2, 11)),
            ("jobs = [", (1, 9)),
            ("[limits]\ndb = 0", (2, 6)),
            ("min-free-disk = 'much'", (1, 17)),
            ("jobserver = 'x'", (1, 13)),
            ("max-load = 0.0", (1, 12)),
            ("retry-outcomes = ['tired']", (1, 18)),
            ("max-cost = -1", (1, 12)),
            ("max-cost = nan", (1, 12)),
            ("max-tokens = 0", (1, 14)),
            ("[tasks.a]\nmax-cost = 0.0", (2, 12)),
            ("[price.x]\ninput = 1.0", (1, 1)),
            ("[price.x]\ninput = inf\noutput = 1", (2, 9)),
        ] {
            let error = with(text, "").unwrap_err();
            let ConfigError::Invalid { line, column, .. } = error else { panic!("{error}") };
            assert_eq!((line, column), place, "{text}");
        }
    }
}
