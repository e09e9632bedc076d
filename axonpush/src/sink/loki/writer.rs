//! The open sink.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Settings,
    entries::{Encoder, Entries},
    labels::Seen,
    refusals,
};
use crate::{
    error::Error,
    sink::{
        SinkBatch, SinkWriter,
        http::{Post, Poster, Protocol, Refusal, Settled, conclude, deliver},
    },
};

pub(super) struct Writer {
    poster: Poster,
    path: &'static str,
    max_bytes: usize,
    encoder: Encoder,
    /// Where what was seen waits for the next writer.
    kept: Arc<Mutex<Seen>>,
}

impl Writer {
    pub(super) fn new(poster: Poster, settings: Settings, kept: Arc<Mutex<Seen>>) -> Self {
        let path = if poster.has_path() { "" } else { "/loki/api/v1/push" };
        let max_bytes = settings.max_bytes;
        // Whoever holds it is about to hand it over, or is no thread of this process.
        let seen = kept.try_lock().map(|mut seen| std::mem::take(&mut *seen)).unwrap_or_default();
        Self { poster, path, max_bytes, encoder: Encoder::new(settings, seen), kept }
    }
}

impl SinkWriter for Writer {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let entries = self.encoder.encode(batch);
        let groups = entries.groups(self.max_bytes);
        conclude(batch, [deliver(&self.poster, batch, groups, &mut Pushing { entries, path: self.path })])
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = std::mem::take(&mut self.encoder.seen);
    }
}

/// A batch on its way.
struct Pushing {
    entries: Entries,
    path: &'static str,
}

impl Protocol for Pushing {
    fn post(&mut self, places: &[usize]) -> Post {
        Post { path: self.path, content_type: "application/json", body: self.entries.body(places) }
    }

    fn taken(&mut self, places: Vec<usize>, _: &[u8]) -> Result<Settled, Error> {
        Ok(Settled { written: places, ..Settled::default() })
    }

    fn refused(&mut self, places: Vec<usize>, refusal: Refusal) -> Settled {
        let why = Some(refusal.error);
        if why.as_ref().and_then(Error::status) != Some(400) {
            return Settled { rejected: places, why, ..Settled::default() };
        }
        let told = refusals::read(&refusal.text, &self.entries, &places);
        let others = places.into_iter().filter(|place| !told.rejected.contains(place)).collect();
        // Loki ignores a line that it has already, so that asking again costs a request and doubles nothing.
        let (written, again) = if told.others_taken { (others, Vec::new()) } else { (Vec::new(), others) };
        Settled { written, again, rejected: told.rejected, why }
    }
}
