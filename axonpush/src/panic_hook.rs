//! Telling of panics, from the thread that panics.
//!
//! A hook runs where anything may be half done: locks may be held, and a panic in the hook itself ends the process. So it
//! runs no code of the application and no subscriber, takes no lock that any of their code ever runs under, and does not
//! wait unless the process is about to end.

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    cell::Cell,
    panic::{self, PanicHookInfo},
    process,
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    client::{AxonPush, Heard, WeakClient},
    clock,
    context::{RequestContext, in_force, suppress},
    error::{Error, Kind},
    event::{
        EventType, Severity,
        draft::{Draft, Field},
        json,
    },
    queue::WhenFull,
};

/// How long a panic may keep a process that is about to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What names the library in an event.
const METADATA: &[u8] = br#"{"framework":"std"}"#;

/// What is said of a payload that `panic_any` was given.
const NO_TEXT: &str = "a panic with a payload that is no text";

impl AxonPush {
    /// Has every panic of the process reported as a log record of this client: identifier `panic`, severity
    /// [`Fatal`](Severity::Fatal), the message as its body, tied to the request in force on the panicking thread. The hook
    /// that was there before runs afterwards, so what is printed stays as it was.
    ///
    /// ```
    /// # let client = axonpush::AxonPush::disabled();
    /// client.install_panic_hook();
    /// ```
    ///
    /// | attribute | |
    /// |---|---|
    /// | `exception.type` | `panic` |
    /// | `exception.message` | the message, redacted as any text |
    /// | `exception.stacktrace` | where `RUST_BACKTRACE` asks for one |
    /// | `code.filepath`, `code.lineno` | where it panicked |
    /// | `thread.name`, `process.pid` | |
    ///
    /// - The report is handed over without waiting. Only where the process is about to end (on the main thread, where panics
    ///   abort, and where a second panic leaves no other way) the hook flushes the client, for at most 2 s. With
    ///   [`DeliveryMode::Sync`](crate::DeliveryMode::Sync) it always does.
    /// - The request is the one in force. A task that knows its request by a tracing span alone is reported without it: to
    ///   ask the subscriber could mean to wait for a lock this very thread holds.
    /// - Panics on the client's own threads are not reported, and a panic that is caught is reported all the same.
    /// - Several clients may have one each; all of them report. For the same client a second call changes nothing. The hook
    ///   does not keep the client alive: once that is gone, only the hook of before still runs.
    /// - Nothing is installed for a disabled client, or on a thread that is panicking.
    pub fn install_panic_hook(&self) {
        static INSTALLED: Mutex<Vec<WeakClient>> = Mutex::new(Vec::new());

        let (Some(installed), Some(weak)) = (self.downgrade(), self.downgrade()) else { return };
        // The standard library panics when its hook is changed here.
        if thread::panicking() {
            return;
        }
        // Held until the new hook is there, so that two who install one at a time both find the other's.
        let mut all = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| !other.is_gone());
        if all.iter().any(|other| other.is_of(self)) {
            return;
        }
        all.push(installed);
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            report(&weak, info);
            previous(info);
        }));
    }
}

thread_local!(static REPORTING: Cell<bool> = const { Cell::new(false) });

fn report(client: &WeakClient, info: &PanicHookInfo<'_>) {
    // A thread without its locals is ending.
    if suppress::is_marked() || REPORTING.try_with(Cell::get).unwrap_or(true) {
        return;
    }
    let Some(client) = client.upgrade() else { return };
    let deadline = clock::after(clock::now(), LAST_WORDS);
    let seen = Seen::new(info);
    let is_last = is_last(&seen.message) || client.is_sync();
    if client.redacts_with_foreign_code() {
        hand_over_elsewhere(&client, seen, deadline);
    } else {
        seen.hand_over(&client);
    }
    if is_last {
        let flush = client.begin_flush_at_once(deadline.saturating_duration_since(clock::now()));
        // The worker may be held up by whatever this thread holds.
        let _report = client.block_on_until(flush, deadline);
    }
}

/// Whether the process is about to end.
fn is_last(message: &str) -> bool {
    /// What the runtime says before it aborts, because there is nowhere to unwind to.
    const NO_WAY_ON: [&str; 2] = ["panic in a destructor during cleanup", "panic in a function that cannot unwind"];

    cfg!(panic = "abort") || NO_WAY_ON.contains(&message) || thread::current().name() == Some("main")
}

