//! Handing a record over to all sinks at the price of one: whoever has it leaves it once, and a thread of this room's passes
//! it on.
//!
//! That thread runs no code but ours and does no I/O, so nothing holds it up. Where it is not fast enough, callers who find
//! no room pass on what waits themselves: nothing is lost here. While records come it looks by itself every 10 ms, so that
//! hardly any caller pays for waking it.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

use super::{
    filter::Wants,
    intake::{Batch, Intake, Left},
    one::Outlet,
};
use crate::{
    clock,
    context::suppress,
    event::Severity,
    sync::{Condvar, Mutex, MutexGuard, lock, spawn},
};

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
pub(super) struct Control {
    pub(super) started: bool,
    woken: bool,
    ended: bool,
}

/// While records come, the thread looks for more this much after its last look.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// After no record came for so long, it sleeps until one does.
const AWAKE_FOR: Duration = Duration::from_secs(1);

/// And no longer than this: for no reason, as it is woken, but a bell wants to be told a time.
const REST: Duration = Duration::from_secs(3600);

impl Fan {
    pub(super) fn new(outlets: Vec<Arc<Outlet>>, wants: Wants) -> Self {
        Self { outlets, wants, intake: Mutex::new(Intake::new()) }
    }

    pub(super) fn intake(&self) -> MutexGuard<'_, Intake> {
        lock(&self.intake)
    }
}

impl Passing {
    pub(super) fn new(fan: Fan) -> Arc<Self> {
        Arc::new(Self {
            fan: ArcSwap::from_pointee(fan),
            turn: Mutex::new(Batch::default()),
            control: Mutex::new(Control::default()),
            bell: Condvar::new(),
        })
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
                Left::Full => _ = self.pass_on(&fan),
                // Others have taken the place of these, unless it is all over.
                Left::Closed if Arc::ptr_eq(&fan, &self.fan.load()) => return,
                Left::Closed => {}
            }
        }
    }

    /// Sees to it that whatever was left before this call waits in the queues of its sinks. Says how much it was.
    pub(super) fn catch_up(&self) -> usize {
        self.pass_on(&self.fan.load())
    }

    /// Goes on with another fan. What was left at the one before is passed on first; says how much it was.
    pub(super) fn replace(&self, fan: Fan) -> usize {
        let mut turn = self.turn();
        let before = self.fan.swap(Arc::new(fan));
        before.intake().close();
        pass(&before, &mut turn)
    }

    /// Takes nothing any more. What was left is passed on.
    pub(super) fn close(&self) {
        let fan = self.fan.load();
        fan.intake().close();
        self.pass_on(&fan);
        self.tell(|control| control.ended = true);
    }

    fn pass_on(&self, fan: &Fan) -> usize {
        pass(fan, &mut self.turn())
    }

    fn wake(self: &Arc<Self>) {
        let mut control = self.control();
        control.woken = true;
        if !control.started {
            let passing = Arc::clone(self);
            // Without a thread whoever finds no room passes on, and whoever flushes.
            control.started = suppress::while_working(|| spawn("axonpush-sinks", move || passing.run())).is_ok();
        }
        drop(control);
        self.bell.notify_all();
    }

    fn run(&self) {
        suppress::mark_thread();
        let mut awake_until = clock::now();
        while !self.control().ended {
            let passed = self.catch_up();
            let now = clock::now();
            if passed > 0 {
                awake_until = now + AWAKE_FOR;
            }
            self.rest(now < awake_until);
        }
    }

    /// Waits for records: one who stays awake for a short time, and else until there are any.
    pub(super) fn rest(&self, awake: bool) {
        // Who looks again by himself is woken only where it is high time.
        let idle = self.fan.load().intake().arm(awake);
        if idle {
            self.sleep(if awake { LOOK_EVERY } else { REST });
        }
    }

    fn sleep(&self, time: Duration) {
        let sleeps = |control: &mut Control| !control.woken && !control.ended;
        let slept = self.bell.wait_timeout_while(self.control(), time, sleeps);
        slept.unwrap_or_else(PoisonError::into_inner).0.woken = false;
    }

    fn tell(&self, what: impl FnOnce(&mut Control)) {
        what(&mut self.control());
        self.bell.notify_all();
    }

    pub(super) fn control(&self) -> MutexGuard<'_, Control> {
        lock(&self.control)
    }

    fn turn(&self) -> MutexGuard<'_, Batch> {
        lock(&self.turn)
    }
}

/// Copies what was left into the queues of those who want it, and then wakes them.
fn pass(fan: &Fan, batch: &mut Batch) -> usize {
    batch.clear();
    fan.intake().swap(batch);
    let (mut all, mut count) = (0, 0);
    for (header, record) in batch.iter() {
        all |= header.wanted;
        count += 1;
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
    count
}
