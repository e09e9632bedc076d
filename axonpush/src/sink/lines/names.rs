//! The names that stand in a line already.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::{BuildHasher, BuildHasherDefault, Hasher},
};

/// A set of names that keeps its memory from line to line. It holds hashes alone: two names that share one, of 2^64,
/// would count as the same, and one of them would be called otherwise.
pub(super) struct Names {
    /// The first ones, which are most lines' only ones: looking at each is cheaper than looking one up.
    few: [u64; FEW],
    count: usize,
    /// The others.
    seen: HashSet<u64, BuildHasherDefault<Hashed>>,
    /// Nobody else's, so that nobody can choose names that share a hash.
    seed: u64,
}

/// More than this are not kept room for.
const MOST_KEPT: usize = 1024;
const FEW: usize = 16;

impl Names {
    pub(super) fn new() -> Self {
        Self { few: [0; FEW], count: 0, seen: HashSet::default(), seed: RandomState::new().hash_one(0_u8) }
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
        if self.seen.capacity() > 2 * MOST_KEPT {
            self.seen = HashSet::default();
        }
        self.seen.clear();
    }

    /// Adds a name; `false`: it is there already.
    pub(super) fn add(&mut self, name: &[u8]) -> bool {
        let (words, rest) = name.as_chunks();
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        let hash =
            words.iter().fold(mixed(self.seed, name.len() as u64), |hash, word| mixed(hash, u64::from_le_bytes(*word)));
        let hash = mixed(hash, u64::from_le_bytes(last));
        if self.few.iter().take(self.count).any(|few| *few == hash) {
            return false;
        }
        let Some(place) = self.few.get_mut(self.count) else { return self.seen.insert(hash) };
        *place = hash;
        self.count += 1;
        true
    }
}

/// Both halves of a product, in which each bit depends on all bits of the factors.
#[expect(clippy::cast_possible_truncation, reason = "the halves are taken one by one")]
fn mixed(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15;
    let folded = (product >> 64) as u64 ^ product as u64;
    folded.rotate_left(23).wrapping_mul(0xff51_afd7_ed55_8ccd) ^ folded >> 32
}

/// What is hashed already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_name_is_new_once(names in proptest::collection::vec("[ab\0]{0,20}", 0..200)) {
            let (mut seen, mut known) = (Names::new(), HashSet::new());
            for name in &names {
                proptest::prop_assert_eq!(seen.add(name.as_bytes()), known.insert(name));
            }
            seen.clear();
            proptest::prop_assert!(names.first().is_none_or(|name| seen.add(name.as_bytes())));
        }
    }
}
