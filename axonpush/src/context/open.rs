//! Requests that are under way: how many, which, and since when.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::sync::Notify;

use super::{RequestContext, RequestContextBuilder};
use crate::clock;

/// Locks that requests are spread over, so that those of many threads seldom meet.
const SHARDS: usize = 16;

/// A request under way, as everybody around it sees it: a handle of its context, which knows the rest.
#[derive(Debug, Clone)]
pub(crate) struct OpenRequest(RequestContext);

/// What the context of an HTTP request knows of it.
#[derive(Debug)]
pub(super) struct Opened {
    method: &'static str,
    started: Instant,
    route: OnceLock<Box<str>>,
    /// 0 until the headers went out.
    status: AtomicU16,
}

impl OpenRequest {
    pub(crate) fn new(context: RequestContextBuilder, method: &'static str, started: Instant) -> Self {
        Self(context.build_for(Opened { method, started, route: OnceLock::new(), status: AtomicU16::new(0) }))
    }

    pub(crate) fn context(&self) -> &RequestContext {
        &self.0
    }

    pub(crate) fn method(&self) -> &'static str {
        self.0.opened().map_or("_OTHER", |opened| opened.method)
    }

    pub(crate) fn started(&self) -> Instant {
        self.0.opened().map_or_else(clock::now, |opened| opened.started)
    }

    /// The route's template; the first layer to know it has told it to all.
    pub(crate) fn route(&self) -> Option<&str> {
        self.0.opened()?.route.get().map(|route| &**route)
    }

    pub(crate) fn tell_route(&self, route: &str) {
        if let Some(opened) = self.0.opened() {
            opened.route.get_or_init(|| route.into());
        }
    }

    /// The status of the response, once its headers went out.
    pub(crate) fn status(&self) -> Option<u16> {
        Some(self.0.opened()?.status.load(Ordering::Relaxed)).filter(|status| *status > 0)
    }

    pub(crate) fn tell_status(&self, status: u16) {
        if let Some(opened) = self.0.opened() {
            opened.status.store(status, Ordering::Relaxed);
        }
    }
}

/// All requests under way of one client.
pub(crate) struct OpenRequests {
    count: AtomicUsize,
    next: AtomicUsize,
    shards: [Mutex<Shard>; SHARDS],
    none: Notify,
}

#[derive(Default)]
struct Shard {
    places: Vec<Option<OpenRequest>>,
    free: Vec<usize>,
}

/// Where a request is listed.
#[derive(Debug)]
pub(crate) struct Place {
    shard: usize,
    at: usize,
}

impl OpenRequests {
    pub(crate) fn begin(&self, request: OpenRequest) -> Place {
        self.count.fetch_add(1, Ordering::Relaxed);
        let shard = self.next.fetch_add(1, Ordering::Relaxed);
        let mut places = self.lock(shard);
        let at = places.free.pop().unwrap_or(places.places.len());
        match places.places.get_mut(at) {
            Some(place) => *place = Some(request),
            None => places.places.push(Some(request)),
        }
        Place { shard, at }
    }

    pub(crate) fn end(&self, place: &Place) {
        let mut places = self.lock(place.shard);
        let ended = places.places.get_mut(place.at).and_then(Option::take);
        places.free.push(place.at);
        drop(places);
        drop(ended);
        if self.count.fetch_sub(1, Ordering::Release) == 1 {
            self.none.notify_waiters();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Ready when none is under way.
    pub(crate) async fn ended(&self) {
        loop {
            // Made before the look, so that an end right after it is not missed.
            let ended = self.none.notified();
            if self.len() == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Those under way now, oldest first.
    pub(crate) fn list(&self) -> Vec<OpenRequest> {
        let mut open: Vec<_> = (0..SHARDS)
            .flat_map(|shard| self.lock(shard).places.iter().flatten().cloned().collect::<Vec<_>>())
            .collect();
        open.sort_by_key(OpenRequest::started);
        open
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for OpenRequests {
    fn default() -> Self {
        Self {
            count: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            shards: std::array::from_fn(|_| Mutex::default()),
            none: Notify::new(),
        }
    }
}

impl fmt::Debug for OpenRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenRequests").field("count", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_listed_while_they_are_under_way_oldest_first() {
        let open = OpenRequests::default();
        let begin = || {
            let request = OpenRequest::new(RequestContext::builder(), "GET", clock::now());
            (request.context().request_id().clone(), open.begin(request))
        };
        let mut all: Vec<_> = (0..100).map(|_| begin()).collect();
        assert_eq!(open.len(), 100);
        for (_, place) in all.drain(20..70) {
            open.end(&place);
        }
        all.extend((0..3).map(|_| begin()));
        let listed: Vec<_> = open.list().iter().map(|request| request.context().request_id().clone()).collect();
        assert_eq!(listed, all.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>());
        for (_, place) in all {
            open.end(&place);
        }
        assert!(open.len() == 0 && open.list().is_empty());
    }
}
