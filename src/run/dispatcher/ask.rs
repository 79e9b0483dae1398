//! Questions that `ask-command` is to answer: it is asked while the others go on, and what it answers is as good as a person's answer.

use std::collections::{HashMap, HashSet};

use tokio::sync::watch;

use super::Dispatcher;
use crate::plan::{Ending, State, TaskId};
use crate::run::asking::{Asking, Reply, ask};
use crate::run::attempt::{Link, Message};
use crate::run::process::Stoppable;
use crate::run::questions::{OpenQuestion, open_question};
use crate::run::record::Fact;
use crate::run::{Cause, RunError, RunEvent, Stage, TaskHistory};

/// Who answers.
const PROGRAM: &str = "ask-command";
/// So many answers a task gets in one run: an agent and a program could go on for ever.
const MOST: u32 = 20;

/// What is asked, and what was.
#[derive(Default)]
pub(super) struct Consultation {
    /// What ends the programs that are being asked.
    open: HashMap<TaskId, watch::Sender<Option<Stage>>>,
    /// Attempts whose question it did not answer.
    in_vain: HashSet<(TaskId, Option<u32>)>,
    /// How often it has answered a task.
    answered: HashMap<TaskId, u32>,
    /// What waits for a task whose question it is to answer, and is told of as not run only if it does not.
    untold: HashMap<TaskId, Vec<TaskId>>,
}

impl Consultation {
    /// Whether the run has to wait for an answer.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn keep_untold(&mut self, task: &TaskId, lost: Vec<TaskId>) {
        self.untold.insert(task.clone(), lost);
    }

    /// A run that ends waits for no answer.
    pub(super) fn end(&self) {
        for stop in self.open.values() {
            stop.send_replace(Some(Stage::End));
        }
    }
}

impl Dispatcher<'_> {
    /// Asks for what keeps tasks of this run from going on, and no more for what does not.
    pub(super) fn ask_for_answers(&mut self) {
        let is_over = |(task, _): &(&TaskId, _)| self.question_of(task).is_none();
        for (_, stop) in self.consultation.open.iter().filter(is_over) {
            stop.send_replace(Some(Stage::End));
        }
        if self.settings.ask.is_none() || self.stage.is_some() {
            return;
        }
        let blocked = self.all(|state| *state == State::Ended(Ending::Blocked));
        for task in blocked {
            if let Some(question) =
                self.question_of(&task).filter(|question| self.is_to_be_asked(&task, question))
            {
                self.ask_program(&task, question);
            }
        }
    }

    /// Whether that is done next: what waits for the task may be run yet.
    pub(super) fn is_about_to_ask(&self, task: &TaskId) -> bool {
        let question = self.question_of(task).filter(|_| self.settings.ask.is_some() && self.stage.is_none());
        question.is_some_and(|question| self.is_to_be_asked(task, &question))
    }

    pub(super) fn question_of(&self, task: &TaskId) -> Option<OpenQuestion> {
        let genesis = self.books.genesis();
        open_question(genesis, genesis.task(task.as_str())?, self.books.history().task(task.as_str()))
    }

    fn is_to_be_asked(&self, task: &TaskId, question: &OpenQuestion) -> bool {
        let Consultation { open, in_vain, .. } = &self.consultation;
        !open.contains_key(task)
            && !in_vain.contains(&(task.clone(), question.attempt))
            && !self.waits_for_approval(task)
    }

    fn ask_program(&mut self, task: &TaskId, question: OpenQuestion) {
        let Some(step) = self.settings.ask.clone() else { return };
        if self.consultation.answered.get(task).is_some_and(|count| *count >= MOST) {
            let why = format!("`{}` has answered {MOST} questions of this task already", step.name);
            self.give_up_asking(task, question.attempt, &why);
            return;
        }
        self.tell(RunEvent::Note(format!("{task} asks; `{}` is to answer that", step.name)));
        let ends = watch::Sender::new(None);
        let link = Link {
            messages: self.sender.clone(),
            stop: ends.subscribe(),
            stopped: self.stopped.subscribe(),
            stoppable: Stoppable::default(),
            watcher: self.watcher.clone(),
        };
        self.consultation.open.insert(task.clone(), ends);
        let (common, asking) = (self.common.clone(), self.asking(task, &question));
        tokio::spawn(async move {
            let reply = ask(&common, &step, &asking, &link).await;
            let _ = link.messages.send(Message::Replied(asking.task, Box::new((question, reply))));
        });
    }

    fn asking(&self, task: &TaskId, question: &OpenQuestion) -> Asking {
        let last = self.books.history().task(task.as_str()).and_then(TaskHistory::last_attempt);
        let worktree = last.map(|last| last.started.worktree.clone()).filter(|place| place.exists());
        Asking {
            task: task.clone(),
            name: self.name(task),
            agent: self.ground.casting.get(task).map(|cast| cast.agent.clone()).unwrap_or_default(),
            question: question.text.clone(),
            worktree,
            logs: self.site.state.path().join("questions").join(self.ground.slug(task)),
        }
    }

    /// Somebody may have been faster.
    pub(super) fn on_reply(
        &mut self,
        task: &TaskId,
        asked: OpenQuestion,
        reply: Reply,
    ) -> Result<(), RunError> {
        self.consultation.open.remove(task);
        self.books.hear_others()?;
        if self.question_of(task).as_ref() != Some(&asked) {
            return Ok(());
        }
        match reply {
            Reply::Answer(text) => self.take_answer(task, asked, &text),
            Reply::None(why) => {
                self.give_up_asking(task, asked.attempt, &why);
                Ok(())
            }
            Reply::Stopped => Ok(()),
        }
    }

    fn take_answer(&mut self, task: &TaskId, asked: OpenQuestion, text: &str) -> Result<(), RunError> {
        let Some(now) = self.books.genesis().task(task.as_str()) else { return Ok(()) };
        let answered = asked.answered(now, self.books.history().task(task.as_str()), text, PROGRAM);
        // From here on it is as if a person had answered: the plan has changed.
        self.before.get_or_insert_with(|| Box::new(self.books.genesis().clone()));
        self.record(Fact::Answered(answered.clone()))?;
        for record in &answered.transitions {
            self.write_down(record)?;
        }
        *self.consultation.answered.entry(task.clone()).or_default() += 1;
        self.consultation.untold.remove(task);
        self.tell(RunEvent::Note(format!("the question of {task} is answered by {PROGRAM}")));
        Ok(())
    }

    fn give_up_asking(&mut self, task: &TaskId, attempt: Option<u32>, why: &str) {
        self.consultation.in_vain.insert((task.clone(), attempt));
        let text = format!("gets no answer from ask-command, and stays blocked: {why}");
        self.tell(RunEvent::Warning { task: Some(task.clone()), text });
        if let Some(lost) = self.consultation.untold.remove(task).filter(|lost| !lost.is_empty()) {
            self.tell_lost(lost, task, Cause::Blocked);
        }
    }
}
