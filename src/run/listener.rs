//! Hears what an attempt's agent says by its outbox, has it journaled, and answers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::attempt::{Gone, Link, Message, blocking, record};
use super::job::Job;
use super::outbox::{self, Answer, Claim, Incoming, Remark, Request, Says};
use super::record::{AttemptStarted, Fact, Reported};
use super::watch::{Sought, Watch};
use crate::git::OWN_FOLDER;

/// After a look at the outbox, before the next one: whoever says much is not heard word by word.
const BREATH: Duration = Duration::from_millis(20);
/// So much the journal takes of one attempt: an agent that says more is stuck.
const MOST_REPORTS: usize = 2_000;
/// Characters of a learning's title.
const TITLE: usize = 100;
/// The category of learnings of which nothing else is known.
const CATEGORY: &str = "general";
/// After so many requests that are none, an outbox is looked at no more.
const MOST_REFUSED: usize = 1_000;

pub(super) struct Listener<'a> {
    job: &'a Arc<Job>,
    started: &'a AttemptStarted,
    link: &'a Link,
    /// The names of requests that were dealt with.
    taken: HashSet<String>,
    /// What was accepted, earlier runs' included.
    reports: Vec<Reported>,
    refused: usize,
}

impl<'a> Listener<'a> {
    pub(super) fn new(job: &'a Arc<Job>, started: &'a AttemptStarted, link: &'a Link) -> Self {
        let reports = job.entry.reports();
        Self { job, started, link, taken: HashSet::new(), reports, refused: 0 }
    }

    /// Listens until the agent's end and takes what has come until then; how the agent says that its task ended, if it does.
    pub(super) async fn listen(mut self, mut over: oneshot::Receiver<()>) -> Result<Option<Claim>, Gone> {
        let place = self.job.outbox().to_owned();
        let mut arrivals = self.link.watcher.watch(Sought::by(move || outbox::to_be_watched(&place)));
        // An agent that an earlier run started may have spoken while nobody heard.
        let mut has_more = self.take_all().await?;
        while !self.is_over_before_more(has_more, &mut over, &mut arrivals).await {
            has_more = self.take_all().await?;
        }
        // What came before the end; nobody adds to it any more.
        while self.take_all().await? {}
        Ok(self.last_claim().and_then(Says::claim).cloned())
    }

    /// False when it is time to look: who has said something may have said more than is taken at once.
    async fn is_over_before_more(
        &self,
        has_more: bool,
        over: &mut oneshot::Receiver<()>,
        arrivals: &mut Watch,
    ) -> bool {
        if self.refused > MOST_REFUSED {
            let _ = over.await;
            return true;
        }
        tokio::select! {
            _ = over => true,
            () = sleep(BREATH), if has_more => false,
            () = arrivals.changed(), if !has_more => false,
        }
    }

    /// Takes what is there; whether there was anything.
    async fn take_all(&mut self) -> Result<bool, Gone> {
        // That nothing was ever said costs next to nothing to see.
        if self.refused > MOST_REFUSED || !self.job.outbox().join(OWN_FOLDER).exists() {
            return Ok(false);
        }
        let taken = self.taken.clone();
        let found = blocking(self.job, move |job| outbox::look(job.outbox(), &taken)).await;
        let found = found.unwrap_or_default();
        let mut answers = Vec::with_capacity(found.len());
        for Incoming { name, request } in found {
            let answer = self.take(&name, request).await?;
            self.count(&answer);
            self.taken.insert(name.clone());
            answers.push((name, answer));
        }
        let has_any = !answers.is_empty();
        let _ = blocking(self.job, move |job| {
            for (name, answer) in answers {
                outbox::answer(job.outbox(), &name, &answer);
            }
        })
        .await;
        Ok(has_any)
    }

    /// Journaled first, then answered.
    async fn take(&mut self, name: &str, request: Result<Request, String>) -> Result<Answer, Gone> {
        let Request { token, mut says } = match request {
            Ok(request) => request,
            Err(why) => return Ok(refused(format!("that is no request: {why}"))),
        };
        if outbox::hash(&token) != self.started.token_hash {
            let task = &self.job.task;
            let text = format!("the token is not that of the attempt under way at task `{task}`");
            return Ok(Answer::Forbidden { text });
        }
        says.texts_mut().into_iter().for_each(|text| self.job.common.secrets.mask(text));
        // A run that was killed before it could answer took it.
        if self.reports.iter().any(|reported| reported.request == name) {
            return Ok(accepted(&says, None));
        }
        let before = says.claim().and(self.last_claim().cloned());
        if before.as_ref() == Some(&says) || self.has_remark(&says) {
            return Ok(accepted(&says, None));
        }
        if self.reports.len() >= MOST_REPORTS {
            return Ok(refused("this attempt has said all that there is room for".to_owned()));
        }
        self.keep(name, &says).await?;
        Ok(accepted(&says, before.as_ref()))
    }

