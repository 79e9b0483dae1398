//! Work that is to land in a person's branch, as commits that nothing points to yet.

use std::path::{Path, PathBuf};

use git2::build::TreeUpdateBuilder;
use git2::{Oid, Repository};

use super::hooks;
use super::landed::{LANDED_TRAILER, held, own_steps, with_parents};
use super::shape::Shapes;
use crate::git::commits::said;
use crate::git::merging::Commit;
use crate::git::refs::{contains, target};
use crate::git::{Authorship, BranchName, GitError, Message, Program, Repo};

/// Begins the line of a commit's message that names the state of the plan, by its blob, that the commit has brought into a branch.
const PLAN_TRAILER: &str = "Blueprint-Plan";

/// One piece of work, and what the commit says that brings it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The commit whose work is to land, with all that it contains.
    pub head: Oid,
    /// For a merge or a squashed commit; a fast-forward needs none.
    pub message: Message,
    /// Whether the branch may go there by fast-forward. Not to an agent's commit: as a step of the branch its message would be taken for
    /// a person's word.
    pub may_forward: bool,
    /// The works that it brings together, where it is made of some: what of them is in the branch already, in whatever shape, is not merged
    /// a second time.
    pub works: Vec<Oid>,
}

/// The plan's own file, as it is to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanState {
    /// The file as it lies in its checkout.
    pub file: PathBuf,
    /// Its path in the repository.
    pub path: PathBuf,
    /// What the commit says.
    pub message: Message,
}

/// What landing would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landable {
    /// All of it is there; but for the plan's own state, perhaps.
    Nothing(PlanFate),
    /// The branch can go from the one commit to the other.
    Ready(Landing),
    /// That piece does not fit to the branch, in these files, sorted.
    Conflict {
        /// Its commit.
        head: Oid,
        /// Relative to the root.
        paths: Vec<PathBuf>,
    },
}

/// A way for a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// Which.
    pub branch: BranchName,
    /// Where it is.
    pub from: Oid,
    /// Where it is to be.
    pub to: Oid,
    /// How many pieces are new to it.
    pub pieces: usize,
    /// The hook of the user's that git itself would ask before such a commit; none before a fast-forward.
    pub hook: Option<&'static str>,
    /// What becomes of the plan's own state.
    pub plan: PlanFate,
}

/// What becomes of the plan's own state in a landing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFate {
    /// The branch has it, or is to have none.
    Nothing,
    /// It is a commit of the landing.
    Committed,
    /// The branch has an edit of the plan that the file on disk has not: that stays.
    Left,
}

impl Repo {
    /// Puts the pieces on top of `branch`, one after another: by fast-forward where that is possible, else as merges, or each as one commit
    /// if they are to be squashed; and the plan's own state, if it is given and is not as the branch has it.
    ///
    /// These are commits in the user's name, by git's own rules: with their signature, if they sign, and with the hook `commit-msg`.
    pub fn landing(
        &self,
        branch: &BranchName,
        start: Option<Oid>,
        pieces: &[Piece],
        squash: bool,
        plan: Option<&PlanState>,
    ) -> Result<Landable, GitError> {
        self.put_on(branch, start, pieces, (squash, plan), false)
    }

    /// What [`Repo::landing`] would come to. The commits are none of the user's: no hook is asked, and nothing signed.
    pub fn rehearsed_landing(
        &self,
        branch: &BranchName,
        start: Option<Oid>,
        pieces: &[Piece],
        squash: bool,
        plan: Option<&PlanState>,
    ) -> Result<Landable, GitError> {
        self.put_on(branch, start, pieces, (squash, plan), true)
    }

    fn put_on(
        &self,
        branch: &BranchName,
        start: Option<Oid>,
        pieces: &[Piece],
        (squash, plan): (bool, Option<&PlanState>),
        is_rehearsal: bool,
    ) -> Result<Landable, GitError> {
        let store = self.open_store()?;
        let missing =
            || GitError::UnknownRevision { spec: branch.to_string(), path: self.place().to_owned() };
        let from = target(&store, &branch.full()).ok_or_else(missing)?;
        let failed = || GitError::git("read a branch", self.place());
        let held = held(&store, from, start).map_err(failed())?;
        let mut shapes = Shapes::of(&store, from, start);
        let mut ground = Ground { repo: self, store: &store, tip: from, held, hook: None, is_rehearsal };
        let mut count = 0;
        for piece in pieces {
            if ground.has(piece.head) || shapes.have(piece.head).map_err(failed())? {
                continue;
            }
            let known = ground.held.len();
            for work in &piece.works {
                if !ground.has(*work) && shapes.have(*work).map_err(failed())? {
                    ground.held.push(*work);
                }
            }
            let may_be_there = ground.held.len() > known;
            match ground.take(piece, squash, may_be_there)? {
                Ok(is_new) => count += usize::from(is_new),
                Err(paths) => return Ok(Landable::Conflict { head: piece.head, paths }),
            }
        }
        let plan = match plan {
            Some(plan) => ground.take_plan(plan, from, start)?,
            None => PlanFate::Nothing,
        };
        let (to, hook) = (ground.tip, ground.hook);
        if to == from {
            return Ok(Landable::Nothing(plan));
        }
        Ok(Landable::Ready(Landing { branch: branch.clone(), from, to, pieces: count, hook, plan }))
    }
}

