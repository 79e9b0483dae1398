//! What the document says about the project as a whole.

use crate::genesis::form::{Names, Places, Texts};
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;
use crate::genesis::{Project, ProjectStatus, Quality};

use super::{in_place, present, value};

pub(super) fn read(xml: Xml<'_>, names: &'static Names) -> Project {
    let Names { metadata, vision, stack, .. } = names;
    let first = |places| first(xml, places);
    let texts = |of: &Texts| super::texts(xml, Xml::ROOT, of);
    let text = |of: &Texts| texts(of).into_iter().find(|text| !text.is_empty());
    Project {
        project_name: first(metadata.project_name).unwrap_or_default(),
        epic_name: first(metadata.epic_name).unwrap_or_default(),
        status: first(metadata.status).and_then(|word| ProjectStatus::from_word(&word)),
        owner: first(metadata.owner),
        created_at: first(metadata.created_at),
        updated_at: first(metadata.updated_at),
        problem: text(&vision.problem).unwrap_or_default(),
        objectives: texts(&vision.objectives),
        success_criteria: texts(&vision.success_criteria),
        constraints: texts(&vision.constraints),
        assumptions: texts(&vision.assumptions),
        languages: texts(&stack.languages),
        frameworks: texts(&stack.frameworks),
        databases: texts(&stack.databases),
        infrastructure: texts(&stack.infrastructure),
        quality: qualities(xml, names),
    }
}

/// The first value that says something.
fn first(xml: Xml<'_>, places: Places) -> Option<String> {
    let values = present(xml, places).filter_map(|(node, place)| in_place(xml, node, place.field));
    values.map(|value| value.id).find(|text| !text.is_empty())
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
