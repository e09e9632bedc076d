//! JSON lines, read beside the sending: one thread reads, so that a slow pipe holds up nothing but itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::mpsc;

use super::single::fresh_key;
use crate::cli::Stop;

/// A line that is not empty.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    /// How much was read, up to its end.
    pub(super) end: u64,
    /// `None` when it is too long.
    text: Option<Vec<u8>>,
}

/// The lines of a file or pipe.
#[derive(Debug)]
pub(super) struct Lines {
    /// How many bytes there are, where that is known.
    pub(super) bytes: Option<u64>,
    read: mpsc::Receiver<io::Result<Line>>,
    failure: Option<String>,
    due: bool,
}

impl Lines {
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn of_file(path: &Path) -> Result<Self, Stop> {
        let file = File::open(path)
            .map_err(|error| Stop::Failed(format!("--file: could not open `{}`: {error}", path.display())))?;
        let bytes = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
        Self::of(file, bytes)
    }

    pub(super) fn of_stdin() -> Result<Self, Stop> {
        Self::of(io::stdin(), length_of_stdin())
    }

    fn of(source: impl Read + Send + 'static, bytes: Option<u64>) -> Result<Self, Stop> {
        let (sender, ahead) = mpsc::channel(AHEAD);
        // Nobody waits for it: a pipe that never ends must not hold up the end.
        std::thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || read(BufReader::with_capacity(1 << 16, source), &sender))
            .map_err(|error| Stop::Failed(format!("could not start the thread that reads lines: {error}")))?;
        Ok(Self { bytes, read: ahead, failure: None, due: false })
    }

    /// The next line, or `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Line> {
        let line = self.read.recv().await;
        self.due = false;
        match line? {
            Ok(line) => Some(line),
            Err(error) => {
                self.failure = Some(format!("could not read on: {error}"));
                None
            }
        }
    }

    /// Whether the time of the next line has come.
    pub(super) fn is_due(&self) -> bool {
        self.due
    }

    pub(super) fn set_due(&mut self) {
        self.due = true;
    }

    /// Why there were no more lines, when that was not their end.
    pub(super) fn failed(&mut self) -> Option<String> {
        self.failure.take()
    }
}

impl Line {
    /// The body to send: the line, with a key and a channel if it has none.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub(super) fn event(&mut self, channel: Option<&str>) -> Result<Vec<u8>, String> {
        let text = self.text.take().ok_or_else(|| format!("longer than {} MiB", MAX_LINE >> 20))?;
        // Values stay the text they are, so that no digit of a number is lost.
        let mut fields: BTreeMap<String, &RawValue> = serde_json::from_slice(&text).map_err(|error| said(&error))?;
        let key = to_raw_value(&fresh_key()).map_err(|error| said(&error))?;
        let channel = channel.map(to_raw_value).transpose().map_err(|error| said(&error))?;
        fields.entry("dedupKey".to_owned()).or_insert(&key);
        if let Some(channel) = &channel {
            fields.entry("channel_id".to_owned()).or_insert(channel);
        }
        serde_json::to_vec(&fields).map_err(|error| said(&error))
    }
}

fn said(error: &serde_json::Error) -> String {
    // It is one line, so only the column tells something.
    let what = error.to_string();
    let what = what.split_once(" at line ").map_or(what.as_str(), |(what, _)| what);
    format!("not a JSON object: {what} at column {}", error.column())
}

fn read(mut source: impl BufRead, lines: &mpsc::Sender<io::Result<Line>>) {
    let (mut number, mut end) = (0, 0);
    loop {
        let mut text = Vec::new();
        let line = match (&mut source).take(MAX_LINE + 1).read_until(b'\n', &mut text) {
            Ok(0) => return,
            Ok(read) if read as u64 > MAX_LINE && !text.ends_with(b"\n") => {
                let skipped = source.skip_until(b'\n').unwrap_or_default();
                end += (read + skipped) as u64;
                number += 1;
                Ok(Line { number, end, text: None })
            }
            Ok(read) => {
                end += read as u64;
                number += 1;
                if number == 1 && text.starts_with(BYTE_ORDER_MARK) {
                    text.drain(..BYTE_ORDER_MARK.len());
                }
                if text.trim_ascii().is_empty() {
                    continue;
                }
                Ok(Line { number, end, text: Some(text) })
            }
            Err(error) => Err(error),
        };
        let failed = line.is_err();
        if lines.blocking_send(line).is_err() || failed {
            return;
        }
    }
}

/// A file that was redirected to standard input has a length.
#[cfg(unix)]
fn length_of_stdin() -> Option<u64> {
    use std::os::fd::AsFd;

    let file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    file.metadata().ok().filter(std::fs::Metadata::is_file).map(|file| file.len())
}

#[cfg(not(unix))]
fn length_of_stdin() -> Option<u64> {
    None
}

/// How many lines are read before they are sent.
const AHEAD: usize = 256;

/// The largest body that a server should ever take.
const MAX_LINE: u64 = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(text: &[u8]) -> Vec<(u64, Result<String, String>)> {
        let mut lines = Lines::of(io::Cursor::new(text.to_vec()), None).unwrap();
        let mut found = Vec::new();
        while let Some(mut line) = lines.next().await {
            let event = line.event(None).map(|event| String::from_utf8(event).unwrap());
            found.push((line.number, event));
        }
        found
    }

    #[tokio::test]
    async fn lines_keep_their_numbers_and_values_their_digits() {
        let text = b"\xef\xbb\xbf{\"payload\":{\"n\":123456789012345678901234567890.10},\"dedupKey\":\"a\"}\n\n  \r\n[1]\r\n{\"a\":1";
        let found = all(text).await;
        assert_eq!(found[0].1.as_deref(), Ok(r#"{"dedupKey":"a","payload":{"n":123456789012345678901234567890.10}}"#));
        assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 4, 5]);
        assert!(found[1].1.as_ref().unwrap_err().starts_with("not a JSON object"), "{found:?}");
        assert!(found[2].1.as_ref().unwrap_err().contains("column 6"), "{found:?}");
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_costs_itself_alone() {
        let mut text = vec![b'x'; usize::try_from(MAX_LINE).unwrap() + 70_000];
        text.extend_from_slice(b"\n{}\n");
        let found = all(&text).await;
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (1, Err("longer than 1 MiB".to_owned())));
        assert!(found[1].0 == 2 && found[1].1.as_ref().unwrap().contains("dedupKey"));
    }
}
