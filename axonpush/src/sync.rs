//! The locks of what producers and the worker share: those of `std`, or, for the models, those of a model checker that
//! tries the orders in which threads may reach them.

#[cfg(not(axonpush_loom))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

#[cfg(axonpush_loom)]
pub(crate) use self::models::Condvar;
#[cfg(axonpush_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};

#[cfg(axonpush_loom)]
mod models {
    use std::{
        sync::{LockResult, PoisonError},
        time::Duration,
    };

    use super::MutexGuard;

    /// What `std`'s has and the checker's lacks.
    #[derive(Default)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self::default()
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }

        /// The time is never up: whoever is not notified waits for ever, and the checker calls that a deadlock.
        pub(crate) fn wait_timeout_while<'a, T>(
            &self,
            mut guard: MutexGuard<'a, T>,
            _timeout: Duration,
            mut condition: impl FnMut(&mut T) -> bool,
        ) -> LockResult<(MutexGuard<'a, T>, ())> {
            while condition(&mut *guard) {
                guard = self.0.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            Ok((guard, ()))
        }
    }
}
