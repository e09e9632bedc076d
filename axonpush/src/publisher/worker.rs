//! The loop: let deliveries begin, answer questions, tell about losses.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{control::Control, deliveries::Deliveries, losses::Teller, state::Shared, waiter::Waiter};
use crate::{clock, loss::LossReason, sync::mpsc};

/// How often losses are told while they go on.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// The loop and everything it holds between two turns.
pub(super) struct Worker {
    shared: Arc<Shared>,
    deliveries: Deliveries,
    teller: Teller,
    tell_at: Instant,
    chores_at: Option<Instant>,
    flushes: Vec<Waiter>,
    /// Once not empty, the worker is on its way out.
    shutdown: Vec<Waiter>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let now = clock::now();
        Self {
            deliveries: Deliveries::new(Arc::clone(&shared), now),
            teller: Teller::default(),
            tell_at: now,
            chores_at: None,
            flushes: Vec::new(),
            shutdown: Vec::new(),
            shared,
        }
    }

    /// Runs until a shutdown is complete or its deadline passes.
    pub(super) async fn run(mut self, control: &mut mpsc::UnboundedReceiver<Control>) {
        let shared = Arc::clone(&self.shared);
        loop {
            let now = clock::now();
            // Before dispatching: what it tells the server is one more event to send.
            self.tell(now);
            self.chores(now);
            let urgent = !self.flushes.is_empty() || !self.shutdown.is_empty();
            let next_permit = self.deliveries.dispatch(urgent, now);
            self.answer(now);
            if self.is_done(next_permit, now) {
                break self.end(control);
            }
            let timer = self.next_timer(next_permit, now);
            tokio::select! {
                biased;
                Some(control) = control.recv() => self.obey(control),
                Some(ended) = self.deliveries.next() => self.deliveries.landed(ended),
                () = shared.wake.notified() => {}
                () = clock::sleep_until(timer) => {}
            }
        }
    }

    fn obey(&mut self, control: Control) {
        match control {
            Control::Flush(settle) => self.flushes.push(Waiter::new(settle)),
            Control::Shutdown(settle) => {
                self.shutdown.push(Waiter::new(settle));
                // Whoever waits for another attempt makes it now; there may be no later.
                self.deliveries.hurry();
                self.shared.shutdown_at.send_replace(self.shutdown_deadline());
            }
            Control::Renewed => self.deliveries.renewed(clock::now()),
            #[cfg(test)]
            Control::Panic => std::panic::panic_any("asked to"),
        }
    }

    fn chores(&mut self, now: Instant) {
        let lane = self.shared.delivery.lane(true, false);
        let next = self.shared.chores.run(&self.shared.queue, lane, now);
        self.chores_at = next.or(self.chores_at.filter(|at| *at > now));
    }

    fn tell(&mut self, now: Instant) {
        if now >= self.tell_at {
            let healthy = self.deliveries.is_healthy() && self.shutdown.is_empty();
            self.teller.tell(&self.shared.losses, &self.shared.queue, healthy, now);
            self.tell_at = now + TELL_EVERY;
        }
    }

    /// Answers every flush that is over, and every shutdown whose own deadline has passed while others go on.
    fn answer(&mut self, now: Instant) {
        let queue = &self.shared.queue;
        for waiter in self.flushes.extract_if(.., |waiter| waiter.is_over(queue, now)) {
            waiter.answer(queue);
        }
        let last = self.shutdown_deadline();
        for waiter in self.shutdown.extract_if(.., |waiter| waiter.deadline() <= now && Some(waiter.deadline()) < last)
        {
            waiter.answer(queue);
        }
    }

    /// When the last of those who asked for the shutdown stops waiting.
    fn shutdown_deadline(&self) -> Option<Instant> {
        self.shutdown.iter().map(Waiter::deadline).max()
    }

    fn is_done(&self, next_permit: Option<Instant>, now: Instant) -> bool {
        let Some(deadline) = self.shutdown_deadline() else { return false };
        let tally = self.shared.queue.tally();
        let settled = tally.queued + tally.in_flight == 0;
        // Nothing is under way, and nothing may begin before the time is up.
        let hopeless = self.deliveries.is_idle() && next_permit.is_some_and(|next| next >= deadline);
        let calls = self.shared.calls.load(Ordering::Acquire) > 0;
        deadline <= now || ((settled || hopeless) && !calls)
    }

    fn next_timer(&self, next_permit: Option<Instant>, now: Instant) -> Option<Instant> {
        let deadlines = self.flushes.iter().chain(&self.shutdown).map(Waiter::deadline);
        // While events are being lost, someone may want to know.
        let (full, lost) = self.shared.queue.losses();
        let losing = full || self.teller.is_behind(&lost);
        let healthy = self.deliveries.is_healthy() && self.shutdown.is_empty();
        let news = healthy.then(|| self.teller.next_news(&self.shared.losses, &lost, now)).flatten();
        let tell = losing.then_some(now).or(news).map(|at| at.max(self.tell_at).max(now + Duration::from_millis(1)));
        deadlines.chain(next_permit).chain(self.deliveries.next_look()).chain(tell).chain(self.chores_at).min()
    }

    /// Answers everyone who still waits, and writes off what is left.
    fn end(mut self, control: &mut mpsc::UnboundedReceiver<Control>) {
        control.close();
        while let Ok(control) = control.try_recv() {
            self.obey(control);
        }
        let bodies = self.deliveries.end();
        // The reports are of the moment time ran out; what is written off after that is left in them.
        let waiters = self.flushes.drain(..).chain(self.shutdown.drain(..));
        let answers: Vec<_> = waiters.map(|waiter| waiter.close(&self.shared.queue)).collect();
        self.shared.queue.abandon(LossReason::Shutdown, bodies);
        self.teller.tell(&self.shared.losses, &self.shared.queue, false, clock::now());
        for (done, report) in answers {
            // Whoever asked may have stopped waiting.
            let _gone = done.send(report);
        }
    }
}
