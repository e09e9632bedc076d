//! AxonPush's single-event lane: one `POST /event` per record.

use bytes::Bytes;
use tokio::sync::watch;

use crate::{
    error::Error,
    event::Receipt,
    retry::Retry,
    transport::{Request, Transport},
};

/// Where events are published.
const PATH: &str = "/event";

/// Sends one encoded event and reads the server's receipt.
pub(crate) async fn publish(
    transport: &Transport,
    what: &'static str,
    body: Bytes,
    retry: Retry,
    hurry: watch::Receiver<bool>,
) -> Result<Receipt, Error> {
    transport.send(&Request::post(what, PATH, body), retry, hurry, Receipt::parse).await
}
