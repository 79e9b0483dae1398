//! The schemas that others publish for what we write. They come from package registries (`.ci/schemas` fetches them), and none is kept
//! here: without them a test says in one line that it has not looked.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that `.ci/schemas` made.
fn folder() -> Option<PathBuf> {
    env::var_os("BLUEPRINT_PUBLIC_SCHEMAS").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// Whether a file of YAML is what the service takes, by the schema of that name in `check-jsonschema`.
#[track_caller]
pub(crate) fn assert_yaml(schema: &str, file: &Path) {
    let Some(program) = folder().map(|folder| folder.join("check-jsonschema")).filter(|found| found.exists())
    else {
        eprintln!(
            "skipped: BLUEPRINT_PUBLIC_SCHEMAS names no folder with check-jsonschema (.ci/schemas makes one)"
        );
        return;
    };
    let checked = Command::new(program).args(["--builtin-schema", schema]).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout) + String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
}

/// Whether a JUnit report is one by the schema that Jenkins publishes.
#[track_caller]
pub(crate) fn assert_junit(file: &Path) {
    let Some(schema) = folder().map(|folder| folder.join("junit-10.xsd")).filter(|found| found.exists())
    else {
        eprintln!(
            "skipped: BLUEPRINT_PUBLIC_SCHEMAS names no folder with junit-10.xsd (.ci/schemas makes one)"
        );
        return;
    };
    let mut xmllint = Command::new("xmllint");
    let checked = xmllint.arg("--noout").arg("--schema").arg(schema).arg(file).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
