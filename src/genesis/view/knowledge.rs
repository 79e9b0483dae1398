//! The knowledge base: what was learnt, and what was decided.

use crate::genesis::Known;
use crate::genesis::form::{EntryNames, Names, Part};
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;

use super::{all, field};

/// All learnings, then all decisions where they have a place of their own.
pub(in crate::genesis) fn known(xml: Xml<'_>, names: &'static Names) -> Vec<Known> {
    let knowledge = &names.knowledge;
    let text = |node: Node, names: &EntryNames, part| {
        let text = field(xml, node, names.of(part)).map(|found| found.id.trim().to_owned());
        text.filter(|text| !text.is_empty())
    };
    let decision = |node| Known {
        kind: "decision".to_owned(),
        title: text(node, &knowledge.decision, Part::Title).unwrap_or_default(),
        texts: [Part::Context, Part::Decision, Part::Rationale]
            .into_iter()
            .filter_map(|part| text(node, &knowledge.decision, part))
            .collect(),
    };
    let learning = |node| {
        let category = text(node, &knowledge.learning, Part::Category);
        if category.is_some() && category.as_deref() == knowledge.decision_category {
            return decision(node);
        }
        Known {
            kind: category.unwrap_or_else(|| "learning".to_owned()),
            title: text(node, &knowledge.learning, Part::Title).unwrap_or_default(),
            texts: text(node, &knowledge.learning, Part::Description).into_iter().collect(),
        }
    };
    let mut known: Vec<_> = all(xml, Xml::ROOT, knowledge.learning.paths).into_iter().map(learning).collect();
    if knowledge.decision_category.is_none() {
        known.extend(all(xml, Xml::ROOT, knowledge.decision.paths).into_iter().map(decision));
    }
    known
}

#[cfg(test)]
mod tests {
    use crate::genesis::{Genesis, Known};

    fn known(knowledge: &str) -> Vec<Known> {
        let text = format!(
            "<projectGenesis version=\"1\"><metadata><projectName>p</projectName></metadata><executionPlan><tasks>\
             <task id=\"a\"><name>A</name></task></tasks></executionPlan>{knowledge}</projectGenesis>"
        );
        Genesis::parse(text.into_bytes()).unwrap().known()
    }

    fn entry(kind: &str, title: &str, texts: &[&str]) -> Known {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        Known { kind: kind.to_owned(), title: title.to_owned(), texts }
    }

    #[test]
    fn learnings_and_decisions_are_read_with_all_that_they_say() {
        let found = known(
            "<knowledgeBase><learnings><learning><title>Slow</title><description> It &amp; that. </description>\
             <category>tests</category></learning><learning><title>Bare</title></learning></learnings>\
             <decisions><decision><title>axum</title><context>Which?</context><decision>axum</decision>\
             <rationale>Small.</rationale></decision></decisions></knowledgeBase>",
        );
        let expected = [
            entry("tests", "Slow", &["It & that."]),
            entry("learning", "Bare", &[]),
            entry("decision", "axum", &["Which?", "axum", "Small."]),
        ];
        assert_eq!(found, expected);
        assert_eq!(known(""), []);
    }

    #[test]
    fn of_insights_those_are_decisions_that_say_so() {
        let insight = |category: &str| {
            format!("<insight category=\"{category}\"><title>T</title><description>d</description></insight>")
        };
        let found =
            known(&format!("<knowledgeBase>{}{}</knowledgeBase>", insight("decision"), insight("pattern")));
        assert_eq!(found, [entry("decision", "T", &["d"]), entry("pattern", "T", &["d"])]);
    }
}
