//! Following `GET /events/stream`, and taking it up again where it broke off.

use std::time::Duration;

use http::{Method, StatusCode, header};
use serde::Deserialize;

use super::filter::Filter;
use super::sse::{Message, Messages};
use super::{Never, Printer};
use crate::cli::Stop;
use crate::cli::output::complain;
use crate::cli::remote::{Target, explain, reason};

/// A stream that is open.
pub(super) struct Stream {
    response: reqwest::Response,
    messages: Messages,
}

#[derive(Deserialize)]
struct Skipped {
    count: u64,
}

/// Asks for what comes after the event `last`, or from now on. `None` when the server has no such route.
///
/// # Errors
/// When the server can't be reached or refuses.
pub(super) async fn open(target: &Target, filter: &Filter, last: Option<&str>) -> Result<Option<Stream>, Stop> {
    let mut request = target.endless(Method::GET, "/events/stream", &filter.query());
    request = request.header(header::ACCEPT, "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, request.send()).await;
    let response = answer.map_err(|_| unreachable(target, "no answer in time"))?;
    let response = response.map_err(|error| unreachable(target, &reason(&error)))?;
    match response.status() {
        StatusCode::OK => Ok(Some(Stream { response, messages: Messages::default() })),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(None),
        status => {
            let body = response.bytes().await.unwrap_or_default();
            Err(Stop::Failed(format!("{} refused to stream events: {}", target.url(), explain(status, &body))))
        }
    }
}

/// Shows what comes, for ever.
///
/// # Errors
/// When nobody reads the output any more, or enough was shown.
pub(super) async fn follow(target: &Target, mut stream: Stream, printer: &mut Printer) -> Result<Never, Stop> {
    let mut last = None;
    loop {
        let broken = loop {
            match stream.next().await {
                Ok(message) => show(&message, printer, &mut last)?,
                Err(broken) => break broken,
            }
        };
        complain(&format!("axonpush-dev: the stream broke off ({broken}); connecting again"));
        stream = reopen(target, printer, last.as_deref()).await?;
    }
}

fn show(message: &Message, printer: &mut Printer, last: &mut Option<String>) -> Result<(), Stop> {
    if message.event.as_deref() == Some("skipped") {
        let count = serde_json::from_str(&message.data).ok().map(|Skipped { count }| count);
        return printer.skipped(count);
    }
    if let Some(id) = &message.id {
        last.replace(id.clone());
    }
    printer.event(&message.data)
}

/// Tries until the server is there again, and tells when the reason why it is not changes.
async fn reopen(target: &Target, printer: &Printer, last: Option<&str>) -> Result<Stream, Stop> {
    let mut pause = FIRST_PAUSE;
    let mut told = String::new();
    loop {
        tokio::time::sleep(pause).await;
        let why = match open(target, &printer.filter, last).await {
            Ok(Some(stream)) => {
                complain("axonpush-dev: connected again");
                return Ok(stream);
            }
            Ok(None) => format!("{} has no stream of events any more", target.url()),
            Err(Stop::Failed(why)) => why,
            Err(enough @ Stop::Enough) => return Err(enough),
        };
        if why != told {
            complain(&format!("axonpush-dev: {why}; trying on"));
            told = why;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl Stream {
    /// The next message.
    ///
    /// # Errors
    /// Why there will be none.
    async fn next(&mut self) -> Result<Message, String> {
        loop {
            if let Some(message) = self.messages.next() {
                return Ok(message);
            }
            let chunk = tokio::time::timeout(SILENCE, self.response.chunk()).await;
            let chunk = chunk.map_err(|_| "nothing came for 45 seconds".to_owned())?;
            let chunk = chunk.map_err(|error| reason(&error))?.ok_or("the server ended it")?;
            self.messages.push(&chunk)?;
        }
    }
}

fn unreachable(target: &Target, why: &str) -> Stop {
    Stop::Failed(format!(
        "could not reach {}: {why}. Is a server running there? `axonpush-dev` starts one; --url names another; \
         `axonpush-dev doctor` looks closer",
        target.url()
    ))
}

const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A server sends something every 15 seconds, if only to say that it is there.
const SILENCE: Duration = Duration::from_secs(45);

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
