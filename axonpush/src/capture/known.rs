//! What is known of a record without being said: where it stands in the source, and on which thread it was logged.

use std::{cell::Cell, thread};

use crate::{
    event::{
        draft::{Draft, Kept},
        json,
    },
    fork,
};

/// Where a record stands in the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) target: &'a str,
    pub(super) module: Option<&'a str>,
    pub(super) file: Option<&'a str>,
    pub(super) line: Option<u32>,
}

impl Place<'_> {
    /// Adds what it says to a draft.
    pub(super) fn add_to(&self, draft: &mut Draft<'_>) {
        draft.add_own(&self.kept());
    }

    /// As [`add_to`](Self::add_to), for a place that has an address, under which it is kept for the next time.
    #[cfg(feature = "tracing-layer")]
    pub(super) fn add_known_to(&self, address: usize, draft: &mut Draft<'_>) {
        use std::cell::RefCell;

        /// Places remembered by each thread. Two that fall on the same one take turns.
        const PLACES: usize = 128;
        type Known = Option<(usize, Kept)>;
        thread_local!(static KNOWN: [RefCell<Known>; PLACES] = const { [const { RefCell::new(None) }; PLACES] });

        let added = KNOWN.try_with(|known| {
            // Statics lie at multiples of eight.
            let Some(Ok(mut known)) = known.get((address >> 3) % PLACES).map(RefCell::try_borrow_mut) else {
                return false;
            };
            if known.as_ref().is_none_or(|(of, _)| *of != address) {
                *known = Some((address, self.kept()));
            }
            if let Some((_, kept)) = &*known {
                draft.add_own(kept);
            }
            true
        });
        // A thread that is ending remembers nothing, and a record within a record may find the place taken.
        if !added.unwrap_or(false) {
            self.add_to(draft);
        }
    }

    fn kept(&self) -> Kept {
        Kept::own(|draft| {
            if let Some(file) = self.file {
                text(draft, "code.filepath", file);
            }
            if let Some(line) = self.line {
                number(draft, "code.lineno", line);
            }
            if let Some(module) = self.module {
                text(draft, "code.namespace", module);
            }
            text(draft, "logger.name", self.target);
        })
    }
}

/// Adds what is known of the current thread.
pub(super) fn add_thread_to(draft: &mut Draft<'_>) {
    thread_local!(static THREAD: Cell<Option<(u64, Kept)>> = const { Cell::new(None) });

    let known = THREAD.try_with(Cell::take).ok().flatten();
    let generation = fork::generation();
    // A child is another process.
    let known = known.filter(|(of, _)| *of == generation).unwrap_or_else(|| (generation, thread()));
    draft.add_own(&known.1);
    let _ending = THREAD.try_with(|thread| thread.set(Some(known)));
}

fn thread() -> Kept {
    Kept::own(|draft| {
        if let Some(name) = thread::current().name() {
            text(draft, "thread.name", name);
        }
        number(draft, "process.pid", std::process::id());
    })
}

fn text(draft: &mut Draft<'_>, key: &str, text: &str) {
    // Text and numbers have a JSON form.
    let _infallible = draft.attribute(key, |out| {
        json::write_str(text, out);
        Ok(())
    });
}

fn number(draft: &mut Draft<'_>, key: &str, number: u32) {
    let _infallible = draft.attribute(key, |out| {
        json::write_number(number.into(), out);
        Ok(())
    });
}
