//! What a record consists of at its destination.

use std::{fmt, sync::Arc};

use serde_json::Value;

use super::SinkRecord;

/// What records look like in Fluentd.
///
/// ```
/// use axonpush::{FluentdField, FluentdFormat};
///
/// let format = FluentdFormat::new()
///     .field("host", FluentdField::Hostname)
///     .field("where", FluentdField::Where)
///     .field("stack", FluentdField::StackTrace)
///     .field("team", FluentdField::text("payments"))
///     .field("is_slow", FluentdField::computed(|record| {
///         let (_, value) = record.attributes().find(|(key, _)| key == "duration_ms")?;
///         Some((value.parse::<f64>().ok()? > 500.0).into())
///     }));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a format does nothing until it is a sink's"]
pub struct FluentdFormat {
    pub(super) base: Base,
    pub(super) fields: Vec<(String, FluentdField)>,
}

/// What a record begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Base {
    #[default]
    Fields,
    Payload,
    Nothing,
}

/// A field that is added to records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FluentdField {
    /// The name of the machine, or what [`Fluentd::hostname`](crate::Fluentd::hostname) says.
    Hostname,
    /// How bad it is: `INFO`, `ERROR`, ….
    Level,
    /// Where in the source it was logged, as far as that is known: `shop::orders src/orders.rs:120 place`.
    Where,
    /// `exception.stacktrace`, where there is one.
    StackTrace,
    /// Always the same text.
    Text(String),
    /// Whatever a function makes of the record; see [`computed`](Self::computed).
    Computed(FluentdFunction),
}

/// A function that looks at a record; see [`FluentdField::computed`].
#[derive(Clone)]
pub struct FluentdFunction(Arc<Function>);

type Function = dyn Fn(&SinkRecord<'_>) -> Option<Value> + Send + Sync;

impl FluentdFormat {
    /// What [`Stdout::json`](crate::Stdout::json) says but for the time, which Fluentd has a place of its own for; what a
    /// log says is called `message`.
    ///
    /// So a log has `level`, `message`, `target`, `service`, `version`, `environment`, `request_id`, `trace_id`,
    /// `span_id`, `user_id`, `error` and `error_type` as far as they are known, and its other attributes. Any other event
    /// has `event` and its type as `target`, then what it consists of.
    pub fn new() -> Self {
        Self::default()
    }

    /// What an event consists of, its payload, and nothing of what surrounds it. A log record is as [`new`](Self::new)
    /// says.
    pub fn payload() -> Self {
        Self { base: Base::Payload, fields: Vec::new() }
    }

    /// Nothing but the fields that are added.
    pub fn nothing() -> Self {
        Self { base: Base::Nothing, fields: Vec::new() }
    }

    /// Adds a field to every record that has something to say there. It takes the place of one of its name; of two that
    /// are added with one name, the later one counts.
    ///
    /// What is added is sent as it is: redaction has looked at the record, but not at this.
    pub fn field(mut self, name: impl Into<String>, field: FluentdField) -> Self {
        let name = name.into();
        self.fields.retain(|(known, _)| *known != name);
        self.fields.push((name, field));
        self
    }
}

impl FluentdField {
    /// Always the same text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Whatever `function` makes of a record; where it has nothing to say, or panics, the field is left out. It runs on the
    /// sink's thread.
    pub fn computed(function: impl Fn(&SinkRecord<'_>) -> Option<Value> + Send + Sync + 'static) -> Self {
        Self::Computed(FluentdFunction(Arc::new(function)))
    }
}

impl FluentdFunction {
    pub(super) fn call(&self, record: &SinkRecord<'_>) -> Option<Value> {
        (self.0)(record)
    }
}

impl fmt::Debug for FluentdFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FluentdFunction")
    }
}

/// The very same function.
impl PartialEq for FluentdFunction {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for FluentdFunction {}
