//! What the server says to a published event.

use serde::Deserialize;

use super::EventId;
use crate::error::{Error, Kind};

/// The answer to a published event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    event_id: Option<EventId>,
    status: String,
    deferred: bool,
}

impl Receipt {
    /// The server's id of the event; absent when it was deferred or the client is disabled.
    pub fn event_id(&self) -> Option<&EventId> {
        self.event_id.as_ref()
    }

    /// The server's word for where the event stands, commonly `queued`; `deferred` or `disabled` when no server was
    /// reached.
    pub fn status(&self) -> &str {
        &self.status
    }

    /// The server could not be reached and the event waits in the background queue (see
    /// [`fail_open`](crate::AxonPushBuilder::fail_open)). Its fate shows in [`Stats`](crate::Stats).
    pub fn is_deferred(&self) -> bool {
        self.deferred
    }

    pub(crate) fn deferred() -> Self {
        Self { event_id: None, status: "deferred".to_owned(), deferred: true }
    }

    pub(crate) fn disabled() -> Self {
        Self { event_id: None, status: "disabled".to_owned(), deferred: false }
    }

    /// Reads the body of a 2xx. Servers of three eras are understood: the id is `eventId` or `id`, a string or an
    /// integer, and a missing status next to `queued: true` means queued.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "eventId")]
            event_id: Option<EventId>,
            id: Option<EventId>,
            status: Option<String>,
            queued: Option<bool>,
        }
        let unconfirmed = || {
            Error::new(
                Kind::Response,
                format!(
                    "the server answered success, but its body ({} bytes) names no event id; \
                     is AXONPUSH_BASE_URL the address of an AxonPush server?",
                    body.len(),
                ),
            )
        };
        let parsed: Body = serde_json::from_slice(body).map_err(|error| unconfirmed().with_source(error))?;
        let event_id = parsed.event_id.or(parsed.id).filter(|id| !id.as_str().is_empty()).ok_or_else(unconfirmed)?;
        let status = match (parsed.status, parsed.queued) {
            (Some(status), _) => status,
            (None, Some(true)) => "queued".to_owned(),
            (None, _) => "accepted".to_owned(),
        };
        Ok(Self { event_id: Some(event_id), status, deferred: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_of_every_era_are_read() {
        for (body, id, status) in [
            (r#"{"eventId":"e-1","status":"queued"}"#, "e-1", "queued"),
            (r#"{"eventId":"e-1","status":"stored","$schema":"x","new":{}}"#, "e-1", "stored"),
            (r#"{"id":"e-2","eventId":"e-2","identifier":"x","queued":true}"#, "e-2", "queued"),
            (r#"{"id":17,"identifier":"x","createdAt":"2024-01-01"}"#, "17", "accepted"),
        ] {
            let receipt = Receipt::parse(body.as_bytes()).unwrap();
            assert_eq!((receipt.event_id().unwrap().as_str(), receipt.status()), (id, status));
        }
    }

    #[test]
    fn a_success_that_names_no_event_confirms_nothing() {
        for body in ["", "<html>Welcome</html>", "{}", "[]", r#"{"eventId":""}"#, r#"{"eventId":null}"#, "null"] {
            let error = Receipt::parse(body.as_bytes()).unwrap_err();
            assert!(error.is_unconfirmed() && error.is_retryable(), "{body}");
        }
    }
}
