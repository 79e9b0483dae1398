use super::*;

struct Folders {
    root: tempfile::TempDir,
}

impl Folders {
    fn with(files: &[(&str, &str)]) -> Folders {
        let folders = Folders { root: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            let path = folders.root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folders
    }

    fn all(&self) -> Vec<PathBuf> {
        default_folders(&self.root.path().join("repo"), Some(&self.root.path().join("home")))
    }

    fn find(&self, name: &str) -> Result<Found, DefinitionError> {
        find(name, &self.all())
    }

    fn found(&self, name: &str) -> Definition {
        match self.find(name).unwrap() {
            Found::One(definition) => *definition,
            Found::Missing { nearest } => panic!("{name} is missing; nearest: {nearest:?}"),
        }
    }

    fn body(&self, name: &str) -> String {
        self.found(name).body
    }
}

#[test]
fn a_definition_is_found_by_its_name_before_its_file() {
    let folders = Folders::with(&[
        ("repo/.claude/agents/a.md", "---\nname: b\ndescription: d\n---\nin a"),
        ("repo/.claude/agents/b.md", "---\nname: c\ndescription: d\n---\nin b"),
    ]);
    assert_eq!(folders.body("b"), "in a");
    assert_eq!(folders.body("c"), "in b");
    assert_eq!(folders.body("a"), "in a");
}

#[test]
fn the_repository_comes_before_the_user_and_the_second_is_told() {
    let folders = Folders::with(&[
        ("home/.claude/agents/x.md", "---\nname: x\n---\nuser"),
        ("repo/agents/deep/down/x.md", "---\nname: x\n---\nagents"),
        ("repo/.claude/agents/sub/y.md", "---\nname: x\n---\nclaude"),
    ]);
    let found = folders.found("x");
    assert_eq!(found.body, "claude");
    let told: Vec<_> = found.warnings.iter().filter(|w| w.contains("the first one counts")).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("agents/deep/down/x.md") && told[1].contains("home/.claude"));
}

#[test]
fn a_missing_name_gives_the_nearest_ones() {
    let folders = Folders::with(&[
        ("repo/agents/rust-backend-developer.md", "x"),
        ("repo/agents/rust-frontend-developer.md", "x"),
        ("repo/agents/qa.md", "x"),
    ]);
    let Found::Missing { nearest } = folders.find("Rust-backend-developper").unwrap() else {
        panic!("found")
    };
    assert_eq!(nearest, ["rust-backend-developer", "rust-frontend-developer"]);
}

#[test]
fn names_are_compared_not_joined_to_paths() {
    let folders = Folders::with(&[("repo/agents/a.md", "x"), ("repo/secret.md", "x")]);
    for name in ["../secret", "/etc/passwd", "", "a.md", "./a"] {
        assert!(matches!(folders.find(name), Ok(Found::Missing { .. })), "{name}");
    }
}

#[test]
fn a_broken_file_is_an_error_only_if_no_other_has_its_name() {
    let broken = ("repo/.claude/agents/x.md", "---\nname: x\nno end");
    let folders = Folders::with(&[broken]);
    assert!(matches!(folders.find("x"), Err(DefinitionError::Refused { .. })));
    let folders = Folders::with(&[broken, ("home/.claude/agents/x.md", "fine")]);
    let found = folders.found("x");
    assert_eq!(found.body, "fine");
    assert!(found.warnings.iter().any(|w| w.starts_with("passed over: agent definition")));
}

#[test]
fn links_are_followed_once_and_loops_end() {
    let folders = Folders::with(&[("repo/agents/a.md", "x"), ("other/b.md", "y")]);
    let agents = folders.root.path().join("repo/agents");
    std::os::unix::fs::symlink(&agents, agents.join("loop")).unwrap();
    std::os::unix::fs::symlink(folders.root.path().join("other"), agents.join("other")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", agents.join("endless.md")).unwrap();
    let mut twice = folders.all();
    twice.push(agents);
    let catalogue = Catalogue::read(&twice);
    let names: Vec<_> = catalogue.definitions().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn files_that_are_too_large_are_left_out_and_told() {
    let large = "x".repeat(1024 * 1024 + 1);
    let folders = Folders::with(&[("repo/agents/large.md", &large), ("repo/agents/note.txt", "x")]);
    let catalogue = Catalogue::read(&folders.all());
    assert_eq!(catalogue.definitions().count(), 0);
    assert_eq!(catalogue.warnings().len(), 1);
    assert!(catalogue.warnings()[0].ends_with("large.md: larger than 1 MiB; left out"));
}
