//! Requests under way, and those to come: which begins when, and what its answer means.
//!
//! The endpoint's health decides how many may be under way; this room keeps the flights and settles the books.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::task::{Id, JoinError, JoinSet};

use super::{batcher::Batcher, complaints::Complaints, flight::Flight, state::Shared};
use crate::{
    clock,
    error::Error,
    event::record::Lane,
    loss::LossReason,
    queue::Ticket,
    retry::{BreakerState, Endpoint, Failure, Permit, Verdict, classify, wait},
    sink,
    transport::dice,
};

/// While events come, the worker looks for more this much after its last look. Meanwhile nobody has to wake it, which
/// would cost the caller as much as handing hundreds over: an event waits for up to this instead.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// After no event came for so long, the worker sleeps until one does, which wakes it at once.
const AWAKE_FOR: Duration = Duration::from_secs(1);

/// So many events are not left waiting for the next look. Where they come faster than that, the worker hardly sleeps.
const WAKE_AT: usize = 2000;

/// So many are taken out of the queue at once.
const TAKE: usize = 64;

/// How long after a pause the server asked for, or a refused key, nothing is given up for its age: the wait was not
/// the event's fault.
const EXCUSE: Duration = Duration::from_secs(60);

pub(super) struct Deliveries {
    shared: Arc<Shared>,
    endpoint: Endpoint,
    attempts: JoinSet<Result<u64, Error>>,
    /// What each attempt carries, and when it began.
    flying: HashMap<Id, (Flight, Instant)>,
    /// Flights that wait for their first attempt, in order; the endpoint had no room for them.
    ready: VecDeque<Flight>,
    /// Flights that wait for another attempt.
    waiting: Vec<Flight>,
    batcher: Batcher,
    complaints: Complaints,
    urgent: bool,
    /// Whether a pause may still be cut short, once, because there may be no later.
    last_chance: bool,
    /// When to look into the queue again, though nobody wakes the worker.
    look_at: Option<Instant>,
    /// Until then it goes on looking.
    awake_until: Instant,
    /// Before this nothing is given up for its age.
    excused_until: Instant,
}

/// An attempt that ended, by itself or by a panic.
pub(super) type Ended = Result<(Id, Result<u64, Error>), JoinError>;

impl Deliveries {
    pub(super) fn new(shared: Arc<Shared>, now: Instant) -> Self {
        Self {
            endpoint: Endpoint::new(now),
            attempts: JoinSet::new(),
            flying: HashMap::new(),
            ready: VecDeque::new(),
            waiting: Vec::new(),
            batcher: Batcher::new(shared.delivery.batch.clone()),
            complaints: Complaints::default(),
            urgent: false,
            last_chance: false,
            look_at: None,
            awake_until: now,
            excused_until: now,
            shared,
        }
    }

