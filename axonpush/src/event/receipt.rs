//! What the server says to a published event.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::{
    EventId,
    json::{
        self,
        read::{first_text, is_yes, text},
    },
};
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

    /// Whether the body of a 2xx names the stored event.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub(crate) fn confirm(body: &[u8]) -> Result<(), Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Usual<'a> {
            #[serde(borrow)]
            event_id: Cow<'a, str>,
        }
        // A list would be read as the fields in their order.
        let usual = json::is_object(body).then(|| serde_json::from_slice::<Usual<'_>>(body));
        match usual {
            Some(Ok(usual)) if !usual.event_id.trim().is_empty() => Ok(()),
            _ => Self::parse(body).map(drop),
        }
    }

    /// Reads the body of a 2xx. Servers of three eras are understood: the id is `eventId` or `id`, a string or an
    /// integer, and a missing status next to `queued: true` means queued.
    ///
    /// A body without an id, an empty one above all, confirms nothing, whatever 2xx it came with: a proxy that answers
    /// for a server that is down says 200 too, and an event that counts as delivered is never sent again. Asking once
    /// more costs nothing, since the dedup key keeps it from being stored twice.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
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
        let parsed: Value = serde_json::from_slice(body).map_err(|error| unconfirmed().with_source(error))?;
        let fields = parsed.as_object().ok_or_else(unconfirmed)?;
        let ids = ["eventId", "id"].into_iter().filter(|name| fields.get(*name).is_some_and(|id| !id.is_boolean()));
        let event_id = first_text(fields, &ids.collect::<Vec<_>>()).ok_or_else(unconfirmed)?;
        let status = match fields.get("status").and_then(text) {
            Some(status) => status,
            None if fields.get("queued").is_some_and(is_yes) => "queued".to_owned(),
            None => "accepted".to_owned(),
        };
        Ok(Self { event_id: Some(EventId::from(event_id)), status, deferred: false })
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
            (r#"{"eventId":"e-3","status":1}"#, "e-3", "1"),
            (r#"{"eventId":"e-3","queued":1,"status":null}"#, "e-3", "queued"),
            (r#"{"eventId":"e-3","queued":"no","status":{"code":1}}"#, "e-3", "accepted"),
            (r#"{"eventId":"","id":"x","status":"queued"}"#, "x", "queued"),
            (r#"{"eventId":null,"id":"x"}"#, "x", "accepted"),
            (r#"{"eventId":[],"id":-1,"id":4}"#, "4", "accepted"),
        ] {
            let receipt = Receipt::parse(body.as_bytes()).unwrap();
            Receipt::confirm(body.as_bytes()).unwrap();
            assert_eq!((receipt.event_id().unwrap().as_str(), receipt.status()), (id, status));
        }
    }

    #[test]
    fn a_success_that_names_no_event_confirms_nothing() {
        for body in [
            "",
            "<html>Welcome</html>",
            "{}",
            "[]",
            r#"["e-1"]"#,
            r#"{"eventId":""}"#,
            r#"{"eventId":null}"#,
            "null",
            " \n",
            "true",
            r#"{"id":true}"#,
        ] {
            assert!(Receipt::confirm(body.as_bytes()).unwrap_err().is_unconfirmed());
            let error = Receipt::parse(body.as_bytes()).unwrap_err();
            assert!(error.is_unconfirmed() && error.is_retryable(), "{body}");
        }
    }
}
