//! What goes on beside a run, in threads of its own (saving in a remote, programs that are told of it), is told like what goes on in it.

use std::mem;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Notify;

use super::RunEvent;
use crate::agent::Secrets;

/// Takes what is to be told from any thread; the run tells it as soon as it can. All clones are one.
#[derive(Debug, Clone, Default)]
pub struct Asides(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    untold: Mutex<Vec<(bool, String)>>,
    secrets: OnceLock<Secrets>,
    news: Notify,
}

impl Asides {
    /// From now on these are masked. Only the first call counts.
    pub fn mask(&self, secrets: &Secrets) {
        let _ = self.0.secrets.set(secrets.clone());
    }

    /// Something to know.
    pub fn note(&self, text: impl Into<String>) {
        self.add(false, text.into());
    }

    /// Something to look at.
    pub fn warn(&self, text: impl Into<String>) {
        self.add(true, text.into());
    }

    fn add(&self, is_warning: bool, text: String) {
        self.0.untold.lock().unwrap_or_else(PoisonError::into_inner).push((is_warning, text));
        self.0.news.notify_one();
    }

    /// What is still to be told, the first thing first; whoever takes it tells it.
    pub fn take(&self) -> Vec<RunEvent> {
        let untold = mem::take(&mut *self.0.untold.lock().unwrap_or_else(PoisonError::into_inner));
        untold.into_iter().map(|(is_warning, text)| self.event(is_warning, &text)).collect()
    }

    fn event(&self, is_warning: bool, text: &str) -> RunEvent {
        let text = self.0.secrets.get().map_or_else(|| text.to_owned(), |secrets| secrets.masked(text));
        if is_warning { RunEvent::Warning { task: None, text } } else { RunEvent::Note(text) }
    }

    /// Waits until there may be something to be told.
    pub(super) async fn heard(&self) {
        self.0.news.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_thread_says_is_told_once_in_its_order_and_without_secrets() {
        let asides = Asides::default();
        asides.mask(&Secrets::among(&[("A_TOKEN".into(), "Zx81-qwerty-0042".into())]));
        let other = asides.clone();
        std::thread::spawn(move || {
            other.warn("can't push with Zx81-qwerty-0042");
            other.note("works again");
        })
        .join()
        .unwrap();
        let expected = [
            RunEvent::Warning { task: None, text: "can't push with ***".into() },
            RunEvent::Note("works again".into()),
        ];
        assert_eq!(asides.take(), expected);
        assert!(asides.take().is_empty());
    }
}
