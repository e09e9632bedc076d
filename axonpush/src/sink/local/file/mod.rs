//! Files that roll: by size and by time, with a bounded number of old ones.

mod open;
mod shift;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use self::open::{Opened, Stamp};
use super::stream::write_all;
use crate::{
    clock,
    sink::{
        lines::{Form, Lines},
        writer::{Sink, SinkBatch, SinkWriter},
    },
};

/// Records go to a file, one line of JSON each as [`Stdout::json`](crate::Stdout::json) writes them. When the file has
/// reached its size, or its time has passed, it is renamed to `<path>.1`, what was `<path>.1` to `<path>.2`, and so on;
/// the oldest is deleted.
///
/// ```
/// use axonpush::{AxonPush, RollingFile};
/// use std::time::Duration;
///
/// let daily = RollingFile::new("/var/log/orders/orders.log").every(Duration::from_secs(24 * 60 * 60)).keep(14);
/// let builder = AxonPush::builder().api_key("ak_dev").sink("file", daily);
/// # let client = builder.base_url("http://localhost:4000").build()?;
/// # Ok::<(), axonpush::Error>(())
/// ```
///
/// - Directories are made where they are missing, with mode 0750; files have mode 0640, so that a group may read them
///   which collects logs, and nobody else. Both are narrowed by the process's umask.
/// - A file that is renamed, deleted or cut short by others is noticed before the next rotation and otherwise within a
///   second; what was written meanwhile went along with it.
/// - Lines are written in batches, each with one system call, and not synced: a process that crashes leaves at most
///   one line torn, which the next one ends.
/// - On a full disk or without permission records wait, and are written when that is mended. What was written of a batch
///   is not written again.
/// - A file that can't be renamed is written on past its size, and tried again after a second.
/// - The clock of the wall decides: days begin at midnight UTC.
/// - Two processes should not share a path. Their lines stay whole, but both rotate, and so old files go too early.
#[derive(Debug, Clone)]
#[must_use = "a file does nothing until it is a client's sink"]
pub struct RollingFile {
    path: PathBuf,
    form: Form,
    max_bytes: u64,
    every: Option<Duration>,
    keep: usize,
}

impl RollingFile {
    /// Lines of JSON, 64 MiB a file, of which 7 are kept besides the current one.
    ///
    /// A relative path is one below the directory that is the current one now, wherever the process goes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let path = std::path::absolute(&path).unwrap_or(path);
        Self { path, form: Form::Json, max_bytes: 64 << 20, every: None, keep: 7 }
    }

    /// Lines for humans, without colours, as [`Stdout::console`](crate::Stdout::console) writes them.
    pub fn console(mut self) -> Self {
        self.form = Form::Console { colors: Some(false) };
        self
    }

    /// How large a file gets; 64 MiB unless set. A line that is larger has a file of its own.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How long a file is written, at least a second: for `Duration::from_secs(3600)` a file begins with every hour, in
    /// UTC, in which there is something to write. For ever unless set. A file that stands there from an earlier run
    /// counts as of the time when it was last written.
    pub fn every(mut self, period: Duration) -> Self {
        self.every = Some(period.max(Duration::from_secs(1)));
        self
    }

    /// How many old files are kept; 7 unless set, and at most 10,000. With 0 a file that is full is deleted.
    pub fn keep(mut self, files: usize) -> Self {
        self.keep = files.min(10_000);
        self
    }

    fn writer(&self) -> io::Result<FileWriter> {
        let file = Opened::open(&self.path)?;
        shift::tidy(&self.path, self.keep);
        let mut writer = FileWriter {
            period: self.period(file.modified),
            lines: Lines::new(self.form, false),
            buffer: Vec::new(),
            ends: Vec::new(),
            written: 0,
            checked_at: clock::now(),
            blocked_until: None,
            policy: self.clone(),
            file,
        };
        writer.start_period_anew();
        Ok(writer)
    }

    /// In which period a moment lies.
    fn period(&self, at: SystemTime) -> u128 {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.every.map_or(0, |every| since.as_nanos() / every.as_nanos().max(1))
    }
}

impl Sink for RollingFile {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(self.writer()?))
    }
}

