//! An agent program as it is installed here: where it is, and in which version.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::program::{self, Wanted};
use super::version::{self, Version};
use super::{BaseEnv, CommandLine, Launch, RunnerError, RunnerSpec};

/// An agent program that we know.
#[derive(Debug)]
pub(super) struct Product {
    /// What it is called where programs are looked for.
    pub program: &'static str,
    /// The npm package that it comes in.
    pub package: &'static str,
    /// The oldest version whose flags and output were tried.
    pub oldest: Version,
}

/// A product, as a runner's configuration says where to find it.
#[derive(Debug)]
pub(super) struct Installation {
    pub spec: RunnerSpec,
    product: &'static Product,
    /// Known once it was looked for.
    version: OnceLock<Version>,
}

impl Installation {
    pub(super) fn new(spec: RunnerSpec, product: &'static Product) -> Installation {
        Installation { spec, product, version: OnceLock::new() }
    }

    /// Whether the program is that version or a later one; where its version is not known, it is taken for the newest.
    pub(super) fn is_at_least(&self, version: Version) -> bool {
        self.version.get().is_none_or(|installed| *installed >= version)
    }

    fn program(&self) -> &OsStr {
        OsStr::new(self.spec.command.first().map_or(self.product.program, String::as_str))
    }

    /// Words of the configuration's command that come before all arguments.
    fn before(&self) -> impl Iterator<Item = OsString> {
        self.spec.command.iter().skip(1).map(OsString::from)
    }

    /// The command line that starts it with these arguments.
    pub(super) fn started(
        &self,
        launch: &Launch<'_>,
        args: Vec<String>,
        env: Vec<(OsString, OsString)>,
        stdin: Vec<u8>,
    ) -> Result<CommandLine, RunnerError> {
        let line = CommandLine {
            program: program::resolve(self.program(), launch.config_dir),
            args: self.before().chain(args.into_iter().map(OsString::from)).collect(),
            env,
            stdin,
            files: Vec::new(),
        };
        line.checked(&self.spec.name)
    }

    /// Finds the program, and finds out its version.
    ///
    /// # Errors
    /// It is missing, cannot be executed, or is too old.
    pub(super) fn check(&self, env: &BaseEnv, config_dir: &Path) -> Result<PathBuf, RunnerError> {
        let hint = format!(
            "install it with `npm install -g {}`, or give its path as `command`",
            self.product.package
        );
        let wanted = Wanted { runner: &self.spec.name, program: self.program(), hint: Some(hint) };
        let file = program::find(wanted, env, config_dir)?;
        let Some(version) = self.ask(&file, env, config_dir) else { return Ok(file) };
        if version < self.product.oldest {
            return Err(self.too_old(file, version));
        }
        Ok(file)
    }

    /// A program of several words is a wrapper around the real one, which only it can ask.
    fn ask(&self, file: &Path, env: &BaseEnv, config_dir: &Path) -> Option<Version> {
        let of_package = || version::of_package(file, self.product.package);
        let known = (self.spec.command.len() < 2).then(of_package).flatten();
        let version = known.or_else(|| version::printed(&mut self.question(file, env, config_dir)))?;
        Some(*self.version.get_or_init(|| version))
    }

    fn question(&self, file: &Path, env: &BaseEnv, config_dir: &Path) -> Command {
        let mut command = Command::new(file);
        command.args(self.before()).arg("--version").current_dir(config_dir).env_clear();
        let kept = ["PATH", "HOME", "TMPDIR"].into_iter();
        command.envs(kept.filter_map(|name| Some((name, env.var(name)?)))).envs(&self.spec.env);
        command
    }

    fn too_old(&self, path: PathBuf, version: Version) -> RunnerError {
        RunnerError::TooOld {
            name: self.spec.name.clone(),
            path,
            version,
            oldest: self.product.oldest,
            package: self.product.package,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    const TOOL: Product = Product { program: "tool", package: "@maker/tool", oldest: Version::new(1, 2, 0) };

    /// A program that runs this script of a shell, and what looking for it came to.
    fn installed(script: &str) -> (Installation, Result<PathBuf, RunnerError>) {
        let mut spec = RunnerSpec::new("main", Kind::Claude);
        spec.command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let installation = Installation::new(spec, &TOOL);
        let checked = installation.check(&BaseEnv::new([("PATH", "/usr/bin:/bin")]), Path::new("/"));
        (installation, checked)
    }

    #[test]
    fn a_program_that_is_too_old_is_named_with_how_to_renew_it() {
        let told = installed("echo 1.1.9").1.unwrap_err().to_string();
        let message = "is version 1.1.9, and 1.2.0 is the oldest that can be used; \
                       renew it with `npm install -g @maker/tool@latest`";
        assert!(told.starts_with("runner `main`: /") && told.ends_with(message), "{told}");
    }

    #[test]
    fn flags_follow_the_version_that_was_found() {
        let (installation, checked) = installed("echo 'tool 1.4.0 (stable)'");
        checked.unwrap();
        assert!(installation.is_at_least(Version::new(1, 4, 0)));
        assert!(!installation.is_at_least(Version::new(1, 4, 1)));
    }

    #[test]
    fn a_program_that_does_not_say_its_version_is_taken_for_the_newest() {
        let (installation, checked) = installed("exit 9");
        checked.unwrap();
        assert!(installation.is_at_least(Version::new(99, 0, 0)));
    }

    #[test]
    fn a_missing_program_is_told_with_how_to_install_it() {
        let installation = Installation::new(RunnerSpec::new("main", Kind::Claude), &TOOL);
        let error =
            installation.check(&BaseEnv::new([("PATH", "/nonexistent")]), Path::new("/")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "runner `main`: program `tool` was not found in PATH; install it with `npm install -g @maker/tool`, or give its path as `command`"
        );
    }
}
