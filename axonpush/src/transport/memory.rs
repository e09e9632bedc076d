//! A wire that ends in memory, for tests: the same requests, the same reading of answers, no socket.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::runtime::Handle;

use super::{Request, problem};
use crate::error::{Error, Kind};

/// What takes requests and answers them.
pub(crate) trait FarEnd: Send + Sync {
    fn exchange(&self, request: &Request) -> Pin<Box<dyn Future<Output = Reply> + Send>>;
}

/// How an attempt ends.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer { status: StatusCode, headers: HeaderMap, body: Bytes },
    NoConnection,
}

/// A far end, and the runtime that requests to it run on.
#[derive(Clone)]
pub(crate) struct InMemory {
    far_end: Arc<dyn FarEnd>,
    host: Option<Handle>,
}

impl InMemory {
    /// Inside a runtime, that one hosts everything: its clock, paused or not, is the client's.
    pub(crate) fn new(far_end: Arc<dyn FarEnd>) -> Self {
        Self { far_end, host: Handle::try_current().ok() }
    }

    pub(super) fn host(&self) -> Option<&Handle> {
        self.host.as_ref()
    }

    /// Sends `request` once, and reads the answer as one from the network.
    pub(super) async fn attempt(&self, request: &Request, timeout: Duration) -> Result<Bytes, Error> {
        let Ok(reply) = tokio::time::timeout(timeout, self.far_end.exchange(request)).await else {
            return Err(Error::new(Kind::Timeout, "the server did not answer in time"));
        };
        match reply {
            Reply::Answer { status, body, .. } if status.is_success() => Ok(body),
            Reply::Answer { status, headers, .. } if status.is_redirection() => {
                Err(problem::redirect(status, &headers))
            }
            Reply::Answer { status, headers, body } => Err(problem::read(status, &headers, &body)),
            Reply::NoConnection => Err(Error::new(Kind::Connect, "no connection to the server: refused by the test")),
        }
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").finish_non_exhaustive()
    }
}
