//! What was found out about keys before. An application uses the same few keys over and over.

use std::cell::Cell;

use super::KeyKind;

/// Pairs of places for keys, on each thread. Of those that fall on one pair, the last two are remembered.
const PAIRS: usize = 64;

/// A key of at most 32 bytes, as long as most names of OpenTelemetry, and what it is. Words compare faster than bytes do, as they need no loop.
#[derive(Clone, Copy)]
struct Entry {
    words: [u64; 4],
    /// Its length, 0 for no entry.
    length: u8,
    kind: KeyKind,
}

const EMPTY: Entry = Entry { words: [0; 4], length: 0, kind: KeyKind::Plain };

thread_local!(static CACHE: [[Cell<Entry>; 2]; PAIRS] = const { [const { [const { Cell::new(EMPTY) }; 2] }; PAIRS] });

/// What `find_out` says about `key`, now or earlier on this thread. It must depend on the key alone.
#[inline]
pub(super) fn remembered(key: &[u8], find_out: impl Fn(&[u8]) -> KeyKind) -> KeyKind {
    let (Some(words), Ok(length)) = (words(key), u8::try_from(key.len())) else { return find_out(key) };
    CACHE
        .try_with(|cache| {
            let Some([newer, older]) = cache.get(hash(words) % PAIRS) else { return find_out(key) };
            let entry = newer.get();
            if entry.length == length && entry.words == words {
                return entry.kind;
            }
            let other = older.get();
            let known = other.length == length && other.words == words;
            let kind = if known { other.kind } else { find_out(key) };
            older.set(entry);
            newer.set(Entry { words, length, kind });
            kind
        })
        // A thread that is ending remembers nothing.
        .unwrap_or_else(|_| find_out(key))
}

/// All bytes of a key, some of them twice; `None` for one that is empty or long. Of two keys of one length that differ,
/// so do these.
#[inline]
fn words(key: &[u8]) -> Option<[u64; 4]> {
    let long = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes));
    let short = |bytes: Option<&[u8; 4]>| bytes.map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
    match key {
        [] => None,
        [first] => Some([u64::from(*first), 0, 0, 0]),
        [first, .., last] if key.len() < 4 => {
            let middle = key.get(1).copied().unwrap_or_default();
            Some([u64::from(*first), u64::from(middle), 0, u64::from(*last)])
        }
        _ if key.len() < 8 => Some([short(key.first_chunk())?, 0, 0, short(key.last_chunk())?]),
        _ if key.len() <= 16 => Some([long(key.first_chunk())?, 0, 0, long(key.last_chunk())?]),
        _ if key.len() <= 24 => {
            Some([long(key.first_chunk())?, long(key.get(8..)?.first_chunk())?, 0, long(key.last_chunk())?])
        }
        _ if key.len() <= 32 => Some([
            long(key.first_chunk())?,
            long(key.get(8..)?.first_chunk())?,
            long(key.get(16..)?.first_chunk())?,
            long(key.last_chunk())?,
        ]),
        _ => None,
    }
}

/// The highest bits of a product depend on all that went into it.
#[inline]
fn hash([first, second, third, last]: [u64; 4]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

    let mixed = (first ^ second.rotate_left(11) ^ third.rotate_left(47) ^ last.rotate_left(29)).wrapping_mul(ODD);
    usize::from((mixed >> 48) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_out_once_and_never_taken_for_another() {
        let asked = Cell::new(0);
        let find_out = |key: &[u8]| {
            asked.set(asked.get() + 1);
            if key.len().is_multiple_of(2) { KeyKind::Secret } else { KeyKind::Plain }
        };
        for _ in 0..100 {
            assert_eq!(remembered(b"token0", find_out), KeyKind::Secret);
        }
        assert_eq!(asked.get(), 1);
    }

    proptest::proptest! {
        #[test]
        fn what_is_remembered_is_what_would_be_found_out(keys in proptest::collection::vec("[a-c]{0,4}|[a-z_.]{0,40}", 0..300)) {
            let find_out = |key: &[u8]| match key.iter().map(|byte| u32::from(*byte)).sum::<u32>() % 3 {
                0 => KeyKind::Plain,
                1 => KeyKind::Secret,
                _ => KeyKind::Content,
            };
            // Another test on this thread may have remembered other answers for the same keys.
            std::thread::spawn(move || {
                for key in &keys {
                    assert_eq!(remembered(key.as_bytes(), find_out), find_out(key.as_bytes()));
                }
            })
            .join()
            .unwrap();
        }
    }
}
