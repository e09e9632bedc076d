//! A file of settings that changes.

use std::{
    hash::RandomState,
    path::{self, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::sync::Notify;

use super::{ReloadGuard, Watch, on_behalf_of, refuse, reload, spots::Spots};
use crate::{
    client::{AxonPush, WeakClient},
    clock,
    config::{SettingsFile, Sight},
    context::suppress,
    error::{Error, Kind},
};

/// How long nothing may happen before the file is read: who truncates a file writes it next.
const QUIET: Duration = Duration::from_millis(100);

/// How long a file may go on changing before it is read all the same.
const LONGEST: Duration = Duration::from_secs(1);

/// When to look again after something could not be watched.
const RETRY: Duration = Duration::from_secs(10);

impl AxonPush {
    /// Reloads the client whenever the file changes that [`with_file`](crate::AxonPushBuilder::with_file) named: when it is
    /// written, replaced by another one, appears or disappears, or when a symbolic link on the way to it is made to lead
    /// elsewhere, as Kubernetes does with a mounted `ConfigMap`. It is also reloaded once at the beginning, so that nothing
    /// is missed that changed since the client was built.
    ///
    /// The file is read when nothing has happened to it for 100 ms, and after a second at the latest. One that is refused
    /// changes nothing: it is told with its line and key in the application's log and by
    /// [`last_error`](Self::last_error), and the next good one is taken over.
    ///
    /// Changes are told by the operating system, which does not tell those that another machine made to a shared file
    /// system, nor that a directory further up was renamed. The file is the one the client has at the time of this call;
    /// after a reload with another one, call again. On a disabled client nothing is watched.
    ///
    /// ```no_run
    /// # use axonpush::AxonPush;
    /// let client = AxonPush::builder().with_env().with_file("axonpush.toml").build()?;
    /// let _watch = client.watch_file()?;
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the client has no file, when the file is refused as [`reload`](Self::reload) says, and when the system can't
    /// watch it.
    #[cfg_attr(docsrs, doc(cfg(feature = "watch")))]
    pub fn watch_file(&self) -> Result<ReloadGuard, Error> {
        let file = self.settings_file();
        Watch::start(self, "axonpush-watch", |client| {
            let file = file.ok_or_else(|| {
                Error::config("this client has no settings file to watch; name one by `with_file` when it is built")
            })?;
            let mut watch = FileWatch::new(file)?;
            // The client is there: whoever starts this has a handle of it.
            client.upgrade().map_or(Ok(()), |client| client.reload(|settings| settings))?;
            Ok(async move { watch.run(&client).await })
        })
    }
}

/// What is watched, and what was last seen.
struct FileWatch {
    file: SettingsFile,
    path: PathBuf,
    wake: Arc<Notify>,
    ears: Option<Ears>,
    is_deaf: bool,
    /// Keys the hashes in sights, so that no content is kept.
    hasher: RandomState,
    seen: Sight,
}

impl FileWatch {
    fn new(file: SettingsFile) -> Result<Self, Error> {
        let path = path::absolute(file.path()).map_err(|error| {
            Error::config("the path of the settings file leads nowhere; is it empty?").with_source(error)
        })?;
        let hasher = RandomState::new();
        let seen = file.sight(&hasher);
        let mut watch = Self { file, path, wake: Arc::default(), ears: None, is_deaf: false, hasher, seen };
        watch.listen()?;
        // Only what is seen from here on is heard of when it changes.
        watch.seen = watch.file.sight(&watch.hasher);
        Ok(watch)
    }

    async fn run(&mut self, client: &WeakClient) {
        loop {
            self.changed().await;
            on_behalf_of(client, |client| self.look(client));
        }
    }

    /// Ready when something has happened, and then nothing for a while.
    async fn changed(&self) {
        let again = self.is_deaf.then(|| clock::after(clock::now(), RETRY));
        tokio::select! {
            () = self.wake.notified() => {}
            () = clock::sleep_until(again) => {}
        }
        let latest = clock::after(clock::now(), LONGEST);
        loop {
            let quiet = clock::after(clock::now(), QUIET).min(latest);
            tokio::select! {
                biased;
                () = clock::sleep_until(Some(quiet)) => return,
                () = self.wake.notified() => {}
            }
        }
    }

    fn look(&mut self, client: &AxonPush) {
        let was_deaf = self.is_deaf;
        let listening = self.listen();
        self.is_deaf = listening.is_err();
        if let Err(error) = listening
            && !was_deaf
        {
            refuse(client, error);
        }
        let seen = self.file.sight(&self.hasher);
        if seen != self.seen {
            self.seen = seen;
            reload(client, "a changed file");
        }
    }

    /// Listens wherever the path leads through now.
    fn listen(&mut self) -> Result<(), Error> {
        // What changes meanwhile is looked at again; by the last time it will be heard.
        for _ in 0..TRIES {
            let spots = Spots::of(&self.path);
            if self.ears.as_ref().is_some_and(|ears| ears.are_at(&spots)) {
                break;
            }
            self.ears = Some(Ears::new(spots, &self.wake)?);
        }
        Ok(())
    }
}

const TRIES: usize = 5;

/// Hears what happens at some spots.
struct Ears {
    spots: Arc<Spots>,
    /// Whether a directory itself was removed or renamed, and another may stand in its place.
    is_stale: Arc<AtomicBool>,
    _watcher: RecommendedWatcher,
}

impl Ears {
    fn new(spots: Spots, wake: &Arc<Notify>) -> Result<Self, Error> {
        let cannot = |error: notify::Error| {
            let what = "the directory of the settings file can't be watched; may this user read it, or are all watches used \
                        up (fs.inotify on Linux)?";
            Error::new(Kind::Closed, what).with_source(error)
        };
        let (spots, is_stale) = (Arc::new(spots), Arc::new(AtomicBool::new(false)));
        let (at, stale, wake) = (Arc::clone(&spots), Arc::clone(&is_stale), Arc::clone(wake));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // The thread is the watcher's own, and what it logs is our doing.
            suppress::mark_thread();
            let heard = event.map_or(Heard::Entry, |event| Heard::of(&event, &at));
            if heard == Heard::Directory {
                stale.store(true, Ordering::Relaxed);
            }
            if heard != Heard::Nothing {
                wake.notify_one();
            }
        })
        .map_err(cannot)?;
        for directory in &spots.directories {
            watcher.watch(directory, RecursiveMode::NonRecursive).map_err(cannot)?;
        }
        Ok(Self { spots, is_stale, _watcher: watcher })
    }

    fn are_at(&self, spots: &Spots) -> bool {
        *self.spots == *spots && !self.is_stale.load(Ordering::Relaxed)
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Something beside our way, or somebody who only looked, as we do ourselves.
    Nothing,
    Entry,
    Directory,
}

impl Heard {
    fn of(event: &notify::Event, spots: &Spots) -> Self {
        match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
            EventKind::Access(_) => return Self::Nothing,
            _ => {}
        }
        if event.paths.iter().any(|path| spots.directories.contains(path)) {
            Self::Directory
        } else if event.need_rescan() || event.paths.iter().any(|path| spots.entries.contains(path)) {
            Self::Entry
        } else {
            Self::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use notify::{
        Event,
        event::{CreateKind, DataChange, Flag, ModifyKind, RemoveKind, RenameMode},
    };

    use super::*;

    #[test]
    fn who_only_looks_and_what_happens_beside_it_is_nothing() {
        let spots = Spots {
            entries: ["/etc/app/a.toml", "/etc/app/..data"].map(PathBuf::from).into(),
            directories: [PathBuf::from("/etc/app")].into(),
        };
        let heard = |kind, path: &str| Heard::of(&Event::new(kind).add_path(Path::new(path).to_owned()), &spots);
        let (written, renamed) =
            (EventKind::Modify(ModifyKind::Data(DataChange::Any)), EventKind::Modify(ModifyKind::Name(RenameMode::To)));
        let closed = |mode| EventKind::Access(AccessKind::Close(mode));
        for (kind, path, expected) in [
            (written, "/etc/app/a.toml", Heard::Entry),
            (renamed, "/etc/app/..data", Heard::Entry),
            (EventKind::Create(CreateKind::File), "/etc/app/a.toml", Heard::Entry),
            (closed(AccessMode::Write), "/etc/app/a.toml", Heard::Entry),
            // A watch that heard of its own reading would never come to rest.
            (closed(AccessMode::Read), "/etc/app/a.toml", Heard::Nothing),
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), "/etc/app/a.toml", Heard::Nothing),
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), "/etc/app", Heard::Nothing),
            (written, "/etc/app/app.log", Heard::Nothing),
            (EventKind::Remove(RemoveKind::Folder), "/etc/app", Heard::Directory),
            (renamed, "/etc/app", Heard::Directory),
        ] {
            assert_eq!(heard(kind, path), expected, "{kind:?} {path}");
        }
        // The system has lost count of what happened.
        assert_eq!(Heard::of(&Event::new(EventKind::Other).set_flag(Flag::Rescan), &spots), Heard::Entry);
    }
}
