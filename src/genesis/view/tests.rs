use crate::genesis::{Edit, Form, Genesis, ProjectStatus, Ref, Splice, Status};

fn parsed(source: &str) -> Genesis {
    Genesis::parse(source.as_bytes().to_vec()).unwrap()
}

fn plan(inside: &str) -> Genesis {
    parsed(&format!("<projectGenesis><executionPlan>{inside}</executionPlan></projectGenesis>"))
}

fn ids(refs: &[Ref]) -> Vec<&str> {
    refs.iter().map(|reference| reference.id.as_str()).collect()
}

#[test]
fn text_is_what_a_reader_sees() {
    let genesis = plan(
        "<tasks><task id='a&amp;b'><name> x &lt; <![CDATA[<y>]]><!-- no -->\r\n&#65;\r</name>\
         <description>say <b>it</b> so</description></task></tasks>",
    );
    let task = genesis.task("a&b").unwrap();
    assert_eq!(task.name, "x < <y>\nA");
    assert_eq!(genesis.details("a&b").description, "say it so");
    assert_eq!(&genesis.source()[task.id_span.clone()], "a&amp;b");
}

#[test]
fn the_project_is_read_and_missing_parts_are_empty() {
    let genesis = parsed(
        "<projectGenesis version='1'><metadata><projectName>P</projectName><epicName>e</epicName>\
         <status>in_progress</status><owner/></metadata><vision><problemStatement>p\
         </problemStatement><objectives><objective>o1</objective><objective>o2</objective>\
         </objectives></vision><architecture><technicalStack><language>Rust</language>\
         </technicalStack><qualityAttributes><attribute><name>speed</name><target>1 ms</target>\
         </attribute></qualityAttributes></architecture></projectGenesis>",
    );
    let project = genesis.project();
    assert_eq!((project.project_name.as_str(), project.epic_name.as_str()), ("P", "e"));
    assert_eq!(project.status, Some(ProjectStatus::InProgress));
    assert_eq!(project.owner, None);
    assert_eq!(project.objectives, ["o1", "o2"]);
    assert_eq!(project.languages, ["Rust"]);
    assert_eq!(project.quality[0].target, "1 ms");
    assert!(project.constraints.is_empty() && project.quality[0].measurement.is_empty());
}

#[test]
fn the_last_known_event_decides_then_the_list_then_the_task_itself() {
    let status = |task: &str, list: &str| {
        let lists = format!("<statusTracker>{list}</statusTracker>");
        plan(&format!("<tasks><task id='a' {task}</task></tasks>{lists}")).tasks()[0].status
    };
    let history = "status='failed'><statusHistory><event><status>done</status></event>\
                   <event><status>created</status></event></statusHistory>";
    let listed = "<pending/><inProgress><taskRef id='a'/></inProgress>";
    assert_eq!(status(history, listed), Status::Completed);
    assert_eq!(status("status='failed'>", listed), Status::InProgress);
    assert_eq!(status("status='failed'>", ""), Status::Failed);
    assert_eq!(status("><status>blocked</status>", ""), Status::Blocked);
    assert_eq!(status("status='odd'>", ""), Status::Pending);
    let twice = "<completed><taskRef id='a'/></completed><pending><taskRef id='a'/></pending>";
    assert_eq!(status(">", twice), Status::Completed, "of two lists the further one");
}

#[test]
fn edges_are_the_union_of_all_places_each_pair_once() {
    let genesis = plan(
        "<executionDag><dependencies><dependency><from>a</from><to> c </to></dependency>\
         <dependency from='a' to='b'/><dependency><to>b</to></dependency></dependencies>\
         </executionDag><tasks><task id='a'/><task id='b'><dependencies>a, x\n</dependencies></task>\
         <task id='c'><dependencies><dependency>a</dependency><dependency>b</dependency>\
         <taskRef id='y'/></dependencies></task></tasks>",
    );
    let edges = genesis.edges();
    let pairs: Vec<_> = edges.iter().map(|edge| (edge.from.id.as_str(), edge.to.id.as_str())).collect();
    assert_eq!(pairs, [("a", "c"), ("a", "b"), ("", "b"), ("x", "b"), ("b", "c"), ("y", "c")]);
    for edge in edges.iter().filter(|edge| !edge.from.id.is_empty()) {
        assert_eq!(&genesis.source()[edge.from.span.clone()], edge.from.id);
    }
}

#[test]
fn ids_in_text_with_markup_are_read_too() {
    let genesis = plan(
        "<tasks><task id='t'><dependencies>a<!-- , b -->,c&amp;d <![CDATA[e]]></dependencies>\
         </task></tasks>",
    );
    assert_eq!(ids(&genesis.tasks()[0].dependencies), ["a", "c&d", "e"]);
}

#[test]
fn a_plan_without_tasks_has_those_that_it_refers_to() {
    let genesis = plan(
        "<executionDag><parallelSets><parallelGroup level='7'><taskRef id='b'/></parallelGroup>\
         <parallelGroup><taskRef id='a'/><taskRef id='b'/></parallelGroup></parallelSets>\
         </executionDag><statusTracker><pending><taskRef id='c' status='blocked'/></pending>\
         <completed><taskRef id='b' status='blocked'/></completed></statusTracker>",
    );
    assert_eq!(genesis.form(), Form::Bare);
    let tasks: Vec<_> = genesis.tasks().iter().map(|task| (task.id.as_str(), task.status)).collect();
    assert_eq!(
        tasks,
        [("b", Status::Completed), ("a", Status::Pending), ("c", Status::Blocked)],
        "a word that contradicts its list counts for nothing"
    );
    assert_eq!(genesis.tasks()[0].name, "b");
    let levels: Vec<_> = genesis.levels().iter().map(|level| (level.number, ids(&level.refs))).collect();
    assert_eq!(levels, [(7, vec!["b"]), (1, vec!["a", "b"])]);
}

