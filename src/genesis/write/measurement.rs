//! Measurements of what was built: figures that are added once, each for its moment.

use crate::genesis::form::{Names, Part};
use crate::genesis::tree::Node;
use crate::genesis::view::{View, all, field};
use crate::genesis::xml::Xml;
use crate::genesis::{Edit, Measurement};

use super::transition::written;
use super::{Writer, escape};

/// The edit that adds a measurement; empty if it is there, or if the document has no metrics, or its form no place in them.
pub(in crate::genesis) fn measurement(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    measurement: &Measurement,
) -> Edit {
    let Some(place) = names.measurement.as_ref() else { return Edit::default() };
    let path = place.paths.first().copied().unwrap_or_default();
    let has_metrics = path.first().is_some_and(|metrics| xml.child(Xml::ROOT, metrics).is_some());
    let Some(name) = path.last().filter(|_| has_metrics) else { return Edit::default() };
    let (value, at) = (measurement.value.to_string(), written(measurement.at));
    let said = [
        (Part::Title, Some(measurement.name.as_str())),
        (Part::Value, Some(&value)),
        (Part::Unit, Some(&measurement.unit)),
        (Part::Time, Some(&at)),
    ];
    let known = all(xml, Xml::ROOT, place.paths);
    let says = |node: Node, (part, text): &(Part, Option<&str>)| {
        let there = field(xml, node, place.of(*part)).map_or(String::new(), |found| found.id);
        there.trim() == escape::clean(text.unwrap_or_default()).trim()
    };
    if known.iter().any(|node| said.iter().all(|one| says(*node, one))) {
        return Edit::default();
    }
    let mut writer = Writer::new(xml, names, view);
    writer.change_metadata(None, &at);
    let new = writer.new_entry(name, place, &said, known.last().copied());
    writer.append(Xml::ROOT, &[], path, new);
    Edit::new(writer.splices)
}

#[cfg(test)]
mod tests {
    use crate::genesis::write::tests::at;
    use crate::genesis::{Genesis, Measurement};

    fn plan(metrics: &str) -> Genesis {
        let text = format!(
            "<projectGenesis version='1'>\n  <executionPlan><tasks><task id='a'/></tasks></executionPlan>\n{metrics}</projectGenesis>\n"
        );
        Genesis::parse(text.into_bytes()).unwrap()
    }

    fn measured(value: f64, second: i64) -> Measurement {
        Measurement { name: "cover<age".into(), value, unit: "%".into(), at: at(second) }
    }

    #[test]
    fn measurements_of_one_thing_stand_one_after_the_other_and_each_once() {
        let before = plan("  <metrics>\n    <progress/>\n  </metrics>\n");
        let both = [measured(71.5, 0), measured(80.0, 60)];
        let after = before.apply(&before.measurements(&both).unwrap()).unwrap();
        insta::assert_snapshot!(after.source());
        assert!(after.measurements(&both).unwrap().is_empty(), "twice is once");
    }

    #[test]
    fn a_document_without_metrics_stays_as_it_is() {
        assert!(plan("").measurements(&[measured(1.0, 0)]).unwrap().is_empty());
        let other = "<epic-genesis><metadata/><metrics/></epic-genesis>";
        if let Ok(other) = Genesis::parse(other.as_bytes().to_vec()) {
            assert!(other.measurements(&[measured(1.0, 0)]).unwrap().is_empty());
        }
    }
}
