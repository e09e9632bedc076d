//! Reads along in the frames a WebSocket sends, as far as it takes to count messages and hear the goodbye.

use axonpush::exchange::WebSocketRecorder;

/// Where in a frame of [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455#section-5.2) the next byte stands.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Bytes of a header that is not complete: at most two, and eight of length.
    header: Vec<u8>,
    /// Bytes of the payload that are still to come.
    left: u64,
    /// The first bytes of a close frame's payload: its code.
    code: Option<Vec<u8>>,
    /// Bytes of the message so far, which may come in several frames.
    message: u64,
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;

impl Frames {
    /// Reads bytes that are about to be sent, and tells what they say.
    pub(crate) fn read(&mut self, mut bytes: &[u8], websocket: &mut WebSocketRecorder) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                let (payload, rest) = bytes.split_at(here);
                self.payload(payload, websocket);
                bytes = rest;
                continue;
            }
            let Some((byte, rest)) = bytes.split_first() else { return };
            self.header.push(*byte);
            bytes = rest;
            if let Some(length) = length(&self.header) {
                self.begin(length, websocket);
            }
        }
    }

    fn begin(&mut self, length: u64, websocket: &mut WebSocketRecorder) {
        let first = self.header.first().copied().unwrap_or_default();
        self.header.clear();
        self.left = length;
        let (last, opcode) = (first & 0x80 != 0, first & 0x0f);
        match opcode {
            CONTINUATION | TEXT | BINARY => {
                self.message += length;
                if last {
                    websocket.sent(usize::try_from(std::mem::take(&mut self.message)).unwrap_or(usize::MAX));
                }
            }
            // A goodbye without a reason has a code of its own, which is never sent.
            CLOSE if length < 2 => websocket.close_code(1005),
            CLOSE => self.code = Some(Vec::new()),
            _ => {}
        }
    }

    fn payload(&mut self, bytes: &[u8], websocket: &mut WebSocketRecorder) {
        self.left -= bytes.len() as u64;
        let Some(code) = &mut self.code else { return };
        code.extend(bytes.iter().take(2 - code.len()));
        if let [high, low] = code.as_slice() {
            websocket.close_code(u16::from_be_bytes([*high, *low]));
            self.code = None;
        }
    }
}

/// The length of the payload, once the header is complete. What a server sends is not masked.
fn length(header: &[u8]) -> Option<u64> {
    let [_, short, long @ ..] = header else { return None };
    match short & 0x7f {
        126 => Some(u16::from_be_bytes(long.try_into().ok()?).into()),
        127 => Some(u64::from_be_bytes(long.try_into().ok()?)),
        short => Some(short.into()),
    }
}
