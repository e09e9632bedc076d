//! A request on its way, with the records it carries.

use std::time::{Duration, Instant};

use crate::{clock, event::record::Lane, queue::Ticket, retry::Verdict, transport::Request};

/// A success that confirms nothing may be a proxy's passing mood; so many more attempts are made.
const UNCONFIRMED_RETRIES: u32 = 3;

/// A record in flight. Its body goes back to the queue's pool when it has arrived.
#[derive(Debug)]
pub(super) struct Passenger {
    pub(super) seq: u64,
    pub(super) body: Vec<u8>,
}

/// A request that is sent as often as it takes, with the same bytes.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) lane: Lane,
    pub(super) passengers: Vec<Passenger>,
    pub(super) request: Request,
    /// When its oldest record has been tried for long enough.
    pub(super) expires: Instant,
    pub(super) attempts: u32,
    /// Attempts that were answered with a success that confirms nothing.
    pub(super) unconfirmed: u32,
    /// When the next attempt may begin.
    pub(super) not_before: Instant,
}

impl Flight {
    /// A flight of `tickets`, which are not empty; `request` makes the request of their bodies.
    pub(super) fn new(
        lane: Lane,
        tickets: Vec<Ticket>,
        deadline: Duration,
        now: Instant,
        request: impl FnOnce(&[Passenger]) -> Request,
    ) -> Self {
        let oldest = tickets.iter().map(|ticket| ticket.record.accepted_at).min().unwrap_or(now);
        let passengers: Vec<_> =
            tickets.into_iter().map(|ticket| Passenger { seq: ticket.seq, body: ticket.record.body }).collect();
        let request = request(&passengers);
        Self {
            lane,
            passengers,
            request,
            expires: clock::after(oldest, deadline),
            attempts: 0,
            unconfirmed: 0,
            not_before: now,
        }
    }

    /// Whether an attempt that ended this way was the last one, of the whole and of its parts.
    pub(super) fn ends_with(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::GiveUp(_) => true,
            Verdict::Split => self.passengers.len() == 1,
            Verdict::Unconfirmed => self.unconfirmed == UNCONFIRMED_RETRIES,
            Verdict::Retry(_) => false,
        }
    }

    /// Two flights of half the records each, for a server that found this one too large.
    pub(super) fn split(mut self, now: Instant, request: impl Fn(&[Passenger]) -> Request) -> [Self; 2] {
        let second = self.passengers.split_off(self.passengers.len() / 2);
        let make = |passengers: Vec<Passenger>| Self {
            lane: self.lane,
            request: request(&passengers),
            passengers,
            expires: self.expires,
            attempts: self.attempts,
            unconfirmed: 0,
            not_before: now,
        };
        let first = std::mem::take(&mut self.passengers);
        [make(first), make(second)]
    }

    /// The bodies.
    pub(super) fn into_bodies(self) -> impl Iterator<Item = (u64, Vec<u8>)> {
        self.passengers.into_iter().map(|passenger| (passenger.seq, passenger.body))
    }
}
