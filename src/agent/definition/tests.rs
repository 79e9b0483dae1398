use super::*;

/// What was loaded from a text, or why it was not.
fn told(text: impl AsRef<[u8]>) -> String {
    let definition = match Definition::parse(Path::new("agents/from-file.md"), text.as_ref()) {
        Ok(definition) => definition,
        Err(reason) => return format!("refused: {reason}\n"),
    };
    let mut told = format!("name: {:?}\n", definition.name);
    let texts = [
        ("description", &definition.description),
        ("model", &definition.model),
        ("color", &definition.color),
        ("role", &definition.role),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name, format!("{:?}", text.as_ref()?))));
    let lists = [
        ("tools", &definition.tools),
        ("capabilities", &definition.capabilities),
        ("base configs", &definition.base_configs),
        ("warnings", &definition.warnings),
    ];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    for (name, value) in texts.chain(lists.map(|(name, list)| (name, format!("{list:?}")))) {
        told.push_str(&format!("{name}: {value}\n"));
    }
    told + &format!("body: {:?}\n", definition.body)
}

const MADE: &[(&str, &str)] = &[
    (
        "clean",
        "---\nname: rust-dev\ndescription: Writes Rust.\ntools: Read, Bash\nmodel: opus\ncolor: \"blue\"\nrole: Developer\ncapabilities:\n  - one\n  - two\n---\n\nBody.\n",
    ),
    ("list of tools", "---\nname: a\ndescription: d\ntools:\n  - Read\n  - Bash(git add:*, ls)\n---\nb"),
    (
        "unquoted colons over many lines",
        "---\nname: a\ndescription: Use it: always. Examples:\nContext: building\nuser: \"hi: there\"\n  assistant: ok\nmodel: opus\n---\nb",
    ),
    ("colon in one line", "---\nname: a\ndescription: Use this when: always\ncolor: red # nice\n---\nb"),
    ("tabs", "---\nname:\ta\ndescription:\tTabbed\n\tand: more\ntools:\n\t- Read\n\t- Bash\n---\nb"),
    ("CRLF", "---\r\nname: a\r\ndescription: Use it: so\r\n  more\r\n---\r\nb\r\nc\r\n"),
    ("byte order mark", "\u{feff}---\nname: a\ndescription: d\n---\nb"),
    ("emoji", "---\nname: a\ndescription: 🦀 crab: yes 🎉\ncolor: 🔴\n---\n🦀\n"),
    ("mojibake", "---\nname: a\ndescription: ü¶Ä RUST: itâ€™s fine\n---\nü¶Ä\n"),
    (
        "literal line ends",
        "---\nname: a\ndescription: Examples:\\n\\n<example>\\nuser: \"hi\"\\n</example>\n---\nb",
    ),
    ("escapes in quotes", "---\nname: a\ndescription: \"one\\ntwo: \\\"three\\\"\"\n---\nb"),
    ("quotes that do not close", "---\nname: a\ndescription: \"one: two\n---\nb"),
    ("duplicate keys", "---\nname: a\nname: b\ndescription: d\ndescription: e\n---\nb"),
    (
        "reference at the beginning of a line",
        "---\nname: a\ndescription: d\n@engineering-base-config.yml\n---\nb",
    ),
    (
        "reference in a description",
        "---\nname: a\ndescription: |\n  First.\n\n  @engineering-base-config.yml\n\n  Last: x\ncolor: orange\n---\nb",
    ),
    (
        "reference among tools",
        "---\nname: a\ndescription: d: e\ntools:\n  @qa-base-config.yaml\n  Read, Bash\n---\nb",
    ),
    (
        "block with odd indentation",
        "---\nname: a\ndescription: |\n    four\n  two: x\n\ttab\nmodel: opus\n---\nb",
    ),
    ("folded block", "---\nname: a\ndescription: >-\n  one\n  two\n---\nb"),
    ("no name", "---\ndescription: d\n---\nb"),
    ("number as a name", "---\nname: 007\ndescription: d\n---\nb"),
    ("no description", "---\nname: a\n---\nb"),
    ("empty front matter", "---\n---\nb"),
    ("no front matter", "# Title\n\nYou review.\n---\nmore\n"),
    ("blank lines before", "\n\n---\nname: a\ndescription: d\n---\nb"),
    ("not closed", "---\nname: a\ndescription: d\n\nbody"),
    ("closed by another line", "---\nname: a\ndescription: d\n----\nbody"),
    ("list as front matter", "---\n- name: a\n- b\n---\nb"),
    ("unknown keys", "---\nname: a\ndescription: d: e\nversion: 2\nx-thing: y: z\nmodel: opus\n---\nb"),
    ("alias", "---\nname: *a\ndescription: d\ntools: *\n---\nb"),
    ("null and empty", "---\nname:\ndescription: ~\ntools: []\nmodel: ''\n---\nb"),
    ("no body", "---\nname: a\ndescription: d\n---\n"),
    ("empty", " \r\n\t\n"),
    ("NUL", "---\nname: a\0\n---\nb"),
];

