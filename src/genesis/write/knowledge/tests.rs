use crate::genesis::write::golden_tests::{changed_lines, in_lines};
use crate::genesis::write::tests::at;
use crate::genesis::{Decision, EditError, Entry, Genesis, Learning, Note};

fn parsed(source: &str) -> Genesis {
    Genesis::parse(source.as_bytes().to_vec()).unwrap()
}

fn plan(after: &str) -> Genesis {
    parsed(&format!(
        "<projectGenesis version='1'>\n  <metadata>\n    <lastUpdatedAt>t</lastUpdatedAt>\n  </metadata>\n  \
         <executionPlan>\n    <tasks><task id='a'/><task id='a:b'/></tasks>\n  </executionPlan>\n{after}</projectGenesis>\n"
    ))
}

fn learning(title: &str) -> Learning {
    let (description, category) = ("It has <1,000> rows & more\nthan that".into(), "data".into());
    Learning { title: title.into(), description, category, at: at(0) }
}

fn decision() -> Decision {
    Decision {
        title: "Postgres".into(),
        context: "a store was needed".into(),
        decision: "Postgres 17".into(),
        rationale: "it is there already".into(),
        at: at(0),
    }
}

fn note(task: &str, text: &str) -> Note {
    Note { task: task.into(), text: text.into(), actor: "ada".into(), at: at(0) }
}

/// The document with the entries, which the same entries, later, don't change again.
fn with(genesis: &Genesis, entries: &[Entry]) -> Genesis {
    let after = genesis.apply(&genesis.entries(entries).unwrap()).unwrap();
    let mut later = entries.to_vec();
    for entry in &mut later {
        match entry {
            Entry::Learning(learning) => learning.at = at(60),
            Entry::Decision(decision) => decision.at = at(60),
            Entry::Note(note) => note.at = at(60),
        }
    }
    assert!(after.entries(&later).unwrap().is_empty(), "twice is once");
    after
}

#[test]
fn a_knowledge_base_is_made_where_the_schema_has_it() {
    let plan = plan("  <auditLog/>\n");
    let both = [Entry::Decision(decision()), Entry::Learning(learning("The table is large"))];
    insta::assert_snapshot!(with(&plan, &both).source());
}

#[test]
fn entries_are_added_behind_those_that_are_there_in_their_layout() {
    let old = "<learning><title>old</title></learning>";
    let plan = plan(&format!(
        "  <knowledgeBase>\n    <!-- c -->\n    <learnings>{old}</learnings>\n    <references/>\n  </knowledgeBase>\n"
    ));
    let both = [Entry::Learning(learning("new")), Entry::Decision(decision())];
    insta::assert_snapshot!(with(&plan, &both).source());
}

#[test]
fn what_differs_in_one_word_is_another_learning() {
    let one = with(&plan(""), &[Entry::Learning(learning("one"))]);
    let other = Learning { category: "other".into(), ..learning("one") };
    let both = one.apply(&one.learning(&other).unwrap()).unwrap();
    assert_eq!(both.source().matches("<learning>").count(), 2);
}

#[test]
fn notes_are_kept_apart_by_task_text_and_actor() {
    let said = [note("a", "b: mind the gap"), note("a:b", "mind the gap"), note("a", "and the step")];
    let after = with(&plan(""), &said.map(Entry::Note));
    assert_eq!(after.source().matches("<type>note</type>").count(), 3, "{}", after.source());
    let texts: Vec<_> = after.notes("a:b").into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["mind the gap"]);
    let other = Note { actor: "bob".into(), ..note("a:b", "mind the gap") };
    assert!(!after.note(&other).unwrap().is_empty());
}

#[test]
fn a_note_changes_no_status_and_needs_a_task() {
    let after = with(&plan(""), &[Entry::Note(note("a", "x"))]);
    assert!(after.details("a").history.is_empty());
    assert_eq!(plan("").note(&note("b", "x")).unwrap_err(), EditError::UnknownTask("b".into()));
}

#[test]
fn hostile_words_neither_break_the_document_nor_are_written_twice() {
    let hostile = "]]></learning><x a='\"&\0\u{1b}[31m\u{FFFE}\r\n\t--> <!-- <![CDATA[ &#0; é";
    let learning =
        Learning { title: hostile.into(), description: hostile.into(), category: hostile.into(), at: at(0) };
    let entries = [Entry::Learning(learning), Entry::Note(note("a", hostile))];
    with(&plan(""), &entries);
}

/// One of each, for the plan's first task, added to a file of that form: what a reader of the diff sees.
fn added_to(source: &str) -> String {
    let genesis = parsed(source);
    let task = genesis.tasks()[0].id.clone();
    let all = [
        Entry::Learning(learning("The table is large")),
        Entry::Decision(decision()),
        Entry::Note(note(&task, "mind the gap")),
    ];
    let after = with(&genesis, &all);
    assert_eq!(after.form(), genesis.form());
    assert!(after.notes(&task).iter().any(|(_, text)| text == "mind the gap"));
    for task in genesis.tasks() {
        let events = |of: &Genesis| (of.task(&task.id).unwrap().status, of.details(&task.id).history.len());
        assert_eq!(events(&genesis), events(&after));
    }
    changed_lines(&in_lines(genesis.source()), &in_lines(after.source()))
}

#[test]
fn each_form_keeps_them_in_its_own_way() {
    insta::assert_snapshot!("guide", added_to(include_str!("../../../../tests/forms/guide.xml")));
    insta::assert_snapshot!("daemon", added_to(include_str!("../../../../tests/forms/daemon-crlf-tabs.xml")));
    insta::assert_snapshot!("workflow", added_to(include_str!("../../../../tests/forms/workflow-bom.xml")));
    insta::assert_snapshot!("epic", added_to(include_str!("../../../../tests/forms/epic.xml")));
    insta::assert_snapshot!("bare", added_to(include_str!("../../../../tests/forms/bare.xml")));
}
