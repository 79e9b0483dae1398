//! Hears of changes of files and folders as they happen, by the kernel's word (inotify), so that nobody has to look again and again.
//!
//! Knows nothing of what is in them: whoever is told looks for itself. Where the kernel can't tell (a file system on another machine, the
//! limit of watches reached), who waits is told every few seconds.

mod bells;
mod sought;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::inotify::{CreateFlags, init};
use rustix::io::Errno;

use bells::{Bell, Bells, hear};
pub(super) use sought::{Opened, Sought};

/// Between two looks at what nobody tells of.
const SLOW: Duration = Duration::from_secs(2);

/// The one ear of a run; cheap to clone. Deaf until it is started.
#[derive(Clone, Default)]
pub(super) struct Watcher {
    bells: Option<Arc<Bells>>,
}

impl Watcher {
    /// Listens from now on, until the last watch and the last watcher are gone. Without inotify it is deaf, and so are its watches.
    pub(super) fn start() -> Self {
        let bells = try_start().inspect_err(|error| tracing::debug!(%error, "no inotify"));
        Self { bells: bells.ok() }
    }

    /// Watches it from now on; what happened before is not told.
    pub(super) fn watch(&self, sought: Sought) -> Watch {
        let mut watch = Watch { bells: self.bells.clone(), sought, bell: None, failure: None };
        watch.arm();
        watch
    }
}

fn try_start() -> io::Result<Arc<Bells>> {
    let bells = Arc::new(Bells::new(init(CreateFlags::CLOEXEC)?));
    let (inotify, heard) = (bells.inotify(), Arc::downgrade(&bells));
    // A thread that waits in the kernel costs nothing: tokio would want its network for that.
    std::thread::Builder::new().name("inotify".to_owned()).spawn(move || hear(&inotify, &heard))?;
    Ok(bells)
}

/// Waits for changes of one file or folder.
pub(super) struct Watch {
    bells: Option<Arc<Bells>>,
    sought: Sought,
    bell: Option<Bell>,
    /// Why it can't be told of.
    failure: Option<io::Error>,
}

impl Watch {
    /// Comes back when something may have changed since it was called last; at once, if that was meanwhile.
    pub(super) async fn changed(&mut self) {
        if self.bell.as_ref().is_none_or(Bell::is_lost) && self.arm() {
            // Nobody told what happened while there was no watch.
            return;
        }
        match &self.bell {
            Some(bell) => bell.rung().await,
            None => tokio::time::sleep(SLOW).await,
        }
        if self.bell.as_ref().is_some_and(Bell::is_on_the_way) {
            self.bell = None;
        }
    }

    /// Why changes are only found every few seconds, if that is so, and no passing thing.
    pub(super) fn why_slow(&self) -> Option<String> {
        match (&self.bells, &self.failure) {
            (None, _) => Some("no more inotify instances are to be had".to_owned()),
            (Some(_), Some(error)) if error.kind() == io::ErrorKind::NotFound => None,
            (Some(_), Some(error)) if error.raw_os_error() == Some(Errno::NOSPC.raw_os_error()) => {
                Some("the limit of inotify watches is reached".to_owned())
            }
            (Some(_), failure) => failure.as_ref().map(ToString::to_string),
        }
    }

    fn arm(&mut self) -> bool {
        self.bell = None;
        let Some(bells) = &self.bells else { return false };
        match Bell::hang(bells, &self.sought) {
            Ok(bell) => (self.bell, self.failure) = (Some(bell), None),
            Err(error) => self.failure = Some(error),
        }
        self.bell.is_some()
    }
}

#[cfg(test)]
mod tests;
