use std::process::{Command, Stdio};

use super::*;
use crate::genesis::Genesis;
use crate::plan;
use crate::report::graph::svg::net::{End, Net};

/// Tasks `a`, `b`, … on levels of those sizes; each needs all of the level before.
fn layers(sizes: &[usize]) -> Plan {
    let (mut tasks, mut before, mut number) = (String::new(), Vec::<String>::new(), 0);
    for size in sizes {
        let level: Vec<_> = (number..number + size).map(|n| format!("t{n}")).collect();
        for id in &level {
            tasks.push_str(&task(id, &before.join(" ")));
        }
        (before, number) = (level, number + size);
    }
    plan_of(&tasks)
}

fn task(id: &str, needs: &str) -> String {
    let id = id.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    format!(
        "<task id=\"{id}\"><name>{id}</name><description>d</description><dependencies>{needs}</dependencies></task>"
    )
}

fn plan_of(tasks: &str) -> Plan {
    let text = format!(
        "<projectGenesis version=\"1.0\"><metadata><epicName>e</epicName></metadata>\
         <executionPlan><executionDag/><tasks>{tasks}</tasks></executionPlan></projectGenesis>"
    );
    plan::load(&Genesis::parse(text.into_bytes()).unwrap()).unwrap()
}

/// Reads it as XML, every attribute of it.
fn assert_well_formed(svg: &str) {
    let mut reader = quick_xml::Reader::from_str(svg);
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in {svg}")) {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(start) => {
                start.attributes().for_each(|attribute| drop(attribute.unwrap()));
            }
            _ => {}
        }
    }
}

#[test]
fn what_others_imply_is_not_drawn() {
    let plan = plan_of(&[task("a", ""), task("b", "a"), task("c", "a b")].concat());
    let net = Net::of(&plan);
    assert_eq!(net.arrows.len(), 2, "{net:?}");
    assert!(net.knots.is_empty());
}

#[test]
fn where_all_need_all_the_arrows_go_through_one_knot() {
    let net = Net::of(&layers(&[4, 5]));
    assert_eq!((net.knots.len(), net.arrows.len()), (1, 9), "and not 20: {net:?}");
    assert!(net.arrows.iter().all(|(from, to)| matches!(from, End::Knot(0)) || matches!(to, End::Knot(0))));
}

#[test]
fn every_task_is_in_the_column_of_its_level_and_none_lies_on_another() {
    for sizes in [vec![1], vec![3, 1, 4], vec![1, 5, 1], vec![10; 10], vec![50; 10]] {
        let plan = layers(&sizes);
        let size = super::place::Size { width: 150.0, height: 46.0 };
        let places = super::place::Places::of(&plan, &Net::of(&plan), size);
        let mut at: Vec<_> =
            plan.tasks().map(|(index, _)| (plan.level(index), places.tasks[index.0])).collect();
        assert!(
            at.iter().all(|(level, (x, _))| (x - places.levels[*level]).abs() < 0.5),
            "{sizes:?}: {at:?}"
        );
        assert!(places.levels.windows(2).all(|pair| pair[1] - pair[0] > size.width), "{sizes:?}");
        at.sort_by(|one, other| (one.0, one.1.1).partial_cmp(&(other.0, other.1.1)).unwrap());
        let apart =
            |pair: &[(usize, (f64, f64))]| pair[0].0 != pair[1].0 || pair[1].1.1 - pair[0].1.1 >= size.height;
        assert!(at.windows(2).all(apart), "{sizes:?}: {at:?}");
    }
}

#[test]
fn the_same_plan_gives_the_same_picture() {
    let plan = layers(&[3, 4, 2, 5]);
    let first = document(&plan);
    assert!((0..5).all(|_| document(&plan) == first));
}

#[test]
fn the_critical_path_is_marked_through_a_knot_too() {
    let svg = document(&layers(&[3, 3]));
    assert_eq!(svg.matches("class=\"arrow critical\"").count(), 3, "two and that of the legend: {svg}");
}

#[test]
fn names_are_text_whatever_they_are_and_the_document_is_xml() {
    let hostile = [
        "</svg><script>alert(1)</script>",
        "\"><image/href=x/onerror=y>",
        "&amp;#quot;",
        "日本語の仕事はとても長い名前を持つことができますね",
        "-->",
        "]]>",
    ];
    let tasks: Vec<_> = hostile.iter().map(|id| task(id, "")).collect();
    for svg in [document(&plan_of(&tasks.concat())), document(&plan_of("")), document(&layers(&[2, 3]))] {
        assert_well_formed(&svg);
        assert!(!svg.contains("<script") && !svg.contains("<image"), "{svg}");
    }
}

#[test]
fn another_program_reads_it_as_xml() {
    let Ok(mut lint) =
        Command::new("xmllint").args(["--noout", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()
    else {
        return eprintln!("xmllint is not installed: left out");
    };
    std::io::Write::write_all(&mut lint.stdin.take().unwrap(), document(&layers(&[2, 3, 2])).as_bytes())
        .unwrap();
    let output = lint.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, ..Default::default() })]

    /// No plan, whatever its edges are, is one that can't be drawn.
    #[test]
    fn any_plan_can_be_drawn(edges in proptest::collection::vec((0_usize..24, 0_usize..24), 0..60)) {
        let needs = |task: usize| {
            let own = edges.iter().filter(move |(_, to)| *to == task).filter(|(from, to)| from < to);
            let needs: std::collections::BTreeSet<_> = own.map(|(from, _)| format!("t{from}")).collect();
            needs.into_iter().collect::<Vec<_>>().join(" ")
        };
        let tasks: Vec<_> = (0..24).map(|number| task(&format!("t{number}"), &needs(number))).collect();
        let plan = plan_of(&tasks.concat());
        let size = super::place::Size { width: 150.0, height: 46.0 };
        let places = super::place::Places::of(&plan, &Net::of(&plan), size);
        for (index, _) in plan.tasks() {
            proptest::prop_assert!((places.tasks[index.0].0 - places.levels[plan.level(index)]).abs() < 0.5, "{index:?}: {places:?}");
        }
        assert_well_formed(&document(&plan));
    }
}
