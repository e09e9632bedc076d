//! What is known of a record without being said: where it stands in the source, and on which thread it was logged.

use std::{cell::RefCell, thread};

use super::said::{add_missing, write_text};
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
    /// Adds what it says to a draft. It may have been made at run time, and is judged as anything that is said.
    pub(super) fn add_to(&self, draft: &mut Draft<'_>) {
        self.say(&mut Missing(draft));
    }

    /// As [`add_to`](Self::add_to), for a place in the source itself, which is kept under its address for the next time.
    #[cfg(feature = "tracing-layer")]
    pub(super) fn add_known_to(&self, address: usize, draft: &mut Draft<'_>) {
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

    #[cfg(feature = "tracing-layer")]
    fn kept(&self) -> Kept {
        Kept::own(|draft| self.say(&mut Missing(draft)))
    }

    fn say(&self, to: &mut Missing<'_, '_>) {
        if let Some(file) = self.file {
            to.text("code.filepath", file);
        }
        if let Some(line) = self.line {
            to.number("code.lineno", line);
        }
        if let Some(module) = self.module {
            to.text("code.namespace", module);
        }
        to.text("logger.name", self.target);
    }
}

/// Adds what is known of the current thread, which is written and judged once by each of the settings that come.
pub(super) fn add_thread_to(draft: &mut Draft<'_>, settings: u64) {
    type Known = Option<((u64, u64), Kept)>;
    thread_local!(static KNOWN: RefCell<Known> = const { RefCell::new(None) });

    // A child is another process.
    let wanted = (fork::generation(), settings);
    let added = KNOWN.try_with(|known| {
        let Ok(mut known) = known.try_borrow_mut() else { return false };
        if known.as_ref().is_none_or(|(of, _)| *of != wanted) {
            *known = Some((wanted, Kept::new(draft.guard(), |draft| say_thread(&mut Missing(draft)))));
        }
        if let Some((_, kept)) = &*known {
            draft.add_kept(kept);
        }
        true
    });
    // A thread that is ending remembers nothing, and a record within a record finds it taken.
    if !added.unwrap_or(false) {
        say_thread(&mut Missing(draft));
    }
}

fn say_thread(to: &mut Missing<'_, '_>) {
    if let Some(name) = thread::current().name() {
        to.text("thread.name", name);
    }
    to.number("process.pid", std::process::id());
}

/// A draft that what is known is added to where nothing was said.
struct Missing<'a, 'd>(&'a mut Draft<'d>);

impl Missing<'_, '_> {
    fn text(&mut self, key: &'static str, text: &str) {
        add_missing(self.0, key, |out| write_text(text, out));
    }

    fn number(&mut self, key: &'static str, number: u32) {
        add_missing(self.0, key, |out| json::write_number(number.into(), out));
    }
}
