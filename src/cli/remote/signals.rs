use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::cli::error::{CliError, Kind};
use crate::git::TimeLeft;

/// Systems that cancel a job kill it ten seconds later, or more: what is not saved by then is in this clone only, and that is to be said.
const GRACE: Duration = Duration::from_secs(8);

/// TERM has come: signals are of the process, and so is this.
static TERMINATED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// What a process that was called off ends by.
pub(in crate::cli) fn kind_of_signal() -> Kind {
    if TERMINATED.load(Ordering::SeqCst) { Kind::Terminated } else { Kind::BrokenOff }
}

/// A signal that comes before a run listens breaks off what goes on until then, and does not kill us with the lease in our hands.
pub(in crate::cli) fn heed_signals() -> Result<TimeLeft, CliError> {
    let flag = Arc::new(AtomicBool::new(false));
    // What tells the signals apart comes first: whoever sees the flag finds it.
    for (signal, flag) in [(SIGTERM, &*TERMINATED), (SIGTERM, &flag), (SIGINT, &flag)] {
        signal_hook::flag::register(signal, Arc::clone(flag))
            .map_err(|error| CliError::new(Kind::Environment, format!("can't listen to signals: {error}")))?;
    }
    Ok(TimeLeft::new(flag, GRACE))
}
