use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;
use crate::git::{BranchName, Repo};

/// A checkout with what git ignores in it, and a new worktree.
struct Scene {
    temp: TempDir,
    checkout: PathBuf,
    worktree: Worktree,
}

impl Scene {
    /// `files` are there before the one commit, `more` after it.
    fn new(files: &[(&str, &str)], more: &[(&str, &str)]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let checkout = temp.path().join("checkout");
        fs::create_dir(&checkout).unwrap();
        write(&checkout, files);
        crate::git::init_with_everything(&checkout, "start").unwrap();
        write(&checkout, more);
        let repo = Repo::discover(&checkout).unwrap().unwrap();
        let (place, branch) = (temp.path().join("trees/a"), BranchName::new("a").unwrap());
        let worktree = repo.add_worktree(&place, &branch, repo.head_commit().unwrap()).unwrap();
        Self { temp, checkout, worktree }
    }

    fn bring(&self, path: &str, how: How) -> Brought {
        let wanted = [Bring::new(Path::new(path), how).unwrap()];
        bring(&wanted, &self.checkout, &self.worktree).unwrap()
    }

    fn there(&self, path: &str) -> PathBuf {
        self.worktree.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.there(path)).unwrap()
    }

    /// Nothing is brought, for a reason with those words.
    fn assert_left(&self, path: &str, says: &str) {
        let brought = self.bring(path, How::Copy);
        assert!(brought.paths.is_empty(), "{:?}", brought.paths);
        assert!(brought.notes.iter().any(|note| note.contains(says)), "{:?}", brought.notes);
        assert!(self.worktree.uncommitted().unwrap().is_empty());
    }
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const IGNORE: (&str, &str) = (".gitignore", ".env\nmodules/\nlocal\nout\n");

