//! What searches by text look through: the words of every event, one after the other in memory.
//!
//! An index of all that may be asked for costs more than the rest of an insert together. Memory in one piece is gone
//! through at gigabytes a second, so the words of a million events are read faster than most indexes are kept.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

/// The words of all events, shared by the one who writes and all who search.
#[derive(Debug, Default)]
pub(super) struct Texts {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Full ones, oldest first. Whoever searches holds on to them, and nobody waits.
    full: VecDeque<Arc<Block>>,
    open: Block,
}

/// Some events that arrived one after the other.
#[derive(Clone, Debug, Default)]
struct Block {
    words: String,
    places: Vec<Place>,
}

/// An event, and where its words end.
#[derive(Clone, Copy, Debug)]
struct Place {
    found: Found,
    end: usize,
}

/// An event that has the words that were asked for. What is newer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) created_at: i64,
    pub(super) id: i64,
}

impl Texts {
    /// Adds events, which are newer than all that are there.
    pub(super) fn extend<'a>(&self, events: impl IntoIterator<Item = (Found, &'a str)>) {
        let state = &mut *self.state.write().unwrap_or_else(PoisonError::into_inner);
        for (found, words) in events {
            state.open.words.push_str(words);
            state.open.places.push(Place { found, end: state.open.words.len() });
            if state.open.words.len() >= FULL || state.open.places.len() >= MANY {
                // The next one is going to be as long; growing bit by bit would move most of it once more.
                let room = state.open.words.len();
                let next =
                    Block { words: String::with_capacity(room), places: Vec::with_capacity(state.open.places.len()) };
                let mut full = std::mem::replace(&mut state.open, next);
                full.words.shrink_to_fit();
                state.full.push_back(Arc::new(full));
            }
        }
    }

    /// Gives back the memory of events older than `oldest`, as far as whole blocks hold nothing else.
    pub(super) fn forget_before(&self, oldest: i64) {
        let state = &mut *self.state.write().unwrap_or_else(PoisonError::into_inner);
        while state.full.front().is_some_and(|block| block.last_id() < oldest) {
            state.full.pop_front();
        }
    }

    /// Whether the event `id` has `words`.
    pub(super) fn has(&self, id: i64, words: &str) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let block = state.full.partition_point(|block| block.last_id() < id);
        let block = state.full.get(block).map_or(&state.open, |block| block);
        let at = block.places.partition_point(|place| place.found.id < id);
        block.places.get(at).is_some_and(|place| place.found.id == id) && block.words(at, at + 1).contains(words)
    }

    /// The events from `since` up to `until` that have `words`, newest first, a few at a time.
    pub(super) fn search(&self, words: String, since: i64, until: i64) -> TextSearch {
        let mut blocks: Vec<_> = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let open = Arc::new(state.open.clone());
            state.full.iter().cloned().chain([open]).map(|block| (block.newest(), block)).collect()
        };
        blocks.sort_by_key(|(newest, _)| *newest);
        TextSearch { blocks, words, since, until, waiting: Vec::new() }
    }
}

/// A search that is under way. It sees what was there when it began.
#[derive(Debug)]
pub(super) struct TextSearch {
    /// With the moment of their newest event; the newest block is the last.
    blocks: Vec<(i64, Arc<Block>)>,
    words: String,
    since: i64,
    until: i64,
    /// Found, but what comes next may be newer.
    waiting: Vec<Found>,
}

impl TextSearch {
    /// The next events found, at least `few` unless these are the last. Empty at the end.
    pub(super) fn next(&mut self, few: usize) -> Vec<Found> {
        let mut next = Vec::new();
        while next.len() < few {
            let Some((_, block)) = self.blocks.pop() else { break };
            let window = self.since..self.until;
            block.find(&self.words, |found| {
                if window.contains(&found.created_at) {
                    self.waiting.push(found);
                }
            });
            // Events of one block may be older than some of the next, for clocks are moved and requests overtake.
            self.waiting.sort_unstable();
            let bound = self.blocks.last().map(|(newest, _)| *newest);
            let settled = bound.map_or(0, |bound| self.waiting.partition_point(|found| found.created_at <= bound));
            next.extend(self.waiting.drain(settled..).rev());
        }
        next
    }
}

