//! What blueprint says and keeps: `status`, the journal, the plan file.

use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use serde_json::Value;

use super::TestProject;

const SCHEMA: &str = include_str!("../../../schemas/journal.schema.json");

impl TestProject {
    /// `blueprint status --format json`.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        let ended = self.blueprint(&["status", "--format", "json"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        ended.json()
    }

    /// One task of it.
    #[track_caller]
    pub(crate) fn task(&self, id: &str) -> Value {
        let status = self.status();
        let found = status["tasks"].as_array().unwrap().iter().find(|task| task["id"] == id);
        found.cloned().unwrap_or_else(|| panic!("no {id} in {status}"))
    }

    /// Each task with its status, in document order.
    pub(crate) fn statuses(&self) -> Vec<(String, String)> {
        let status = self.status();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        status["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| (text(&task["id"]), text(&task["status"])))
            .collect()
    }

    /// The statuses must be these.
    #[track_caller]
    pub(crate) fn assert_statuses(&self, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(id, is)| ((*id).to_owned(), (*is).to_owned())).collect();
        assert_eq!(self.statuses(), expected);
    }

    /// The one folder of state that there is.
    pub(crate) fn state_dir(&self) -> PathBuf {
        let folders = fs::read_dir(self.root.join(".git/blueprint")).unwrap();
        let folders = folders.map(|entry| entry.unwrap().path());
        // A registration of a worktree is made beside them.
        let folders = folders.filter(|path| path.is_dir() && !path.ends_with("worktree.new"));
        let folders: Vec<_> = folders.collect();
        let [folder] = folders.as_slice() else { panic!("{folders:?}") };
        folder.clone()
    }

    /// The journal's records. A line that a crash tore is passed over, as it is by blueprint.
    pub(crate) fn journal(&self) -> Vec<Value> {
        records_in(&self.state_dir())
    }

    /// Every record of every plan of the repository is as the journal's schema says.
    #[track_caller]
    pub(crate) fn assert_journal(&self) {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("schema.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
        let schema = compiler.compile("schema.json", &mut schemas).unwrap();
        let folders = fs::read_dir(self.root.join(".git/blueprint")).into_iter().flatten();
        for record in folders.flat_map(|folder| records_in(&folder.unwrap().path())) {
            let found = schemas.validate(&record, schema);
            assert!(found.is_ok(), "{:#}\n{record:#}", found.unwrap_err());
        }
    }

    /// Those of one kind and task.
    pub(crate) fn facts(&self, fact: &str, task: &str) -> Vec<Value> {
        let is_meant = |record: &Value| record["fact"] == fact && record["task"] == task;
        self.journal().into_iter().filter(is_meant).collect()
    }

    /// How often the journal says that the task became that.
    pub(crate) fn transitions(&self, task: &str, to: &str) -> usize {
        self.facts("transition", task).iter().filter(|record| record["to"] == to).count()
    }

    /// How often the plan file says so: events of the task's own history.
    pub(crate) fn events_in_plan(&self, task: &str, status: &str) -> usize {
        self.section_of(task).matches(&format!("<status>{status}</status>")).count()
    }

    /// The text of a task's element.
    pub(crate) fn section_of(&self, task: &str) -> String {
        let xml = self.read("genesis.xml");
        let (_, after) = xml.split_once(&format!("<task id=\"{task}\">")).unwrap();
        after.split_once("</task>").unwrap().0.to_owned()
    }
}

/// None where there is no journal.
fn records_in(state: &Path) -> Vec<Value> {
    // A line may be torn within a character.
    let bytes = fs::read(state.join("journal.jsonl")).unwrap_or_default();
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}