    fn last_claim(&self) -> Option<&Says> {
        let said = self.reports.iter().map(|reported| &reported.says);
        said.rev().find(|says| says.claim().is_some())
    }

    /// Whether it is a remark that was made before: such are kept once.
    fn has_remark(&self, says: &Says) -> bool {
        says.claim().is_none() && self.reports.iter().any(|reported| reported.says == *says)
    }

    async fn keep(&mut self, name: &str, says: &Says) -> Result<(), Gone> {
        let reported = Reported {
            task: self.started.task.clone(),
            attempt: self.started.attempt,
            request: name.to_owned(),
            actor: self.job.cast.agent.clone(),
            says: says.clone(),
        };
        record(self.link, Fact::Reported(reported.clone())).await?;
        let _ = self.link.messages.send(Message::Said(self.job.task.clone(), Box::new(says.clone())));
        self.reports.push(reported);
        Ok(())
    }

    fn count(&mut self, answer: &Answer) {
        if matches!(answer, Answer::Accepted { .. }) {
            return;
        }
        self.refused += 1;
        if self.refused == MOST_REFUSED {
            let text = "its agent fills its outbox with rubbish, and is not listened to any more".to_owned();
            let _ = self.link.messages.send(Message::Warning(self.job.task.clone(), text));
        }
    }
}

/// What an agent has learnt by its last words is journaled as if it had said so while it worked.
///
/// # Errors
/// The dispatcher is gone.
pub(super) async fn learn(
    job: &Job,
    started: &AttemptStarted,
    learnings: &[String],
    link: &Link,
) -> Result<(), Gone> {
    let known = job.entry.reports();
    for (number, text) in (1..).zip(learnings) {
        let request = format!("learning-{number}");
        // A run that was killed before it could journal the end has taken it.
        if known.iter().any(|reported| reported.request == request) {
            continue;
        }
        let reported = Reported {
            task: started.task.clone(),
            attempt: started.attempt,
            request,
            actor: job.cast.agent.clone(),
            says: Says::Remark(learning(text)),
        };
        let says = Box::new(reported.says.clone());
        record(link, Fact::Reported(reported)).await?;
        let _ = link.messages.send(Message::Said(job.task.clone(), says));
    }
    Ok(())
}

/// Its first sentence is the title; what it is about nobody has said.
fn learning(text: &str) -> Remark {
    let line = text.lines().next().unwrap_or_default();
    let title = line.split_inclusive(". ").next().unwrap_or(line).trim();
    let title: String = match title.char_indices().nth(TITLE) {
        None => title.trim_end_matches('.').to_owned(),
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
    };
    let description =
        if text.trim().trim_end_matches('.') == title { String::new() } else { text.trim().to_owned() };
    Remark::Learning { title, description, category: CATEGORY.to_owned() }
}

fn refused(text: String) -> Answer {
    Answer::Refused { text }
}

fn accepted(says: &Says, before: Option<&Says>) -> Answer {
    let then = match says {
        Says::Claim(_) => "blueprint writes the status when this attempt has ended",
        Says::Remark(_) => "blueprint writes it into the plan when this attempt has ended",
    };
    let instead = before.map_or_else(String::new, |before| format!(", in place of `{}`", before.word()));
    Answer::Accepted { text: format!("noted{instead}; {then}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String) {
        match learning(text) {
            Remark::Learning { title, description, .. } => (title, description),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_learning_is_titled_by_its_first_sentence() {
        assert_eq!(parts("Tests need a database."), ("Tests need a database".into(), String::new()));
        let long = "Tests need a database. It is started by hand.\nSee docs/db.md.";
        assert_eq!(parts(long), ("Tests need a database".into(), long.into()));
        let (title, description) = parts(&"ü".repeat(300));
        assert_eq!((title.chars().count(), description.chars().count()), (TITLE + 1, 300));
        assert_eq!(parts(""), (String::new(), String::new()));
    }
}
