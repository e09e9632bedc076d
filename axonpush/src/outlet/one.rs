//! One sink, at work.

use std::{sync::Arc, thread};

use super::{
    OutletPolicy,
    settle::Settling,
    state::{End, Shared, Thread},
    worker,
};
use crate::{context::suppress, event::record::Lane, outlet::intake::Header, queue::WhenFull};

/// A sink with its queue, its books and, once it is needed, its thread.
pub(super) struct Outlet {
    pub(super) shared: Arc<Shared>,
}

impl Outlet {
    pub(super) fn new(policy: &OutletPolicy, speaker: Arc<Vec<u8>>) -> Self {
        Self { shared: Arc::new(Shared::new(policy, speaker)) }
    }

    /// Puts a record in the queue, and wakes nobody for it. Only one caller at a time does.
    pub(super) fn offer(&self, header: &Header, record: &[u8]) {
        let Header { severity, accepted_at, .. } = *header;
        let _what_became_of_it_stands_in_the_books =
            self.shared.queue.offer(severity, Lane::Event, accepted_at, record, WhenFull::ApplyPolicy);
    }

    /// Wakes the thread, if it waits for as much as there is now.
    pub(super) fn ring(&self) {
        if self.shared.ring() {
            self.start();
        }
    }

    pub(super) fn begin_flush(&self) -> Settling {
        let settling = Settling::new(&self.shared, false);
        self.start_if_needed();
        self.shared.tell(|control| control.hurry = true);
        settling
    }

    pub(super) fn begin_shutdown(&self) -> Settling {
        self.shared.queue.close();
        let settling = Settling::new(&self.shared, true);
        self.start_if_needed();
        self.shared.end(End::Closing);
        settling
    }

    /// A thread that could not be started gets another chance when somebody waits for it.
    fn start_if_needed(&self) {
        if self.shared.queue.tally().queued > 0 {
            self.start();
        }
    }

    /// Starts the thread, if there is none yet.
    fn start(&self) {
        let mut control = self.shared.control();
        if control.thread != Thread::NotStarted {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let named = thread::Builder::new().name(format!("axonpush-{}", self.shared.name));
        // What starting a thread makes others log is our own doing.
        match suppress::while_working(|| named.spawn(move || worker::run(&shared))) {
            Ok(_) => control.thread = Thread::Running,
            Err(error) => {
                drop(control);
                self.shared.remember(error);
            }
        }
    }
}

impl Drop for Outlet {
    // Whoever wants its records written shuts it down first; that goes on by itself.
    fn drop(&mut self) {
        self.shared.queue.close();
        if self.shared.control().end == End::Open {
            self.shared.end(End::GivenUp);
        }
    }
}
