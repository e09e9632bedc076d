//! What spans say, kept with them until they close.

use tracing::span;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::{
    context::RequestContext,
    event::draft::{Draft, Guard, Kept},
};

use super::fields::Fields;

/// What one layer keeps of a span.
#[derive(Default)]
pub(super) struct SpanData {
    fields: Kept,
    /// The number of the settings that the fields were judged by.
    settings: u64,
    context: Option<RequestContext>,
}

/// What every layer keeps of it: a subscriber may have one for each of several clients.
#[derive(Default)]
struct OfLayers(Vec<(usize, SpanData)>);

impl SpanData {
    pub(super) fn new(
        attributes: &span::Attributes<'_>,
        context: Option<RequestContext>,
        guard: &dyn Guard,
        settings: u64,
    ) -> Self {
        let fields = Kept::new(guard, |draft| attributes.record(&mut Fields { draft, of_span: true, of_log: false }));
        Self { fields, settings, context }
    }

    /// Keeps it with its span, when there is anything to keep.
    pub(super) fn keep<'a, R: LookupSpan<'a>>(self, layer: usize, span: &SpanRef<'a, R>) {
        if self.fields.is_empty() && self.context.is_none() {
            return;
        }
        let mut extensions = span.extensions_mut();
        if let Some(OfLayers(all)) = extensions.get_mut() {
            all.push((layer, self));
        } else {
            extensions.insert(OfLayers(vec![(layer, self)]));
        }
    }

    /// Adds what was recorded later.
    pub(super) fn record<'a, R: LookupSpan<'a>>(
        layer: usize,
        span: &SpanRef<'a, R>,
        values: &span::Record<'_>,
        guard: &dyn Guard,
        settings: u64,
    ) {
        // Values are shown before the lock is taken: they may look at the span themselves.
        let recorded = Kept::new(guard, |draft| values.record(&mut Fields { draft, of_span: true, of_log: false }));
        if recorded.is_empty() {
            return;
        }
        let mut extensions = span.extensions_mut();
        if extensions.get_mut::<OfLayers>().is_none() {
            extensions.insert(OfLayers::default());
        }
        let Some(OfLayers(all)) = extensions.get_mut() else { return };
        match all.iter_mut().find(|(of, _)| *of == layer) {
            Some((_, data)) => {
                data.fields.replaced_by(&recorded);
                // Those of before were judged by others, if there are any: none are those that all were judged by.
                if data.settings != settings {
                    data.settings = 0;
                }
            }
            None => all.push((layer, Self { fields: recorded, settings, context: None })),
        }
    }

    /// Adds what the span says to a draft, as far as nothing there has said it.
    pub(super) fn add_to<'a, R: LookupSpan<'a>>(
        layer: usize,
        span: &SpanRef<'a, R>,
        draft: &mut Draft<'_>,
        settings: u64,
    ) {
        let extensions = span.extensions();
        let Some(OfLayers(all)) = extensions.get() else { return };
        if let Some((_, data)) = all.iter().find(|(of, _)| *of == layer) {
            if data.settings == settings {
                draft.add_kept(&data.fields);
            } else {
                draft.add_judged(&data.fields);
            }
        }
    }

    /// The context the span was created in.
    pub(super) fn context<'a, R: LookupSpan<'a>>(layer: usize, span: &SpanRef<'a, R>) -> Option<RequestContext> {
        let extensions = span.extensions();
        let OfLayers(all) = extensions.get()?;
        all.iter().find(|(of, _)| *of == layer)?.1.context.clone()
    }
}
