//! Whether text may hold a secret at all. Most text may not, and this is where it is told: whatever is done to every
//! string of every event is done here, to many bytes at a time.

use super::is_word;

/// The shortest word that is a credential by its own look.
pub(super) const LONG: usize = 16;

/// The digits of the shortest card number.
pub(super) const CARD: usize = 13;

/// What a block in PEM begins and ends with.
const DASHES: &[u8] = b"-----";

/// What in text may give a secret away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::redact) struct Signs {
    /// One of `:`, `=`, `>` and `@`: a pair, a URL, an element, an address.
    pub(super) marks: bool,
    /// A word as long as a token, the digits of a card, or the dashes of a block in PEM.
    pub(super) words: bool,
    /// It begins like JSON, in which escapes may hide all of the above.
    json: bool,
}

impl Signs {
    /// What `text` shows, the inside of a JSON string.
    #[inline]
    pub(in crate::redact) fn of(text: &[u8]) -> Self {
        let json = matches!(text.first(), Some(b'{' | b'[' | b' ' | b'\\'));
        let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else {
            return Self { marks: text.iter().any(|byte| is_mark(*byte)), words: false, json };
        };
        if text.len() < LONG {
            let marks = marks(u64::from_le_bytes(*first)) | marks(u64::from_le_bytes(*last));
            return Self { marks: marks != 0, words: is_short_card(text), json };
        }
        Self::of_long(text, json)
    }

    fn of_long(text: &[u8], json: bool) -> Self {
        let (blocks, rest) = text.as_chunks();
        let (mut seen, mut long) = (Seen::default(), false);
        for (i, block) in blocks.iter().enumerate() {
            if let Some(half) = seen.look_at(block) {
                long = long || is_long(text, 16 * i + half);
            }
        }
        if let Some(last) = text.last_chunk() {
            // What is left, with nothing in place of what has been looked at already.
            let known = 128 - 8 * u32::try_from(rest.len()).unwrap_or_default();
            let left = u128::from_le_bytes(*last).checked_shr(known).unwrap_or_default();
            if let Some(half) = seen.look_at(&left.to_le_bytes()) {
                long = long || is_long(text, 16 * blocks.len() + half);
            }
        }
        let card = sum(seen.digits) >= CARD && has_card_digits(text);
        let pem = sum(seen.dashes) >= DASHES.len() && text.windows(DASHES.len()).any(|here| here == DASHES);
        Self { marks: u128::from_le_bytes(seen.marks) != 0, words: long || card || pem, json }
    }

    /// Whether there may be JSON in it that does more than its text gives away.
    pub(in crate::redact) fn of_json(self) -> bool {
        self.marks | self.json
    }

    #[inline]
    pub(in crate::redact) fn any(self) -> bool {
        self.marks | self.words | self.json
    }
}

/// Sixteen bytes, or one thing about each of them. The compiler makes single instructions of what is done to them all.
type Block = [u8; 16];

/// What block after block has shown, each place on its own.
#[derive(Default)]
struct Seen {
    marks: Block,
    /// How many; from 255 on, that.
    digits: Block,
    /// How many; from 255 on, that.
    dashes: Block,
}

impl Seen {
    /// Adds a block, and says where in it a half begins that is of one word.
    #[inline]
    fn look_at(&mut self, block: &Block) -> Option<usize> {
        let yes = |is: bool| if is { u8::MAX } else { 0 };
        let mut words = Block::default();
        let places = block.iter().zip(&mut words).zip(&mut self.marks).zip(&mut self.digits).zip(&mut self.dashes);
        for ((((&byte, word), mark), digits), dashes) in places {
            let digit = yes(byte.wrapping_sub(b'0') < 10);
            let letter = yes((byte | 0x20).wrapping_sub(b'a') < 26);
            let dash = yes(byte == b'-');
            *mark |= yes(byte == b':') | yes(byte == b'@') | yes(byte == b'=') | yes(byte == b'>');
            *digits = digits.saturating_add(digit & 1);
            *dashes = dashes.saturating_add(dash & 1);
            *word = digit | letter | dash | yes(byte == b'_') | yes(byte == b'.') | yes(byte == b'+');
        }
        match halves(words) {
            [u64::MAX, _] => Some(0),
            [_, u64::MAX] => Some(8),
            _ => None,
        }
    }
}

fn halves(block: Block) -> [u64; 2] {
    let (halves, _) = block.as_chunks();
    [0, 1].map(|i| halves.get(i).map_or(0, |half| u64::from_le_bytes(*half)))
}

fn sum(block: Block) -> usize {
    // Sums of neighbors, then the sum of these in the highest bytes.
    let sums = halves(block).map(|half| {
        let pairs = (half & 0x00ff_00ff_00ff_00ff) + ((half >> 8) & 0x00ff_00ff_00ff_00ff);
        pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48
    });
    usize::try_from(sums.into_iter().sum::<u64>()).unwrap_or(usize::MAX)
}

/// Whether the word is long that has the eight bytes at `half`. Fifteen bytes together are all of some half, and a long
/// word has sixteen.
#[cold]
fn is_long(text: &[u8], half: usize) -> bool {
    let (before, after) = text.split_at_checked(half).unwrap_or((text, b""));
    let before = before.iter().rev().take(LONG).take_while(|byte| is_word(**byte)).count();
    let after = after.iter().skip(8).take(LONG).take_while(|byte| is_word(**byte)).count();
    before + 8 + after >= LONG
}

/// Whether text that is too short for anything else but a pair may be the number of a card.
#[inline]
fn is_short_card(text: &[u8]) -> bool {
    // All but two bytes of it would have to be digits.
    text.len() >= CARD && text.iter().take(3).any(u8::is_ascii_digit) && has_card_digits(text)
}

/// Whether enough digits for a card stand together, with nothing but spaces and dashes between them.
#[cold]
fn has_card_digits(text: &[u8]) -> bool {
    let mut together = 0;
    text.iter().any(|byte| {
        together = match byte {
            b'0'..=b'9' => together + 1,
            b' ' | b'-' => together,
            _ => 0,
        };
        together >= CARD
    })
}

pub(super) fn is_mark(byte: u8) -> bool {
    matches!(byte, b':' | b'=' | b'>' | b'@')
}

/// The high bit of every byte that is a mark. Bytes after the first such one may be marked wrongly.
#[inline]
fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);

    let is = |byte: u8| {
        let zero = word ^ (ONES * u64::from(byte));
        zero.wrapping_sub(ONES) & !zero
    };
    (is(b':') | is(b'=') | is(b'>') | is(b'@')) & HIGHS
}

/// Where the first mark at or after `from` stands.
pub(super) fn next_mark(text: &[u8], from: usize) -> Option<usize> {
    let (words, rest) = text.get(from..)?.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(from + 8 * i + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| is_mark(*byte))?;
    Some(from + 8 * words.len() + at)
}
