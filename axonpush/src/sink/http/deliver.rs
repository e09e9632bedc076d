//! A batch, delivered in as many requests as it takes.

use std::io;

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

/// Sends records in these groups, and in smaller ones where the server wants them so.
///
/// # Errors
///
/// Where some may be taken later, which are those of which the batch was told nothing; or, with the batch told of all, why
/// some were rejected.
pub(in crate::sink) fn deliver(
    poster: &Poster,
    batch: &SinkBatch<'_>,
    groups: Vec<Vec<usize>>,
    protocol: &mut impl Protocol,
) -> io::Result<()> {
    let mut why = None;
    // The next one is the last.
    let mut waiting: Vec<_> = groups.into_iter().rev().collect();
    while let Some(mut places) = waiting.pop() {
        let settled = match poster.post(protocol.post(&places)) {
            Posted::Taken(answer) => protocol.taken(places, &answer).map_err(io::Error::other)?,
            Posted::Refused(refusal) => protocol.refused(places, refusal),
            Posted::TooLarge(_) if places.len() > 1 => {
                let half = places.split_off(places.len() / 2);
                waiting.extend([half, places]);
                continue;
            }
            Posted::TooLarge(error) => Settled { rejected: places, why: Some(error), ..Settled::default() },
            Posted::Later(error, pause) => {
                if let Some(pause) = pause {
                    batch.retry_after(pause);
                }
                return Err(io::Error::other(error));
            }
        };
        settled.written.into_iter().for_each(|place| batch.written(place..place + 1));
        settled.rejected.into_iter().for_each(|place| batch.rejected(place..place + 1));
        why = why.or(settled.why);
        if !settled.again.is_empty() {
            waiting.push(settled.again);
        }
    }
    match why {
        None => Ok(()),
        Some(error) => {
            // Nothing is left that a long pause would help.
            batch.retry_after(std::time::Duration::ZERO);
            Err(io::Error::other(error))
        }
    }
}
