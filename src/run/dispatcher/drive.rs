//! The event loop: it waits, and has decided what there is to decide.

use std::time::Instant;

use jiff::Timestamp;

use super::Dispatcher;
use super::steer::Ears;
use crate::run::attempt::Message;
use crate::run::books::LOOK;
use crate::run::signals::Signals;
use crate::run::{RunError, Stage, Summary, output};

impl Dispatcher<'_> {
    /// Drives the plan until nothing runs and nothing can start.
    ///
    /// When the plan file or the journal can't be written any more, running agents are ended first: what they would do could not
    /// be recorded.
    pub(in crate::run) async fn run(mut self) -> Result<Summary, RunError> {
        let mut signals = Signals::listen(self.settings.unattended)?;
        let mut ears = self.ears();
        let mut result = self.begin();
        self.books.release();
        if result.is_ok() {
            result = self.work(&mut signals, &mut ears).await;
        }
        if result.is_err() {
            self.drop_unbegun();
            self.stop_attempts(Stage::End);
            self.await_attempts().await;
            result?;
        }
        self.finish(signals.by_term())
    }

    /// Nobody has to be waited for who has not begun, or gets no answer any more.
    fn drop_unbegun(&mut self) {
        self.drop_held_back();
        for (task, _) in std::mem::take(&mut self.to_answer) {
            self.forget(task.as_ref());
        }
        for (job, _) in std::mem::take(&mut self.to_begin) {
            self.running.remove(&job.task);
        }
    }

    async fn work(&mut self, signals: &mut Signals, ears: &mut Ears) -> Result<(), RunError> {
        let mut output = output::Ticker::new(self.settings.output_every);
        let asides = self.settings.asides.clone();
        while !self.is_over() || !self.is_at_an_end().await? {
            let due = self.until_due();
            let save = self.books.save_due();
            tokio::select! {
                message = self.messages.recv() => self.inbox.extend(message),
                asked = signals.next() => self.on_signal(asked)?,
                () = sleep_until(due), if due.is_some() => self.schedule.wake(Timestamp::now())?,
                () = output.tick() => self.on_tick(),
                () = sleep_to(save), if save.is_some() => self.save_beside()?,
                () = ears.hear() => {}
                () = asides.heard() => asides.take().into_iter().for_each(|event| self.tell(event)),
                () = tokio::time::sleep(LOOK), if self.is_unsettled || self.books.is_waiting() => {}
            }
            self.proceed()?;
        }
        Ok(())
    }

    /// Decides what there is to decide, if the plan file is a plan: what has happened could not be written otherwise.
    ///
    /// What many attempts have sent is decided together, and costs one write to the disk.
    fn proceed(&mut self) -> Result<(), RunError> {
        while let Ok(message) = self.messages.try_recv() {
            self.inbox.push_back(message);
        }
        self.end_save()?;
        if !self.inbox.is_empty() && !self.books.hold()? {
            self.hear();
            return Ok(());
        }
        let decided = self.decide();
        self.books.release();
        decided
    }

    /// First of all: while a save is under way nobody looks at the plan file, and what it could not save, the next look does.
    fn end_save(&mut self) -> Result<(), RunError> {
        let before = self.inbox.len();
        self.inbox.retain(|message| !matches!(message, Message::Saved));
        if self.inbox.len() < before { self.on_saved() } else { Ok(()) }
    }

    fn decide(&mut self) -> Result<(), RunError> {
        if !self.look()? {
            return Ok(());
        }
        while let Some(message) = self.inbox.pop_front() {
            // What a person has decided about a task comes before what its attempt came to.
            self.follow_changes()?;
            self.on_message(message)?;
        }
        self.let_merge()?;
        self.do_as_asked()?;
        self.start_ready()?;
        while self.verify_next()? {
            self.follow_changes()?;
            self.start_ready()?;
        }
        self.ask_for_answers();
        self.settle()
    }

    fn is_over(&mut self) -> bool {
        if self.is_verifying() || self.consultation.is_open() {
            return false;
        }
        if self.stage.is_some() {
            return self.running.is_empty() && self.retiring.is_over();
        }
        let is_known = !self.is_unsettled && self.before.is_none();
        is_known && self.running.is_empty() && self.schedule.is_over() && self.retiring.is_over()
    }

    /// Whether it is over with all that others have decided by now. If so, nobody decides anything more before the run has ended: whoever is
    /// told that a live run takes it up, can rely on that.
    async fn is_at_an_end(&mut self) -> Result<bool, RunError> {
        self.books.save_here()?;
        if !self.books.hold()? {
            self.hear();
            tokio::time::sleep(LOOK).await;
            return Ok(false);
        }
        self.look_until_settled()?;
        self.decide()?;
        let is_over = self.is_over();
        if !is_over {
            self.books.release();
        }
        Ok(is_over)
    }

    fn until_due(&mut self) -> Option<Timestamp> {
        let due = self.schedule.next_due().into_iter().chain(self.next_look_at_room()).min();
        due.filter(|_| self.stage.is_none() && !self.is_unsettled)
    }
}

async fn sleep_to(due: Option<Instant>) {
    let Some(due) = due else { return std::future::pending().await };
    tokio::time::sleep_until(due.into()).await;
}

async fn sleep_until(due: Option<Timestamp>) {
    let Some(due) = due else { return std::future::pending().await };
    let left = due.duration_since(Timestamp::now());
    tokio::time::sleep(left.try_into().unwrap_or_default()).await;
}
