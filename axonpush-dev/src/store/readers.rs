//! Who answers questions: threads with connections of their own, or the one that writes.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use rusqlite::Connection;
use tokio::sync::watch;

use super::texts::Texts;
use super::worker::Command;
use super::{StoreFailure, schema};
use crate::error::Error;

/// A question, and whom to tell.
pub(super) type Query = Box<dyn FnOnce(&Connection) + Send>;

/// The way to whoever answers. Closed when it is taken out.
pub(super) struct Readers {
    queries: Mutex<Option<mpsc::Sender<Query>>>,
    /// Whom to wake for a question when it is the one that writes.
    writer: Option<mpsc::Sender<Command>>,
    /// Closed when the last thread has closed its connection.
    ended: watch::Receiver<()>,
}

impl Readers {
    /// Also returns the questions that are left to the thread that writes: none of them for a file.
    ///
    /// # Errors
    /// When the file cannot be opened again, or a thread cannot start.
    pub(super) fn open(
        file: Option<&Path>,
        texts: &Arc<Texts>,
        commands: &mpsc::Sender<Command>,
    ) -> Result<(Self, mpsc::Receiver<Query>), Error> {
        let (queries, inbox) = mpsc::channel();
        let (end, ended) = watch::channel(());
        let Some(file) = file else {
            return Ok((Self { queries: Mutex::new(Some(queries)), writer: Some(commands.clone()), ended }, inbox));
        };
        let inbox = Arc::new(Mutex::new(inbox));
        for _ in 0..READERS {
            let connection = schema::open_to_read(file, texts)?;
            let (inbox, end) = (Arc::clone(&inbox), end.clone());
            std::thread::Builder::new()
                .name("axonpush-dev-read".to_owned())
                .spawn(move || {
                    answer(&connection, &inbox);
                    drop(connection);
                    drop(end);
                })
                .map_err(Error::thread)?;
        }
        Ok((Self { queries: Mutex::new(Some(queries)), writer: None, ended }, mpsc::channel().1))
    }

    pub(super) fn ask(&self, query: Query) -> Result<(), StoreFailure> {
        let queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        queries.as_ref().and_then(|queries| queries.send(query).ok()).ok_or(StoreFailure::Gone)?;
        if let Some(writer) = &self.writer {
            writer.send(Command::Wake).map_err(|_| StoreFailure::Gone)?;
        }
        Ok(())
    }

    /// Takes no more questions, and waits for the threads that answer them to end. What is left to the one that writes is
    /// answered before it closes.
    pub(super) async fn close(&self) {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Nothing is ever sent: what comes is the end.
        let _ = self.ended.clone().changed().await;
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Readers").finish_non_exhaustive()
    }
}

fn answer(connection: &Connection, inbox: &Mutex<mpsc::Receiver<Query>>) {
    loop {
        // Held while it waits: whoever comes second waits for the lock instead.
        let query = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match query {
            Ok(query) => query(connection),
            Err(_) => return,
        }
    }
}

/// One for what takes long, and one for the rest.
const READERS: usize = 2;
