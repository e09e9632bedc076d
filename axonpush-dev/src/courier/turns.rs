//! Whose turn it is to have a socket.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

/// The way to a socket.
pub(super) struct Turns {
    pub(super) own: Arc<Semaphore>,
    pub(super) all: Arc<Semaphore>,
}

impl Turns {
    /// Waits for a socket among the other deliveries to the endpoint, and then among all: at most a few of each
    /// endpoint stand in that line.
    pub(super) async fn socket(&self) -> Option<[SemaphorePermit<'_>; 2]> {
        let own = self.own.acquire().await.ok()?;
        let all = self.all.acquire().await.ok()?;
        Some([own, all])
    }
}
