//! A remote that can be shut for a while.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::project::{Fleet, TestProject, wait_until};

/// A job whose remote is reached by way of ssh: as long as the file is there, this does something else, and counts how often.
pub(crate) struct Gate {
    shut: PathBuf,
    tried: PathBuf,
}

impl Gate {
    pub(crate) fn new(fleet: &Fleet, job: &TestProject, when_shut: &str) -> Self {
        let [shut, tried, ssh] = ["shut", "tried", "ssh"].map(|name| fleet.bare().with_extension(name));
        let script = format!(
            "#!/bin/sh\nif [ -e '{}' ]; then echo >> '{}'; {when_shut}; fi\n\
             for command; do :; done; exec sh -c \"$command\"\n",
            shut.display(),
            tried.display()
        );
        fs::write(&ssh, script).unwrap();
        fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).unwrap();
        job.git(&["config", "core.sshCommand", &format!("'{}'", ssh.display())]);
        job.git(&["config", "ssh.variant", "simple"]);
        job.git(&["config", "remote.origin.url", &format!("host:{}", fleet.bare().display())]);
        Self { shut, tried }
    }

    pub(crate) fn shut(&self) {
        fs::write(&self.shut, "").unwrap();
    }

    pub(crate) fn open(&self) {
        fs::remove_file(&self.shut).unwrap();
    }

    pub(crate) fn wait_for_tries(&self, more_than: usize) {
        let count = || fs::read_to_string(&self.tried).map_or(0, |tries| tries.lines().count());
        wait_until("many tries", || count() > more_than, String::new);
    }
}
