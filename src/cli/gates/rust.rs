//! The profiles' gates for a Rust repository.

use std::env;
use std::path::{Path, PathBuf};

use crate::agent::BaseEnv;
use crate::cli::config::{Config, GateConfig, GateKind, MetricConfig, Quality};
use crate::cli::error::CliError;
use crate::run::{Bounds, StepCommand};

/// A gate of the profiles.
struct Known {
    name: &'static str,
    /// From this profile on.
    from: Quality,
    /// For `sh -c`.
    run: &'static str,
    /// The program that it needs, and how to get it.
    needs: (&'static str, &'static str),
}

/// Doc tests are a separate gate, and only a library has some: without one, cargo fails.
const DOC_TESTS: &str = "if cargo metadata --no-deps --format-version 1 | grep -q '\"doctest\":true'; then cargo test --workspace --doc; \
                         else echo 'there is no library, so there are no doc tests'; fi";
/// What the coverage of lines has to be, in per cent.
const COVERAGE: f64 = 80.0;
const COVERAGE_GATE: &str = "coverage";
/// The place of that number in what cargo-llvm-cov prints.
const COVERAGE_PATH: &str = "data.0.totals.lines.percent";

const KNOWN: [Known; 8] = [
    Known {
        name: "fmt",
        from: Quality::Production,
        run: "cargo fmt --all --check",
        needs: ("cargo-fmt", "rustup component add rustfmt"),
    },
    Known {
        name: "clippy",
        from: Quality::Production,
        run: "cargo clippy --workspace --all-targets -- -D warnings",
        needs: ("cargo-clippy", "rustup component add clippy"),
    },
    Known {
        name: "tests",
        from: Quality::Mvp,
        run: "cargo test --workspace --tests --examples",
        needs: ("cargo", "see https://rustup.rs"),
    },
    Known {
        name: "doc-tests",
        from: Quality::Mvp,
        run: DOC_TESTS,
        needs: ("cargo", "see https://rustup.rs"),
    },
    Known {
        name: "docs",
        from: Quality::Production,
        run: "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps",
        needs: ("cargo", "see https://rustup.rs"),
    },
    Known {
        name: COVERAGE_GATE,
        from: Quality::Enterprise,
        run: "cargo llvm-cov --workspace --json --summary-only",
        needs: ("cargo-llvm-cov", "cargo install cargo-llvm-cov"),
    },
    Known {
        name: "audit",
        from: Quality::Enterprise,
        run: "cargo audit",
        needs: ("cargo-audit", "cargo install cargo-audit"),
    },
    Known {
        name: "benchmarks",
        from: Quality::Hyperscale,
        run: "cargo bench --workspace",
        needs: ("cargo", "see https://rustup.rs"),
    },
];

/// What the profiles' gates are called.
pub(super) const NAMES: [&str; KNOWN.len()] = {
    let mut names = [""; KNOWN.len()];
    let mut place = 0;
    while place < KNOWN.len() {
        names[place] = KNOWN[place].name;
        place += 1;
    }
    names
};

/// Whether it is a Rust repository.
pub(super) fn is_there(root: &Path) -> bool {
    root.join("Cargo.toml").is_file()
}

/// The profile's gates, in the order in which they are run: what is fast first. None for other repositories.
pub(super) fn profile(quality: Quality, root: &Path) -> Vec<GateConfig> {
    if !is_there(root) {
        return Vec::new();
    }
    KNOWN.iter().filter(|known| known.from <= quality).map(Known::config).collect()
}

/// Refuses a run whose profile needs a program that is missing: it would cost money before that is found out.
pub(super) fn check(
    gates: &[GateConfig],
    config: &Config,
    root: &Path,
    env: &BaseEnv,
) -> Result<(), CliError> {
    let Some(quality) = config.quality.filter(|_| is_there(root)) else { return Ok(()) };
    let is_meant = |known: &&Known| known.from <= quality && gates.contains(&known.config());
    let missing = KNOWN.iter().filter(is_meant).find(|known| !is_installed(known.needs.0, env));
    let Some(Known { name, needs: (program, how), .. }) = missing else { return Ok(()) };
    let message = format!(
        "the gate `{name}` of `quality = \"{}\"` needs `{program}`, which is not installed",
        quality.as_str()
    );
    Err(CliError::usage(message)
        .hint(format!("`{how}`, or a [[gates]] of your own with `name = \"{name}\"`")))
}

/// cargo finds its own programs in its home, too.
fn is_installed(program: &str, env: &BaseEnv) -> bool {
    let home = env.var("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env.var("HOME")?).join(".cargo")));
    let path = env.var("PATH").map(|path| env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    path.into_iter().chain(home.map(|home| home.join("bin"))).any(|folder| folder.join(program).is_file())
}

impl Known {
    fn config(&self) -> GateConfig {
        let bounds = Some(Bounds { at_least: Some(COVERAGE), at_most: None });
        let metric = (self.name == COVERAGE_GATE).then(|| MetricConfig {
            path: COVERAGE_PATH.to_owned(),
            bounds,
            patience: None,
        });
        GateConfig {
            name: self.name.to_owned(),
            kind: GateKind::Command { run: StepCommand::Shell(self.run.to_owned()), metric },
            agents: None,
            tasks: None,
            when: None,
            parallel: false,
            quality: None,
            timeout: None,
            rounds: None,
        }
    }
}
