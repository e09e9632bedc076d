//! Server-sent events, taken out of the bytes they come in.

/// One message of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: Option<String>,
    pub(super) event: Option<String>,
    pub(super) data: String,
}

/// Collects bytes until messages are complete.
#[derive(Debug, Default)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    /// How many of the bytes were read.
    read: usize,
    begun: Message,
    has_data: bool,
}

impl Messages {
    /// # Errors
    /// When a message is larger than any that is sent, so that memory is not filled by a server gone mad.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), &'static str> {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() + self.begun.data.len() > MAX_MESSAGE {
            Err("a message of the stream is too large")
        } else {
            Ok(())
        }
    }

    /// The next message that has come as a whole.
    pub(super) fn next(&mut self) -> Option<Message> {
        loop {
            let rest = self.bytes.get(self.read..)?;
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let line = rest.get(..end)?;
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
            self.read += end + 1;
            if let Some(message) = self.line(&line) {
                return Some(message);
            }
        }
    }

    fn line(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            let message = std::mem::take(&mut self.begun);
            return std::mem::take(&mut self.has_data).then_some(message);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.begun.id = Some(value.to_owned()),
            "event" => self.begun.event = Some(value.to_owned()),
            "data" => {
                if self.has_data {
                    self.begun.data.push('\n');
                }
                self.begun.data.push_str(value);
                self.has_data = true;
            }
            // Comments have no name; other fields are nothing to us.
            _ => {}
        }
        None
    }
}

const MAX_MESSAGE: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<Message> {
        let mut messages = Messages::default();
        let mut found = Vec::new();
        for chunk in chunks {
            messages.push(chunk).unwrap();
            found.extend(std::iter::from_fn(|| messages.next()));
        }
        found
    }

    #[test]
    fn a_message_ends_with_an_empty_line_and_a_comment_is_none() {
        let found = read(&[
            b": connected\n\nid: 7\ndata: a\ndata:b\r\n\r\nevent: skipped\ndata: {}\n\nid: 8\ndata: unfinished\n",
        ]);
        let message = |id: Option<&str>, event: Option<&str>, data: &str| Message {
            id: id.map(str::to_owned),
            event: event.map(str::to_owned),
            data: data.to_owned(),
        };
        assert_eq!(found, [message(Some("7"), None, "a\nb"), message(None, Some("skipped"), "{}")]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_are_cut(
            texts in prop::collection::vec("(\\PC|\\u{e9}){0,12}", 0..6),
            cuts in prop::collection::vec(1..7_usize, 1..60),
        ) {
            let whole: Vec<_> = texts.iter().map(|text| format!("id: 1\ndata: {text}\n\n: still here\n\n")).collect();
            let whole = whole.concat();
            let mut rest = whole.as_bytes();
            let mut chunks = Vec::new();
            for cut in cuts {
                let (chunk, left) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk);
                rest = left;
            }
            chunks.push(rest);
            let found: Vec<_> = read(&chunks).into_iter().map(|message| message.data).collect();
            prop_assert_eq!(found, texts);
        }
    }
}
