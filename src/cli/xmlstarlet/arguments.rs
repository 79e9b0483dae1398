//! The real program's way to read its arguments, as far as it matters which files it edits in place. Pure.

use std::ffi::{OsStr, OsString};

use super::is_any;
use crate::genesis::Status;

/// A call that edits files in place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InPlace<'a> {
    /// All arguments before the files.
    pub(super) head: &'a [OsString],
    /// At least one.
    pub(super) files: &'a [OsString],
}

/// Before the command.
const GLOBAL: &[&str] = &["-q", "--quiet", "--doc-namespace", "--no-doc-namespace"];
const EDIT: &[&str] = &["ed", "edit"];
const IN_PLACE: &[&str] = &["-L", "--inplace"];
/// After the command, up to the first that is none of them.
const OPTIONS: &[&str] = &["-S", "--ps", "-P", "--pf", "-O", "--omit-decl", "-L", "--inplace", "--net"];
/// Followed by a name and its value; only after the options.
const NAMESPACE: &str = "-N";
/// Each action, with how many arguments it takes beside itself.
const ACTIONS: &[(&str, &str, usize)] = &[
    ("-d", "--delete", 1),
    ("--var", "--var", 2),
    ("-m", "--move", 2),
    ("-u", "--update", 3),
    ("-r", "--rename", 3),
    ("-i", "--insert", 5),
    ("-a", "--append", 5),
    ("-s", "--subnode", 5),
];
/// An insertion may have one more, with what is to be inserted.
const INSERTIONS: usize = 5;
const VALUES: &[&str] = &["-v", "--value", "-x", "--expr"];

/// The call, if it edits files in place; nothing for any other, and for one that the program refuses.
pub(super) fn in_place(arguments: &[OsString]) -> Option<InPlace<'_>> {
    let command = arguments.iter().position(|argument| !is_any(argument, GLOBAL))?;
    if !is_any(&arguments[command], EDIT) {
        return None;
    }
    let rest = &arguments[command + 1..];
    let options = rest.iter().take_while(|argument| is_any(argument, OPTIONS)).count();
    let is_asked = rest[..options].iter().any(|option| is_any(option, IN_PLACE));
    let files = command + 1 + options + actions(&rest[options..]);
    let (head, files) = arguments.split_at_checked(files)?;
    (is_asked && !files.is_empty()).then_some(InPlace { head, files })
}

/// How many arguments namespaces and actions take; more than there are, if the last of them lacks some.
fn actions(arguments: &[OsString]) -> usize {
    let mut at = 0;
    while arguments.get(at).is_some_and(|argument| argument == NAMESPACE) {
        at += 2;
    }
    while let Some(argument) = arguments.get(at).filter(|argument| is_option(argument)) {
        let known = ACTIONS.iter().find(|(short, long, _)| is_any(argument, &[short, long]));
        // One that the program doesn't know is passed over, with a warning.
        let count = known.map_or(0, |(.., count)| *count);
        at += 1 + count;
        if count == INSERTIONS && arguments.get(at).is_some_and(|argument| is_any(argument, VALUES)) {
            at += 2;
        }
    }
    at
}

fn is_option(argument: &OsStr) -> bool {
    argument.as_encoded_bytes().first() == Some(&b'-')
}

/// The command of ours that does what these arguments are about.
pub(super) fn way_out(arguments: &[OsString], task: Option<&str>) -> String {
    let (verb, details) = match status_in(arguments) {
        Some(Status::Failed | Status::Cancelled) => ("fail", " --reason \"…\""),
        Some(Status::Blocked) => ("block", " --reason \"…\""),
        Some(Status::InProgress) => ("start", ""),
        Some(Status::Completed | Status::Pending) | None => ("done", " --summary \"…\""),
    };
    // An agent has it in its environment already.
    let task = if task.is_some() { "" } else { " --task ID" };
    format!("blueprint task {verb}{task}{details}")
}

/// The status that is to be written, or the list that something is to be moved to: the last that is named.
fn status_in(arguments: &[OsString]) -> Option<Status> {
    let words = arguments.iter().rev().filter_map(|argument| argument.to_str());
    words.filter_map(last_word).find_map(Status::from_word)
}

/// The last step of a path, or the word itself.
fn last_word(argument: &str) -> Option<&str> {
    argument.rsplit('/').next().map(str::trim).map(|word| word.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(call: &str) -> Option<String> {
        let arguments: Vec<OsString> = call.split(' ').map(OsString::from).collect();
        let call = in_place(&arguments)?;
        assert_eq!([call.head, call.files].concat(), arguments);
        Some(call.files.iter().map(|file| file.to_str().unwrap()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn every_way_to_edit_in_place_is_known() {
        let calls = [
            "ed -L -u /r/a -v 2 f",
            "edit --inplace -d /r f",
            "ed -P -L -O f",
            "ed -S --pf --net --inplace --omit-decl -m /a /b f",
            "-q ed -L f",
            "--no-doc-namespace --quiet --doc-namespace edit -L -r /a -v b f",
            "ed -L -N x=urn:x -N y=urn:y -u /x:r -x 1+1 f",
            "ed -L -s /r -t elem -n a f",
            "ed -L -s /r -t elem -n a -v 1 -i $prev --type attr --name b --value 2 -a /r -t text -n - -v x f",
            "ed -L --var a /r/a -d $a --delete /b --unknown --update /c --value -L f",
        ];
        for call in calls {
            assert_eq!(files(call).as_deref(), Some("f"), "{call}");
        }
        assert_eq!(files("ed -L -d /a f g -h").as_deref(), Some("f g -h"));
    }

    #[test]
    fn any_other_call_is_none() {
        let calls = [
            "",
            "sel -t -v /r f",
            "ed -u /r/a -v 2 f",
            // In-place only where the program looks for it.
            "ed -u /r/a -v -L f",
            "ed -N x=urn:x -L -d /r f",
            "ed -d /r f -L",
            "fo -L f",
            // From standard input.
            "ed -L -d /r",
            // Refused, or answered with help.
            "ed -L -u /r -v",
            "ed -L --help",
            "-L ed f",
            "--version",
        ];
        for call in calls {
            assert_eq!(files(call), None, "{call}");
        }
        assert_eq!(in_place(&[]), None);
    }

    #[test]
    fn the_way_out_is_the_command_for_what_was_tried() {
        let command = |call: &str| {
            let arguments: Vec<OsString> = call.split(' ').map(OsString::from).collect();
            way_out(&arguments, Some("a"))
        };
        assert_eq!(command("ed -L -u //status -v completed"), "blueprint task done --summary \"…\"");
        assert_eq!(command("ed -L -m //pending/taskRef //failed"), "blueprint task fail --reason \"…\"");
        assert_eq!(command("ed -L -s $prev -t elem -n status -v in_progress -s x"), "blueprint task start");
        assert_eq!(command("ed -L -d //task -s a/blocked"), "blueprint task block --reason \"…\"");
        assert_eq!(command("sel -t"), "blueprint task done --summary \"…\"");
        assert_eq!(way_out(&[], None), "blueprint task done --task ID --summary \"…\"");
    }
}
