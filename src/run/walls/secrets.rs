use std::path::{Path, PathBuf};

use super::settled;

/// Keys and logins that people keep in their home folder, and that no task needs. Those that every package manager reads (`.npmrc`) are
/// not among them: it would not even start.
const SECRETS: &[&str] = &[
    ".ssh",
    ".gnupg",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".config/git/credentials",
    ".config/gh",
    ".config/hub",
    ".config/glab-cli",
    ".aws",
    ".azure",
    ".config/gcloud",
    ".config/doctl",
    ".oci",
    ".kube",
    ".docker/config.json",
    ".config/containers/auth.json",
    ".terraform.d/credentials.tfrc.json",
    ".vault-token",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".pypirc",
    ".gem/credentials",
    ".password-store",
    ".local/share/keyrings",
    ".config/op",
    ".mozilla",
    ".config/google-chrome",
    ".config/chromium",
];

/// All of them in that home folder, whether they are there or not, and where they lead to, if they are links.
pub(super) fn of(home: &Path) -> Vec<PathBuf> {
    let named = SECRETS.iter().map(|secret| home.join(secret));
    let mut secrets: Vec<_> = named.flat_map(|secret| [settled(&secret), secret]).collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn secrets_count_where_they_lead_to_and_before_they_are_there() {
        let base = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(base.path()).unwrap();
        let (home, elsewhere) = (base.join("home"), base.join("keys"));
        fs::create_dir(&home).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        symlink(&elsewhere, home.join(".ssh")).unwrap();
        let secrets = of(&home);
        for secret in [elsewhere, home.join(".ssh"), home.join(".aws"), home.join(".docker/config.json")] {
            assert!(secrets.contains(&secret), "{secret:?}");
        }
    }
}
