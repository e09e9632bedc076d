//! The deliveries under way, and a fair share of the room and of the sockets for each endpoint.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

use super::delivery::{Delivery, Note, note_all};
use super::turns::Turns;
use crate::state::Shared;

/// What is under way.
pub(super) struct Round {
    shared: Arc<Shared>,
    client: reqwest::Client,
    /// Each returns whose it was and how many bytes it had.
    deliveries: JoinSet<(String, usize)>,
    bytes: usize,
    sockets: Arc<Semaphore>,
    /// By endpoint, for those that have deliveries.
    shares: HashMap<String, Share>,
}

/// What one endpoint has of it.
struct Share {
    deliveries: usize,
    bytes: usize,
    sockets: Arc<Semaphore>,
}

impl Round {
    pub(super) fn new(shared: Arc<Shared>) -> Option<Self> {
        let client = reqwest::Client::builder().redirect(Policy::none()).timeout(ATTEMPT_TIMEOUT).no_proxy().build();
        Some(Self {
            shared,
            // There is always one, unless TLS finds nothing on this machine to work with.
            client: client.ok()?,
            deliveries: JoinSet::new(),
            bytes: 0,
            sockets: Arc::new(Semaphore::new(MAX_AT_ONCE)),
            shares: HashMap::new(),
        })
    }

    /// Takes new ones, unless their endpoint has as much as there is room left: whoever comes next finds room, too.
    pub(super) async fn take(&mut self, due: Vec<Delivery>) {
        let mut refused = Vec::new();
        for delivery in due {
            let share = self.shares.get(delivery.endpoint_id());
            let (own, own_bytes) = share.map_or((0, 0), |share| (share.deliveries, share.bytes));
            refused.extend(self.take_beside(delivery, own, own_bytes));
        }
        self.refuse(refused).await;
    }

    /// Takes one that had its room before, as long as there is any.
    pub(super) async fn resume(&mut self, delivery: Delivery) {
        let refused = self.take_beside(delivery, 0, 0);
        self.refuse(refused.into_iter().collect()).await;
    }

    async fn refuse(&self, refused: Vec<(String, Note)>) {
        if !refused.is_empty() {
            let _ = note_all(&self.shared, refused).await;
        }
    }

    /// Leaves as much room free as that. What has no room is given back, and what is to be noted of it.
    fn take_beside(&mut self, delivery: Delivery, free: usize, free_bytes: usize) -> Option<(String, Note)> {
        while let Some(done) = self.deliveries.try_join_next() {
            self.forget(done);
        }
        let size = delivery.body.len();
        if self.deliveries.len() + free >= MAX_WAITING || self.bytes + free_bytes + size > MAX_WAITING_BYTES {
            let error = "too many deliveries wait already".to_owned();
            let failed = Note { error: Some(error), ..Note::new("failed", delivery.attempts) };
            return Some((delivery.id, failed));
        }
        let endpoint = delivery.endpoint_id().to_owned();
        self.bytes += size;
        let share = self.shares.entry(endpoint.clone()).or_insert_with(Share::new);
        share.deliveries += 1;
        share.bytes += size;
        let turns = Turns { own: Arc::clone(&share.sockets), all: Arc::clone(&self.sockets) };
        let run = delivery.run(Arc::clone(&self.shared), self.client.clone(), turns);
        self.deliveries.spawn(async move {
            run.await;
            (endpoint, size)
        });
        None
    }

    /// Waits for one of them to end; for ever when there is none.
    pub(super) async fn end(&mut self) {
        match self.deliveries.join_next().await {
            Some(done) => self.forget(done),
            None => std::future::pending().await,
        }
    }

    fn forget(&mut self, done: Result<(String, usize), JoinError>) {
        let Ok((endpoint, size)) = done else { return };
        self.bytes -= size;
        if let Some(share) = self.shares.get_mut(&endpoint) {
            share.deliveries -= 1;
            share.bytes -= size;
            if share.deliveries == 0 {
                self.shares.remove(&endpoint);
            }
        }
    }
}

impl Share {
    fn new() -> Self {
        Self { deliveries: 0, bytes: 0, sockets: Arc::new(Semaphore::new(MAX_AT_ONCE_EACH)) }
    }
}

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// Webhooks must not take every socket.
const MAX_AT_ONCE: usize = 8;

/// An endpoint that is slow must not take those of the others.
const MAX_AT_ONCE_EACH: usize = 2;

/// How many deliveries may wait for their turn or their next attempt. One endpoint alone gets half of it.
const MAX_WAITING: usize = 2_000;

/// How many bytes they may have together.
const MAX_WAITING_BYTES: usize = 64 << 20;
