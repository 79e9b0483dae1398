//! A repository of one's own in a temporary folder, and the git program without anybody's configuration.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use git2::Oid;
use tempfile::TempDir;

use crate::git::{
    Authorship, BranchName, EpicRefs, Gathered, GitError, Integrated, MayLose, Message, Repo, Strategy, Work,
    Worktree,
};

pub(super) type Tested = Result<(), Box<dyn std::error::Error>>;

/// A repository `repo` with one commit, in a folder of its own that goes when this does.
pub(super) struct Sandbox {
    root: TempDir,
    name: &'static str,
}

impl Sandbox {
    pub(super) fn new() -> Self {
        Self::named("repo")
    }

    pub(super) fn named(name: &'static str) -> Self {
        let sandbox = Self::unborn(name);
        sandbox.write("README", "first\n");
        sandbox.write("src/lib.txt", "one\ntwo\nthree\nfour\nfive\n");
        sandbox.commit("first");
        sandbox
    }

    pub(super) fn unborn(name: &'static str) -> Self {
        let sandbox = Self { root: TempDir::new().unwrap(), name };
        fs::create_dir(sandbox.path()).unwrap();
        sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
        // The library reads the real user's configuration: what matters is set here.
        for (key, value) in
            [("core.autocrlf", "false"), ("core.excludesFile", ""), ("core.attributesFile", "")]
        {
            sandbox.git(&["config", key, value]);
        }
        sandbox
    }

    pub(super) fn root(&self) -> PathBuf {
        self.root.path().canonicalize().unwrap()
    }

    pub(super) fn path(&self) -> PathBuf {
        self.root().join(self.name)
    }

    /// Where a test puts the worktree of a task.
    pub(super) fn place(&self, task: &str) -> PathBuf {
        self.root().join("repo.worktrees/e").join(task)
    }

    pub(super) fn repo(&self) -> Repo {
        Repo::discover(&self.path()).unwrap().unwrap()
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        write(&self.path().join(file), text);
    }

    /// Commits everything in the checkout.
    pub(super) fn commit(&self, subject: &str) -> Oid {
        self.git(&["add", "-A"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", subject]);
        self.rev("HEAD")
    }

    /// A commit on top of `parent` with one file changed, on no branch; the checkout does not see it.
    pub(super) fn commit_on(&self, parent: Oid, file: &str, text: &str) -> Oid {
        let (name, email) = ("t", "t@t");
        let store = git2::Repository::open_bare(self.path().join(".git")).unwrap();
        let parent = store.find_commit(parent).unwrap();
        let blob = store.blob(text.as_bytes()).unwrap();
        let mut update = git2::build::TreeUpdateBuilder::new();
        update.upsert(file, blob, git2::FileMode::Blob);
        let tree = update.create_updated(&store, &parent.tree().unwrap()).unwrap();
        let when = git2::Time::new(parent.time().seconds() + 60, 0);
        let by = git2::Signature::new(name, email, &when).unwrap();
        store.commit(None, &by, &by, file, &store.find_tree(tree).unwrap(), &[&parent]).unwrap()
    }

    pub(super) fn rev(&self, spec: &str) -> Oid {
        Oid::from_str(&self.git(&["rev-parse", "--verify", spec])).unwrap()
    }

    /// The git program in the checkout; it must succeed.
    pub(super) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.path(), args)
    }

    pub(super) fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        let output = self.try_git(folder, args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        assert!(output.status.success(), "git {args:?}: {} {}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    pub(super) fn try_git(&self, folder: &Path, args: &[&str]) -> Output {
        let mut git = Command::new("git");
        git.args(args).current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        git.env("HOME", self.root.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), "t").env(format!("GIT_{who}_EMAIL"), "t@t");
            git.env(format!("GIT_{who}_DATE"), "1700000000 +0200");
        }
        git.output().unwrap()
    }

    /// Everything of the user's that must stay as it is: files of the checkout with their modes and times, `HEAD`, index, stash,
    /// configuration, hooks, branches.
    pub(super) fn fingerprint(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut seen = BTreeMap::new();
        walk(&self.path(), &mut seen);
        let git = self.path().join(".git");
        let ours = |path: &Path| {
            let inner = path.strip_prefix(&git).unwrap_or(path);
            [
                "objects",
                "worktrees",
                "blueprint",
                "refs/blueprint",
                "refs/heads/blueprint",
                "logs/refs/heads/blueprint",
            ]
            .iter()
            .any(|folder| inner.starts_with(folder))
        };
        seen.retain(|path, _| !ours(path));
        seen
    }

    pub(super) fn worktree_list(&self) -> String {
        self.git(&["worktree", "list", "--porcelain"])
    }
}

fn walk(folder: &Path, seen: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, found) = (entry.path(), entry.path().symlink_metadata().unwrap());
        if found.is_dir() {
            walk(&path, seen);
        } else if found.is_symlink() {
            seen.insert(path.clone(), fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes());
        } else {
            let state = format!("{:o} {:?} ", found.permissions().mode(), found.modified().unwrap());
            seen.insert(path.clone(), [state.into_bytes(), fs::read(&path).unwrap()].concat());
        }
    }
}

pub(super) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(super) fn refs() -> EpicRefs {
    EpicRefs::new("e", EpicRefs::DEFAULT_TEMPLATE).unwrap()
}

pub(super) fn branch(task: &str) -> BranchName {
    refs().branch(task)
}

pub(super) fn by() -> Authorship {
    Authorship::on_behalf_of("rust-dev")
}

pub(super) fn message() -> Message {
    Message::new("Leftovers of a task").for_attempt("t-1", 2)
}

/// The worktree of task `t`, at the main checkout's commit.
pub(super) fn started(sandbox: &Sandbox) -> Worktree {
    sandbox.repo().add_worktree(&sandbox.place("t"), &branch("t"), sandbox.rev("HEAD")).unwrap()
}

/// What is left in it is committed.
pub(super) fn gather(worktree: &Worktree) -> Result<Gathered, GitError> {
    worktree.commit_leftovers(&branch("t"), &by(), &message())
}

/// The default way into the integration branch.
pub(super) fn integrate(repo: &Repo, head: Oid, message: &Message) -> Result<Integrated, GitError> {
    repo.integrate(&refs(), &Work { head, base: None, message, may_lose: MayLose::In(&[]) }, Strategy::Merge)
}