#[test]
fn made_definitions_load_or_are_refused_with_the_reason() {
    let told: Vec<_> = MADE.iter().map(|(name, text)| format!("## {name}\n{}", told(text))).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn bytes_that_are_no_utf_8_are_shown_as_such_and_told() {
    let loaded =
        Definition::parse(Path::new("a.md"), b"---\nname: caf\xe9\ndescription: d\n---\nb\xff").unwrap();
    assert_eq!((loaded.name.as_str(), loaded.body.as_str()), ("caf\u{fffd}", "b\u{fffd}"));
    assert!(loaded.warnings[0].starts_with("not valid UTF-8"));
}

#[test]
fn utf_16_is_refused() {
    let text: Vec<u8> = "\u{feff}---\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Definition::parse(Path::new("a.md"), &text), Err(Reason::Utf16));
}

#[test]
fn a_file_that_is_too_large_or_missing_is_an_error_with_its_path() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![b'x'; usize::try_from(MAX_SIZE).unwrap() + 1]).unwrap();
    let error = Definition::load(file.path()).unwrap_err();
    assert!(error.to_string().ends_with(": the file is larger than 1 MiB"));
    let error = Definition::load(Path::new("/nonexistent/a.md")).unwrap_err();
    assert!(error.to_string().starts_with("agent definition /nonexistent/a.md: cannot be read"));
}

#[test]
fn the_generic_definition_has_instructions_and_no_placeholders() {
    let generic = Definition::generic("anybody");
    assert_eq!(generic.name, "anybody");
    assert!(generic.body.len() > 100 && !generic.body.contains('{'));
}

/// Two definitions that were written for other programs, where they are at hand.
fn seeds() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared/seeds", "../../shared/seeds"].map(|place| root.join(place));
    places.into_iter().find(|place| place.is_dir())
}

#[test]
fn definitions_written_by_others_load_unchanged() {
    let Some(seeds) = seeds() else {
        println!("skipped: ../shared/seeds is not there");
        return;
    };
    let load = |name: &str| {
        let path = seeds.join(name);
        (std::fs::read_to_string(&path).unwrap(), Definition::load(&path).unwrap())
    };
    let (text, rust) = load("003_067133c072a4ba2e.txt");
    assert_eq!(rust.name, "rust-backend-developer");
    assert_eq!(rust.base_configs, ["engineering-base-config.yml"]);
    assert_eq!(rust.capabilities, ["Task execution", "Context analysis"]);
    assert_eq!(rust.color.as_deref(), Some("orange"));
    assert!(rust.description.as_deref().unwrap().ends_with("</example>"));
    assert!(text.ends_with(&rust.body) && rust.body.starts_with("\nExecute Rust"));
    assert_eq!(rust.warnings, [""; 0]);

    let (text, backend) = load("000_864ae90a11262828.txt");
    assert_eq!(backend.name, "backend.rust");
    assert_eq!(backend.model.as_deref(), Some("sonnet"));
    assert_eq!(backend.tools.len(), 11);
    assert!(text.ends_with(&backend.body) && backend.body.starts_with("\n# @backend.rust"));
    assert_eq!(backend.warnings, [""; 0]);
}
