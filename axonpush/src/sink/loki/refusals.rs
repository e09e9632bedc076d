//! What Loki says of entries that it does not take, read line by line.
//!
//! It takes what it can of a request and answers 400 if there was anything else. Its distributor looks at every entry and
//! has a sentence for each that it turns down, those that are the same said once and counted: `3 errors like: entry for
//! stream '{…}' has timestamp too old: …; 1 errors like: …`. Its ingesters know how far each stream has come. They name
//! one stream alone, `total ignored: 3 out of 10 for stream: {…}`, and what the distributor had to say is then lost, so
//! that of all other entries nothing is known.

use std::collections::HashSet;

use super::entries::{Entries, Entry};

/// What a refusal says of the entries of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Those that were turned down.
    pub(super) rejected: Vec<usize>,
    /// Whether the others were taken; else nothing is known of them.
    pub(super) others_taken: bool,
}

/// Reads what was said of these entries, which are sorted. What can't be understood turns all of them down.
pub(super) fn read(text: &str, entries: &Entries, places: &[usize]) -> Told {
    let told = if let Some((before, count, after)) = ignored(text) {
        let stream = stream_of(after, entries, places).or_else(|| stream_of(before, entries, places));
        // The oldest ones are those that the stream has left behind.
        let oldest = |stream: usize| of_stream(stream, entries, places).take(count).collect();
        Told { rejected: stream.map(oldest).unwrap_or_default(), others_taken: false }
    } else {
        let mut rejected = HashSet::new();
        for (count, sentence) in sentences(text) {
            let turned_down = one_sentence(count, sentence, entries, places, &rejected);
            if turned_down.is_empty() {
                // Of an error nobody can place, nothing better is known than that it is one.
                rejected.clear();
                break;
            }
            rejected.extend(turned_down);
        }
        // In their order, which a set has not.
        let rejected = places.iter().copied().filter(|place| rejected.contains(place)).collect();
        Told { rejected, others_taken: true }
    };
    if told.rejected.is_empty() { Told { rejected: places.to_vec(), others_taken: true } } else { told }
}

/// `total ignored: 3 out of 10`, with what is before and after it.
fn ignored(text: &str) -> Option<(&str, usize, &str)> {
    let (before, after) = text.split_once("total ignored: ")?;
    let digits = after.split(' ').next()?;
    Some((before, digits.parse().ok()?, after))
}

/// Each sentence, and how many entries it is said of.
fn sentences(text: &str) -> Vec<(usize, &str)> {
    const LIKE: &str = " errors like: ";
    let mut starts = Vec::new();
    for (at, _) in text.match_indices(LIKE) {
        let before = text.get(..at).unwrap_or_default();
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if let Some(Ok(count)) = before.get(at - digits..).map(str::parse::<usize>) {
            starts.push((at - digits, count, at + LIKE.len()));
        }
    }
    if starts.is_empty() {
        return vec![(1, text)];
    }
    let ends = starts.iter().skip(1).map(|(start, ..)| *start).chain([text.len()]);
    starts.iter().zip(ends).map(|((_, count, from), to)| (*count, text.get(*from..to).unwrap_or_default())).collect()
}

/// The entries that a sentence is said of, of those that no other was said of.
fn one_sentence(
    count: usize,
    sentence: &str,
    entries: &Entries,
    places: &[usize],
    known: &HashSet<usize>,
) -> Vec<usize> {
    let Some(stream) = stream_of(sentence, entries, places) else { return Vec::new() };
    let those = |wanted: &dyn Fn(&Entry) -> bool| {
        let mut those: Vec<_> = of_stream(stream, entries, places).collect();
        those.retain(|place| entries.all.get(*place).is_some_and(wanted) && !known.contains(place));
        those
    };
    let said_at = |what: &str| second(sentence.split_once(what)?.1);
    if let Some(second) = said_at("has timestamp too new: ") {
        let mut newest = those(&|entry| entry.nanos / NANOS == second);
        return newest.split_off(newest.len().saturating_sub(count));
    }
    let mut first = if let Some(second) = said_at("has timestamp too old: ") {
        those(&|entry| entry.nanos / NANOS == second)
    } else if let Some((_, length)) = sentence.rsplit_once("entry with length '") {
        let length = length.split('\'').next().and_then(|digits| digits.parse().ok());
        those(&|entry| Some(entry.line) == length)
    } else if sentence.contains("structured metadata") {
        those(&|entry| entry.has_metadata)
    } else {
        // All that is left to be said is said of labels, which all entries of the stream have.
        return those(&|_| true);
    };
    first.truncate(count);
    first
}

fn of_stream(stream: usize, entries: &Entries, places: &[usize]) -> impl Iterator<Item = usize> {
    let is_of = move |place: &usize| entries.all.get(*place).is_some_and(|entry| entry.stream == stream);
    places.iter().copied().filter(is_of)
}

/// The stream that is named: the one with the most labels, all of which are. Loki may have added some of its own.
fn stream_of(text: &str, entries: &Entries, places: &[usize]) -> Option<usize> {
    let mut here: Vec<usize> = places.iter().filter_map(|place| Some(entries.all.get(*place)?.stream)).collect();
    here.dedup();
    let names = |stream: &usize| {
        let quoted = &entries.streams.get(*stream)?.quoted;
        quoted.iter().all(|label| has_label(text, label)).then_some((quoted.len(), *stream))
    };
    let (_, stream) = here.iter().filter_map(names).max_by_key(|(labels, _)| *labels)?;
    Some(stream)
}

fn has_label(text: &str, label: &str) -> bool {
    text.match_indices(label).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        before.ends_with(['{', ' ', ','])
    })
}

/// The time that text begins with, RFC 3339, in seconds since the epoch.
fn second(text: &str) -> Option<u64> {
    let time = text.split(|c: char| c == ',' || c.is_whitespace()).next()?.trim_end_matches(';');
    let time: jiff::Timestamp = time.parse().ok()?;
    time.as_second().try_into().ok()
}

const NANOS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests;
