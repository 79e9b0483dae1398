//! Who waits for which watch, and the task that hears the kernel and wakes them.

use std::collections::HashMap;
use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::fs::inotify::{Event, ReadFlags, Reader, WatchFlags, add_watch, remove_watch};
use rustix::io::Errno;
use tokio::sync::Notify;

use super::sought::{Matters, Sought};

/// Room for some hundred events at once.
const BUFFER: usize = 8 * 1024;

/// All watches of one inotify instance.
pub(super) struct Bells {
    inotify: Arc<OwnedFd>,
    /// By the kernel's number of the watch; attempts may share a folder.
    hung: Mutex<HashMap<i32, Vec<Arc<Rope>>>>,
}

/// What ties an event to who waits for it.
struct Rope {
    matters: Matters,
    /// Something has happened that nobody has been told yet.
    has_news: AtomicBool,
    waiting: Notify,
    /// What was watched is not there any more.
    is_lost: AtomicBool,
}

impl Bells {
    pub(super) fn new(inotify: OwnedFd) -> Self {
        Self { inotify: Arc::new(inotify), hung: Mutex::default() }
    }

    pub(super) fn inotify(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.inotify)
    }

    fn hung(&self) -> MutexGuard<'_, HashMap<i32, Vec<Arc<Rope>>>> {
        self.hung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_on(&self, event: &Event<'_>) {
        let hung = self.hung();
        if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
            hung.values().flatten().for_each(|rope| rope.ring());
        }
        // What was renamed or removed is not what is to be watched any more, whatever has its name now.
        let is_lost =
            event.events().intersects(ReadFlags::IGNORED | ReadFlags::MOVE_SELF | ReadFlags::DELETE_SELF);
        let name = event.file_name().map(CStr::to_bytes);
        for rope in hung.get(&event.wd()).into_iter().flatten() {
            rope.is_lost.fetch_or(is_lost, Ordering::Relaxed);
            if is_lost || rope.concerns(name) {
                rope.ring();
            }
        }
    }
}

impl Rope {
    fn of(matters: Matters) -> Self {
        let (has_news, is_lost) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { matters, has_news, waiting: Notify::new(), is_lost }
    }

    fn ring(&self) {
        self.has_news.store(true, Ordering::Relaxed);
        self.waiting.notify_one();
    }

    /// What has no name happened to the watched thing itself.
    fn concerns(&self, name: Option<&[u8]>) -> bool {
        name.is_none_or(|name| self.matters.concerns(name))
    }
}

impl Drop for Bells {
    /// Who hears for us waits in the kernel: taking down a watch is what wakes it.
    fn drop(&mut self) {
        if let Ok(watch) = add_watch(&*self.inotify, "/", WatchFlags::DELETE_SELF) {
            let _ = remove_watch(&*self.inotify, watch);
        }
    }
}

/// Passes on what the kernel says, until nobody waits for it any more.
pub(super) fn hear(inotify: &OwnedFd, bells: &Weak<Bells>) {
    let mut buffer = [MaybeUninit::uninit(); BUFFER];
    let mut reader = Reader::new(inotify, &mut buffer);
    loop {
        match (reader.next(), bells.upgrade()) {
            (Ok(event), Some(bells)) => bells.pass_on(&event),
            (Err(Errno::INTR), Some(_)) => {}
            (_, None) | (Err(_), Some(_)) => return,
        }
    }
}

/// One watch; taken down when dropped.
pub(super) struct Bell {
    bells: Arc<Bells>,
    watch: i32,
    rope: Arc<Rope>,
    is_on_the_way: bool,
}

impl Bell {
    /// The path by way of the open file leads to that very file, whatever has become of its name.
    pub(super) fn hang(bells: &Arc<Bells>, sought: &Sought) -> io::Result<Self> {
        let found = sought.open()?;
        let path = format!("/proc/self/fd/{}", found.fd.as_raw_fd());
        let flags = found.flags | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        let rope = Arc::new(Rope::of(found.matters));
        let mut hung = bells.hung();
        let watch = add_watch(&*bells.inotify, path, flags)?;
        hung.entry(watch).or_default().push(Arc::clone(&rope));
        drop(hung);
        Ok(Self { bells: Arc::clone(bells), watch, rope, is_on_the_way: found.is_on_the_way })
    }

    /// It has been rung since this was called last.
    pub(super) async fn rung(&self) {
        // Of many things that have happened at once it is told once.
        while !self.rope.has_news.swap(false, Ordering::Relaxed) {
            self.rope.waiting.notified().await;
        }
    }

    /// What it watched is not there any more.
    pub(super) fn is_lost(&self) -> bool {
        self.rope.is_lost.load(Ordering::Relaxed)
    }

    /// What was sought may be there now, and this is not it.
    pub(super) fn is_on_the_way(&self) -> bool {
        self.is_on_the_way
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        let mut hung = self.bells.hung();
        let Some(ropes) = hung.get_mut(&self.watch) else { return };
        ropes.retain(|rope| !Arc::ptr_eq(rope, &self.rope));
        if ropes.is_empty() {
            hung.remove(&self.watch);
            // One that the kernel has taken down already is no error.
            let _ = remove_watch(&*self.bells.inotify, self.watch);
        }
    }
}
