use std::{
    fs,
    io::Write,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use super::*;
use crate::sink::writer::write_to;

/// A directory of one test, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("axonpush-file-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn log(&self) -> PathBuf {
        self.0.join("a.log")
    }

    /// The numbers of the events in a file.
    fn numbers(&self, name: &str) -> Vec<u64> {
        let text = fs::read_to_string(self.0.join(name)).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
        let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["n"].as_u64();
        text.lines().filter_map(read).collect()
    }

    /// All of them, from the oldest file to the current one.
    fn all(&self) -> Vec<u64> {
        let old = (1..40).rev().map(|number| format!("a.log.{number}"));
        old.chain(["a.log".to_owned()]).flat_map(|name| self.numbers(&name)).collect()
    }

    fn files(&self) -> usize {
        fs::read_dir(&self.0).unwrap().count()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn write(writer: &mut dyn SinkWriter, numbers: std::ops::Range<u64>) -> io::Result<()> {
    let events: Vec<_> = numbers.map(|n| format!(r#"{{"identifier":"e","payload":{{"n":{n}}}}}"#)).collect();
    let waiting: Vec<_> = events.iter().map(String::as_bytes).collect();
    write_to(writer, &waiting).0
}

/// Bytes of a line of one digit.
fn line() -> u64 {
    let directory = Directory::new();
    write(&mut *RollingFile::new(directory.log()).open().unwrap(), 0..1).unwrap();
    fs::metadata(directory.log()).unwrap().len()
}

#[test]
fn a_full_file_rolls_and_no_line_is_lost_or_split() {
    let directory = Directory::new();
    let file = RollingFile::new(directory.log()).max_bytes(3 * line()).keep(30);
    let mut writer = file.open().unwrap();
    for (start, end) in [(0, 1), (1, 2), (2, 9), (9, 10)] {
        write(&mut *writer, start..end).unwrap();
    }
    assert_eq!(directory.numbers("a.log.3"), [0, 1, 2]);
    assert_eq!(directory.all(), (0..10).collect::<Vec<_>>());
    // Another run goes on where this one ended.
    write(&mut *file.open().unwrap(), 10..12).unwrap();
    assert_eq!(directory.all(), (0..12).collect::<Vec<_>>());
    assert!(directory.files() <= 5);
}

#[test]
fn no_more_files_are_kept_than_asked_for() {
    let directory = Directory::new();
    let file = RollingFile::new(directory.log()).max_bytes(1).keep(2);
    write(&mut *file.open().unwrap(), 0..9).unwrap();
    assert_eq!((directory.files(), directory.all()), (3, vec![6, 7, 8]));
    drop(file.clone().keep(1).open().unwrap());
    assert_eq!((directory.files(), directory.all()), (2, vec![7, 8]));
    write(&mut *file.keep(0).open().unwrap(), 9..11).unwrap();
    assert_eq!((directory.files(), directory.all()), (1, vec![10]));
}

#[test]
fn an_interrupted_rotation_leaves_a_gap_that_the_next_one_fills() {
    let directory = Directory::new();
    let file = RollingFile::new(directory.log()).max_bytes(1).keep(4);
    write(&mut *file.open().unwrap(), 0..4).unwrap();
    fs::rename(directory.0.join("a.log.3"), directory.0.join("a.log.4")).unwrap();
    write(&mut *file.open().unwrap(), 4..5).unwrap();
    assert_eq!(directory.all(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_file_of_another_day_is_put_aside() {
    let directory = Directory::new();
    let file = RollingFile::new(directory.log()).every(Duration::from_secs(24 * 60 * 60));
    write(&mut *file.open().unwrap(), 0..2).unwrap();
    write(&mut *file.open().unwrap(), 2..3).unwrap();
    assert_eq!(directory.numbers("a.log"), [0, 1, 2]);
    let days_ago = SystemTime::now() - Duration::from_secs(3 * 24 * 60 * 60);
    fs::File::options().append(true).open(directory.log()).unwrap().set_modified(days_ago).unwrap();
    write(&mut *file.open().unwrap(), 3..4).unwrap();
    assert_eq!((directory.numbers("a.log.1"), directory.numbers("a.log")), (vec![0, 1, 2], vec![3]));
}

#[test]
fn a_file_that_was_renamed_or_deleted_is_made_anew() {
    let directory = Directory::new();
    let mut writer = writer(&RollingFile::new(directory.log()));
    write(&mut writer, 0..1).unwrap();
    fs::rename(directory.log(), directory.0.join("a.log.moved")).unwrap();
    writer.look(clock::now()).unwrap();
    write(&mut writer, 1..2).unwrap();
    assert_eq!((directory.numbers("a.log.moved"), directory.numbers("a.log")), (vec![0], vec![1]));
    fs::remove_dir_all(&directory.0).unwrap();
    writer.look(clock::now()).unwrap();
    write(&mut writer, 2..3).unwrap();
    assert_eq!(directory.numbers("a.log"), [2]);
}

#[test]
fn others_who_rotate_are_not_rotated_once_more() {
    let directory = Directory::new();
    let mut writer = writer(&RollingFile::new(directory.log()).max_bytes(2 * line()));
    write(&mut writer, 0..2).unwrap();
    fs::rename(directory.log(), directory.0.join("a.log.moved")).unwrap();
    fs::write(directory.log(), "{\"n\":2}\n").unwrap();
    write(&mut writer, 3..4).unwrap();
    assert_eq!((directory.numbers("a.log"), directory.numbers("a.log.1")), (vec![2, 3], vec![]));
}

#[test]
fn a_file_that_was_cut_short_fills_up_again() {
    let directory = Directory::new();
    let mut writer = writer(&RollingFile::new(directory.log()).max_bytes(3 * line()));
    write(&mut writer, 0..3).unwrap();
    fs::File::options().write(true).open(directory.log()).unwrap().set_len(0).unwrap();
    write(&mut writer, 3..6).unwrap();
    assert_eq!((directory.files(), directory.numbers("a.log")), (1, vec![3, 4, 5]));
}

#[test]
fn a_line_that_a_crash_left_torn_is_ended() {
    let directory = Directory::new();
    let file = RollingFile::new(directory.log());
    fs::write(directory.log(), "{\"n\":1}\n{\"n\":2").unwrap();
    write(&mut *file.open().unwrap(), 3..4).unwrap();
    assert_eq!(directory.numbers("a.log"), [1, 3]);
    assert_eq!(fs::read_to_string(directory.log()).unwrap().lines().count(), 3);
}

#[test]
fn a_file_that_cannot_be_renamed_is_written_on() {
    let directory = Directory::new();
    // A directory with something in it stands in the way of the oldest file, even for one who may do anything.
    fs::create_dir_all(directory.0.join("a.log.1/x")).unwrap();
    let mut writer = writer(&RollingFile::new(directory.log()).max_bytes(1).keep(1));
    write(&mut writer, 0..3).unwrap();
    assert_eq!(directory.numbers("a.log"), [0, 1, 2]);
    fs::remove_dir_all(directory.0.join("a.log.1")).unwrap();
    write(&mut writer, 3..4).unwrap();
    assert_eq!(directory.numbers("a.log"), [0, 1, 2, 3], "not before its time");
    writer.blocked_until = None;
    write(&mut writer, 4..5).unwrap();
    assert_eq!((directory.numbers("a.log.1"), directory.numbers("a.log")), (vec![0, 1, 2, 3], vec![4]));
}

#[test]
fn a_path_that_is_no_file_is_refused_with_the_way_out() {
    let directory = Directory::new();
    let error = RollingFile::new(&directory.0).open().err().unwrap();
    assert!(!error.to_string().is_empty());
    #[cfg(unix)]
    {
        let error = RollingFile::new("/dev/null").open().err().unwrap();
        assert!(error.kind() == io::ErrorKind::InvalidInput && error.to_string().contains("Stdout"), "{error}");
        let full = RollingFile::new("/dev/null/a.log").open().err().unwrap();
        assert_ne!(full.kind(), io::ErrorKind::InvalidInput);
    }
}

#[cfg(unix)]
#[test]
fn files_are_for_their_group_and_nobody_else() {
    use std::os::unix::fs::PermissionsExt;

    let directory = Directory::new();
    let path = directory.0.join("logs/deep/a.log");
    write(&mut *RollingFile::new(&path).open().unwrap(), 0..1).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path) & !0o640, 0);
    assert_eq!(mode(path.parent().unwrap()) & !0o750, 0);
}

#[test]
fn half_a_line_is_taken_back() {
    let directory = Directory::new();
    let mut writer = writer(&RollingFile::new(directory.log()));
    write(&mut writer, 0..1).unwrap();
    writer.file.file.write_all(b"0123456789").unwrap();
    writer.ends = vec![4, 20];
    writer.untear(10, 1);
    assert_eq!(fs::metadata(directory.log()).unwrap().len(), writer.file.length + 4);
    writer.file.file.write_all(b"of another").unwrap();
    let length = fs::metadata(directory.log()).unwrap().len();
    writer.untear(3, 0);
    assert_eq!(fs::metadata(directory.log()).unwrap().len(), length, "what others wrote stays");
}

fn writer(file: &RollingFile) -> FileWriter {
    file.writer().unwrap()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_the_size_every_line_is_there_once(
        batches in proptest::collection::vec(1..20_u64, 1..8),
        max in 1..2000_u64,
    ) {
        let directory = Directory::new();
        let file = RollingFile::new(directory.log()).max_bytes(max).keep(1000);
        let mut next = 0;
        for (i, batch) in batches.iter().enumerate() {
            // Sometimes by another run.
            let mut writer = file.open().unwrap();
            write(&mut *writer, next..next + batch).unwrap();
            if i % 2 == 0 {
                write(&mut *writer, next + batch..next + batch + 1).unwrap();
                next += 1;
            }
            next += batch;
        }
        let mut all = directory.all();
        for number in 40..200 {
            all.extend(directory.numbers(&format!("a.log.{number}")));
        }
        all.sort_unstable();
        proptest::prop_assert_eq!(all, (0..next).collect::<Vec<_>>());
    }
}
