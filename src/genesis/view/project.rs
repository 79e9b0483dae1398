//! What the document says about the project as a whole.

use std::ops::Range;

use crate::genesis::form::Names;
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;
use crate::genesis::{Project, ProjectStatus, Quality};

use super::value;

pub(super) fn read(xml: Xml<'_>, names: &'static Names) -> Project {
    let Names { metadata, vision, stack, .. } = names;
    let first = |path: &[&'static str]| texts(xml, path).into_iter().find(|text| !text.is_empty());
    Project {
        project_name: first(metadata.project_name).unwrap_or_default(),
        epic_name: first(metadata.epic_name).unwrap_or_default(),
        status: first(metadata.status).and_then(|word| ProjectStatus::from_word(&word)),
        owner: first(metadata.owner),
        created_at: first(metadata.created_at),
        updated_at: first(metadata.updated_at),
        problem: first(vision.problem).unwrap_or_default(),
        objectives: texts(xml, vision.objectives),
        success_criteria: texts(xml, vision.success_criteria),
        constraints: texts(xml, vision.constraints),
        assumptions: texts(xml, vision.assumptions),
        languages: texts(xml, stack.languages),
        frameworks: texts(xml, stack.frameworks),
        databases: texts(xml, stack.databases),
        infrastructure: texts(xml, stack.infrastructure),
        quality: qualities(xml, names),
        span: place(xml, metadata.epic_name),
    }
}

/// The start tag of the deepest element on the way to `path` that is there.
fn place(xml: Xml<'_>, path: &[&'static str]) -> Range<usize> {
    let deepest = path.iter().try_fold(Xml::ROOT, |node, name| xml.child(node, name).ok_or(node));
    xml.start_tag(deepest.unwrap_or_else(|deepest| deepest))
}

fn texts(xml: Xml<'_>, path: &[&'static str]) -> Vec<String> {
    let nodes = xml.select(Xml::ROOT, path);
    nodes.into_iter().map(|node| xml.text(node).into_owned()).collect()
}

fn qualities(xml: Xml<'_>, names: &'static Names) -> Vec<Quality> {
    let stack = &names.stack;
    let part = |node: Node, fields| value(xml, node, fields).unwrap_or_default();
    let quality = |node| Quality {
        name: part(node, stack.quality_name),
        target: part(node, stack.quality_target),
        measurement: part(node, stack.quality_measurement),
    };
    xml.select(Xml::ROOT, stack.quality).into_iter().map(quality).collect()
}
