//! Who hears what a run tells: the terminal it was started from, and whoever else is there.

use std::io::{IsTerminal, stderr};

use crate::agent::Readable;
use crate::cli::args::Global;
use crate::cli::casting::program;
use crate::cli::config::Loaded;
use crate::cli::output;
use crate::report::{Bars, Folded, Plain, Service};
use crate::run::RunEvent;

/// Somebody who hears a run. What goes wrong while it hears is its own affair: no run ends because of it.
pub(in crate::cli::verbs) type Listener = Box<dyn Fn(&RunEvent)>;

/// Tells everybody, one after the other.
pub(in crate::cli::verbs) fn tell_all(listeners: Vec<Listener>) -> impl Fn(RunEvent) {
    move |event| listeners.iter().for_each(|hear| hear(&event))
}

/// How to show what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(in crate::cli::verbs) enum Progress {
    /// Bars on a terminal, else lines.
    #[default]
    Auto,
    /// Bars.
    Bar,
    /// A line for each thing that happens.
    Plain,
    /// Nothing.
    None,
}

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::verbs) enum View {
    Bars,
    Lines,
    /// Lines, but only of what went wrong.
    Trouble,
    Nothing,
}

impl View {
    pub(in crate::cli::verbs) fn of(progress: Progress, global: &Global) -> Self {
        match progress {
            Progress::None => Self::Nothing,
            Progress::Auto | Progress::Bar | Progress::Plain if global.quiet => Self::Trouble,
            Progress::Auto if !stderr().is_terminal() => Self::Lines,
            Progress::Auto | Progress::Bar => Self::Bars,
            Progress::Plain => Self::Lines,
        }
    }

    pub(super) fn tells_all(self) -> bool {
        matches!(self, Self::Bars | Self::Lines)
    }

    /// As [`View::show`], in the log of that service.
    pub(super) fn show_in(self, service: Option<Service>, loaded: Loaded) -> Listener {
        let Some(service) = service else { return self.show() };
        let readable = move |runner: &str| program(runner, &loaded.config).map(Readable::new);
        let folded = Folded::new(service, Box::new(readable));
        match self {
            Self::Bars | Self::Nothing => self.show(),
            Self::Lines => Box::new(move |event| folded.show(event)),
            Self::Trouble => Box::new(move |event| {
                if event.is_trouble() {
                    folded.show(event);
                }
            }),
        }
    }

    pub(in crate::cli::verbs) fn show(self) -> Listener {
        match self {
            Self::Bars => {
                let bars = Bars::new(output::line_width());
                Box::new(move |event| bars.show(event))
            }
            Self::Lines => {
                let lines = Plain::new(output::line_width());
                Box::new(move |event| lines.show(event))
            }
            Self::Trouble => {
                let lines = Plain::new(output::line_width());
                Box::new(move |event| {
                    if event.is_trouble() {
                        lines.show(event);
                    }
                })
            }
            Self::Nothing => Box::new(|_| ()),
        }
    }
}