    /// Waits for an attempt to end; `None` when none is under way. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Ended> {
        self.attempts.join_next_with_id().await
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.attempts.is_empty()
    }

    /// Whether requests flow.
    pub(super) fn is_healthy(&self) -> bool {
        self.endpoint.state() == BreakerState::Closed
    }

    /// When to dispatch again, whatever happens; what [`dispatch`](Self::dispatch) answered comes on top.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.look_at.into_iter().chain(self.batcher.next_due()).min()
    }

    /// Lets whatever waits for another attempt make it as soon as nothing is under way; there may be no later.
    pub(super) fn hurry(&mut self) {
        self.last_chance = true;
    }

    /// Whatever waits goes to another server, or with another key, about which nothing bad is known.
    pub(super) fn renewed(&mut self, now: Instant) {
        if !self.is_healthy() {
            self.excused_until = self.excused_until.max(now + EXCUSE);
        }
        self.endpoint = Endpoint::new(now);
        for flight in &mut self.waiting {
            flight.not_before = now;
        }
    }

    /// Ends everything. What attempts have ended by themselves is settled; the rest is handed out.
    pub(super) fn end(mut self) -> Vec<(u64, Vec<u8>)> {
        while let Some(ended) = self.attempts.try_join_next_with_id() {
            self.landed(ended);
        }
        self.attempts.abort_all();
        let batched = self.batcher.all().into_iter().flatten().map(|ticket| (ticket.seq, ticket.record.body));
        let flying = self.flying.drain().map(|(_, (flight, _))| flight);
        let flights = flying.chain(self.ready.drain(..)).chain(self.waiting.drain(..));
        flights.flat_map(Flight::into_bodies).chain(batched).collect()
    }

    /// Begins as much as the endpoint allows, then arranges to be woken for the next. Says when it may go on, where
    /// that is known.
    ///
    /// `urgent`: somebody waits for everything, so that no batch may wait to fill up.
    pub(super) fn dispatch(&mut self, urgent: bool, now: Instant) -> Option<Instant> {
        self.urgent = urgent;
        if self.last_chance && self.attempts.is_empty() {
            self.last_chance = false;
            self.endpoint.hurry(now);
            for flight in &mut self.waiting {
                flight.not_before = now;
            }
        }
        for batch in self.batcher.due(now) {
            self.board(batch, now);
        }
        loop {
            // While nothing flows there is nothing to be woken for: losses are told by the clock, and a probe's answer
            // is an event of its own. Only a probe that finds nothing to send waits for the next event.
            let (room, next, threshold) = match self.endpoint.permit(self.attempts.len(), now) {
                Permit::Begin(room) => (room, None, usize::MAX),
                Permit::Probe => (0, None, if self.probe(now) { usize::MAX } else { 1 }),
                Permit::WaitUntil(until) => (0, Some(until), usize::MAX),
            };
            self.shared.set_breaker(self.endpoint.state());
            if self.endpoint.state() != BreakerState::Closed {
                self.look_at = None;
                if self.shared.queue.arm(threshold) {
                    return next;
                }
                continue;
            }
            let (begun, retry_at) = self.begin_some(room, now);
            let threshold = if begun == room {
                // An attempt that ends is the wake-up.
                self.look_at = None;
                usize::MAX
            } else {
                let awake = now < self.awake_until;
                self.look_at = awake.then_some(now + LOOK_EVERY);
                if awake { WAKE_AT } else { 1 }
            };
            if self.shared.queue.arm(threshold) {
                return retry_at;
            }
        }
    }

    /// Begins up to `room` flights: those that are due again, then those that never left. Says how many, and when the
    /// next retry is due.
    fn begin_some(&mut self, room: usize, now: Instant) -> (usize, Option<Instant>) {
        let mut begun = 0;
        let mut retry_at = None;
        while begun < room {
            let Some(at) = self.waiting.iter().position(|flight| flight.not_before <= now) else { break };
            if let Err(later) = self.endpoint.spend_retry(now) {
                retry_at = Some(later);
                break;
            }
            let flight = self.waiting.swap_remove(at);
            begun += usize::from(self.begin(flight, now));
        }
        while begun < room {
            let Some(flight) = self.next_ready(now) else { break };
            begun += usize::from(self.begin(flight, now));
        }
        let due = self.waiting.iter().map(|flight| flight.not_before).filter(|due| *due > now).min();
        (begun, due.into_iter().chain(retry_at).min())
    }

    /// The next flight that never left, from the backlog or the queue.
    fn next_ready(&mut self, now: Instant) -> Option<Flight> {
        while self.ready.is_empty() {
            let taken = self.shared.queue.take(TAKE);
            if taken.is_empty() {
                // Somebody waits for everything, and nothing is left that could still join a batch.
                if self.urgent {
                    for batch in self.batcher.all() {
                        self.board(batch, now);
                    }
                }
                break;
            }
            self.awake_until = now + AWAKE_FOR;
            for ticket in taken {
                match ticket.record.lane {
                    Lane::Event => self.ready.push_back(self.flight(Lane::Event, vec![ticket], now)),
                    Lane::Logs | Lane::Spans => {
                        if let Some(batch) = self.batcher.push(ticket, now) {
                            self.board(batch, now);
                        }
                    }
                }
            }
        }
        self.ready.pop_front()
    }

    fn board(&mut self, batch: Vec<Ticket>, now: Instant) {
        let lane = batch.first().map(|ticket| ticket.record.lane).unwrap_or_default();
        let flight = self.flight(lane, batch, now);
        self.ready.push_back(flight);
    }

    fn flight(&self, lane: Lane, tickets: Vec<Ticket>, now: Instant) -> Flight {
        let delivery = &self.shared.delivery;
        Flight::new(lane, tickets, *self.shared.retry.delivery_deadline, now, |passengers| {
            sink::request(lane, passengers.iter().map(|passenger| &*passenger.body), delivery.otlp())
        })
    }

    /// Sends one flight to see whether the server is back. `false`: there is none.
    fn probe(&mut self, now: Instant) -> bool {
        let oldest = self.waiting.iter().enumerate().min_by_key(|(_, flight)| flight.expires).map(|(at, _)| at);
        loop {
            let flight = match oldest.filter(|at| *at < self.waiting.len()) {
                Some(at) => self.waiting.swap_remove(at),
                None => match self.next_ready(now) {
                    Some(flight) => flight,
                    None => return false,
                },
            };
            if self.is_expired(&flight, now) {
                self.lose(flight, LossReason::Expired);
            } else {
                self.endpoint.probing(now);
                return self.begin(flight, now);
            }
        }
    }

    /// Sends a flight, unless it has been tried for long enough.
    fn begin(&mut self, mut flight: Flight, now: Instant) -> bool {
        if self.is_expired(&flight, now) {
            self.lose(flight, LossReason::Expired);
            return false;
        }
        flight.attempts += 1;
        if flight.attempts > 1 {
            self.shared.retried.fetch_add(flight.passengers.len() as u64, Ordering::Relaxed);
        }
        let shared = Arc::clone(&self.shared);
        let (lane, request, count) = (flight.lane, flight.request.clone(), flight.passengers.len());
        let task = self.attempts.spawn(async move {
            let transport = shared.transport.load_full();
            let body = transport.attempt(&request, transport.attempt_timeout()).await?;
            sink::rejected(lane, &body, count, shared.delivery.otlp())
        });
        self.flying.insert(task.id(), (flight, now));
        true
    }

    /// Enters how an attempt ended.
    pub(super) fn landed(&mut self, ended: Ended) {
        let now = clock::now();
        let (id, result) = match ended {
            Ok(ended) => ended,
            Err(panicked) => {
                if let Some((flight, begun)) = self.flying.remove(&panicked.id()) {
                    self.endpoint.answered(begun);
                    self.lose(flight, LossReason::Internal);
                }
                return;
            }
        };
        let Some((flight, begun)) = self.flying.remove(&id) else { return };
        match result {
            Ok(rejected) => {
                self.endpoint.answered(begun);
                self.deliver(flight, rejected, now);
            }
            Err(error) => {
                let verdict = classify(&error);
                let lost = if flight.ends_with(verdict) { flight.passengers.len() } else { 0 };
                self.complaints.about(&error, lost, now);
                self.shared.remember(error);
                self.failed(flight, verdict, begun, now);
            }
        }
    }

    fn failed(&mut self, mut flight: Flight, verdict: Verdict, begun: Instant, now: Instant) {
        match verdict {
            Verdict::Retry(failure) => {
                self.endpoint.failed(failure, begun, now, dice());
                let asked = !matches!(failure, Failure::Transient { asked: None });
                if let (true, Permit::WaitUntil(until)) = (asked, self.endpoint.permit(0, now)) {
                    self.excused_until = until + EXCUSE;
                }
                self.again(flight, now);
            }
            Verdict::Unconfirmed => {
                self.endpoint.answered(begun);
                if flight.ends_with(verdict) {
                    self.lose(flight, LossReason::BadResponse);
                } else {
                    flight.unconfirmed += 1;
                    self.again(flight, now);
                }
            }
            Verdict::Split if !flight.ends_with(verdict) => {
                self.endpoint.answered(begun);
                let (lane, otlp) = (flight.lane, self.shared.delivery.otlp());
                let halves = flight.split(now, |passengers| {
                    sink::request(lane, passengers.iter().map(|passenger| &*passenger.body), otlp)
                });
                self.waiting.extend(halves);
            }
            Verdict::Split => {
                self.endpoint.answered(begun);
                self.lose(flight, LossReason::Rejected);
            }
            Verdict::GiveUp(reason) => {
                self.endpoint.answered(begun);
                self.lose(flight, reason);
            }
        }
    }

    /// Keeps a flight for another attempt, unless none would be in time.
    fn again(&mut self, mut flight: Flight, now: Instant) {
        flight.not_before = now + wait(flight.attempts.saturating_sub(1) as usize, dice());
        if self.is_expired(&flight, flight.not_before) {
            self.lose(flight, LossReason::Expired);
        } else {
            self.waiting.push(flight);
        }
    }

    /// Whether a flight has been tried for long enough by then.
    fn is_expired(&self, flight: &Flight, by: Instant) -> bool {
        by >= flight.expires && by >= self.excused_until
    }

    fn deliver(&mut self, flight: Flight, rejected: u64, now: Instant) {
        // A server that took some of a batch does not say which; the counts are what can be right.
        let mut bodies = flight.into_bodies();
        for (seq, body) in bodies.by_ref().take(usize::try_from(rejected).unwrap_or(usize::MAX)) {
            self.shared.queue.lost(seq, LossReason::Rejected, body);
        }
        self.shared.queue.delivered(now, &mut bodies);
    }

    fn lose(&mut self, flight: Flight, reason: LossReason) {
        for (seq, body) in flight.into_bodies() {
            self.shared.queue.lost(seq, reason, body);
        }
    }
}
