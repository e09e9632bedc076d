//! SIGHUP, by which daemons are told to read their settings again.

use tokio::signal::unix::{SignalKind, signal};

use super::{ReloadGuard, Watch, on_behalf_of, reload};
use crate::{
    client::AxonPush,
    error::{Error, Kind},
};

impl AxonPush {
    /// Reloads the client whenever the process receives SIGHUP, as `kill -HUP` sends it: its file of settings is read
    /// again, if it has one, as [`reload`](Self::reload) would do it that changes nothing.
    ///
    /// Settings that are refused change nothing. They are told in the application's log and by
    /// [`last_error`](Self::last_error), and the next signal finds better ones.
    ///
    /// From the first call on the signal no longer ends the process, not even when the guard is gone. Several clients may
    /// wait for it, and so may the application. On a disabled client nothing is waited for.
    ///
    /// ```
    /// # let client = axonpush::AxonPush::disabled();
    /// let _reloading = client.reload_on_sighup()?;
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When no thread can be started, or the system doesn't let us listen to the signal.
    #[cfg_attr(docsrs, doc(cfg(all(unix, feature = "signal"))))]
    pub fn reload_on_sighup(&self) -> Result<ReloadGuard, Error> {
        Watch::start(self, "axonpush-sighup", |client| {
            let mut hangups = signal(SignalKind::hangup()).map_err(|error| {
                let what = "SIGHUP can't be listened to; is this thread's process allowed to handle signals?";
                Error::new(Kind::Closed, what).with_source(error)
            })?;
            Ok(async move {
                while hangups.recv().await.is_some() {
                    on_behalf_of(&client, |client| reload(client, "SIGHUP"));
                }
            })
        })
    }
}
