use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use super::*;
use crate::{AxonPushBuilder, Event, clock, testing::MemorySink};

const PATIENCE: Duration = Duration::from_secs(20);

/// A directory of one test, gone with it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("axonpush-watch-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes settings of a service of that name.
    fn write(&self, name: &str, service: &str) {
        fs::write(self.path(name), settings(service)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn settings(service: &str) -> String {
    format!("service.name = '{service}'\n")
}

fn client(change: impl FnOnce(AxonPushBuilder) -> AxonPushBuilder) -> AxonPush {
    change(MemorySink::new().builder()).build().unwrap()
}

/// Whether it is what `client` says of itself.
fn is_called(client: &AxonPush, service: &str) -> bool {
    String::from_utf8_lossy(client.snapshot().resource()).contains(&format!("\"{service}\""))
}

#[track_caller]
fn until(condition: impl Fn() -> bool) {
    let deadline = clock::now() + PATIENCE;
    while !condition() {
        assert!(clock::now() < deadline, "it never came to that");
        thread::yield_now();
    }
}

#[test]
fn a_client_that_is_dropped_ends_its_watch() {
    let folder = Folder::new();
    folder.write("a.toml", "one");
    let watched = client(|settings| settings.with_file(folder.path("a.toml")));
    let guard = watched.watch_file().unwrap();
    assert!(!guard.is_over());
    drop(watched);
    until(|| guard.is_over());
}

#[test]
fn the_last_handle_delivers_what_waits_wherever_it_is_dropped() {
    let sink = MemorySink::new();
    let client = sink.builder().build().unwrap();
    let weak = client.downgrade().unwrap();
    client.events().enqueue(Event::new("last"));
    on_behalf_of(&weak, |_| drop(client));
    assert!(weak.is_gone());
    sink.expect("last").once();
}

#[test]
fn a_panic_in_a_subscriber_is_contained() {
    let client = client(|settings| settings);
    let weak = client.downgrade().unwrap();
    on_behalf_of(&weak, |_| std::panic::panic_any("in a subscriber"));
    assert!(!suppress::is_marked());
}

#[test]
fn a_disabled_client_has_nothing_to_watch_and_one_without_a_file_says_so() {
    assert!(AxonPush::disabled().watch_file().unwrap().is_over());
    let error = client(|settings| settings).watch_file().unwrap_err();
    assert!(error.is_config() && error.to_string().contains("`with_file`"), "{error}");
}

#[test]
fn what_changed_before_the_watch_is_in_force_when_it_begins() {
    let folder = Folder::new();
    folder.write("a.toml", "one");
    let client = client(|settings| settings.with_file(folder.path("a.toml")));
    folder.write("a.toml", "two");
    let guard = client.watch_file().unwrap();
    assert!(is_called(&client, "two"));
    drop(guard);
    fs::write(folder.path("a.toml"), "\nlevels = 'canary'").unwrap();
    let message = client.watch_file().unwrap_err().to_string();
    assert!(message.contains("line 2: `levels` must be") && !message.contains("canary"), "{message}");
}

#[test]
fn a_file_that_is_written_or_replaced_is_taken_over() {
    let folder = Folder::new();
    folder.write("a.toml", "one");
    let client = client(|settings| settings.with_file(folder.path("a.toml")));
    let _guard = client.watch_file().unwrap();
    for turn in 0..3 {
        let (written, replaced) = (format!("written-{turn}"), format!("replaced-{turn}"));
        folder.write("a.toml", &written);
        until(|| is_called(&client, &written));
        folder.write(".a.toml.swp", &replaced);
        fs::rename(folder.path(".a.toml.swp"), folder.path("a.toml")).unwrap();
        until(|| is_called(&client, &replaced));
    }
    assert!(client.last_error().is_none());
}

#[test]
fn a_bad_file_changes_nothing_and_the_next_good_one_is_taken() {
    let folder = Folder::new();
    folder.write("a.toml", "one");
    let client = client(|settings| settings.with_file(folder.path("a.toml")));
    let _guard = client.watch_file().unwrap();
    let said = |text: &str| client.last_error().is_some_and(|error| error.to_string().contains(text));
    fs::write(folder.path("a.toml"), "service.name = 'two'\nlevels = 'canary'\n").unwrap();
    until(|| said("a.toml, line 2: `levels` must be"));
    assert!(is_called(&client, "one") && !said("canary"));
    // What can't be changed while the client is at work is refused as well.
    fs::write(folder.path("a.toml"), "service.name = 'two'\nqueue.max_events = 5\n").unwrap();
    until(|| said("the queue policy"));
    fs::remove_file(folder.path("a.toml")).unwrap();
    until(|| said("can't be read"));
    assert!(is_called(&client, "one"));
    folder.write("a.toml", "three");
    until(|| is_called(&client, "three"));
}

#[test]
fn a_file_that_appears_or_goes_is_noticed_even_with_its_directory() {
    let folder = Folder::new();
    let client = client(|settings| settings.with_optional_file(folder.path("conf/d/a.toml")));
    let _guard = client.watch_file().unwrap();
    for service in ["one", "two"] {
        fs::create_dir_all(folder.path("conf/d")).unwrap();
        folder.write("conf/d/a.toml", service);
        until(|| is_called(&client, service));
        fs::remove_dir_all(folder.path("conf")).unwrap();
        until(|| !is_called(&client, service));
    }
    // One directory in the place of another, in no time.
    fs::create_dir_all(folder.path("conf/d")).unwrap();
    folder.write("conf/d/a.toml", "old");
    until(|| is_called(&client, "old"));
    fs::create_dir_all(folder.path("new")).unwrap();
    folder.write("new/a.toml", "new");
    fs::rename(folder.path("conf/d"), folder.path("conf/before")).unwrap();
    fs::rename(folder.path("new"), folder.path("conf/d")).unwrap();
    until(|| is_called(&client, "new"));
    folder.write("conf/d/a.toml", "newer");
    until(|| is_called(&client, "newer"));
    assert!(client.last_error().is_none());
}

#[cfg(unix)]
#[test]
fn a_link_that_is_swapped_above_the_file_is_followed() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    let swap = |target: &str, link: &str| {
        symlink(target, folder.path("swap")).unwrap();
        fs::rename(folder.path("swap"), folder.path(link)).unwrap();
    };
    for service in ["one", "two", "three", "four"] {
        fs::create_dir(folder.path(&format!("..{service}"))).unwrap();
        folder.write(&format!("..{service}/a.toml"), service);
    }
    // As a `ConfigMap` is mounted: the file leads through a link beside it.
    swap("..one", "..data");
    symlink("..data/a.toml", folder.path("a.toml")).unwrap();
    // As releases are switched: the directory is a link itself.
    swap("..one", "current");
    let mounted = client(|settings| settings.with_file(folder.path("a.toml")));
    let switched = client(|settings| settings.with_file(folder.path("current/a.toml")));
    let _guards = (mounted.watch_file().unwrap(), switched.watch_file().unwrap());
    let mut before = "..one".to_owned();
    for service in ["two", "three", "four"] {
        let target = format!("..{service}");
        swap(&target, "..data");
        until(|| is_called(&mounted, service));
        swap(&target, "current");
        until(|| is_called(&switched, service));
        fs::remove_dir_all(folder.path(&before)).unwrap();
        before = target;
    }
    // What is written where it leads to now is heard of as well.
    folder.write("..four/a.toml", "five");
    until(|| is_called(&mounted, "five") && is_called(&switched, "five"));
}

#[test]
fn a_guard_that_is_dropped_ends_its_watch_and_no_other() {
    let folder = Folder::new();
    folder.write("a.toml", "one");
    let new = || client(|settings| settings.with_file(folder.path("a.toml")));
    let (left_alone, watched) = (new(), new());
    let ended = left_alone.watch_file().unwrap();
    let _guard = watched.watch_file().unwrap();
    drop(ended);
    folder.write("a.toml", "two");
    until(|| is_called(&watched, "two"));
    assert!(is_called(&left_alone, "one"));
}
