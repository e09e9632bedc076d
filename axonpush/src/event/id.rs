//! Ids as newtypes. The server's ids are opaque strings; older servers used integers, so both are taken.

use std::{borrow::Cow, cell::Cell, fmt, time::SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use uuid::Uuid;

use crate::{clock, fork};

macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident),* $(,)?) => {$(
        $(#[doc = $doc])*
        ///
        /// Made from strings, integers and [`Uuid`]s; the text is sent as it is.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// The id as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(Cow::Owned(id.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(Cow::Owned(id))
            }
        }

        impl From<&String> for $name {
            fn from(id: &String) -> Self {
                Self::from(id.as_str())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<u64> for $name {
            fn from(id: u64) -> Self {
                Self(Cow::Owned(id.to_string()))
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(Cow::Owned(id.to_string()))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(Cow::Owned(id.to_string()))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                string_or_integer(deserializer).map(|text| Self(Cow::Owned(text)))
            }
        }
    )*};
}

ids! {
    /// The server's id of a stored event.
    EventId,
    /// A channel: where the server files an event.
    ChannelId,
    /// An application of the organization.
    AppId,
    /// An environment of the organization.
    EnvironmentId,
    /// The agent an event speaks for; any name the application chooses.
    AgentId,
    /// Groups the events of one trace. OpenTelemetry's form is 32 lowercase hex digits; any string is allowed and
    /// kept verbatim.
    TraceId,
    /// One span of a trace. OpenTelemetry's form is 16 lowercase hex digits.
    SpanId,
}

/// Read through [`Value`], which knows a number in every form that `serde_json` may give it.
fn string_or_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(id) => Ok(id),
        Value::Number(id) if !id.is_f64() => Ok(id.to_string()),
        _ => Err(de::Error::custom("an id must be a string or an integer")),
    }
}

/// A fresh UUIDv7 for `dedupKey`.
///
/// The random bits come from a per-thread generator seeded by the operating system: a system call for every event
/// would cost more than encoding it, and a dedup key has to be unique, not secret.
pub(crate) fn new_dedup_key() -> Uuid {
    dedup_key_of(clock::wall())
}

/// As [`new_dedup_key`], for whoever knows what time it is.
pub(crate) fn dedup_key_of(time: SystemTime) -> Uuid {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    let mut bytes = [0; 10];
    let [most, rest] = random_words();
    bytes[..8].copy_from_slice(&most.to_ne_bytes());
    bytes[8..].copy_from_slice(&rest.to_ne_bytes()[..2]);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

/// 64 bits for ids and jitter; never for secrets.
pub(crate) fn random_u64() -> u64 {
    let [word] = random_words();
    word
}

/// As [`random_u64`], for several words at once.
pub(crate) fn random_words<const N: usize>() -> [u64; N] {
    thread_local!(static STATE: Cell<(u64, [u64; 4])> = Cell::new((fork::generation(), seed())));
    // A thread that is being torn down has lost its generator; the operating system still answers.
    STATE
        .try_with(|state| {
            let (mut generation, mut words) = state.get();
            if generation != fork::generation() {
                // A child that went on where its parent stood would give out the same ids.
                (generation, words) = (fork::generation(), seed());
            }
            let random = std::array::from_fn(|_| {
                let (word, next) = xoshiro256_plus_plus(words);
                words = next;
                word
            });
            state.set((generation, words));
            random
        })
        .unwrap_or_else(|_| std::array::from_fn(|_| seed()[0]))
}

fn seed() -> [u64; 4] {
    let (a, b) = Uuid::new_v4().as_u64_pair();
    let (c, d) = Uuid::new_v4().as_u64_pair();
    [a, b, c, d]
}

/// One step of xoshiro256++ (Blackman and Vigna, 2019), which is in the public domain.
fn xoshiro256_plus_plus([s0, s1, s2, s3]: [u64; 4]) -> (u64, [u64; 4]) {
    let word = s0.wrapping_add(s3).rotate_left(23).wrapping_add(s0);
    let (t2, t3) = (s2 ^ s0, s3 ^ s1);
    (word, [s0 ^ t3, s1 ^ t2, t2 ^ (s1 << 17), t3.rotate_left(45)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_strings_and_integers() {
        let ids: Vec<EventId> = serde_json::from_str(r#"["a-b", 17, -3]"#).unwrap();
        assert_eq!(ids, [EventId::from("a-b"), EventId::from(17_u64), EventId::from(-3_i64)]);
        assert!(serde_json::from_str::<EventId>("{}").unwrap_err().to_string().contains("a string or an integer"));
    }

    #[test]
    fn dedup_keys_are_version_7_and_distinct() {
        let keys: std::collections::HashSet<_> = (0..10_000).map(|_| new_dedup_key()).collect();
        assert_eq!(keys.len(), 10_000);
        assert!(keys.iter().all(|key| key.get_version_num() == 7));
    }

    #[test]
    fn the_generator_follows_its_published_sequence() {
        // First outputs of the reference implementation for the state 1, 2, 3, 4.
        let mut state = [1, 2, 3, 4];
        let mut words = [0; 3];
        for word in &mut words {
            (*word, state) = xoshiro256_plus_plus(state);
        }
        assert_eq!(words, [41_943_041, 58_720_359, 3_588_806_011_781_223]);
    }
}
