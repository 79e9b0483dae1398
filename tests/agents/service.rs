//! The scripted service, running beside a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::project::wait_until;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stub_api.py");

/// Ended with the test.
pub(crate) struct Service {
    process: Child,
    port: String,
    requests: PathBuf,
}

impl Service {
    /// Serves `routes`: what is found in a prompt, and the steps that answer it.
    pub(crate) fn start(folder: &Path, routes: &[(String, Vec<Value>)]) -> Service {
        let (script, port) = (folder.join("script.json"), folder.join("port"));
        let requests = folder.join("requests.jsonl");
        let routes: Vec<_> =
            routes.iter().map(|(matching, steps)| json!({"match": matching, "steps": steps})).collect();
        fs::write(&script, json!({"routes": routes}).to_string()).unwrap();
        let mut command = Command::new("python3");
        command.arg(PROGRAM).args([&script, &port, &requests]).stdin(Stdio::null());
        let process = command.spawn().expect("python3 plays the service in these tests");
        wait_until("the service's port", || port.exists(), || "it did not start".to_owned());
        Service { process, port: fs::read_to_string(port).unwrap(), requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it was asked for, a line each.
    pub(crate) fn requests(&self) -> String {
        fs::read_to_string(&self.requests).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
