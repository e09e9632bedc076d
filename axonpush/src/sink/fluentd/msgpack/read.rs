//! What a server says, as far as anybody looks at it.

/// A value of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sink::fluentd) enum Value {
    Bool(bool),
    /// Servers differ in which they send of the two: text, or bytes.
    Text(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// Nil, numbers and extensions, which no answer needs.
    Other,
}

impl Value {
    pub(in crate::sink::fluentd) fn as_text(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(in crate::sink::fluentd) fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The entry of a map.
    pub(in crate::sink::fluentd) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(known, _)| known.as_text() == Some(key.as_bytes())).map(|(_, value)| value)
    }
}

/// No `MessagePack`, or nested deeper than any answer is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sink::fluentd) struct Malformed;

/// No answer of the protocol has more than two.
const MAX_DEPTH: usize = 8;

/// The value that the bytes begin with, and its length; `None` as long as it is not all there. It takes no more memory than
/// the bytes that are there account for, whatever they say of what is to come.
pub(in crate::sink::fluentd) fn read(bytes: &[u8]) -> Result<Option<(Value, usize)>, Malformed> {
    let mut reader = Reader { bytes, at: 0 };
    match reader.value(0) {
        Ok(value) => Ok(Some((value, reader.at))),
        Err(Stop::Short) => Ok(None),
        Err(Stop::Malformed) => Err(Malformed),
    }
}

enum Stop {
    Short,
    Malformed,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        let [head] = self.take_array()?;
        match head {
            0x80..=0x8f => self.map(usize::from(head & 0xf), depth),
            0x90..=0x9f => self.array(usize::from(head & 0xf), depth),
            0xa0..=0xbf => self.text(usize::from(head & 0x1f)),
            0xc1 => Err(Stop::Malformed),
            0xc2 | 0xc3 => Ok(Value::Bool(head == 0xc3)),
            0xc4 | 0xd9 => self.length::<1>().and_then(|length| self.text(length)),
            0xc5 | 0xda => self.length::<2>().and_then(|length| self.text(length)),
            0xc6 | 0xdb => self.length::<4>().and_then(|length| self.text(length)),
            0xc7 => self.length::<1>().and_then(|length| self.skip(length + 1)),
            0xc8 => self.length::<2>().and_then(|length| self.skip(length + 1)),
            0xc9 => self.length::<4>().and_then(|length| self.skip(length.saturating_add(1))),
            0xcc | 0xd0 => self.skip(1),
            0xcd | 0xd1 | 0xd4 => self.skip(2),
            0xca | 0xce | 0xd2 => self.skip(4),
            0xcb | 0xcf | 0xd3 => self.skip(8),
            0xd5 => self.skip(3),
            0xd6 => self.skip(5),
            0xd7 => self.skip(9),
            0xd8 => self.skip(17),
            0xdc => self.length::<2>().and_then(|length| self.array(length, depth)),
            0xdd => self.length::<4>().and_then(|length| self.array(length, depth)),
            0xde => self.length::<2>().and_then(|length| self.map(length, depth)),
            0xdf => self.length::<4>().and_then(|length| self.map(length, depth)),
            // Nil, and numbers that are their own head.
            0x00..=0x7f | 0xc0 | 0xe0..=0xff => Ok(Value::Other),
        }
    }

    fn array(&mut self, length: usize, depth: usize) -> Result<Value, Stop> {
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, length: usize, depth: usize) -> Result<Value, Stop> {
        let mut entries = Vec::new();
        for _ in 0..length {
            entries.push((self.value(depth + 1)?, self.value(depth + 1)?));
        }
        Ok(Value::Map(entries))
    }

    fn text(&mut self, length: usize) -> Result<Value, Stop> {
        self.take(length).map(|text| Value::Text(text.to_vec()))
    }

    fn skip(&mut self, length: usize) -> Result<Value, Stop> {
        self.take(length).map(|_| Value::Other)
    }

    fn length<const N: usize>(&mut self) -> Result<usize, Stop> {
        let bytes = self.take_array::<N>()?;
        Ok(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.take(N)?.try_into().map_err(|_| Stop::Short)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Stop> {
        let end = self.at.checked_add(length).ok_or(Stop::Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(Stop::Short)?;
        self.at = end;
        Ok(taken)
    }
}
