//! `MessagePack`, as much of it as the forward protocol needs.

mod json;
mod read;
#[cfg(test)]
mod tests;

pub(super) use self::{
    json::{field, value},
    read::{Malformed, Value, read},
};

pub(super) fn boolean(value: bool, out: &mut Vec<u8>) {
    out.push(if value { 0xc3 } else { 0xc2 });
}

pub(super) fn string(text: &[u8], out: &mut Vec<u8>) {
    let length = length(text.len());
    match length {
        0..32 => out.push(0xa0 | low_byte(length)),
        32..0x100 => out.extend_from_slice(&[0xd9, low_byte(length)]),
        0x100..0x1_0000 => sized(0xda, &low_half(length).to_be_bytes(), out),
        _ => sized(0xdb, &length.to_be_bytes(), out),
    }
    out.extend_from_slice(text);
}

/// Bytes that are no text.
pub(super) fn binary(bytes: &[u8], out: &mut Vec<u8>) {
    let length = length(bytes.len());
    match length {
        0..0x100 => out.extend_from_slice(&[0xc4, low_byte(length)]),
        0x100..0x1_0000 => sized(0xc5, &low_half(length).to_be_bytes(), out),
        _ => sized(0xc6, &length.to_be_bytes(), out),
    }
    out.extend_from_slice(bytes);
}

/// The head of an array of fewer than 16 items.
pub(super) fn short_array(items: u8, out: &mut Vec<u8>) {
    out.push(0x90 | items & 0xf);
}

/// The head of a map of fewer than 16 entries.
pub(super) fn short_map(entries: u8, out: &mut Vec<u8>) {
    out.push(0x80 | entries & 0xf);
}

pub(super) fn unsigned(value: u64, out: &mut Vec<u8>) {
    if let Ok(byte) = u8::try_from(value) {
        if byte >= 0x80 {
            out.push(0xcc);
        }
        out.push(byte);
    } else if let Ok(half) = u16::try_from(value) {
        sized(0xcd, &half.to_be_bytes(), out);
    } else if let Ok(word) = u32::try_from(value) {
        sized(0xce, &word.to_be_bytes(), out);
    } else {
        sized(0xcf, &value.to_be_bytes(), out);
    }
}

pub(super) fn signed(value: i64, out: &mut Vec<u8>) {
    if let Ok(value) = u64::try_from(value) {
        unsigned(value, out);
    } else if let Ok(byte) = i8::try_from(value) {
        if byte < -32 {
            out.push(0xd0);
        }
        out.extend_from_slice(&byte.to_be_bytes());
    } else if let Ok(half) = i16::try_from(value) {
        sized(0xd1, &half.to_be_bytes(), out);
    } else if let Ok(word) = i32::try_from(value) {
        sized(0xd2, &word.to_be_bytes(), out);
    } else {
        sized(0xd3, &value.to_be_bytes(), out);
    }
}

pub(super) fn float(value: f64, out: &mut Vec<u8>) {
    sized(0xcb, &value.to_be_bytes(), out);
}

/// The protocol's `EventTime`, of nanoseconds since the epoch. It has 32 bits for the seconds: from February 2106 on a time
/// is a whole number of seconds, which the protocol has as well.
pub(super) fn event_time(nanos: u64, out: &mut Vec<u8>) {
    const SECOND: u64 = 1_000_000_000;
    let (seconds, subseconds) = (nanos / SECOND, nanos % SECOND);
    match (u32::try_from(seconds), u32::try_from(subseconds)) {
        (Ok(seconds), Ok(subseconds)) => {
            out.extend_from_slice(&[0xd7, 0]);
            out.extend_from_slice(&seconds.to_be_bytes());
            out.extend_from_slice(&subseconds.to_be_bytes());
        }
        _ => unsigned(seconds, out),
    }
}

/// An array or a map whose length is known when it is written. One byte is kept for its head; where it takes more, what
/// it holds is moved to make room, which only long ones are.
pub(super) struct Container {
    start: usize,
    count: usize,
    /// How its head begins: short, with two bytes of length, and with four.
    heads: [u8; 3],
}

impl Container {
    pub(super) fn array(out: &mut Vec<u8>) -> Self {
        Self::begin([0x90, 0xdc, 0xdd], out)
    }

    pub(super) fn map(out: &mut Vec<u8>) -> Self {
        Self::begin([0x80, 0xde, 0xdf], out)
    }

    fn begin(heads: [u8; 3], out: &mut Vec<u8>) -> Self {
        let start = out.len();
        out.push(0);
        Self { start, count: 0, heads }
    }

    /// Another item, or entry, follows.
    pub(super) fn count(&mut self) {
        self.count += 1;
    }

    pub(super) fn end(self, out: &mut Vec<u8>) {
        let count = length(self.count);
        let [short, medium, long] = self.heads;
        match (count, out.get_mut(self.start)) {
            (0..16, Some(head)) => *head = short | low_byte(count),
            (16..0x1_0000, Some(head)) => {
                *head = medium;
                insert(self.start + 1, low_half(count).to_be_bytes(), out);
            }
            (_, Some(head)) => {
                *head = long;
                insert(self.start + 1, count.to_be_bytes(), out);
            }
            (_, None) => {}
        }
    }
}

fn insert<const N: usize>(at: usize, bytes: [u8; N], out: &mut Vec<u8>) {
    drop(out.splice(at..at, bytes));
}

fn sized(head: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(head);
    out.extend_from_slice(value);
}

/// Nothing here is longer: batches have megabytes.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Of a length that is known to fit.
fn low_byte(length: u32) -> u8 {
    (length & 0xff) as u8
}

/// As [`low_byte`].
fn low_half(length: u32) -> u16 {
    (length & 0xffff) as u16
}
