//! Which plan is meant, and which arguments are tasks.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::CliError;
use crate::genesis::nearest;
use crate::git::Repo;

/// The file name of a plan.
const FILE: &str = "genesis.xml";

/// Where to look for plans.
pub(super) struct Surroundings {
    pub(super) cwd: PathBuf,
    /// The root of the checkout, if there is one.
    pub(super) root: Option<PathBuf>,
    /// `$GENESIS_FILE_PATH`
    pub(super) from_env: Option<PathBuf>,
}

/// The plan that `arguments` or the environment name so that there is nothing to be looked for, and the rest of the arguments.
pub(super) fn outright<'a>(
    arguments: &'a [String],
    cwd: &Path,
    from_env: Option<&Path>,
) -> Option<(PathBuf, &'a [String])> {
    match arguments.split_first() {
        Some((first, rest)) => file(first, cwd).map(|plan| (plan, rest)),
        None => from_env.map(|path| (cwd.join(path), arguments)),
    }
}

/// The plan that `arguments` mean, and the rest of them.
///
/// The first argument is a plan if it is a file, a folder with a genesis.xml, or an epic's name; else all are tasks of the plan that is
/// found.
pub(super) fn locate<'a>(
    arguments: &'a [String],
    around: &Surroundings,
) -> Result<(PathBuf, &'a [String]), CliError> {
    if let Some((first, rest)) = arguments.split_first() {
        if let Some(plan) = named(first, around) {
            return Ok((plan, rest));
        }
        let path = around.cwd.join(first);
        // What is wrong with it is told by whoever reads it.
        if is_xml(first) && path.symlink_metadata().is_ok() {
            return Ok((path, rest));
        }
        if is_xml(first) {
            return Err(around.no_plan(first));
        }
    }
    let near = || around.near(arguments.first()?);
    let found = found(around).map_err(|error| match near() {
        Some(near) => error.hint(format!("did you mean the plan `{near}`?")),
        None => error,
    });
    found.map(|plan| (plan, arguments))
}

fn is_xml(argument: &str) -> bool {
    Path::new(argument).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml"))
}

fn named(argument: &str, around: &Surroundings) -> Option<PathBuf> {
    let path = around.cwd.join(argument);
    if let Some(file) = file(argument, &around.cwd) {
        return Some(file);
    }
    // Whatever it is, what is wrong with it is told by whoever reads it.
    if path.join(FILE).exists() {
        return Some(path.join(FILE));
    }
    let is_plain =
        !argument.is_empty() && !argument.contains(['/', '\0']) && argument != "." && argument != "..";
    let epic = around.epics()?.join(argument).join(FILE);
    (is_plain && epic.is_file()).then_some(epic)
}

/// A file that is merely called like a task is no plan.
fn file(argument: &str, cwd: &Path) -> Option<PathBuf> {
    let path = cwd.join(argument);
    ((is_xml(argument) || argument.contains('/')) && path.is_file()).then_some(path)
}

fn found(around: &Surroundings) -> Result<PathBuf, CliError> {
    let mut epics = around.candidates();
    match (epics.pop(), epics.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(CliError::usage(format!("there is no {FILE} here"))
            .hint("name the plan, or make a first one with `blueprint init`")),
        (Some(_), _) => Err(CliError::usage("there are several plans in .claude/epics")
            .hint(format!("name one of them: {}", around.epic_names().join(", ")))),
    }
}

impl Surroundings {
    /// Those of this process, whatever the environment names.
    pub(super) fn here() -> Result<Self, CliError> {
        let cwd = env::current_dir()
            .map_err(|error| CliError::usage(format!("can't tell the current folder: {error}")))?;
        let root = Repo::discover(&cwd)?.and_then(|repo| repo.workdir().map(Path::to_owned));
        Ok(Self { cwd, root, from_env: None })
    }

