//! What the client says in the application's log.

use std::{
    collections::HashMap,
    fmt,
    sync::{LazyLock, Mutex},
};

use axonpush::ContextLayer;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// Lines at ERROR, by the status they name.
static ERRORS: LazyLock<Mutex<HashMap<u64, usize>>> = LazyLock::new(Mutex::default);

/// Begins to listen, for the whole process, in which spans know their requests.
pub(crate) fn listen() {
    tracing_subscriber::registry().with(ContextLayer::new()).with(Ear).init();
}

/// Forgets what was heard.
pub(super) fn forget() {
    ERRORS.lock().unwrap().clear();
}

/// How many lines named this status.
pub(super) fn about(status: u64) -> usize {
    ERRORS.lock().unwrap().get(&status).copied().unwrap_or_default()
}

struct Ear;

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Status(Option<u64>);

        impl Visit for Status {
            fn record_u64(&mut self, field: &Field, value: u64) {
                if field.name() == "status" {
                    self.0 = Some(value);
                }
            }

            fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
        }

        if event.metadata().target() != "axonpush" || *event.metadata().level() != Level::ERROR {
            return;
        }
        let mut status = Status(None);
        event.record(&mut status);
        if let Some(status) = status.0 {
            *ERRORS.lock().unwrap().entry(status).or_default() += 1;
        }
    }
}
