//! What takes long is said, so that nobody takes it for a hang.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::output;

/// What takes longer than this is said.
const SOON: Duration = Duration::from_secs(3);

/// Does it, and says what it is if it takes more than a few seconds.
pub(super) fn said_if_slow<T>(what: &str, work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let (done, is_done) = mpsc::channel::<()>();
        scope.spawn(move || {
            if is_done.recv_timeout(SOON) == Err(mpsc::RecvTimeoutError::Timeout) {
                output::say(what);
            }
        });
        let made = work();
        drop(done);
        made
    })
}

/// The same, where the work is to save in a remote.
pub(super) fn saving<T>(remote: &str, work: impl FnOnce() -> T) -> T {
    said_if_slow(&format!("note    saving in remote `{}` …", crate::report::clean(remote)), work)
}
