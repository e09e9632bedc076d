//! A batch, delivered in as many requests as it takes.

use std::{io, time::Duration};

use super::{Post, Posted, Poster, Refusal};
use crate::{error::Error, sink::SinkBatch};

/// How records become requests, and what answers say of them. Records are known by their places in the batch.
pub(in crate::sink) trait Protocol {
    /// The request that carries these records.
    fn post(&mut self, places: &[usize]) -> Post;

    /// What a success says of them. An error: that it is none.
    fn taken(&mut self, places: Vec<usize>, answer: &[u8]) -> Result<Settled, Error>;

    /// What a refusal of the request says of them.
    fn refused(&mut self, places: Vec<usize>, refusal: Refusal) -> Settled;
}

/// What became of the records of one request.
#[derive(Debug, Default)]
pub(in crate::sink) struct Settled {
    pub(in crate::sink) written: Vec<usize>,
    pub(in crate::sink) rejected: Vec<usize>,
    /// Those the answer says nothing of.
    pub(in crate::sink) again: Vec<usize>,
    /// Why some were rejected.
    pub(in crate::sink) why: Option<Error>,
}

/// Why a batch, or a part of it, is not all written.
pub(in crate::sink) struct Failed {
    error: Error,
    /// How long to wait before the next attempt, where that is known. Zero: the batch was told of all of its records.
    pause: Option<Duration>,
}

/// Sends records in these groups, and in smaller ones where the server wants them so. What the batch is told nothing of may
/// be taken later.
pub(in crate::sink) fn deliver(
    poster: &Poster,
    batch: &SinkBatch<'_>,
    groups: Vec<Vec<usize>>,
    protocol: &mut impl Protocol,
) -> Result<(), Failed> {
    let mut why = None;
    // The next one is the last.
    let mut waiting: Vec<_> = groups.into_iter().rev().collect();
    while let Some(mut places) = waiting.pop() {
        let settled = match poster.post(protocol.post(&places)) {
            Posted::Taken(answer) => protocol.taken(places, &answer).map_err(|error| Failed { error, pause: None })?,
            Posted::Refused(refusal) => protocol.refused(places, refusal),
            Posted::TooLarge(_) if places.len() > 1 => {
                let half = places.split_off(places.len() / 2);
                waiting.extend([half, places]);
                continue;
            }
            Posted::TooLarge(error) => Settled { rejected: places, why: Some(error), ..Settled::default() },
            Posted::Later(error, pause) => return Err(Failed { error, pause }),
        };
        settled.written.into_iter().for_each(|place| batch.written(place..place + 1));
        settled.rejected.into_iter().for_each(|place| batch.rejected(place..place + 1));
        why = why.or(settled.why);
        if !settled.again.is_empty() {
            waiting.push(settled.again);
        }
    }
    why.map_or(Ok(()), |error| Err(Failed { error, pause: Some(Duration::ZERO) }))
}

/// What a writer returns whose batch went several ways.
pub(in crate::sink) fn conclude(
    batch: &SinkBatch<'_>,
    sent: impl IntoIterator<Item = Result<(), Failed>>,
) -> io::Result<()> {
    let failed: Vec<_> = sent.into_iter().filter_map(Result::err).collect();
    let waits = failed.iter().filter_map(|failed| failed.pause).max();
    let is_told_of_all = failed.iter().all(|failed| failed.pause == Some(Duration::ZERO));
    if let Some(pause) = waits.filter(|pause| is_told_of_all || !pause.is_zero()) {
        batch.retry_after(pause);
    }
    // What is still to come matters more than what is lost.
    let error = failed.into_iter().max_by_key(|failed| failed.pause != Some(Duration::ZERO));
    error.map_or(Ok(()), |failed| Err(io::Error::other(failed.error)))
}
