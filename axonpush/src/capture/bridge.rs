//! The bridge for the `log` crate.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use log::{Level, Log, Metadata, Record, kv};

use super::{
    known::{Place, add_thread_to},
    said::{add, add_exception, write_debug, write_display, write_text},
    scope::{Depth, Excluded},
};
use crate::{
    client::{AxonPush, Heard},
    clock,
    context::in_force,
    event::{
        AttributeValue, EventType, Severity,
        draft::{self, Draft},
        json::Refusal,
    },
    pipeline::Levels,
    queue::WhenFull,
};

/// Hands every record of the `log` crate over as a log record; made by
/// [`AxonPush::log_bridge`](crate::AxonPush::log_bridge).
///
/// It is a logger, of which a program has one:
///
/// ```
/// # let client = axonpush::AxonPush::disabled();
/// log::set_boxed_logger(Box::new(client.log_bridge()))?;
/// log::set_max_level(log::LevelFilter::Info);
/// # Ok::<(), log::SetLoggerError>(())
/// ```
///
/// A program that logs with `tracing` as well needs no bridge: `tracing-log` passes records on to its subscriber, and so
/// to the [`TracingLayer`](crate::TracingLayer), which makes the same events of them.
#[must_use = "a bridge hears nothing until it is the program's logger"]
pub struct LogBridge {
    client: AxonPush,
    event_type: EventType,
    excluded: Excluded,
}

/// What names the library in an event.
const METADATA: &[u8] = br#"{"framework":"log"}"#;

impl LogBridge {
    /// Leaves out records whose target is `target` or lies within.
    pub fn exclude_target(mut self, target: impl Into<String>) -> Self {
        self.excluded.add(target.into());
        self
    }

    /// Records become [`EventType::AgentLog`]s instead of [`EventType::AppLog`]s.
    pub fn agent_logs(mut self) -> Self {
        self.event_type = EventType::AgentLog;
        self
    }
}

impl AxonPush {
    /// A logger for the `log` crate that hands every record over to this client. See [`LogBridge`].
    #[cfg_attr(docsrs, doc(cfg(feature = "log-bridge")))]
    pub fn log_bridge(&self) -> LogBridge {
        LogBridge { client: self.clone(), event_type: EventType::AppLog, excluded: Excluded::default() }
    }
}

impl Log for LogBridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let wanted = |levels: &Levels| levels.enabled(metadata.target(), severity(metadata.level()));
        self.client.with_levels(wanted) && !self.excluded.covers(metadata.target())
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let Some(_depth) = Depth::enter() else { return };
        let context = in_force();
        let place =
            Place { target: record.target(), module: record.module_path(), file: record.file(), line: record.line() };
        let heard = Heard {
            identifier: place.target,
            event_type: self.event_type.clone(),
            severity: severity(record.level()),
            time: clock::wall(),
            metadata: METADATA,
            context: context.as_ref(),
            when: WhenFull::ApplyPolicy,
        };
        let say = |draft: &mut Draft<'_>, _settings| {
            // What can't be written is text by now.
            let _infallible = draft.value(draft::Field::Body, |out| {
                write_display(record.args(), out);
                Ok(())
            });
            // A source ends early where its own values fail; what was visited stays.
            let mut key_values = KeyValues(draft);
            let visit = AssertUnwindSafe(|| record.key_values().visit(&mut key_values));
            let _ended = catch_unwind(visit);
        };
        self.client.hear(&heard, say, |draft, settings| {
            place.add_to(draft);
            add_thread_to(draft, settings);
        });
    }

    fn flush(&self) {
        // The queue is flushed by `AxonPush::flush`, which says what came of it.
    }
}

/// Writes the values of a record as attributes of a draft.
struct KeyValues<'a, 'd>(&'a mut Draft<'d>);

impl<'kvs> kv::VisitSource<'kvs> for KeyValues<'_, '_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        value.visit(OneValue { draft: &mut *self.0, key: key.as_str() })
    }
}

struct OneValue<'a, 'd> {
    draft: &'a mut Draft<'d>,
    key: &'a str,
}

impl OneValue<'_, '_> {
    fn add(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>) {
        add(self.draft, self.key, write);
    }

    fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.add(|out| {
            write(out);
            Ok(())
        });
    }
}

macro_rules! typed {
    ($($visit:ident($kind:ty)),* $(,)?) => {$(
        fn $visit(&mut self, value: $kind) -> Result<(), kv::Error> {
            self.add(|out| AttributeValue::from(value).write(out));
            Ok(())
        }
    )*};
}

impl<'v> kv::VisitValue<'v> for OneValue<'_, '_> {
    typed! {
        visit_u64(u64), visit_i64(i64), visit_u128(u128), visit_i128(i128), visit_f64(f64), visit_bool(bool),
    }

    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.text(|out| write_debug(&value, out));
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        self.add(|out| AttributeValue::from(None::<bool>).write(out));
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.text(|out| write_text(value, out));
        Ok(())
    }

    fn visit_error(&mut self, value: &(dyn std::error::Error + 'static)) -> Result<(), kv::Error> {
        self.text(|out| write_display(&value, out));
        add_exception(self.draft, value);
        Ok(())
    }

    fn visit_borrowed_error(&mut self, value: &'v (dyn std::error::Error + 'static)) -> Result<(), kv::Error> {
        self.visit_error(value)
    }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Trace => Severity::Trace,
        Level::Debug => Severity::Debug,
        Level::Info => Severity::Info,
        Level::Warn => Severity::Warn,
        Level::Error => Severity::Error,
    }
}

impl fmt::Debug for LogBridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogBridge")
            .field("client", &self.client)
            .field("event_type", &self.event_type)
            .field("excluded", &self.excluded)
            .finish()
    }
}
