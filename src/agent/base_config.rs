//! Settings that definitions share: a YAML file beside or above them, which a front matter refers to as `@NAME-base-config.yml`. Of what
//! they say, the tools and the files to read are heeded.

use std::fs;
use std::path::{Path, PathBuf};

use saphyr::Yaml;

use super::Definition;
use super::definition::MAX_SIZE;
use super::front_matter::{list, mapping_of};

/// So many folders above a definition's own are looked into, or up to the root of its repository.
const HIGHEST: usize = 8;
/// What such files call their lists, of which nobody has fixed the names.
const TOOLS: &[&str] = &["tools", "allowed_tools"];
const READS: &[&str] = &[
    "read",
    "reads",
    "read_files",
    "files",
    "files_to_read",
    "required_reading",
    "context",
    "context_files",
    "documents",
    "docs",
];

/// Adds to a definition what the files say that it refers to; its warnings name those that can't be used.
pub(super) fn resolve(definition: &mut Definition) {
    for name in definition.base_configs.clone() {
        let shared = match find(&definition.path, &name) {
            Some(path) => read(&path).map_err(|why| format!("{} is left out: {why}", path.display())),
            None => Err(format!("`@{name}` is left out: no such file beside it or above")),
        };
        match shared {
            Ok(shared) => shared.add_to(definition),
            Err(warning) => definition.warnings.push(warning),
        }
    }
}

#[derive(Default)]
struct Shared {
    tools: Vec<String>,
    reads: Vec<String>,
}

impl Shared {
    /// Each tool and file once; the definition's own come first.
    fn add_to(self, definition: &mut Definition) {
        for (new, known) in [(self.tools, &mut definition.tools), (self.reads, &mut definition.reads)] {
            for item in new {
                if !known.contains(&item) {
                    known.push(item);
                }
            }
        }
    }
}

/// The nearest file of that name.
fn find(definition: &Path, name: &str) -> Option<PathBuf> {
    let folders = definition.ancestors().skip(1).take(HIGHEST);
    let mut is_above_the_repository = false;
    let mut folders = folders.take_while(|folder| {
        let is_inside = !is_above_the_repository;
        is_above_the_repository = folder.join(".git").exists();
        is_inside
    });
    folders.find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()))
}

fn read(path: &Path) -> Result<Shared, String> {
    let size = path.metadata().map_err(|error| error.to_string())?.len();
    if size > MAX_SIZE {
        return Err("it is larger than 1 MiB".to_owned());
    }
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let Some(mapping) = mapping_of(text.trim_start_matches('\u{feff}'))? else {
        return Ok(Shared::default());
    };
    Ok(Shared { tools: first(&mapping, TOOLS)?, reads: first(&mapping, READS)? })
}

/// The lists of these names, one after the other. A mapping of that name is something else.
fn first(mapping: &Yaml<'_>, names: &[&str]) -> Result<Vec<String>, String> {
    let has_list = |key: &String| mapping.as_mapping_get(key).is_some_and(|value| !value.is_mapping());
    let spellings = names.iter().flat_map(|name| [(*name).to_owned(), name.replace('_', "-")]);
    let mut spellings: Vec<_> = spellings.filter(has_list).collect();
    spellings.dedup();
    let lists: Result<Vec<_>, _> = spellings.iter().map(|key| list(mapping, key)).collect();
    Ok(lists?.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A definition in `repo/.claude/agents/team/dev.md` that refers to `@x-base-config.yml`, with these files.
    fn resolved(files: &[(&str, &str)], tools: &[&str]) -> Definition {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("repo/.git")).unwrap();
        fs::create_dir_all(root.path().join("repo/.claude/agents/team")).unwrap();
        for (path, text) in files {
            fs::write(root.path().join(path), text).unwrap();
        }
        let mut definition = Definition::generic("dev");
        definition.path = root.path().join("repo/.claude/agents/team/dev.md");
        definition.tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
        definition.base_configs = vec!["x-base-config.yml".to_owned()];
        resolve(&mut definition);
        let root = root.path().to_string_lossy().into_owned();
        definition.warnings = definition.warnings.iter().map(|text| text.replace(&root, "")).collect();
        definition
    }

    #[test]
    fn tools_and_files_to_read_come_from_the_nearest_file() {
        let near = "tools: [Read, \"Bash(git add:*, ls)\"]\nmcp_servers: [git]\nfiles-to-read:\n  - docs/STYLE.md\n  - README.md\n";
        let files =
            [("repo/.claude/agents/x-base-config.yml", near), ("repo/x-base-config.yml", "tools: Write")];
        let found = resolved(&files, &["Edit", "Read"]);
        assert_eq!(found.tools, ["Edit", "Read", "Bash(git add:*, ls)"]);
        assert_eq!(found.reads, ["docs/STYLE.md", "README.md"]);
        assert_eq!(found.warnings, [""; 0]);
    }

    #[test]
    fn a_file_at_the_root_of_the_repository_counts_and_none_above_it() {
        assert_eq!(
            resolved(&[("repo/x-base-config.yml", "\u{feff}tools: Read, Write\n")], &[]).tools,
            ["Read", "Write"]
        );
        let found = resolved(&[("x-base-config.yml", "tools: Read")], &[]);
        assert_eq!(found.tools, [""; 0]);
        assert_eq!(found.warnings, ["`@x-base-config.yml` is left out: no such file beside it or above"]);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_left_out_with_the_reason() {
        for (text, why) in [
            ("- a\n- b", "not one mapping"),
            ("tools:\n  - [1, 2]", "`tools` is not a list of texts"),
            ("tools: [a", ""),
        ] {
            let found = resolved(&[("repo/x-base-config.yml", text)], &["Read"]);
            assert_eq!(found.tools, ["Read"]);
            let told = format!("/repo/x-base-config.yml is left out: {why}");
            assert!(found.warnings[0].starts_with(&told), "{:?}", found.warnings);
        }
        let odd = resolved(&[("repo/x-base-config.yml", "# nothing\ncontext:\n  size: 5\nother: 1\n")], &[]);
        assert_eq!((odd.reads.len(), odd.warnings.len()), (0, 0));
    }
}
