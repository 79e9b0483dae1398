//! The one table of all codes that a problem with a document can have. Codes are stable: scripts
//! match them, so one that goes is never given to another problem.

use std::fmt;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The plan cannot be run.
    Error,
    /// The plan can be run; something in it is probably not meant so.
    Warning,
}

macro_rules! codes {
    ($($name:ident $code:literal $severity:ident $title:literal;)*) => {
        /// What kind of problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $code, "`: ", $title, ".")] $name,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The stable code, such as `E101`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// Whether it keeps the plan from being run.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }

            /// What it is about, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    // The text cannot be read as XML at all.
    Encoding           "E001" Error "the text is not UTF-8";
    TooLarge           "E002" Error "the document is too large or too deeply nested";
    IllegalCharacter   "E003" Error "a character that XML does not allow";
    Declaration        "E004" Error "the XML declaration is wrong";
    Doctype            "E005" Error "the document type declaration is wrong or refused";
    Markup             "E006" Error "markup that is not XML";
    Attribute          "E007" Error "an attribute is wrong";
    Reference          "E008" Error "an entity or character reference is wrong";
    TagMismatch        "E009" Error "start and end tags do not match";
    OutsideRoot        "E010" Error "a document has exactly one root element and no text beside it";
    ForbiddenSequence  "E011" Error "characters that must not stand there";
    UnknownRoot        "E012" Error "not a plan of a known form";
    // The document can be read, but not as a plan.
    MissingTaskId      "E101" Error "a task has no id";
    EmptyTaskId        "E102" Error "a task's id is empty";
    DuplicateTaskId    "E103" Error "two tasks have one id";
    UnusableTaskId     "E104" Error "an id that nothing can refer to";
    UnknownTask        "E201" Error "a dependency names a task that is not there";
    Cycle              "E202" Error "tasks wait for each other";
    SelfDependency     "E203" Error "a task waits for itself";
    MissingEpicName    "E204" Error "the plan has no epic name";
    // The plan can be run. What `repair` mends is told by `Code::is_repairable`.
    StatusDisagrees    "W101" Warning "the places that hold a task's status disagree";
    InTwoLists         "W102" Warning "a task stands in the status lists more than once";
    InNoList           "W103" Warning "a task stands in no status list";
    UnknownTaskRef     "W104" Warning "a taskRef names a task that is not there";
    WrongCounter       "W105" Warning "a counter does not agree with the tasks";
    EmptyDescription   "W106" Warning "a task has no description";
    UnknownStatusWord  "W107" Warning "a word that is no status";
    InNoLevel          "W108" Warning "a task stands in no level, though others do";
    NoTasks            "W109" Warning "a plan without tasks";
    UnreadDependency   "W110" Warning "a task's prerequisites stand where nobody reads them";
    BadDuration        "W201" Warning "a duration that cannot be read";
    LevelAgainstEdges  "W202" Warning "a level contradicts the dependencies";
    // Asked for with `--schema`.
    AgainstSchema      "E301" Error "not as the schema has it";
    // What stands around the plan: configuration and agent definitions.
    BadConfig          "E401" Error "the configuration cannot be read";
    UnknownAgent       "W401" Warning "no definition for an agent";
    BadDefinition      "W402" Warning "an agent's definition cannot be reached or read";
    NamesNothing       "W403" Warning "the configuration names a task or agent that is not in the plan";
}

impl Code {
    /// What one does about it, where the problem itself says nothing better.
    pub fn way_out(self) -> Option<&'static str> {
        Some(match self {
            Code::IllegalCharacter => "remove the character",
            Code::Declaration => {
                "at the very beginning of the file, or not at all: `<?xml version=\"1.0\" encoding=\"UTF-8\"?>`"
            }
            Code::Attribute => "write attributes as `name=\"value\"`, each once",
            Code::ForbiddenSequence => {
                "`--` can't stand in a comment, nor `]]>` in text: write it in another way"
            }
            Code::OutsideRoot => {
                "a plan is one element `projectGenesis` with nothing but comments beside it (see `blueprint init`)"
            }
            Code::Encoding => "save the file as UTF-8",
            Code::EmptyTaskId => "give it an id, such as `build-api`",
            Code::DuplicateTaskId => "give one of them another id",
            Code::StatusDisagrees => {
                "the last event of its history decides; `blueprint repair` corrects the other place"
            }
            Code::InTwoLists => "`blueprint repair` leaves it in the list of its status",
            Code::UnknownTaskRef => "remove it, or add the task",
            Code::WrongCounter => "`blueprint repair` corrects it, and so does the next change of a status",
            _ => return None,
        })
    }
}

impl Code {
    /// Whether `repair` puts it right: places that are to follow the one that decides.
    pub fn is_repairable(self) -> bool {
        matches!(self, Code::StatusDisagrees | Code::InTwoLists | Code::InNoList | Code::WrongCounter)
    }

    /// The code that is written so, in upper or lower case.
    pub fn from_word(word: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Code, Severity};

    #[test]
    fn codes_are_distinct_and_say_their_severity() {
        let distinct: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(distinct.len(), Code::ALL.len());
        for code in Code::ALL {
            let letter = match code.severity() {
                Severity::Error => 'E',
                Severity::Warning => 'W',
            };
            assert!(code.as_str().starts_with(letter), "{code}");
        }
    }
}
