//! The client's levels as a filter for `tracing-subscriber`, so that what is not wanted costs next to nothing.

use std::fmt;

use tracing::{Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::{
    filter::Filtered,
    layer::{Context, Filter, Layer as _},
    registry::LookupSpan,
};

use super::layer::{TracingLayer, severity};
use crate::{client::AxonPush, event::Severity, pipeline::Levels};

/// The [`Levels`](crate::Levels) of a client as a filter for layers; made by [`AxonPush::levels_filter`].
///
/// It follows [`reload`](AxonPush::reload): `tracing` asks it again about every line of source then.
///
/// Events pass as the levels say. Spans pass from `INFO` on, since events of any level are known by what the spans around
/// them say, and finer ones as the level of their target says.
#[derive(Clone)]
#[must_use = "a filter does nothing until a layer has it"]
pub struct LevelsFilter {
    client: AxonPush,
}

impl AxonPush {
    /// The levels of this client as a filter, for any layer: such as one that writes to the console what is sent as well.
    ///
    /// ```
    /// use axonpush::AxonPush;
    /// use tracing_subscriber::{Layer, layer::SubscriberExt};
    ///
    /// # let client = AxonPush::disabled();
    /// let subscriber = tracing_subscriber::registry().with(client.tracing_layer().with_filter(client.levels_filter()));
    /// # let _default = tracing::subscriber::set_default(subscriber);
    /// ```
    pub fn levels_filter(&self) -> LevelsFilter {
        LevelsFilter { client: self.clone() }
    }
}

impl TracingLayer {
    /// This layer with the levels of its client as its filter: a line of source that is not wanted costs as little as in a
    /// program that has no subscriber. Without it such lines are left out as well, but only when they come by.
    pub fn with_levels<S>(self) -> Filtered<Self, LevelsFilter, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let filter = self.client().levels_filter();
        self.with_filter(filter)
    }
}

impl LevelsFilter {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let severity = severity(*metadata.level());
        let is_coarse_span = metadata.is_span() && severity >= Severity::Info;
        is_coarse_span || self.client.with_levels(|levels| levels.enabled(metadata.target(), severity))
    }
}

impl<S> Filter<S> for LevelsFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let finest = self.client.with_levels(Levels::max_level);
        // Spans are wanted from there on, whatever becomes of events.
        Some(finest.map_or(LevelFilter::INFO, |finest| level(finest).max(LevelFilter::INFO)))
    }
}

/// The finest level of `tracing` that is at least as bad.
fn level(severity: Severity) -> LevelFilter {
    match severity {
        Severity::Trace => LevelFilter::TRACE,
        Severity::Debug => LevelFilter::DEBUG,
        Severity::Info => LevelFilter::INFO,
        Severity::Warn => LevelFilter::WARN,
        Severity::Error | Severity::Fatal => LevelFilter::ERROR,
    }
}

impl fmt::Debug for LevelsFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let levels = self.client.with_levels(Levels::clone);
        f.debug_struct("LevelsFilter").field("levels", &levels).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tracing::{debug, info, info_span, subscriber};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::testing::MemorySink;

    #[test]
    fn what_is_wanted_follows_a_reload_and_spans_are_known_to_what_is_logged_in_them() {
        let sink = MemorySink::new();
        let levels = |text: &str| text.parse::<Levels>().unwrap();
        let client = sink.builder().levels(levels("warn")).build().unwrap();
        let subscriber = tracing_subscriber::registry().with(client.tracing_layer().with_levels());
        subscriber::with_default(subscriber, || {
            let say = |turn: u64| {
                let _span = info_span!("work", turn).entered();
                debug!("debug");
                info!("info");
                debug!(target: "quiet", "quiet");
                tracing::warn!("warn");
            };
            say(0);
            client.reload(|settings| settings.levels(levels("debug,quiet=off"))).unwrap();
            say(1);
            client.reload(|settings| settings.levels(levels("off"))).unwrap();
            say(2);
        });
        assert!(client.blocking().shutdown(std::time::Duration::from_secs(20)).is_complete());
        let heard: Vec<_> = sink
            .events()
            .iter()
            .map(|event| (event.attribute("turn").cloned(), event.as_json()["payload"]["body"].clone()))
            .collect();
        let said = |turn: u64, body: &str| (Some(turn.into()), body.into());
        assert_eq!(heard, [said(0, "warn"), said(1, "debug"), said(1, "info"), said(1, "warn")]);
        // They never came by.
        assert_eq!(client.stats().filtered(), 0);
    }

    #[test]
    fn a_disabled_client_wants_no_events() {
        let filter = AxonPush::disabled().levels_filter();
        assert_eq!(Filter::<tracing_subscriber::Registry>::max_level_hint(&filter), Some(LevelFilter::INFO));
        assert_eq!(format!("{filter:?}"), "LevelsFilter { levels: Levels(off), .. }");
    }
}
