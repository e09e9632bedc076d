//! Records of one tag, which travel and are acknowledged together.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
};

use super::{Compression, SinkRecord, entry::Entry, msgpack, tag::tag};

/// Records of one tag.
pub(super) struct Chunk {
    tag: String,
    /// What the server acknowledges it by.
    pub(super) id: String,
    /// Places of its records in their batch.
    pub(super) records: Vec<usize>,
    entries: Vec<u8>,
}

/// Says what chunks are called. One made of the same records is called the same, so that a server knows it again that has
/// it already. No other is: each record has a key of its own in its text, and what is hashed is not known to anyone who
/// could choose it.
#[derive(Clone, Default)]
pub(super) struct Ids([RandomState; 2]);

/// Makes chunks of a batch: one for each tag, in the order in which the tags appear.
pub(super) fn group(batch: &[SinkRecord<'_>], prefix: &str, ids: &Ids, entry: &mut Entry) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let (mut by_identifier, mut by_tag) = (HashMap::new(), HashMap::new());
    for (place, record) in batch.iter().enumerate() {
        let at = *by_identifier.entry(record.identifier).or_insert_with(|| {
            let tag = tag(prefix, &record.identifier());
            *by_tag.entry(tag.clone()).or_insert_with(|| {
                chunks.push(Chunk { tag, id: String::new(), records: Vec::new(), entries: Vec::new() });
                chunks.len() - 1
            })
        });
        if let Some(chunk) = chunks.get_mut(at) {
            chunk.records.push(place);
            entry.write(record, &mut chunk.entries);
        }
    }
    for chunk in &mut chunks {
        chunk.id = ids.of(chunk, batch);
    }
    chunks
}

impl Chunk {
    /// Appends the message that carries it, and keeps its entries no longer. With `ack` the server is asked to
    /// acknowledge it.
    pub(super) fn write(&mut self, compression: Compression, ack: bool, out: &mut Vec<u8>) {
        let (entries, compressed) = compression.apply(std::mem::take(&mut self.entries));
        msgpack::short_array(3, out);
        msgpack::string(self.tag.as_bytes(), out);
        msgpack::binary(&entries, out);
        msgpack::short_map(1 + u8::from(ack) + u8::from(compressed.is_some()), out);
        msgpack::string(b"size", out);
        msgpack::unsigned(self.records.len() as u64, out);
        if ack {
            msgpack::string(b"chunk", out);
            msgpack::string(self.id.as_bytes(), out);
        }
        if let Some(name) = compressed {
            msgpack::string(b"compressed", out);
            msgpack::string(name.as_bytes(), out);
        }
    }
}

impl Ids {
    /// 128 bits in Base64, as the protocol has them.
    fn of(&self, chunk: &Chunk, batch: &[SinkRecord<'_>]) -> String {
        let halves = self.0.each_ref().map(|state| {
            let mut hasher = state.build_hasher();
            // A fork knows the same secrets.
            hasher.write_u32(std::process::id());
            hasher.write(chunk.tag.as_bytes());
            for record in chunk.records.iter().filter_map(|place| batch.get(*place)) {
                hasher.write_u64(record.sequence());
                hasher.write_usize(record.raw().len());
                hasher.write(record.raw());
            }
            hasher.finish().to_be_bytes()
        });
        base64(halves.as_flattened())
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(group.get(at).copied().unwrap_or_default()));
        let digits = [18, 12, 6, 0].map(|shift| DIGITS.get(bits >> shift & 63).map_or('=', |digit| char::from(*digit)));
        text.extend(digits.iter().take(group.len() + 1));
        text.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Severity, sink::FluentdFormat};

    const EVENTS: [&str; 4] = [
        r#"{"identifier":"a::b","dedupKey":"1","payload":{"n":1}}"#,
        r#"{"identifier":"c d","dedupKey":"2","payload":{}}"#,
        r#"{"identifier":"a.b","dedupKey":"3","payload":{"n":2}}"#,
        r#"{"identifier":"c d","dedupKey":"4","payload":{}}"#,
    ];

    fn records(numbers: impl IntoIterator<Item = usize>) -> Vec<SinkRecord<'static>> {
        let record = |at: usize| SinkRecord::new(EVENTS[at].as_bytes(), Severity::Info, 1, b"").at(at as u64);
        numbers.into_iter().map(record).collect()
    }

    fn chunks(ids: &Ids, batch: &[SinkRecord<'_>]) -> Vec<Chunk> {
        group(batch, "app", ids, &mut Entry::new(FluentdFormat::payload(), String::new()))
    }

    #[test]
    fn base64_is_that_of_others() {
        for (bytes, text) in
            [(&b""[..], ""), (b"M", "TQ=="), (b"Ma", "TWE="), (b"Man", "TWFu"), (b"\xfb\xff\xfe", "+//+")]
        {
            assert_eq!(base64(bytes), text);
        }
    }

    #[test]
    fn a_message_has_these_bytes() {
        let mut out = Vec::new();
        let mut batch = chunks(&Ids::default(), &records([0, 2]));
        assert_eq!((batch.len(), batch[0].records.as_slice()), (1, &[0, 1][..]));
        "AAECAwQFBgcICQoLDA0ODw==".clone_into(&mut batch[0].id);
        batch[0].write(Compression::None, true, &mut out);
        let expected = [
            &b"\x93\xa7app.a.b\xc4\x1e"[..],
            b"\x92\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x01\x81\xa1n\x01",
            b"\x92\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x01\x81\xa1n\x02",
            b"\x82\xa4size\x02\xa5chunk\xb8AAECAwQFBgcICQoLDA0ODw==",
        ];
        assert_eq!(out, expected.concat());
        // Whoever asks for no acknowledgement gives it no name.
        let mut out = Vec::new();
        chunks(&Ids::default(), &records([1]))[0].write(Compression::None, false, &mut out);
        assert_eq!(out, b"\x93\xa7app.c_d\xc4\x0c\x92\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x01\x80\x81\xa4size\x01");
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn compressed_entries_are_the_same_entries() {
        use std::io::Read as _;

        let [mut plain, mut small] = [Vec::new(), Vec::new()];
        let ids = Ids::default();
        chunks(&ids, &records([0, 2]))[0].write(Compression::None, true, &mut plain);
        chunks(&ids, &records([0, 2]))[0].write(Compression::Gzip, true, &mut small);
        let read = |bytes: &[u8]| rmpv::decode::read_value(&mut &*bytes).unwrap();
        let (plain, small) = (read(&plain), read(&small));
        let mut entries = Vec::new();
        flate2::read::GzDecoder::new(small[1].as_slice().unwrap()).read_to_end(&mut entries).unwrap();
        assert_eq!(entries, plain[1].as_slice().unwrap());
        assert_eq!((&small[2]["compressed"], &small[2]["chunk"]), (&"gzip".into(), &plain[2]["chunk"]));
    }

    #[test]
    fn what_is_left_of_a_batch_is_called_as_it_was_and_nothing_else_is() {
        let ids = Ids::default();
        let of = |numbers: &[usize]| {
            let batch = records(numbers.iter().copied());
            chunks(&ids, &batch).iter().map(|chunk| chunk.id.clone()).collect::<Vec<_>>()
        };
        let whole = of(&[0, 1, 2, 3]);
        assert_eq!((of(&[0, 2]), of(&[1, 3])), (vec![whole[0].clone()], vec![whole[1].clone()]));
        let others = [of(&[0]), of(&[2]), of(&[1]), of(&[3]), whole].concat();
        assert_eq!(others.iter().collect::<std::collections::HashSet<_>>().len(), others.len());
        assert!(others.iter().all(|id| id.len() == 24 && id.ends_with("==")));
        // The same records in another queue, where others came before them.
        let again: Vec<_> = records([0, 2]).into_iter().map(|record| record.at(9)).collect();
        assert_ne!(chunks(&ids, &again)[0].id, others[4]);
    }
}
