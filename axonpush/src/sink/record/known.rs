//! Attributes that have a name of their own in a line.

/// What a line says of every record that knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sink) enum Known {
    RequestId,
    UserId,
    Error,
    ErrorType,
}

impl Known {
    /// What an attribute is, and how much it counts: of several that say the same the lowest number does.
    pub(in crate::sink) fn of(key: &[u8]) -> Option<(Self, usize)> {
        // Most attributes are none of these.
        if !matches!(key.first(), Some(b'r' | b'u' | b'e')) {
            return None;
        }
        let of = |known: Self| Some((known, known.keys().iter().position(|name| *name == key)?));
        match key {
            [b'r', ..] => of(Self::RequestId),
            [b'e', b'n', ..] | [b'u', ..] => of(Self::UserId),
            _ => of(Self::Error).or_else(|| of(Self::ErrorType)),
        }
    }

    /// The attributes that say it, the one that counts most first.
    fn keys(self) -> &'static [&'static [u8]] {
        match self {
            Self::RequestId => &[b"request.id", b"request_id"],
            Self::UserId => &[b"user.id", b"user_id", b"enduser.id"],
            Self::Error => &[b"exception.message", b"error"],
            Self::ErrorType => &[b"exception.type", b"error.type", b"error_type"],
        }
    }
}

/// The value of each, as far as it was found. Empty text: it was not.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sink) struct Found<'a>([(&'a [u8], usize); 4]);

impl<'a> Found<'a> {
    /// Keeps an attribute that has a name of its own, unless a better one is known.
    pub(in crate::sink) fn offer(&mut self, key: &[u8], value: &'a [u8]) {
        if let Some((known, rank)) = Known::of(key)
            && let Some(place) = self.0.get_mut(known as usize)
            && (place.0.is_empty() || rank < place.1)
            && value != b"null"
        {
            *place = (value, rank);
        }
    }

    /// JSON text, or empty.
    pub(in crate::sink) fn value(&self, known: Known) -> &'a [u8] {
        self.0.get(known as usize).map_or(b"", |(value, _)| *value)
    }

    /// Whether an attribute says no more than what is said under the name of its own.
    pub(in crate::sink) fn covers(&self, key: &[u8], value: &[u8]) -> bool {
        Known::of(key).is_some_and(|(known, _)| self.value(known) == value)
    }
}

/// Whether a line uses a name itself, be it that a record has something to say there or not.
pub(in crate::sink) fn is_reserved(name: &[u8]) -> bool {
    matches!(
        name,
        b"timestamp"
            | b"level"
            | b"event"
            | b"target"
            | b"service"
            | b"version"
            | b"environment"
            | b"request_id"
            | b"trace_id"
            | b"span_id"
            | b"user_id"
            | b"error"
            | b"error_type"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_as_what_it_is() {
        for known in [Known::RequestId, Known::UserId, Known::Error, Known::ErrorType] {
            for (rank, key) in known.keys().iter().enumerate() {
                assert_eq!(Known::of(key), Some((known, rank)), "{}", String::from_utf8_lossy(key));
            }
        }
        for other in [&b"exception.causes"[..], b"request.ids", b"user", b"", b"level"] {
            assert_eq!(Known::of(other), None);
        }
    }

    #[test]
    fn the_better_name_wins_in_whatever_order() {
        for order in [[0, 1], [1, 0]] {
            let mut found = Found::default();
            for at in order {
                let (key, value) = [(&b"error"[..], &b"\"text\""[..]), (b"exception.message", b"\"message\"")][at];
                found.offer(key, value);
            }
            assert_eq!(found.value(Known::Error), b"\"message\"");
            assert!(!found.covers(b"error", b"\"text\"") && found.covers(b"error", b"\"message\""));
        }
    }
}
