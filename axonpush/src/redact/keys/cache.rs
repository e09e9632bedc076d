//! What was found out about keys before. An application uses the same few keys over and over.

use std::cell::Cell;

use super::KeyKind;

/// Keys remembered by each thread. Two that fall on the same place take turns.
const PLACES: usize = 128;

/// Bytes of the longest key that is remembered.
const MAX_BYTES: usize = 22;

#[derive(Clone, Copy)]
struct Entry {
    length: u8,
    kind: KeyKind,
    key: [u8; MAX_BYTES],
}

const EMPTY: Entry = Entry { length: 0, kind: KeyKind::Plain, key: [0; MAX_BYTES] };

thread_local!(static CACHE: [Cell<Entry>; PLACES] = const { [const { Cell::new(EMPTY) }; PLACES] });

/// What `find_out` says about `key`, now or earlier on this thread. It must depend on the key alone.
pub(super) fn remembered(key: &[u8], find_out: impl Fn(&[u8]) -> KeyKind) -> KeyKind {
    let Ok(length) = u8::try_from(key.len()) else { return find_out(key) };
    if key.is_empty() || key.len() > MAX_BYTES {
        return find_out(key);
    }
    CACHE
        .try_with(|cache| {
            let Some(place) = cache.get(hash(key) % PLACES) else { return find_out(key) };
            let entry = place.get();
            if entry.length == length && entry.key.get(..key.len()) == Some(key) {
                return entry.kind;
            }
            let mut entry = Entry { length, kind: find_out(key), key: [0; MAX_BYTES] };
            if let Some(room) = entry.key.get_mut(..key.len()) {
                room.copy_from_slice(key);
            }
            place.set(entry);
            entry.kind
        })
        // A thread that is ending remembers nothing.
        .unwrap_or_else(|_| find_out(key))
}

/// A few bytes tell most keys of one application apart.
fn hash(key: &[u8]) -> usize {
    let at = |index: usize| key.get(index).copied().unwrap_or_default() as usize;
    let (first, middle, last) = (at(0), at(key.len() / 2), at(key.len() - 1));
    first
        .wrapping_mul(31)
        .wrapping_add(middle.wrapping_mul(7))
        .wrapping_add(last.wrapping_mul(131))
        .wrapping_add(key.len() * 17)
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
