//! The events of one request that brings many.

use http::StatusCode;

use crate::event::EventBody;
use crate::problem::Problem;
use crate::store::{Delivery, NewEvent};

/// Takes events in, as long as they stay within reason.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    delivery: Delivery<'a>,
    events: Vec<NewEvent>,
    bytes: u64,
}

impl<'a> Batch<'a> {
    pub(super) fn new(delivery: Delivery<'a>) -> Self {
        Self { delivery, events: Vec::new(), bytes: 0 }
    }

    /// # Errors
    /// 413 for more than there may be. A request says once what all of its records have in common, and each event has it.
    pub(super) fn add(&mut self, event: &EventBody) -> Result<(), Problem> {
        let event = self.delivery.event(event);
        self.bytes += event.body_len();
        if self.bytes > MAX_BYTES || self.events.len() == MAX_EVENTS {
            let detail = format!(
                "the batch becomes more than {MAX_EVENTS} events, or of more than {} MiB; send smaller ones",
                MAX_BYTES >> 20
            );
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        self.events.push(event);
        Ok(())
    }

    pub(super) fn into_events(self) -> Vec<NewEvent> {
        self.events
    }
}

/// More than any exporter sends at once, and as many as fit into memory comfortably.
const MAX_EVENTS: usize = 65_536;

/// So many events of two kilobytes each.
const MAX_BYTES: u64 = 128 << 20;