    /// A name that no plan has.
    pub(super) fn no_plan(&self, name: &str) -> CliError {
        let error = CliError::usage(format!("there is no plan `{name}`"));
        match self.near(name) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("a plan is a file, a folder with a genesis.xml, or an epic's name"),
        }
    }

    /// The plan whose name is like that one: an epic, or a file beside it.
    pub(super) fn near(&self, name: &str) -> Option<String> {
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        let entries = fs::read_dir(self.cwd.join(folder)).into_iter().flatten();
        let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let files = files.filter(|file| is_xml(file));
        let files = files.map(|file| folder.join(file).to_string_lossy().into_owned());
        let known: Vec<_> = files.chain(self.epic_names()).collect();
        nearest(name, known.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The names of the epics that have a plan.
    pub(super) fn epic_names(&self) -> Vec<String> {
        let folders = self.all_epics();
        let names = folders.iter().filter_map(|plan| plan.parent()?.file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    /// The plans that may be meant where none is named: one, unless the environment and the folder say nothing, and there are several epics.
    pub(super) fn candidates(&self) -> Vec<PathBuf> {
        match (&self.from_env, self.above()) {
            (Some(path), _) => vec![self.cwd.join(path)],
            (None, Some(here)) => vec![here],
            (None, None) => self.all_epics(),
        }
    }

    /// The plan of the current folder, or of the nearest one above it that is still in the checkout.
    fn above(&self) -> Option<PathBuf> {
        let is_in_checkout = |folder: &&Path| {
            *folder == self.cwd || self.root.as_ref().is_some_and(|root| folder.starts_with(root))
        };
        let folders = self.cwd.ancestors().take_while(is_in_checkout);
        folders.map(|folder| folder.join(FILE)).find(|plan| plan.is_file())
    }

    fn epics(&self) -> Option<PathBuf> {
        self.root.as_deref().map(|root| root.join(".claude").join("epics"))
    }

    fn all_epics(&self) -> Vec<PathBuf> {
        let folders = self.epics().and_then(|epics| fs::read_dir(epics).ok()).into_iter().flatten();
        let plans = folders.filter_map(|folder| Some(folder.ok()?.path().join(FILE)));
        let mut plans: Vec<_> = plans.filter(|plan| plan.is_file()).collect();
        plans.sort();
        plans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene(tempfile::TempDir);

    impl Scene {
        fn with(files: &[&str]) -> Self {
            let scene = Self(tempfile::tempdir().unwrap());
            for file in files {
                let path = scene.0.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            scene
        }

        fn locate(
            &self,
            arguments: &[&str],
            from_env: Option<&str>,
        ) -> Result<(String, Vec<String>), String> {
            let root = self.0.path().to_owned();
            let around = Surroundings {
                cwd: root.clone(),
                root: Some(root.clone()),
                from_env: from_env.map(PathBuf::from),
            };
            let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
            let (plan, tasks) = locate(&arguments, &around).map_err(|error| error.to_string())?;
            let plan = plan.strip_prefix(&root).unwrap_or(&plan);
            Ok((plan.display().to_string(), tasks.to_vec()))
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "compared with what locating gives")]
    fn is(plan: &str, tasks: &[&str]) -> Result<(String, Vec<String>), String> {
        Ok((plan.into(), tasks.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn a_first_argument_that_names_no_plan_is_a_task() {
        let scene = Scene::with(&[
            "genesis.xml",
            "p/genesis.xml",
            ".claude/epics/shop/genesis.xml",
            "docs/x",
            "build",
        ]);
        assert_eq!(scene.locate(&[], None), is("genesis.xml", &[]));
        assert_eq!(scene.locate(&["build"], None), is("genesis.xml", &["build"]));
        assert_eq!(scene.locate(&["./build"], None), is("build", &[]));
        assert_eq!(scene.locate(&["p"], None), is("p/genesis.xml", &[]));
        assert_eq!(scene.locate(&["p/genesis.xml", "a"], None), is("p/genesis.xml", &["a"]));
        assert_eq!(
            scene.locate(&["shop", "a", "b"], None),
            is(".claude/epics/shop/genesis.xml", &["a", "b"])
        );
        assert_eq!(scene.locate(&["docs", "b"], None), is("genesis.xml", &["docs", "b"]));
        assert_eq!(scene.locate(&["../../x"], None), is("genesis.xml", &["../../x"]));
        assert_eq!(scene.locate(&["none.xml"], None), Err("there is no plan `none.xml`".into()));
    }

    #[test]
    fn below_a_plan_it_is_found_as_far_up_as_the_checkout_goes() {
        let scene = Scene::with(&[
            "genesis.xml",
            "p/genesis.xml",
            "p/src/x",
            "docs/deep/x",
            "p/.claude/epics/a/genesis.xml",
        ]);
        let found = |cwd: &str, root: &str| {
            let at = |path: &str| scene.0.path().join(path);
            let around = Surroundings { cwd: at(cwd), root: Some(at(root)), from_env: None };
            found(&around).map(|plan| plan.strip_prefix(scene.0.path()).unwrap().display().to_string()).ok()
        };
        assert_eq!(found("docs/deep", "").as_deref(), Some("genesis.xml"));
        assert_eq!(found("p/src", "").as_deref(), Some("p/genesis.xml"));
        assert_eq!(found("docs/deep", "docs"), None, "what is outside of the checkout is another matter");
    }

    #[test]
    fn without_a_name_the_environment_then_here_then_the_only_epic_decides() {
        let scene = Scene::with(&["genesis.xml", "p/genesis.xml"]);
        assert_eq!(scene.locate(&[], Some("p/genesis.xml")), is("p/genesis.xml", &[]));
        let scene = Scene::with(&[".claude/epics/a/genesis.xml"]);
        assert_eq!(scene.locate(&["t"], None), is(".claude/epics/a/genesis.xml", &["t"]));
        let scene = Scene::with(&[".claude/epics/a/genesis.xml", ".claude/epics/b/genesis.xml"]);
        assert!(scene.locate(&["t"], None).is_err());
        assert!(Scene::with(&[]).locate(&[], None).is_err());
    }
}
