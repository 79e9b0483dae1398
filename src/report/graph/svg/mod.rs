//! The plan as a picture: its levels from left to right, the states of its tasks, and its critical path.
//!
//! Where tasks and arrows are is the crate `dagre`'s doing; what they look like is said in `style.css`.

mod draw;
mod net;
mod place;

pub(in crate::report) use draw::picture;

use maud::{PreEscaped, html};

use crate::plan::Plan;

/// What the picture looks like, in the light and in the dark. All of its rules are for what is in it.
pub(in crate::report) const STYLE: &str = include_str!("style.css");

/// A document of its own.
pub(super) fn document(plan: &Plan) -> String {
    let style = html! { style { (PreEscaped(STYLE)) } };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", picture(plan, &style).into_string())
}

#[cfg(test)]
mod tests;