impl Block {
    fn last_id(&self) -> i64 {
        self.places.last().map_or(i64::MAX, |place| place.found.id)
    }

    fn newest(&self) -> i64 {
        self.places.iter().map(|place| place.found.created_at).max().unwrap_or(i64::MIN)
    }

    /// The words of the events in these places.
    fn words(&self, from: usize, to: usize) -> &str {
        let end = |place: usize| place.checked_sub(1).and_then(|place| self.places.get(place)).map_or(0, |it| it.end);
        self.words.get(end(from)..end(to)).unwrap_or_default()
    }

    fn find(&self, words: &str, mut take: impl FnMut(Found)) {
        // Up to this length text is looked for many letters at a time.
        let quick = words.char_indices().map(|(at, _)| at).take_while(|at| *at <= QUICK).last();
        let quick = quick.filter(|_| words.len() > QUICK).and_then(|end| words.get(..end)).unwrap_or(words);
        for from in (0..self.places.len()).step_by(TOGETHER) {
            let to = self.places.len().min(from + TOGETHER);
            // Mostly there is nothing, and long texts are the cheaper ones by the byte.
            if self.words(from, to).contains(quick) {
                for (at, place) in (from..to).zip(self.places.iter().skip(from)) {
                    if self.words(at, at + 1).contains(words) {
                        take(place.found);
                    }
                }
            }
        }
    }
}

/// How many bytes of words a block has when it is full.
const FULL: usize = 1 << 20;

/// How many events a block has at most: the words of some are few.
const MANY: usize = 16_384;

/// How many events are looked at in one go.
const TOGETHER: usize = 64;

/// How many bytes the standard library looks for without a table of its own.
const QUICK: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_search_finds_what_looking_at_each_event_finds_newest_first(
            events in prop::collection::vec((0i64..50, "[ab\u{e4} ]{0,12}"), 0..400),
            words in "[ab\u{e4}]{1,3}",
            window in (0i64..50, 0i64..60),
            few in 1usize..20,
            pieces in 1usize..40,
        ) {
            let texts = Texts::default();
            let placed: Vec<_> = events.iter().zip(1..).map(|((created_at, text), id)| {
                (Found { created_at: *created_at, id }, text.as_str())
            }).collect();
            for piece in placed.chunks(pieces) {
                texts.extend(piece.iter().copied());
                // As if it were full.
                let mut state = texts.state.write().unwrap();
                let block = std::mem::take(&mut state.open);
                state.full.push_back(Arc::new(block));
            }
            let (since, until) = window;
            let has = |(found, text): &&(Found, &str)| {
                (since..until).contains(&found.created_at) && text.contains(&*words)
            };
            let mut expected: Vec<_> = placed.iter().filter(has).map(|(found, _)| *found).collect();
            expected.sort_unstable();
            expected.reverse();
            let (mut search, mut found) = (texts.search(words.clone(), since, until), Vec::new());
            loop {
                let next = search.next(few);
                if next.is_empty() {
                    break;
                }
                found.extend(next);
            }
            prop_assert_eq!(found, expected);
            for (found, text) in placed {
                prop_assert_eq!(texts.has(found.id, &words), text.contains(&*words));
            }
            prop_assert!(!texts.has(0, &words) && !texts.has(1_000, &words));
        }
    }

    #[test]
    fn long_words_are_found_whole() {
        let texts = Texts::default();
        let long = "\u{e4}".repeat(40);
        let found = |id| Found { created_at: id, id };
        texts.extend([(found(1), &*long), (found(2), long.get(2..).unwrap()), (found(3), "b"), (found(4), &*long)]);
        assert_eq!(texts.search(long, i64::MIN, i64::MAX).next(10), [found(4), found(1)]);
    }

    #[test]
    fn what_is_forgotten_is_given_back_block_by_block() {
        let texts = Texts::default();
        let words = "x".repeat(FULL / 2);
        texts.extend((1..=8).map(|id| (Found { created_at: id, id }, &*words)));
        texts.forget_before(4);
        assert_eq!(texts.state.read().unwrap().full.len(), 3);
        assert!(texts.has(4, "x") && !texts.has(2, "x"));
    }
}
