//! What is sent, refused where the protocol does not have it.

use std::io::{self, Read as _};

use rmpv::Value;

use super::Stream;

/// One record that arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is routed by.
    pub tag: String,
    /// Nanoseconds since the epoch.
    pub nanos: u64,
    /// All else.
    pub record: Value,
}

/// Records of one tag.
pub(super) struct Chunk {
    /// What it wants to be acknowledged by.
    pub(super) id: Option<String>,
    pub(super) entries: Vec<Entry>,
}

/// The next message; `None` at the end.
pub(super) fn message(stream: &mut impl Stream) -> Result<Option<Value>, String> {
    use rmpv::decode::Error;

    match rmpv::decode::read_value(stream) {
        Ok(value) => Ok(Some(value)),
        Err(Error::InvalidMarkerRead(error)) if is_end(&error) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// A connection is ended as the operating system likes.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}

/// A message in the mode `PackedForward`, or that with compression.
pub(super) fn chunk(message: &Value) -> Result<Chunk, String> {
    let parts = message.as_array().ok_or("a message is no array")?;
    let [Value::String(tag), Value::Binary(packed), Value::Map(options)] = parts.as_slice() else {
        return Err("a message is not [tag, entries, options]".to_owned());
    };
    let tag = tag.as_str().filter(|tag| is_tag(tag)).ok_or("a tag has what tags have not")?;
    let option = |name: &str| options.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value);
    let unpacked = match option("compressed").map(Value::as_str) {
        None => packed.clone(),
        Some(Some("gzip")) => {
            let mut unpacked = Vec::new();
            let mut decoder = flate2::read::MultiGzDecoder::new(packed.as_slice());
            decoder.read_to_end(&mut unpacked).map_err(|error| error.to_string())?;
            unpacked
        }
        Some(_) => return Err("an unknown compression".to_owned()),
    };
    let mut entries = Vec::new();
    let mut rest = unpacked.as_slice();
    while !rest.is_empty() {
        let value = rmpv::decode::read_value(&mut rest).map_err(|error| error.to_string())?;
        entries.push(entry(tag, &value)?);
    }
    if option("size").and_then(Value::as_u64) != Some(entries.len() as u64) {
        return Err("the size of a chunk is not that of its entries".to_owned());
    }
    let id = match option("chunk") {
        None => None,
        Some(Value::String(id)) => Some(id.as_str().filter(|id| id.len() == 24).ok_or("a chunk id is not 128 bits")?),
        Some(_) => return Err("a chunk id is no text".to_owned()),
    };
    Ok(Chunk { id: id.map(str::to_owned), entries })
}

fn is_tag(tag: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    tag.split('.').all(is_part)
}

fn entry(tag: &str, value: &Value) -> Result<Entry, String> {
    let Some([time, record @ Value::Map(_)]) = value.as_array().map(Vec::as_slice) else {
        return Err("an entry is not [time, record]".to_owned());
    };
    let nanos = match time {
        Value::Ext(0, bytes) if bytes.len() == 8 => {
            let half = |at: usize| bytes.iter().skip(at).take(4).fold(0, |all, byte| all << 8 | u64::from(*byte));
            Some(half(0) * 1_000_000_000 + half(4)).filter(|_| half(4) < 1_000_000_000)
        }
        time => time.as_u64().and_then(|seconds| seconds.checked_mul(1_000_000_000)),
    };
    Ok(Entry { tag: tag.to_owned(), nanos: nanos.ok_or("a time is none")?, record: record.clone() })
}
