//! Where agent programs keep what is theirs: settings, sessions, logs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{CommandLine, Kind};

/// What an agent program uses outside of the folder that it works in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnPlaces {
    /// Files and folders that it writes.
    pub write: Vec<PathBuf>,
    /// What is secret else, and what it has to read to do its work.
    pub read: Vec<PathBuf>,
}

/// A place in the home folder, unless a variable names another one.
type Place = (&'static str, Option<&'static str>);

const CLAUDE: &[Place] = &[
    (".claude", Some("CLAUDE_CONFIG_DIR")),
    (".claude.json", None),
    (".local/share/claude", None),
    (".local/state/claude", None),
];
const CODEX: &[Place] = &[(".codex", Some("CODEX_HOME"))];
const OPENCODE: &[Place] = &[
    (".cache/opencode", None),
    (".config/opencode", None),
    (".local/share/opencode", None),
    (".local/state/opencode", None),
];
const GEMINI: &[Place] = &[(".gemini", None)];

/// Where a cloud's credentials are, and the variable that tells Claude Code to use that cloud.
const CLOUDS: [(&str, &str); 3] = [
    ("CLAUDE_CODE_USE_BEDROCK", ".aws"),
    ("CLAUDE_CODE_USE_VERTEX", ".config/gcloud"),
    ("CLAUDE_CODE_USE_FOUNDRY", ".azure"),
];

impl Kind {
    /// The places of a program of this kind that is started so, with `home` as the user's home folder. Any program may start any of them.
    pub fn places(self, home: &Path, command: &CommandLine) -> OwnPlaces {
        let tables: &[&[Place]] = match self {
            Kind::Command => &[CLAUDE, CODEX, OPENCODE, GEMINI],
            Kind::Claude => &[CLAUDE],
            Kind::Codex => &[CODEX],
            Kind::Opencode => &[OPENCODE],
            Kind::Gemini => &[GEMINI],
        };
        let named = |variable: Option<&str>| command.var(variable?).map(PathBuf::from);
        let places = tables.iter().flat_map(|table| table.iter());
        let write = places.map(|(place, variable)| named(*variable).unwrap_or_else(|| home.join(place)));
        let clouds = CLOUDS.iter().filter(|(switch, _)| command.var(switch).is_some());
        OwnPlaces { write: write.collect(), read: clouds.map(|(_, place)| home.join(place)).collect() }
    }
}

impl CommandLine {
    /// The value of a variable that the program gets, where it is not empty.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        let found = self.env.iter().find(|(known, _)| known == name)?;
        Some(found.1.as_os_str()).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started_with(vars: &[(&str, &str)]) -> CommandLine {
        let env = vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        CommandLine { program: "x".into(), args: Vec::new(), env, stdin: Vec::new(), files: Vec::new() }
    }

    #[test]
    fn a_program_has_its_folders_where_its_variables_say() {
        let places =
            |vars: &[(&str, &str)]| Kind::Codex.places(Path::new("/home/u"), &started_with(vars)).write;
        assert_eq!(places(&[]), [PathBuf::from("/home/u/.codex")]);
        assert_eq!(places(&[("CODEX_HOME", "/data/codex")]), [PathBuf::from("/data/codex")]);
    }

    #[test]
    fn a_cloud_s_credentials_are_read_only_where_the_program_uses_that_cloud() {
        let read =
            |vars: &[(&str, &str)]| Kind::Claude.places(Path::new("/home/u"), &started_with(vars)).read;
        assert!(read(&[]).is_empty());
        assert_eq!(read(&[("CLAUDE_CODE_USE_BEDROCK", "1")]), [PathBuf::from("/home/u/.aws")]);
    }

    #[test]
    fn a_command_may_be_a_script_around_any_agent_program() {
        let command = started_with(&[]);
        let all = Kind::Command.places(Path::new("/h"), &command).write;
        for kind in Kind::ALL {
            assert!(kind.places(Path::new("/h"), &command).write.iter().all(|place| all.contains(place)));
        }
    }
}
