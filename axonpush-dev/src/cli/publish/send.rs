//! One event on its way, as often as it makes sense.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::remote::{Target, explain, reason};

/// Why an event was not taken.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) why: String,
    /// Whether every other event would be refused for the same reason.
    pub(super) is_final: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    event_id: Option<Value>,
    id: Option<Value>,
}

/// Publishes a body and returns the id of the event.
pub(super) async fn send(target: &Target, body: Bytes) -> Result<String, Refused> {
    let mut delays = DELAYS.into_iter();
    loop {
        let request = target
            .request(Method::POST, "/event", &[])
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.clone());
        let (refused, asked) = match request.send().await {
            Ok(response) => {
                let status = response.status();
                let asked = retry_after(response.headers());
                match response.bytes().await {
                    Ok(answer) if status.is_success() => return Ok(id(&answer)),
                    Ok(answer) => {
                        let why = explain(status, &answer);
                        if !is_transient(status) {
                            return Err(Refused { why, is_final: is_final(status) });
                        }
                        (Refused { why, is_final: false }, asked)
                    }
                    Err(error) => (Refused { why: reason(&error), is_final: false }, None),
                }
            }
            // Without a server there, the next line would wait as long in vain.
            Err(error) => (Refused { why: reason(&error), is_final: error.is_connect() }, None),
        };
        let Some(delay) = delays.next() else { return Err(refused) };
        tokio::time::sleep(asked.map_or(delay, |asked| asked.min(LONGEST_ASKED))).await;
    }
}

/// The id, from whichever generation of servers; an answer without one was a yes all the same.
fn id(answer: &[u8]) -> String {
    let receipt = serde_json::from_slice(answer).ok();
    match receipt.and_then(|Receipt { event_id, id }| event_id.or(id)) {
        Some(Value::String(id)) => id,
        Some(id) => id.to_string(),
        None => "published".to_owned(),
    }
}

fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

fn is_final(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
        || status.is_redirection()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The contract's, as far as somebody at a terminal wants to wait.
const DELAYS: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

const LONGEST_ASKED: Duration = Duration::from_secs(10);
