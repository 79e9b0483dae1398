//! What git is told in an attempt: who commits, and that nothing is pushed.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::super::Launch;

/// How many settings there are in variables, and the beginnings of their names.
const COUNT: &str = "GIT_CONFIG_COUNT";
const KEY: &str = "GIT_CONFIG_KEY_";
const VALUE: &str = "GIT_CONFIG_VALUE_";

/// No git of an agent's tidies up a repository that many others work in.
const QUIET: [(&str, &str); 2] = [("gc.auto", "0"), ("maintenance.auto", "false")];
/// No stored credentials, and every address to push to leads nowhere.
const NO_PUSH: [(&str, &str); 3] = [
    ("credential.helper", ""),
    ("push.default", "nothing"),
    ("url.blueprint-agents-may-not-push:.pushInsteadOf", ""),
];
/// Nobody is asked for a password, and no agent for a key.
const NO_CREDENTIALS: [(&str, &str); 4] = [
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", "false"),
    ("SSH_ASKPASS", "false"),
    ("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oIdentityAgent=none"),
];

/// The variables, given those that are passed on already; what these set stays.
pub(super) fn vars(launch: &Launch<'_>, passed: &BTreeMap<OsString, OsString>) -> Vec<(OsString, OsString)> {
    let mut vars: Vec<(OsString, OsString)> = Vec::new();
    for role in ["AUTHOR", "COMMITTER"] {
        vars.push((format!("GIT_{role}_NAME").into(), launch.identity.name.into()));
        vars.push((format!("GIT_{role}_EMAIL").into(), launch.identity.email.into()));
    }
    let mut settings = QUIET.to_vec();
    if !launch.policy.allow_push {
        settings.extend(NO_PUSH);
        vars.extend(NO_CREDENTIALS.map(|(name, value)| (name.into(), value.into())));
    }
    vars.retain(|(name, _)| !passed.contains_key(name));
    vars.extend(numbered(&settings, passed));
    vars
}

/// After those that are there already.
fn numbered(settings: &[(&str, &str)], passed: &BTreeMap<OsString, OsString>) -> Vec<(OsString, OsString)> {
    let there = passed.get(OsStr::new(COUNT)).and_then(|count| count.to_str()?.parse().ok()).unwrap_or(0);
    let mut vars = vec![(COUNT.into(), (there + settings.len()).to_string().into())];
    for (number, (key, value)) in (there..).zip(settings) {
        vars.push((format!("{KEY}{number}").into(), (*key).into()));
        vars.push((format!("{VALUE}{number}").into(), (*value).into()));
    }
    vars
}

#[cfg(test)]
mod tests {
    use super::super::super::EnvPolicy;
    use super::super::super::launch::tests::Scene;
    use super::*;

    fn vars_of(launch: &Launch<'_>, passed: &[(&str, &str)]) -> BTreeMap<String, String> {
        let passed = passed.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let text = |text: OsString| text.into_string().unwrap();
        vars(launch, &passed).into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn commits_of_an_agent_can_be_told_from_everybody_else_s() {
        let scene = Scene::new();
        let vars = vars_of(&scene.launch(), &[]);
        assert_eq!(vars["GIT_COMMITTER_EMAIL"], scene.launch().identity.email);
        assert_eq!(vars["GIT_AUTHOR_NAME"], scene.launch().identity.name);
    }

    #[test]
    fn settings_come_after_those_that_are_there() {
        let vars = vars_of(&Scene::new().launch(), &[("GIT_CONFIG_COUNT", "2")]);
        assert_eq!(vars["GIT_CONFIG_COUNT"], "7");
        assert_eq!((&*vars["GIT_CONFIG_KEY_2"], &*vars["GIT_CONFIG_VALUE_2"]), ("gc.auto", "0"));
        assert!(!vars.contains_key("GIT_CONFIG_KEY_1"));
    }

    #[test]
    fn whoever_may_push_gets_nothing_in_the_way_of_that() {
        let scene = Scene::new();
        let policy = EnvPolicy { allow_push: true, ..EnvPolicy::default() };
        let vars = vars_of(&Launch { policy: &policy, ..scene.launch() }, &[]);
        assert_eq!(vars["GIT_CONFIG_COUNT"], "2");
        assert!(!vars.contains_key("GIT_ASKPASS"));
    }

    #[test]
    fn what_the_configuration_passes_on_stays() {
        let vars = vars_of(&Scene::new().launch(), &[("GIT_SSH_COMMAND", "mine")]);
        assert!(!vars.contains_key("GIT_SSH_COMMAND"));
    }
}
