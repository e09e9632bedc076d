//! An open sink: batches become chunks, and acknowledgements the fate of their records.

use std::{collections::HashMap, io, sync::Arc};

use super::{
    Settings, SinkBatch, SinkWriter,
    chunk::{self, Chunk},
    connection::Connection,
    entry::Entry,
    handshake,
    msgpack::Value,
};
use crate::clock;

/// Writes batches to a server.
pub(super) struct FluentdWriter {
    settings: Arc<Settings>,
    /// There is none between two chunks to a server that takes one on each.
    connection: Option<Connection>,
    entry: Entry,
    /// Messages that are written together.
    out: Vec<u8>,
    /// What was sent and not acknowledged, by its id: places in the batch.
    unanswered: HashMap<Vec<u8>, Vec<usize>>,
}

/// So many bytes of messages are sent at once.
const FULL: usize = 64 << 10;

/// So many acknowledgements may be missing before some are waited for. A server that is not listened to might wait until
/// it is, while it is sent more.
const MOST_UNANSWERED: usize = 256;

impl FluentdWriter {
    pub(super) fn open(settings: &Arc<Settings>) -> io::Result<Self> {
        Ok(Self {
            connection: Some(Connection::open(settings).map_err(for_now)?),
            entry: Entry::new(settings.format.clone(), settings.hostname()),
            settings: Arc::clone(settings),
            out: Vec::new(),
            unanswered: HashMap::new(),
        })
    }

    fn send(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let chunks = chunk::group(batch, &self.settings.tag_prefix, &self.settings.ids, &mut self.entry);
        // Between two batches a server may have gone away without anybody having been told.
        match self.connection.as_mut().map(Connection::overheard) {
            Some(Ok(Some(answer))) => return Err(unexpected(&answer)),
            Some(Err(_)) => self.connection = None,
            Some(Ok(None)) | None => {}
        }
        let mut unconfirmed = Vec::new();
        for mut chunk in chunks {
            let connection = match &mut self.connection {
                Some(connection) => connection,
                None => self.connection.insert(Connection::open(&self.settings)?),
            };
            let keepalive = connection.keepalive;
            chunk.write(self.settings.compression, self.settings.ack, &mut self.out);
            let Chunk { id, records, .. } = chunk;
            if self.settings.ack {
                self.unanswered.insert(id.into_bytes(), records);
            } else {
                unconfirmed.extend(records);
            }
            if !keepalive {
                self.settle(batch, &mut unconfirmed, 0)?;
                self.connection = None;
            } else if self.out.len() >= FULL {
                self.settle(batch, &mut unconfirmed, MOST_UNANSWERED)?;
            } else if self.unanswered.len() > MOST_UNANSWERED {
                self.settle(batch, &mut unconfirmed, MOST_UNANSWERED / 2)?;
            }
        }
        self.settle(batch, &mut unconfirmed, 0)
    }

    /// Sends what is written, and waits until no more than `most` acknowledgements are missing.
    fn settle(&mut self, batch: &SinkBatch<'_>, unconfirmed: &mut Vec<usize>, most: usize) -> io::Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let settings = &self.settings;
        connection.send(&self.out, clock::after(clock::now(), settings.write_timeout))?;
        self.out.clear();
        if !settings.ack {
            // A server that has closed the connection, or wants a key, may have taken nothing of this.
            if let Some(answer) = connection.overheard()? {
                return Err(unexpected(&answer));
            }
            mark(batch, unconfirmed);
            unconfirmed.clear();
        }
        while self.unanswered.len() > most {
            let Some(answer) = connection.answer(clock::after(clock::now(), settings.ack_timeout))? else {
                let what = format!(
                    "the Fluentd server has left {} chunks without acknowledgement for {:?}; they are sent once more",
                    self.unanswered.len(),
                    settings.ack_timeout,
                );
                return Err(io::Error::new(io::ErrorKind::TimedOut, what));
            };
            let id = answer.get("ack").and_then(Value::as_text);
            match id.and_then(|id| self.unanswered.remove(id)) {
                Some(records) => mark(batch, &records),
                None => return Err(unexpected(&answer)),
            }
        }
        Ok(())
    }
}

impl SinkWriter for FluentdWriter {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        self.send(batch).map_err(for_now)
    }
}

fn mark(batch: &SinkBatch<'_>, records: &[usize]) {
    for place in records {
        batch.written(*place..place + 1);
    }
}

/// What is wrong with a server that says this.
fn unexpected(answer: &Value) -> io::Error {
    io::Error::other(if handshake::is_helo(answer) {
        "the Fluentd server asks for a shared key; say which with Fluentd::shared_key"
    } else if answer.get("ack").is_some() {
        "the Fluentd server acknowledges a chunk that it was not sent; what it has not acknowledged is sent once more"
    } else {
        "the Fluentd server says what is neither a HELO nor an acknowledgement"
    })
}

/// An error that costs no records: whatever a server says, or TLS, they are sent once more.
fn for_now(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::InvalidData { io::Error::other(error) } else { error }
}