#[test]
fn elements_of_other_namespaces_are_not_ours() {
    let genesis = parsed(
        "<projectGenesis xmlns='urn:g' xmlns:g='urn:g'><executionPlan><tasks>\
         <task xmlns='urn:x' id='no'/><g:task id='no'/><task id='yes'><name xmlns=''>n</name>\
         <x:y xmlns:x='urn:x'><task id='no'/></x:y></task></tasks></executionPlan></projectGenesis>",
    );
    let tasks = genesis.tasks();
    assert_eq!((tasks.len(), tasks[0].id.as_str(), tasks[0].name.as_str()), (1, "yes", ""));
}

#[test]
fn events_and_results_are_read() {
    let genesis = plan(
        "<tasks><task id='a'><result><summary>s</summary><deliverables><deliverable>d</deliverable>\
         </deliverables></result><statusHistory><event><timestamp>t</timestamp>\
         <status>created</status><actor>me</actor></event></statusHistory></task></tasks>",
    );
    let details = genesis.details("a");
    let result = details.result.as_ref().unwrap();
    assert_eq!((result.summary.as_str(), result.deliverables.len()), ("s", 1));
    let event = &details.history[0];
    assert_eq!((event.word.as_str(), event.status), ("created", None));
    assert_eq!((event.timestamp.as_deref(), event.actor.as_deref()), (Some("t"), Some("me")));
}

#[test]
fn another_root_is_refused_and_both_names_are_said() {
    for root in ["workflow", "x:projectGenesis", "ProjectGenesis"] {
        let invalid = Genesis::parse(format!("<{root}/>").into_bytes()).unwrap_err();
        let message = &invalid.diagnostics[0].message;
        assert!(message.contains(root) && message.contains("`projectGenesis`"), "{message}");
    }
}

#[test]
fn the_tasks_that_only_the_graph_has_are_tasks_too() {
    let genesis = plan(
        "<executionDag><nodes><node id='a' level='0' assignedAgent='x'/><node id='b' level='1'/><node/></nodes>\
         <edges><edge from='a' to='b'/></edges></executionDag><tasks><task id='b'><assignedAgent>y\
         </assignedAgent></task></tasks><statusTracker><completed><taskRef id='a'/></completed></statusTracker>",
    );
    let tasks: Vec<_> = genesis.tasks().iter().map(|task| (task.id.as_str(), task.status)).collect();
    assert_eq!(tasks, [("a", Status::Completed), ("b", Status::Pending)]);
    let agents = genesis.tasks().iter().map(|task| task.agent.as_ref().unwrap().id.as_str());
    assert_eq!(agents.collect::<Vec<_>>(), ["x", "y"], "a task's own word counts first");
    assert_eq!(genesis.levels().len(), 2);
}

#[test]
fn the_word_of_an_event_that_is_a_status_counts_wherever_it_stands() {
    let genesis = parsed(
        "<workflow_status><tasks><task id='a'><status_history><event type='note' status='working'/>\
         <event type='created'/></status_history></task></tasks></workflow_status>",
    );
    assert_eq!(genesis.tasks()[0].status, Status::InProgress);
    assert_eq!(genesis.details(&genesis.tasks()[0].id).history[1].word, "created");
}

#[test]
fn lists_are_known_in_other_spellings() {
    let genesis = plan(
        "<tasks><task id='a'/><task id='b'/></tasks><statusTracker><in_progress><taskRef id='a'/></in_progress>\
         <done><taskRef>b</taskRef></done></statusTracker>",
    );
    let statuses: Vec<_> = genesis.tasks().iter().map(|task| task.status).collect();
    assert_eq!(statuses, [Status::InProgress, Status::Completed]);
}

#[test]
fn a_result_without_words_is_none() {
    for (result, is_one) in
        [("<result/>", false), ("<result> </result>", false), ("<result>x</result>", true)]
    {
        let genesis = parsed(&format!(
            "<workflow_status><tasks><task id='a'>{result}</task></tasks></workflow_status>"
        ));
        assert_eq!(genesis.details("a").result.is_some(), is_one, "{result}");
    }
}

/// Whoever reads the task anew after an edit takes the first one, too.
#[test]
fn of_two_nodes_of_one_task_the_first_completes_it_before_and_after_an_edit() {
    let genesis = plan(
        "<executionDag><nodes><node id='a' assignedAgent='one'/><node id='a' assignedAgent='two'/></nodes></executionDag>\
         <tasks><task id='a'><name>A</name></task></tasks>",
    );
    let agent = |genesis: &Genesis| genesis.task("a").unwrap().agent.as_ref().unwrap().id.clone();
    assert_eq!(agent(&genesis), "one");
    let at = genesis.source().find("</name>").unwrap();
    let edit = Edit { splices: vec![Splice { range: at..at, text: "B".into() }] };
    assert_eq!(agent(&genesis.apply(&edit).unwrap()), "one");
}
