//! The far end of a wire that ends in memory.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{Answer, Expectation, SentEvent, answer::Ending};
use crate::{
    client::AxonPush,
    config::AxonPushBuilder,
    transport::{FarEnd, InMemory, Reply, Request},
};

/// Keeps what clients deliver, in memory, and answers as it is told.
///
/// Clones are handles of one sink. As the server does, it keeps an event with a dedup key once, however often it comes.
#[derive(Clone, Default)]
pub struct MemorySink(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    events: Vec<SentEvent>,
    keys: HashSet<String>,
    duplicates: usize,
    attempts: usize,
    open: usize,
    most_open: usize,
    script: VecDeque<Answer>,
    always: Option<Answer>,
}

impl MemorySink {
    /// A sink that accepts everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// A client of this sink with default settings. Made inside a tokio runtime, it works there; see the
    /// [module](super).
    pub fn client(&self) -> AxonPush {
        // The settings are complete, so this does not fail; if it did, a client that does nothing fails the test.
        self.builder().build().unwrap_or_else(|_| AxonPush::disabled())
    }

    /// The settings of a client of this sink. Its key and address don't matter, and the environment is not read.
    pub fn builder(&self) -> AxonPushBuilder {
        AxonPush::builder()
            .api_key("ak_in_memory")
            .base_url("http://localhost")
            .memory(InMemory::new(Arc::new(self.clone())))
    }

    /// Says how the next attempt ends; called again, how the one after it does.
    pub fn answer(&self, answer: Answer) {
        self.state().script.push_back(answer);
    }

    /// Says how every attempt ends that is not scripted by [`answer`](Self::answer).
    pub fn always(&self, answer: Answer) {
        self.state().always = Some(answer);
    }

    /// Forgets what was scripted, and accepts everything from now on.
    pub fn accept_all(&self) {
        let mut state = self.state();
        state.script.clear();
        state.always = None;
    }

    /// Every event that was taken, in order of arrival.
    pub fn events(&self) -> Vec<SentEvent> {
        self.state().events.clone()
    }

    /// Begins to ask for events of this name. Flush or shut down the client first: what waits has not arrived.
    pub fn expect(&self, identifier: &str) -> Expectation {
        Expectation::new(identifier, self.events())
    }

    /// Requests that were begun, retries included.
    pub fn attempts(&self) -> usize {
        self.state().attempts
    }

    /// The most requests that were open at once.
    pub fn most_at_once(&self) -> usize {
        self.state().most_open
    }

    /// Events that came again, and were not kept again.
    pub fn duplicates(&self) -> usize {
        self.state().duplicates
    }

    /// Forgets every event and count; answers stay as they are.
    pub fn clear(&self) {
        let mut state = self.state();
        *state = State {
            script: std::mem::take(&mut state.script),
            always: state.always.take(),
            open: state.open,
            ..State::default()
        };
    }

    /// Begins an attempt, and says how it is to end.
    pub(super) fn begin(&self) -> (Open, Answer) {
        let mut state = self.state();
        state.attempts += 1;
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        let scripted = state.script.pop_front().or_else(|| state.always.clone());
        (Open(self.clone()), scripted.unwrap_or_else(Answer::accept))
    }

    /// Keeps events, by their bodies.
    pub(super) fn keep(&self, bodies: &[Bytes]) {
        self.state().take(bodies);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, bodies: &[Bytes]) {
        for body in bodies {
            let event = serde_json::from_slice(body).unwrap_or(Value::Null);
            let event = SentEvent(event);
            if event.text("/dedupKey").is_some_and(|key| !self.keys.insert(key.to_owned())) {
                self.duplicates += 1;
            } else {
                self.events.push(event);
            }
        }
    }
}

/// A request under way. One that is given up counts no more.
pub(super) struct Open(MemorySink);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state().open -= 1;
    }
}

impl FarEnd for MemorySink {
    fn exchange(&self, request: &Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        if request.events.is_empty() {
            return Box::pin(std::future::ready(no_queries()));
        }
        let (open, answer) = self.begin();
        let (events, single) = (request.events.clone(), request.path == "/event");
        Box::pin(async move {
            if !answer.after.is_zero() {
                tokio::time::sleep(answer.after).await;
            }
            if answer.takes {
                open.0.keep(&events);
            }
            match answer.ending {
                Ending::Receipt => receipt(single, open.0.state().attempts),
                Ending::Reply(reply) => reply,
                Ending::Never => std::future::pending().await,
            }
        })
    }
}

fn receipt(single: bool, number: usize) -> Reply {
    let body = if single { format!(r#"{{"eventId":"memory-{number}","status":"queued"}}"#) } else { "{}".to_owned() };
    Reply::Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into() }
}

fn no_queries() -> Reply {
    let body = r#"{"detail":"a MemorySink keeps events and answers nothing else: read MemorySink::events"}"#;
    Reply::Answer {
        status: StatusCode::NOT_IMPLEMENTED,
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
    }
}

impl fmt::Debug for MemorySink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MemorySink")
            .field("events", &state.events.len())
            .field("attempts", &state.attempts)
            .finish_non_exhaustive()
    }
}
