//! Reloading a client on a sign from outside of the program.

#[cfg(feature = "watch")]
mod file;
#[cfg(all(unix, feature = "signal"))]
mod hangup;
#[cfg(feature = "watch")]
mod spots;
#[cfg(test)]
#[cfg(feature = "watch")]
mod tests;

use std::{
    convert::Infallible,
    fmt, io,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use tokio::{runtime, sync::oneshot};

use crate::{
    client::{AxonPush, WeakClient},
    context::suppress,
    error::{Error, Kind},
    fork::PerProcess,
    sync,
};

/// Has a client reloaded for as long as it lives; made by `AxonPush::watch_file` and `AxonPush::reload_on_sighup`.
///
/// When it is dropped, a reload that is under way is waited for, and there is none after it. It does not keep the client
/// alive, and belongs to the process it was made in: a fork is not reloaded.
#[must_use = "dropped at once, it stops at once: keep it in a variable, and not in `_`"]
pub struct ReloadGuard {
    watch: PerProcess<Option<Watch>>,
}

impl ReloadGuard {
    /// Whether nobody waits for a sign, or not any more.
    fn is_over(&self) -> bool {
        let thread = self.watch.as_ref().and_then(|watch| watch.thread.as_ref());
        thread.is_none_or(JoinHandle::is_finished)
    }
}

impl fmt::Debug for ReloadGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadGuard").field("is_over", &self.is_over()).finish_non_exhaustive()
    }
}

/// A thread that waits for signs.
struct Watch {
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Does what `prepare` makes for as long as `client` lives, on a thread with a runtime of its own: that of the
    /// application may be blocked, or ended, while the client goes on.
    fn start<W: Future<Output = ()>>(
        client: &AxonPush,
        name: &str,
        prepare: impl FnOnce(WeakClient) -> Result<W, Error> + Send + 'static,
    ) -> Result<ReloadGuard, Error> {
        let watch = match (client.downgrade(), client.ended()) {
            (Some(weak), Some(ended)) => Some(Self::spawn(name, ended, move || prepare(weak))?),
            _ => None,
        };
        Ok(ReloadGuard { watch: PerProcess::new(watch, |_| None) })
    }

    fn spawn<W: Future<Output = ()>>(
        name: &str,
        ended: oneshot::Receiver<Infallible>,
        prepare: impl FnOnce() -> Result<W, Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::sync_channel(1);
        let work = move || {
            let ready = suppress::while_working(|| {
                let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
                let work = {
                    let _entered = runtime.enter();
                    prepare()?
                };
                Ok((runtime, work))
            });
            let (runtime, work) = match ready {
                Ok(ready) => ready,
                Err(error) => return drop(tell.send(Err(error))),
            };
            let _gone = tell.send(Ok(()));
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    _ = ended => {}
                    () = work => {}
                }
            });
        };
        let thread = suppress::while_working(|| thread::Builder::new().name(name.to_owned()).spawn(work));
        let watch = Self { stop: Some(stop), thread: Some(thread.map_err(cannot)?) };
        match told.recv() {
            Ok(begun) => begun.map(|()| watch),
            Err(_) => Err(Error::new(Kind::Closed, "the settings can't be watched: the thread panicked")),
        }
    }
}

impl Drop for Watch {
    // The thread may hold the last handle of the client just then, and whoever dropped theirs relies on its being gone.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            let _panicked = thread.join();
        }
    }
}

fn cannot(error: io::Error) -> Error {
    let what = "the settings can't be watched: no thread can be started; are threads or file descriptors used up?";
    Error::new(Kind::Closed, what).with_source(error)
}

/// Does `work` for a client that is still there. What it logs is our own doing.
///
/// The last handle may be the one that is dropped here, and then what waits is delivered first; on a thread with the mark
/// it would not be.
fn on_behalf_of(client: &WeakClient, work: impl FnOnce(&AxonPush)) {
    if let Some(client) = client.upgrade() {
        // The application's subscriber may hear of it, and panic.
        let _panicked = suppress::while_working(|| sync::catch(|| work(&client)));
    }
}

/// Takes over what the settings say now, or tells why it was not.
fn reload(client: &AxonPush, sign: &str) {
    match client.reload(|settings| settings) {
        Ok(()) => tracing::info!(target: "axonpush", sign, "the settings were read again and are in force"),
        Err(error) => refuse(client, error.while_doing("the settings were refused and stay what they were")),
    }
}

/// Remembers and tells what went wrong.
fn refuse(client: &AxonPush, error: Error) {
    let message = error.to_string();
    client.remember(error);
    tracing::warn!(target: "axonpush", "{message}");
}