/// Hands a panic over from a thread of its own, which may panic in turn: in patterns of the application, where a panic
/// within the hook would end the process.
fn hand_over_elsewhere(client: &AxonPush, seen: Seen, deadline: Instant) {
    let (done, handed_over) = mpsc::sync_channel::<()>(1);
    let name = "axonpush-panic".to_owned();
    let elsewhere = client.clone();
    let started = thread::Builder::new().name(name).spawn(move || {
        let _ending = REPORTING.try_with(|reporting| reporting.set(true));
        seen.hand_over(&elsewhere);
        // The last handle of a client waits where it is dropped, which should not be here.
        drop(elsewhere);
        drop(done);
    });
    match started {
        Ok(_) => {
            let _done = handed_over.recv_timeout(deadline.saturating_duration_since(clock::now()));
        }
        Err(error) => {
            let what = "a panic can't be reported: its redaction needs a thread, which can't be started";
            client.refuse(Error::new(Kind::Closed, what).with_source(error));
        }
    }
}

/// What the panicking thread can tell.
struct Seen {
    message: String,
    file: String,
    line: Option<u32>,
    thread: Option<String>,
    stack: Option<String>,
    time: SystemTime,
    context: Option<RequestContext>,
}

impl Seen {
    fn new(info: &PanicHookInfo<'_>) -> Self {
        Self {
            message: message(info.payload()).to_owned(),
            file: info.location().map(|at| at.file().to_owned()).unwrap_or_default(),
            line: info.location().map(panic::Location::line),
            thread: thread::current().name().map(str::to_owned),
            stack: stack(),
            time: clock::wall(),
            context: in_force(),
        }
    }

    fn hand_over(&self, client: &AxonPush) {
        let heard = Heard {
            identifier: "panic",
            event_type: EventType::AppLog,
            severity: Severity::Fatal,
            time: self.time,
            metadata: METADATA,
            context: self.context.as_ref(),
            when: WhenFull::ApplyPolicyAtOnce,
        };
        let say = |draft: &mut Draft<'_>, _| {
            // Text always has a JSON form.
            let _infallible = draft.value(Field::Body, |out| {
                write_text(&self.message, out);
                Ok(())
            });
            text(draft, "exception.type", "panic");
            text(draft, "exception.message", &self.message);
            if let Some(stack) = &self.stack {
                text(draft, "exception.stacktrace", stack);
            }
        };
        let know = |draft: &mut Draft<'_>, _| {
            if let Some(line) = self.line {
                text(draft, "code.filepath", &self.file);
                number(draft, "code.lineno", line);
            }
            if let Some(name) = &self.thread {
                text(draft, "thread.name", name);
            }
            number(draft, "process.pid", process::id());
        };
        client.hear(&heard, say, know);
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or(NO_TEXT)
}

/// The way to where it panicked, without what panicking itself adds to it.
fn stack() -> Option<String> {
    /// The frame that the standard library ends its own with.
    const END: &str = "__rust_end_short_backtrace";

    let captured = Backtrace::capture();
    if captured.status() != BacktraceStatus::Captured {
        return None;
    }
    let all = captured.to_string();
    let own = all.find(END).and_then(|end| Some(end + all.get(end..)?.find('\n')? + 1)).unwrap_or_default();
    all.get(own..).map(str::to_owned)
}

fn text(draft: &mut Draft<'_>, key: &'static str, text: &str) {
    add(draft, key, |out| write_text(text, out));
}

fn number(draft: &mut Draft<'_>, key: &'static str, number: u32) {
    add(draft, key, |out| json::write_number(number.into(), out));
}

/// Adds an attribute where none of its name was bound to the request.
fn add(draft: &mut Draft<'_>, key: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
    if !draft.has(key) {
        let _infallible = draft.attribute(key, |out| {
            write(out);
            Ok(())
        });
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    json::write_str(json::prefix(text, json::MAX_STRING_BYTES), out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_told_by_its_text_if_it_has_any() {
        assert_eq!(message(&"static"), "static");
        assert_eq!(message(&"owned".to_owned()), "owned");
        assert_eq!(message(&7), NO_TEXT);
    }
}
