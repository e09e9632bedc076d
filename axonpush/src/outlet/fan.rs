//! Handing a record over to all sinks at the price of one: whoever has it leaves it once, and a thread of this room's passes
//! it on.
//!
//! That thread runs no code but ours and does no I/O, so nothing holds it up. Where it is not fast enough, callers who find
//! no room pass on what waits themselves: nothing is lost here. While records come it looks by itself every 10 ms, so that
//! hardly any caller pays for waking it.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

use super::{
    filter::Wants,
    intake::{Batch, Intake, Left},
    one::Outlet,
};
use crate::{clock, context::suppress, event::Severity};

/// Sinks, and where records for them are left. Other settings bring another one.
pub(super) struct Fan {
    pub(super) outlets: Vec<Arc<Outlet>>,
    wants: Wants,
    intake: Mutex<Intake>,
}

/// Passes on what is left at the fan in force.
pub(super) struct Passing {
    fan: ArcSwap<Fan>,
    /// Whoever has this passes on, and nobody else: so each sink gets its records in the order in which they were left.
    turn: Mutex<Batch>,
    control: Mutex<Control>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Control {
    started: bool,
    woken: bool,
    ended: bool,
}

/// While records come, the thread looks for more this much after its last look.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// After no record came for so long, it sleeps until one does.
const AWAKE_FOR: Duration = Duration::from_secs(1);

impl Fan {
    pub(super) fn new(outlets: Vec<Arc<Outlet>>, wants: Wants) -> Self {
        Self { outlets, wants, intake: Mutex::new(Intake::new()) }
    }

    pub(super) fn intake(&self) -> MutexGuard<'_, Intake> {
        self.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passing {
    pub(super) fn new(fan: Fan) -> Arc<Self> {
        let (control, bell) = (Mutex::default(), Condvar::new());
        Arc::new(Self { fan: ArcSwap::from_pointee(fan), turn: Mutex::default(), control, bell })
    }

    /// The fan in force.
    pub(super) fn fan(&self) -> Arc<Fan> {
        self.fan.load_full()
    }

    /// Leaves a record for whoever wants it.
    pub(super) fn offer(self: &Arc<Self>, severity: Severity, now: Instant, record: &[u8]) {
        loop {
            let fan = self.fan.load();
            let wanted = fan.wants.by(severity, record);
            if wanted == 0 {
                return;
            }
            // A value of its own, so that the lock is let go of first.
            let left = fan.intake().push(severity, wanted, now, record);
            match left {
                Left::Here { wake: false } => return,
                Left::Here { wake: true } => return self.wake(),
                Left::Full => drop(self.pass_on(&fan)),
                // Others have taken the place of these, unless it is all over.
                Left::Closed if Arc::ptr_eq(&fan, &self.fan.load()) => return,
                Left::Closed => {}
            }
        }
    }

    /// Sees to it that whatever was left before this call waits in the queues of its sinks.
    pub(super) fn catch_up(&self) {
        self.pass_on(&self.fan.load());
    }

    /// Goes on with another fan. What was left at the one before is passed on first.
    pub(super) fn replace(&self, fan: Fan) {
        let mut turn = self.turn();
        let before = self.fan.swap(Arc::new(fan));
        before.intake().close();
        pass(&before, &mut turn);
    }

    /// Takes nothing any more. What was left is passed on.
    pub(super) fn close(&self) {
        let fan = self.fan.load();
        fan.intake().close();
        self.pass_on(&fan);
        self.tell(|control| control.ended = true);
    }

    /// Says whether there was anything.
    fn pass_on(&self, fan: &Fan) -> bool {
        pass(fan, &mut self.turn())
    }

    fn wake(self: &Arc<Self>) {
        let mut control = self.control();
        control.woken = true;
        if !control.started {
            let passing = Arc::clone(self);
            let named = thread::Builder::new().name("axonpush-sinks".to_owned());
            // Without a thread whoever finds no room passes on, and whoever flushes.
            control.started = suppress::while_working(|| named.spawn(move || passing.run())).is_ok();
        }
        drop(control);
        self.bell.notify_one();
    }

    fn run(&self) {
        suppress::mark_thread();
        let mut awake_until = clock::now();
        loop {
            let fan = self.fan.load();
            let found = self.pass_on(&fan);
            let now = clock::now();
            if found {
                awake_until = now + AWAKE_FOR;
            }
            let awake = now < awake_until;
            // While it looks by itself only a filling intake wakes it.
            let idle = fan.intake().arm(awake);
            drop(fan);
            if idle && self.sleep(awake.then_some(LOOK_EVERY)) {
                return;
            }
        }
    }

    /// `true`: this is the end.
    fn sleep(&self, time: Option<Duration>) -> bool {
        let sleeps = |control: &mut Control| !control.woken && !control.ended;
        let control = self.control();
        let mut control = match time {
            None => self.bell.wait_while(control, sleeps).unwrap_or_else(PoisonError::into_inner),
            Some(time) => self.bell.wait_timeout_while(control, time, sleeps).unwrap_or_else(PoisonError::into_inner).0,
        };
        control.woken = false;
        control.ended
    }

    fn tell(&self, what: impl FnOnce(&mut Control)) {
        what(&mut self.control());
        self.bell.notify_one();
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, Batch> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies what was left into the queues of those who want it, and then wakes them.
fn pass(fan: &Fan, batch: &mut Batch) -> bool {
    batch.clear();
    fan.intake().swap(batch);
    let mut all = 0;
    for (header, record) in batch.iter() {
        all |= header.wanted;
        let mut wanted = header.wanted;
        while wanted != 0 {
            if let Some(outlet) = fan.outlets.get(wanted.trailing_zeros() as usize) {
                outlet.offer(header, record);
            }
            wanted &= wanted - 1;
        }
    }
    for (place, outlet) in fan.outlets.iter().enumerate() {
        if all & 1 << place != 0 {
            outlet.ring();
        }
    }
    !batch.is_empty()
}
