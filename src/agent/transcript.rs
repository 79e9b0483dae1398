//! All that an agent program told in the course of an attempt, summed up.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::log_text::{MESSAGE, cut, plain};
use super::{Event, Fault, Outcome, Reading, Tokens, json_lines};

/// The events of a whole output, summed up.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    session: Option<String>,
    model: Option<String>,
    /// What the agent said last.
    pub said: Option<String>,
    /// It may go on saying it.
    is_saying: bool,
    tokens: Option<Tokens>,
    cost_usd: Option<f64>,
    complaint: Option<String>,
    limit_ends: Option<i64>,
    /// The tools that it was denied.
    pub denied: Vec<String>,
    /// How the program's work was over, if it ever was.
    pub end: Option<Result<(), Fault>>,
}

impl Transcript {
    /// Reads a log, of which `events` understands one line.
    pub(super) fn read(log: &Path, events: impl Fn(&Value) -> Vec<Event>) -> io::Result<Transcript> {
        let mut transcript = Transcript::default();
        json_lines::each(log, |line| events(&line).into_iter().for_each(|event| transcript.take(event)))?;
        Ok(transcript)
    }

    fn take(&mut self, event: Event) {
        let was_saying = std::mem::take(&mut self.is_saying);
        match event {
            Event::Started { session, model } => {
                self.session = self.session.take().or(session);
                self.model = model.or(self.model.take());
            }
            Event::Said(text) => self.said = Some(text),
            Event::SaidMore(text) => self.say_more(was_saying, &text),
            Event::Spent { tokens, cost_usd } => self.spend(tokens, cost_usd),
            Event::Complained(what) => self.complaint = Some(what),
            Event::Limited { ends } => self.limit_ends = ends,
            Event::Denied(what) => self.denied.push(what),
            Event::Ended(Ok(says)) => {
                self.said = says.or(self.said.take());
                self.end.get_or_insert(Ok(()));
            }
            Event::Ended(Err(fault)) => self.end = Some(Err(self.explained(fault))),
            Event::Tool { .. }
            | Event::ToolFailed(_)
            | Event::Changed(_)
            | Event::Retried(_)
            | Event::Using { .. } => {}
        }
    }

    fn say_more(&mut self, was_saying: bool, text: &str) {
        self.is_saying = true;
        match &mut self.said {
            Some(said) if was_saying => said.push_str(text),
            said => *said = Some(text.to_owned()),
        }
    }

    fn spend(&mut self, tokens: Option<Tokens>, cost_usd: Option<f64>) {
        if let Some(more) = tokens {
            self.tokens = Some(self.tokens.unwrap_or_default().plus(more));
        }
        if let Some(more) = cost_usd.filter(|cost| cost.is_finite()) {
            *self.cost_usd.get_or_insert_default() += more;
        }
    }

    /// Some programs say why in a line before the one that says that it is over.
    fn explained(&mut self, fault: Fault) -> Fault {
        match self.complaint.take() {
            Some(complaint) if fault.message.is_empty() => Fault::of_service(None, None, &complaint),
            _ => fault,
        }
    }

    /// What the program says of the attempt, with no judgement of how it ended.
    pub(super) fn facts(&self) -> Reading {
        let said = self.said.as_deref().map(plain);
        let said = said.map(|said| cut(said.trim(), MESSAGE)).filter(|said| !said.is_empty());
        Reading {
            summary: said,
            cost_usd: self.cost_usd,
            tokens: self.tokens,
            model: self.model.clone(),
            session: self.session.clone(),
            ..Reading::of(Outcome::Completed)
        }
    }

    /// When the limit ends that the service told of, in seconds since 1970.
    pub(super) fn limit_ends(&self) -> Option<i64> {
        self.limit_ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: impl IntoIterator<Item = Event>) -> Transcript {
        let mut transcript = Transcript::default();
        events.into_iter().for_each(|event| transcript.take(event));
        transcript
    }

    fn more(text: &str) -> Event {
        Event::SaidMore(text.to_owned())
    }

    #[test]
    fn what_is_said_in_pieces_is_one_message_until_something_else_happens() {
        let tool = Event::Tool { name: "shell".to_owned(), on: None };
        let said = |events: Vec<Event>| told(events).said;
        assert_eq!(said(vec![more("a"), more("b")]).as_deref(), Some("ab"));
        assert_eq!(said(vec![more("a"), tool, more("b"), more("c")]).as_deref(), Some("bc"));
        assert_eq!(said(vec![Event::Said("x".to_owned()), more("b")]).as_deref(), Some("b"));
    }

    #[test]
    fn what_is_spent_is_added_up() {
        let spent =
            |input, cost_usd| Event::Spent { tokens: Some(Tokens { input, output: 1, cached: 0 }), cost_usd };
        let facts = told([spent(5, None), spent(u64::MAX, Some(0.5)), spent(0, Some(f64::NAN))]).facts();
        assert_eq!(facts.tokens, Some(Tokens { input: u64::MAX, output: 3, cached: 0 }));
        assert_eq!(facts.cost_usd, Some(0.5));
    }

    #[test]
    fn a_fault_stays_even_if_the_program_calls_its_end_a_success() {
        let fault = Fault::new(Outcome::AgentError, "it went in circles");
        let transcript = told([Event::Ended(Err(fault.clone())), Event::Ended(Ok(None))]);
        assert_eq!(transcript.end, Some(Err(fault)));
    }

    #[test]
    fn an_end_without_a_reason_is_explained_by_the_complaint_before_it() {
        let mute = Event::Ended(Err(Fault::new(Outcome::AgentError, "")));
        let transcript = told([Event::Complained("fetch failed".to_owned()), mute]);
        assert_eq!(transcript.end, Some(Err(Fault::new(Outcome::Unavailable, "fetch failed"))));
    }
}