struct FileWriter {
    policy: RollingFile,
    file: Opened,
    /// That of the current file.
    period: u128,
    lines: Lines,
    buffer: Vec<u8>,
    /// Where each line of the buffer ends.
    ends: Vec<usize>,
    written: usize,
    /// When we last looked whether the file is still the one of that name.
    checked_at: Instant,
    /// Until then it is not tried to rotate, after that failed.
    blocked_until: Option<Instant>,
}

/// The least time between two looks at what stands at the path, and between two attempts to rotate in vain.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Lines gathered for one write.
const MAX_BUFFER: usize = 1 << 20;

impl FileWriter {
    fn write_batch(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let now = clock::now();
        if now.saturating_duration_since(self.checked_at) >= LOOK_EVERY {
            let _is_another = self.look(now)?;
        }
        if self.period(clock::wall()) > self.period && self.may_rotate(now) {
            self.rotate(now)?;
        }
        for record in batch {
            let start = self.buffer.len();
            self.lines.write(record, &mut self.buffer);
            let length = self.file.length + self.buffer.len() as u64;
            let is_full = length > self.policy.max_bytes && self.file.length + start as u64 > 0;
            if is_full && self.may_rotate(now) {
                self.drain(start)?;
                self.rotate(now)?;
            } else if start > MAX_BUFFER {
                self.drain(start)?;
            }
            self.ends.push(self.buffer.len());
        }
        self.drain(self.buffer.len())
    }

    /// Writes what the buffer holds up to `end`, which is that of a line.
    fn drain(&mut self, end: usize) -> io::Result<()> {
        let lines = self.buffer.get(..end).unwrap_or_default();
        let (bytes, result) = write_all(&mut self.file.file, lines);
        let whole = self.ends.partition_point(|end| *end <= bytes);
        self.written += whole;
        if let Err(error) = result {
            self.untear(bytes, whole);
            return Err(error);
        }
        self.file.length += bytes as u64;
        self.ends.clear();
        self.buffer.drain(..end);
        Ok(())
    }

    /// Cuts off what was written of a line that will be written again. Where that fails, or others have written since,
    /// whoever opens the file next ends the line instead.
    fn untear(&self, bytes: usize, whole: usize) {
        let kept = whole.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or_default();
        let end = self.file.length + bytes as u64;
        if self.file.file.metadata().is_ok_and(|now| now.len() == end) {
            let _torn = self.file.file.set_len(self.file.length + kept as u64);
        }
    }

    fn period(&self, at: SystemTime) -> u128 {
        self.policy.period(at)
    }

    /// Whether it was not tried in vain just now.
    fn may_rotate(&self, now: Instant) -> bool {
        self.blocked_until.is_none_or(|until| now >= until)
    }

    /// An empty file is as good as a new one.
    fn start_period_anew(&mut self) {
        if self.file.length == 0 {
            self.period = self.period(clock::wall());
        }
    }

    /// Goes on in another file if this one is no longer that of the name, and learns how long it is. `true`: it does.
    fn look(&mut self, now: Instant) -> io::Result<bool> {
        self.checked_at = now;
        let known = Stamp::at(&self.policy.path).filter(|stamp| stamp.is_of(&self.file));
        if let Some(stamp) = &known {
            self.file.length = stamp.length;
        } else {
            self.file = Opened::open(&self.policy.path)?;
            self.period = self.period(self.file.modified);
        }
        self.start_period_anew();
        Ok(known.is_none())
    }

    /// Begins a new file, unless others just did.
    fn rotate(&mut self, now: Instant) -> io::Result<()> {
        if self.look(now)? {
            return Ok(());
        }
        if self.file.length > 0 {
            if shift::shift(&self.policy.path, self.policy.keep).is_err() {
                self.blocked_until = Some(now + LOOK_EVERY);
                return Ok(());
            }
            self.file = Opened::open(&self.policy.path)?;
        }
        self.blocked_until = None;
        self.period = self.period(clock::wall());
        Ok(())
    }
}

impl SinkWriter for FileWriter {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        self.written = 0;
        self.buffer.clear();
        self.ends.clear();
        let result = self.write_batch(batch);
        batch.written(0..self.written);
        // Huge records are rare.
        self.buffer.clear();
        self.buffer.shrink_to(2 * MAX_BUFFER);
        result
    }
}

/// `<path>.<number>`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}