#[test]
fn files_and_whole_folders_come_with_modes_times_and_links() {
    let scene =
        Scene::new(&[IGNORE], &[(".env", "KEY=1"), ("modules/bin/tool", "#!"), ("modules/a/b.js", "b")]);
    let modules = scene.checkout.join("modules");
    fs::set_permissions(modules.join("bin/tool"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../a/b.js", modules.join("bin/b")).unwrap();
    symlink(modules.join("a"), modules.join("whole")).unwrap();
    let wanted = [".env", "modules"].map(|path| Bring::new(Path::new(path), How::Copy).unwrap());
    let brought = bring(&wanted, &scene.checkout, &scene.worktree).unwrap();
    assert_eq!((brought.paths.len(), brought.notes.len()), (2, 0), "{:?}", brought.notes);
    assert_eq!(scene.read(".env"), "KEY=1");
    assert_eq!(scene.there("modules/bin/tool").metadata().unwrap().permissions().mode() & 0o777, 0o755);
    let modified = |path: &Path| path.metadata().unwrap().modified().unwrap();
    assert_eq!(modified(&scene.there("modules/a/b.js")), modified(&modules.join("a/b.js")));
    assert_eq!(fs::read_link(scene.there("modules/bin/b")).unwrap(), Path::new("../a/b.js"));
    assert_eq!(
        fs::read_link(scene.there("modules/whole")).unwrap(),
        scene.there("modules/a"),
        "not into the checkout"
    );
    assert!(scene.worktree.uncommitted().unwrap().is_empty());
}

#[test]
fn what_is_changed_in_a_copy_stays_there() {
    let scene = Scene::new(&[IGNORE], &[(".env", "KEY=1")]);
    scene.bring(".env", How::Copy);
    fs::write(scene.there(".env"), "KEY=2").unwrap();
    assert_eq!(fs::read_to_string(scene.checkout.join(".env")).unwrap(), "KEY=1");
}

#[test]
fn what_is_not_there_is_noted() {
    Scene::new(&[IGNORE], &[]).assert_left(".env", "is not in the checkout");
    Scene::new(&[IGNORE], &[("local", "a file")]).assert_left("local/x", "is not in the checkout");
}

#[test]
fn what_git_would_commit_is_not_brought() {
    let scene = Scene::new(&[IGNORE], &[("notes.txt", "x"), ("sub/x", "x")]);
    scene.assert_left("notes.txt", "git does not ignore it");
    scene.assert_left("sub", "git does not ignore it");
}

#[test]
fn files_that_git_has_stay_as_they_are() {
    // Ignored and yet tracked: forced in, once.
    let files = [("modules/kept.js", "from git"), ("x", "")];
    let scene = Scene::new(&files, &[("modules/kept.js", "changed"), ("modules/new.js", "new")]);
    fs::write(scene.checkout.join(".git/info/exclude"), "modules/\n").unwrap();
    let brought = scene.bring("modules", How::Copy);
    assert_eq!(brought.paths, [Path::new("modules")]);
    assert_eq!(
        (scene.read("modules/kept.js"), scene.read("modules/new.js")),
        ("from git".into(), "new".into())
    );
}

#[test]
fn no_link_leads_out_of_the_checkout() {
    let scene = Scene::new(&[IGNORE], &[]);
    let secret = scene.temp.path().join("secret");
    fs::write(&secret, "s").unwrap();
    symlink(&secret, scene.checkout.join(".env")).unwrap();
    scene.assert_left(".env", "a link that leads out");
    symlink(scene.temp.path(), scene.checkout.join("local")).unwrap();
    scene.assert_left("local/secret", "a link that leads out");
    symlink(scene.checkout.join(".git"), scene.checkout.join("out")).unwrap();
    scene.assert_left("out", "a link that leads out");
}

#[test]
fn links_inside_of_a_folder_that_lead_out_by_steps_are_left_out() {
    let scene = Scene::new(&[IGNORE], &[("modules/a.js", "a")]);
    symlink("../../outside", scene.checkout.join("modules/far")).unwrap();
    symlink("/usr/bin/env", scene.checkout.join("modules/system")).unwrap();
    let brought = scene.bring("modules", How::Copy);
    assert!(brought.notes[0].contains("without `modules/far`"), "{:?}", brought.notes);
    assert!(scene.there("modules/far").symlink_metadata().is_err());
    assert_eq!(fs::read_link(scene.there("modules/system")).unwrap(), Path::new("/usr/bin/env"));
}

#[test]
fn nothing_is_written_through_a_link_that_the_worktree_has() {
    let scene = Scene::new(&[IGNORE], &[("local/x", "x"), ("modules/sub/y", "y")]);
    let elsewhere = scene.temp.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, scene.there("local")).unwrap();
    fs::create_dir(scene.there("modules")).unwrap();
    symlink(&elsewhere, scene.there("modules/sub")).unwrap();
    let brought = scene.bring("local/x", How::Copy);
    assert!(brought.notes[0].contains("a folder above it is none"), "{:?}", brought.notes);
    scene.bring("modules", How::Copy);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn a_link_is_made_only_where_it_is_asked_for() {
    let scene = Scene::new(&[(".gitignore", "modules\n")], &[("modules/a.js", "a")]);
    scene.bring("modules", How::Symlink);
    assert!(scene.there("modules").symlink_metadata().unwrap().is_symlink());
    assert_eq!(scene.read("modules/a.js"), "a");
    assert!(scene.worktree.uncommitted().unwrap().is_empty());
}

#[test]
fn without_shared_blocks_nothing_is_brought_that_must_have_them() {
    let scene = Scene::new(&[IGNORE], &[("modules/a.js", "a"), (".env", "x")]);
    let can = super::super::copy::can_share(&scene.checkout.join(".env"), &scene.there(".env"));
    for path in ["modules", ".env"] {
        let brought = scene.bring(path, How::Reflink);
        assert_eq!(brought.paths.len(), usize::from(can));
        assert_eq!(scene.there(path).exists(), can, "{:?}", brought.notes);
    }
}

#[test]
fn many_files_come_complete() {
    let files: Vec<_> = (0..500).map(|n| (format!("modules/{}/{n}", n % 50), n.to_string())).collect();
    let borrowed: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let scene = Scene::new(&[IGNORE], &borrowed);
    scene.bring("modules", How::Copy);
    assert!(files.iter().all(|(path, text)| scene.read(path) == *text));
}
