use std::fs;
use std::path::Path;

/// A page of the book.
pub(crate) struct Page {
    /// Its path in the repository.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) blocks: Vec<Block>,
}

/// What stands between fences.
pub(crate) struct Block {
    /// Where it begins, from 1.
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) text: String,
    pub(crate) scene: Option<String>,
    pub(crate) way: Way,
}

/// Whether a block of `sh` is run.
pub(crate) enum Way {
    Run,
    NotRun(#[expect(dead_code, reason = "for readers of the page")] String),
}

impl Page {
    /// The README, then the book.
    pub(crate) fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let docs = fs::read_dir(root.join("docs")).unwrap();
        let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names
            .filter(|name| name.strip_suffix(".md").is_some())
            .map(|name| format!("docs/{name}"))
            .collect();
        names.sort();
        names.insert(0, "README.md".to_owned());
        names.iter().map(|name| Self::of(name, fs::read_to_string(root.join(name)).unwrap())).collect()
    }

    fn of(name: &str, text: String) -> Self {
        let blocks = blocks(&text);
        Self { name: name.to_owned(), text, blocks }
    }

    /// The files of this repository that it links to.
    pub(crate) fn links(&self) -> Vec<String> {
        let ends = self.text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        let targets = ends.map(|(target, _)| target.split('#').next().unwrap_or_default().to_owned());
        targets.filter(|target| !target.is_empty() && !target.contains("://")).collect()
    }

    /// What stands between back ticks, fences left out.
    pub(crate) fn code_in_text(&self) -> Vec<String> {
        let mut is_fenced = false;
        let outside = self.text.lines().filter(|line| {
            let is_fence = line.starts_with("```");
            is_fenced ^= is_fence;
            !is_fenced && !is_fence
        });
        let outside = outside.collect::<Vec<_>>().join("\n");
        outside.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    let (mut scene, mut way) = (None, Way::Run);
    while let Some((number, line)) = lines.next() {
        if let Some(said) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            match said.split_once(": ") {
                Some(("scene", name)) => scene = Some(name.to_owned()),
                Some(("not run", why)) => way = Way::NotRun(why.to_owned()),
                _ => {}
            }
        } else if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```"));
            let text = inside.flat_map(|line| [line, "\n"]).collect();
            let way = std::mem::replace(&mut way, Way::Run);
            found.push(Block {
                line: number + 1,
                language: language.to_owned(),
                text,
                scene: scene.take(),
                way,
            });
        }
    }
    found
}
