//! AxonPush's single-event lane: one `POST /event` per record.

use bytes::Bytes;

use crate::{error::Error, event::Receipt, transport::Request};

/// The request that publishes one encoded event.
pub(crate) fn request(body: Bytes) -> Request {
    Request {
        #[cfg(any(test, feature = "testing"))]
        events: vec![body.clone()],
        ..Request::post("publishing an event", "/event", body)
    }
}

/// Whether the body of a success names the stored event.
pub(super) fn confirm(body: &[u8]) -> Result<(), Error> {
    Receipt::confirm(body)
}
