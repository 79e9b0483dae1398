//! A bare repository that several clones share, as the jobs of a CI system do: each in a folder of its own, all with the same agents.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use boon::{Compiler, Schemas};

use super::{PlanText, TestProject};

/// A remote, and the checkout from which its first commit was pushed.
pub(crate) struct Fleet {
    /// Where the plan was written.
    pub(crate) home: TestProject,
    bare: PathBuf,
}

impl Fleet {
    /// The plan with its configuration and one commit of both, pushed to a bare repository. `script` says what agents do.
    pub(crate) fn new(plan: &PlanText, script: &str) -> Self {
        let home = TestProject::new(plan, script);
        let bare = home.base().join("remote.git");
        home.git(&["init", "--quiet", "--bare", "--initial-branch", "main", &bare.to_string_lossy()]);
        home.git(&["remote", "add", "origin", &bare.to_string_lossy()]);
        home.git(&["push", "--quiet", "origin", "main"]);
        Self { home, bare }
    }

    /// A fresh clone, which has nothing but what `git clone` brings.
    pub(crate) fn clone(&self, name: &str) -> TestProject {
        let root = self.home.base().join(format!("clone {name}"));
        // Else its files are copied one by one, and one that git's own upkeep there has just removed is missed.
        let whole = ["clone", "--quiet", "--no-local"];
        self.home.git(&[&whole[..], &[&self.bare.to_string_lossy(), &root.to_string_lossy()]].concat());
        TestProject { temp: Arc::clone(&self.home.temp), root, control: self.home.control.clone() }
    }

    /// A clone of the newest commit alone, as CI systems make them.
    pub(crate) fn shallow_clone(&self, name: &str) -> TestProject {
        let root = self.home.base().join(format!("clone {name}"));
        let from = format!("file://{}", self.bare.display());
        self.home.git(&["clone", "--quiet", "--depth", "1", &from, &root.to_string_lossy()]);
        TestProject { temp: Arc::clone(&self.home.temp), root, control: self.home.control.clone() }
    }

    /// Where the bare repository is.
    pub(crate) fn bare(&self) -> &Path {
        &self.bare
    }

    /// What git prints in the bare repository.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.home.git(&[&["--git-dir", &*self.bare.to_string_lossy()], arguments].concat())
    }

    /// The full names of the remote's refs below that.
    pub(crate) fn refs(&self, below: &str) -> Vec<String> {
        let listed = self.git(&["for-each-ref", "--format=%(refname)", below]);
        listed.lines().map(str::to_owned).collect()
    }

    /// From now on the remote takes nothing, and says that.
    pub(crate) fn refuse_pushes(&self, why: &str) {
        let hook = self.bare.join("hooks/pre-receive");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, format!("#!/bin/sh\necho '{why}' >&2\nexit 1\n")).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A file of JSON below a ref of the remote, which is as its schema says.
    #[track_caller]
    pub(crate) fn assert_json(&self, of: &str, file: &str, schema: &str) {
        let value = serde_json::from_str(&self.git(&["show", &format!("{of}:{file}")])).unwrap();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let path = format!("{}/schemas/{schema}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let text = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        compiler.add_resource(schema, text).unwrap();
        compiler.enable_format_assertions();
        let schema = compiler.compile(schema, &mut schemas).unwrap();
        let found = schemas.validate(&value, schema);
        assert!(found.is_ok(), "{:#}\n{value:#}", found.unwrap_err());
    }

    /// A task's record as the remote has it; nothing if there is none.
    pub(crate) fn record(&self, task: &str) -> Option<serde_json::Value> {
        let name = format!("refs/blueprint/trial/records/{task}");
        let is_there = self.refs(&name).contains(&name);
        is_there.then(|| serde_json::from_str(&self.git(&["show", &format!("{name}:record.json")])).unwrap())
    }
}