/// A branch on its way.
struct Ground<'a> {
    repo: &'a Repo,
    store: &'a Repository,
    tip: Oid,
    /// What its tip holds, by squashed landings too.
    held: Vec<Oid>,
    hook: Option<&'static str>,
    is_rehearsal: bool,
}

impl Ground<'_> {
    fn commit(&self, tree: Oid, parents: &[Oid], message: &Message) -> Result<Oid, GitError> {
        if !self.is_rehearsal {
            return self.repo.commit_as_user(tree, parents, message);
        }
        let commit = || -> Result<Oid, git2::Error> {
            let by = Authorship::own().signature(0)?;
            let parents =
                parents.iter().map(|id| self.store.find_commit(*id)).collect::<Result<Vec<_>, _>>()?;
            let tree = self.store.find_tree(tree)?;
            self.store.commit(None, &by, &by, &message.render(), &tree, &parents.iter().collect::<Vec<_>>())
        };
        commit().map_err(GitError::git("commit", self.repo.place()))
    }

    fn has(&self, head: Oid) -> bool {
        self.held.iter().any(|root| contains(self.store, *root, head))
    }

    /// Whether it is new to the branch; the files in which it can't be, otherwise. One of which some `may_be_there` is not new if it changes
    /// nothing.
    fn take(
        &mut self,
        piece: &Piece,
        squash: bool,
        may_be_there: bool,
    ) -> Result<Result<bool, Vec<PathBuf>>, GitError> {
        if piece.may_forward && !squash && contains(self.store, piece.head, self.tip) {
            self.tip = piece.head;
            self.held.push(piece.head);
            return Ok(Ok(true));
        }
        let tree = match self.merged(piece)? {
            Ok(tree) => tree,
            Err(paths) => return Ok(Err(paths)),
        };
        if may_be_there && self.tree()? == tree {
            self.held.push(piece.head);
            return Ok(Ok(false));
        }
        let trailed = piece.message.clone().with_trailer(LANDED_TRAILER, &piece.head.to_string());
        let (message, parents) = if squash {
            self.hook.get_or_insert("pre-commit");
            (&trailed, vec![self.tip])
        } else {
            self.hook.get_or_insert("pre-merge-commit");
            (&piece.message, vec![self.tip, piece.head])
        };
        self.tip = self.commit(tree, &parents, message)?;
        self.held.extend([self.tip, piece.head]);
        Ok(Ok(true))
    }

    fn tree(&self) -> Result<Oid, GitError> {
        let tip = self.store.find_commit(self.tip).map(|tip| tip.tree_id());
        tip.map_err(GitError::git("read a commit", self.repo.place()))
    }

    /// Work that was squashed into the branch before is no other side's: with it as a further parent, git knows.
    fn merged(&self, piece: &Piece) -> Result<Result<Oid, Vec<PathBuf>>, GitError> {
        let failed = || GitError::git("merge commits", self.repo.place());
        let ours = with_parents(self.store, self.tip, &self.held).map_err(failed())?;
        let merged = self.repo.merge_commit(self.store, ours, piece.head, &piece.message);
        match merged.map_err(|error| self.explained(error, piece.head))? {
            Commit::Made(merge) => {
                self.store.find_commit(merge).map(|merge| Ok(merge.tree_id())).map_err(failed())
            }
            Commit::Conflict(paths) => Ok(Err(paths)),
        }
    }

    /// What git says of two commits that have nothing in common is no help where that is only missing.
    fn explained(&self, error: GitError, theirs: Oid) -> GitError {
        if !self.store.is_shallow() || !error.to_string().contains("unrelated histories") {
            return error;
        }
        let (path, ours, theirs) = (self.repo.place().to_owned(), self.tip.to_string(), theirs.to_string());
        GitError::TooShallow { path, ours, theirs }
    }

    /// Commits it on top. A plan that is not in the branch is none of its files.
    fn take_plan(&mut self, plan: &PlanState, from: Oid, start: Option<Oid>) -> Result<PlanFate, GitError> {
        let failed = || GitError::git("commit the plan", self.repo.place());
        let tree = self.store.find_commit(self.tip).and_then(|tip| tip.tree()).map_err(failed())?;
        let Ok(known) = tree.get_path(&plan.path) else { return Ok(PlanFate::Nothing) };
        let blob = self.repo.store_file(&plan.file, &plan.path)?;
        if known.id() == blob {
            return Ok(PlanFate::Nothing);
        }
        let before = self.blob_in(from, &plan.path).unwrap_or(known.id());
        if !self.is_older(before, &plan.path, from, start).map_err(failed())? {
            return Ok(PlanFate::Left);
        }
        let mode = if known.filemode() == i32::from(git2::FileMode::BlobExecutable) {
            git2::FileMode::BlobExecutable
        } else {
            git2::FileMode::Blob
        };
        let mut update = TreeUpdateBuilder::new();
        update.upsert(plan.path.as_path(), blob, mode);
        let tree = update.create_updated(self.store, &tree).map_err(failed())?;
        let message = plan.message.clone().with_trailer(PLAN_TRAILER, &blob.to_string());
        self.tip = self.commit(tree, &[self.tip], &message)?;
        Ok(PlanFate::Committed)
    }

    /// Whether the plan on disk has come from that state of it: the one that its checkout is at, the one that the epic has started with,
    /// or one that has landed in the branch before.
    fn is_older(&self, blob: Oid, path: &Path, tip: Oid, start: Option<Oid>) -> Result<bool, git2::Error> {
        let head = self.repo.head_commit().ok();
        if head.into_iter().chain(start).any(|commit| self.blob_in(commit, path) == Some(blob)) {
            return Ok(true);
        }
        for step in own_steps(self.store, tip, start.as_slice())? {
            let commit = self.store.find_commit(step)?;
            if said(&commit, PLAN_TRAILER).is_some_and(|named| named == blob.to_string()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn blob_in(&self, commit: Oid, path: &Path) -> Option<Oid> {
        let tree = self.store.find_commit(commit).and_then(|commit| commit.tree()).ok()?;
        tree.get_path(path).ok().map(|entry| entry.id())
    }
}

impl Repo {
    /// A commit by whoever git says that the user is.
    fn commit_as_user(&self, tree: Oid, parents: &[Oid], message: &Message) -> Result<Oid, GitError> {
        let text = hooks::message(self.place(), message.render())?;
        let signs = Program::new("read the configuration", self.place())
            .args(["config", "--type=bool", "--get", "commit.gpgSign"])
            .end()?;
        let mut commit = Program::new("commit", self.place()).args(["commit-tree", &tree.to_string()]);
        for parent in parents {
            commit = commit.args(["-p", &parent.to_string()]);
        }
        if signs.stdout.trim_ascii() == b"true" {
            commit = commit.args(["-S"]);
        }
        id_in(&commit.args(["-F", "-"]).stdin(text).run()?, self.place())
    }

    /// Whether the file at `path` of the checkout lies there as the commit has it.
    pub(super) fn lies_as_in(&self, commit: Oid, path: &Path) -> Result<bool, GitError> {
        let blob = self.store_file(&self.require_workdir()?.join(path), path)?;
        let store = self.open_store()?;
        let tree = store.find_commit(commit).and_then(|commit| commit.tree());
        let tree = tree.map_err(GitError::git("read a commit", self.place()))?;
        Ok(tree.get_path(path).is_ok_and(|entry| entry.id() == blob))
    }

    /// Stores a file of a checkout as git would if it were added at `path`.
    fn store_file(&self, file: &Path, path: &Path) -> Result<Oid, GitError> {
        let bytes = std::fs::read(file).map_err(GitError::io("read", file))?;
        let mut option = std::ffi::OsString::from("--path=");
        option.push(path);
        let call = Program::new("store a file", self.place()).args(["hash-object", "-w", "--stdin"]);
        id_in(&call.args([option]).stdin(bytes).run()?, self.place())
    }
}

/// The id that git has printed.
pub(super) fn id_in(printed: &[u8], place: &Path) -> Result<Oid, GitError> {
    let text = String::from_utf8_lossy(printed);
    text.trim().parse().map_err(GitError::git("read what git printed", place))
}
