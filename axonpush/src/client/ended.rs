//! Telling those who only watch a client that it is gone.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use tokio::sync::oneshot;

use super::AxonPush;

/// Lines that break off with the client.
#[derive(Default)]
pub(super) struct Ended(Mutex<Vec<oneshot::Sender<Infallible>>>);

impl AxonPush {
    /// What is ready, and an error, once the last handle is gone; `None` of a disabled client.
    pub(crate) fn ended(&self) -> Option<oneshot::Receiver<Infallible>> {
        let inner = self.0.as_ref()?;
        let (line, ended) = oneshot::channel();
        let mut lines = inner.ended.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| !line.is_closed());
        lines.push(line);
        Some(ended)
    }
}
