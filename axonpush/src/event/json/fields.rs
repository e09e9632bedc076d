//! Structs, and the two that are none: `serde_json` hands its own serializer numbers and raw JSON as structs of a
//! private name, and which of its features are on is up to any crate in the program.

use serde::{Serialize, ser};
use serde_json::Value;

use super::{
    MAX_BYTES,
    bounded::Bounded,
    encoder::{Encoder, Nested, Refusal},
};

/// What `serde_json` means by a struct of a private name.
#[derive(Clone, Copy)]
pub(super) enum Private {
    /// A number as text, with its `arbitrary_precision`.
    Number,
    /// JSON text, with its `raw_value`.
    Raw,
}

impl Private {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "$serde_json::private::Number" => Some(Self::Number),
            "$serde_json::private::RawValue" => Some(Self::Raw),
            _ => None,
        }
    }

    fn write(self, text: &str, encoder: Encoder<'_>) -> Result<(), Refusal> {
        match self {
            Self::Number if is_number(text) => encoder.verbatim(text),
            Self::Number => ser::Serializer::serialize_str(encoder, text),
            // Raw text is spelled as its author liked: it goes through the same encoder as everything, so that what
            // reads it later, redaction first of all, meets one spelling.
            Self::Raw => serde_json::from_str::<Value>(text).map_err(|_| Refusal::Raw)?.serialize(encoder),
        }
    }
}

/// A struct whose end is still to come.
pub(super) enum Fields<'a> {
    Own(Nested<'a>),
    /// Its one field is the value; after it, the encoder is gone.
    Private(Private, Option<Encoder<'a>>),
}

impl ser::SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refusal> {
        match self {
            Self::Own(object) => object.entry(key, value),
            Self::Private(private, encoder) => match encoder.take() {
                Some(encoder) => private.write(&text(value)?, encoder),
                None => Err(Refusal::Raw),
            },
        }
    }

    fn end(self) -> Result<(), Refusal> {
        match self {
            Self::Own(object) => object.close(),
            // Without its field it would be no value at all.
            Self::Private(_, Some(encoder)) => ser::Serializer::serialize_unit(encoder)?,
            Self::Private(_, None) => {}
        }
        Ok(())
    }
}

/// The text of a value that is a string.
fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, Refusal> {
    // Quotes are escaped on the way, so that text of the largest size may take twice that.
    let mut json = Bounded::new(2 * MAX_BYTES);
    let written = serde_json::to_writer(&mut json, value);
    let json = json.whole().ok_or(Refusal::TooLarge)?;
    written.and_then(|()| serde_json::from_slice(&json)).map_err(|_| Refusal::Raw)
}

/// Whether text is a number as JSON writes it.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = rest.split_at(digits(rest));
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return false;
    }
    let rest = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) if digits(fraction) > 0 => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        Some(_) => return false,
    };
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_what_serde_json_reads_as_one(text in "-?[0-9]{0,3}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,2})?[x ]?") {
            let read = text.trim() == text && serde_json::from_str::<f64>(&text).is_ok();
            prop_assert_eq!(is_number(&text), read, "{}", text);
        }
    }
}
