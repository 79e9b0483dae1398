use std::fs;
use std::path::{Path, PathBuf};

/// What of everything may be read so that the secrets may not: Landlock only grants, so the way to each secret is granted piece by piece.
///
/// What is made later beside a secret, in a folder that is granted by pieces, can't be read either. Links are left out: they count by
/// where they lead to.
pub(super) fn around(secrets: &[PathBuf]) -> Vec<PathBuf> {
    let mut granted = Vec::new();
    grant(Path::new("/"), secrets, &mut granted);
    granted
}

fn grant(place: &Path, secrets: &[PathBuf], granted: &mut Vec<PathBuf>) {
    if secrets.iter().any(|secret| place.starts_with(secret)) {
        return;
    }
    if !secrets.iter().any(|secret| secret.starts_with(place)) {
        granted.push(place.to_owned());
        return;
    }
    // A folder that can't be listed can't be granted by pieces: nothing of it then.
    for entry in fs::read_dir(place).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
            grant(&entry.path(), secrets, granted);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn secrets_are_granted_around_and_never_by_a_link() {
        let home = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(home.path()).unwrap();
        for folder in [".ssh", ".config/gcloud", ".config/other", "work"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        fs::write(home.join(".profile"), "").unwrap();
        symlink(home.join(".ssh"), home.join("keys")).unwrap();
        let secrets = [".ssh", ".config/gcloud", ".aws"].map(|secret| home.join(secret));
        let granted = around(&secrets);
        let mut of_home: Vec<_> = granted.iter().filter_map(|path| path.strip_prefix(&home).ok()).collect();
        of_home.sort();
        assert_eq!(of_home, [".config/other", ".profile", "work"].map(Path::new));
        assert!(granted.contains(&PathBuf::from("/proc")) && !granted.contains(&PathBuf::from("/")));
    }

    #[test]
    fn without_secrets_everything_is_granted() {
        assert_eq!(around(&[]), [PathBuf::from("/")]);
    }
}
