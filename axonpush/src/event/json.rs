//! Any `Serialize` value as JSON text, within limits.
//!
//! `serde_json` alone writes a NaN as `null` without a word, recurses as deep as its input and copies ten megabytes
//! before anyone can object. This serializer leaves scalars and strings to `serde_json` and keeps the structure in its
//! own hands: it refuses by depth and size while it writes, and cuts a string no event could carry before it copies it.

use std::fmt;

use serde::{Serialize, ser};

/// Nesting a payload may have. Parsers on the way commonly stop at 128, and the payload sits inside the event.
pub(crate) const MAX_DEPTH: usize = 100;

/// Encoded size a payload may have before the capture policy shortens it.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Bytes of one string that are looked at; more than the largest event can't survive the capture policy anyway.
pub(crate) const MAX_STRING_BYTES: usize = super::record::MAX_EVENT_BYTES;

/// Appends `value` to `out`. On an error `out` holds a torn prefix; the caller drops it.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let limit = out.len() + MAX_BYTES;
    value.serialize(Encoder { out, limit, depth: 0 })
}

/// Appends a JSON string.
pub(crate) fn write_str(text: &str, out: &mut Vec<u8>) {
    scalar(&text, out);
}

/// Appends `"key":`, after a comma when something stands before it in the object.
pub(crate) fn write_key(key: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    write_str(key, out);
    out.push(b':');
}

/// The longest prefix of `text` of at most `max` bytes that ends on a character boundary.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    if text.len() <= max { text } else { text.get(..text.floor_char_boundary(max)).unwrap_or_default() }
}

/// Whether encoded JSON text is an object.
pub(crate) fn is_object(json: &[u8]) -> bool {
    json.first() == Some(&b'{')
}

/// What kind of value encoded JSON text is, in words for an error.
pub(crate) fn shape(json: &[u8]) -> &'static str {
    match json.first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Why a value has no JSON form here.
#[derive(Debug)]
pub(crate) enum Refusal {
    TooDeep,
    TooLarge,
    Key,
    Custom(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => write!(f, "it is nested deeper than {MAX_DEPTH} levels; flatten it"),
            Self::TooLarge => write!(f, "it is larger than {MAX_BYTES} bytes; send a summary or a reference"),
            Self::Key => f.write_str("a map has keys that are neither strings, numbers nor booleans"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}

fn scalar<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    // Writing a scalar into a vector has no way to fail.
    let _infallible = serde_json::to_writer(out, value);
}

struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    limit: usize,
    depth: usize,
}

impl<'a> Encoder<'a> {
    fn scalar<T: Serialize>(self, value: &T) -> Result<(), Refusal> {
        self.room(0)?;
        scalar(value, self.out);
        Ok(())
    }

    fn room(&self, bytes: usize) -> Result<(), Refusal> {
        if self.out.len() + bytes > self.limit { Err(Refusal::TooLarge) } else { Ok(()) }
    }

    fn float(self, value: f64, finite: impl FnOnce(&mut Vec<u8>)) -> Result<(), Refusal> {
        self.room(0)?;
        if value.is_finite() {
            finite(self.out);
        } else if value.is_nan() {
            write_str("NaN", self.out);
        } else {
            write_str(if value > 0.0 { "Infinity" } else { "-Infinity" }, self.out);
        }
        Ok(())
    }

    /// Opens an object or array, after `{"variant":` for enum variants with content.
    fn open(self, variant: Option<&'static str>, brackets: [u8; 2]) -> Result<Nested<'a>, Refusal> {
        let depth = self.depth + 1 + usize::from(variant.is_some());
        if depth > MAX_DEPTH {
            return Err(Refusal::TooDeep);
        }
        self.room(0)?;
        if let Some(variant) = variant {
            self.out.push(b'{');
            write_key(variant, self.out);
        }
        let [open, close] = brackets;
        self.out.push(open);
        Ok(Nested { out: self.out, limit: self.limit, depth, close, wrapped: variant.is_some() })
    }
}

/// An object or array whose end is still to come.
struct Nested<'a> {
    out: &'a mut Vec<u8>,
    limit: usize,
    depth: usize,
    close: u8,
    wrapped: bool,
}

impl Nested<'_> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        value.serialize(Encoder { out: self.out, limit: self.limit, depth: self.depth })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        if self.out.last() != Some(&b'[') {
            self.out.push(b',');
        }
        self.value(value)
    }

    fn entry<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refusal> {
        write_key(key, self.out);
        self.value(value)
    }

    fn close(self) {
        self.out.push(self.close);
        if self.wrapped {
            self.out.push(b'}');
        }
    }
}

const OBJECT: [u8; 2] = *b"{}";
const ARRAY: [u8; 2] = *b"[]";

macro_rules! scalars {
    ($($method:ident($kind:ty)),* $(,)?) => {$(
        fn $method(self, value: $kind) -> Result<(), Refusal> {
            self.scalar(&value)
        }
    )*};
}

impl<'a> ser::Serializer for Encoder<'a> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Nested<'a>;
    type SerializeTuple = Nested<'a>;
    type SerializeTupleStruct = Nested<'a>;
    type SerializeTupleVariant = Nested<'a>;
    type SerializeMap = Nested<'a>;
    type SerializeStruct = Nested<'a>;
    type SerializeStructVariant = Nested<'a>;

    scalars! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_char(char),
    }

    // Past 64 bits a JSON number is read back as something else by nearly everyone.
    fn serialize_i128(self, value: i128) -> Result<(), Refusal> {
        match i64::try_from(value) {
            Ok(small) => self.scalar(&small),
            Err(_) => self.scalar(&value.to_string()),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<(), Refusal> {
        match u64::try_from(value) {
            Ok(small) => self.scalar(&small),
            Err(_) => self.scalar(&value.to_string()),
        }
    }

    fn serialize_f32(self, value: f32) -> Result<(), Refusal> {
        self.float(value.into(), |out| scalar(&value, out))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Refusal> {
        self.float(value, |out| scalar(&value, out))
    }

    fn serialize_str(self, value: &str) -> Result<(), Refusal> {
        let value = prefix(value, MAX_STRING_BYTES);
        self.room(value.len())?;
        self.scalar(&value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refusal> {
        // An array of numbers, as serde_json writes it: at least two characters a byte.
        self.room(value.len() * 2)?;
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Refusal> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Refusal> {
        self.scalar(&())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Refusal> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Refusal> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        let mut object = self.open(None, OBJECT)?;
        object.entry(variant, value)?;
        object.close();
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Nested<'a>, Refusal> {
        self.open(None, ARRAY)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Nested<'a>, Refusal> {
        self.open(None, ARRAY)
    }

    fn serialize_tuple_struct(self, _: &'static str, _len: usize) -> Result<Nested<'a>, Refusal> {
        self.open(None, ARRAY)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Nested<'a>, Refusal> {
        self.open(Some(variant), ARRAY)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Nested<'a>, Refusal> {
        self.open(None, OBJECT)
    }

    fn serialize_struct(self, _: &'static str, _len: usize) -> Result<Nested<'a>, Refusal> {
        self.open(None, OBJECT)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Nested<'a>, Refusal> {
        self.open(Some(variant), OBJECT)
    }
}

macro_rules! items {
    ($($compound:ident . $method:ident),* $(,)?) => {$(
        impl ser::$compound for Nested<'_> {
            type Ok = ();
            type Error = Refusal;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.item(value)
            }

            fn end(self) -> Result<(), Refusal> {
                self.close();
                Ok(())
            }
        }
    )*};
}

items! {
    SerializeSeq.serialize_element,
    SerializeTuple.serialize_element,
    SerializeTupleStruct.serialize_field,
    SerializeTupleVariant.serialize_field,
}

macro_rules! fields {
    ($($compound:ident),*) => {$(
        impl ser::$compound for Nested<'_> {
            type Ok = ();
            type Error = Refusal;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refusal> {
                self.entry(key, value)
            }

            fn end(self) -> Result<(), Refusal> {
                self.close();
                Ok(())
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Nested<'_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        let start = self.out.len();
        self.value(key)?;
        match self.out.get(start) {
            Some(b'"') => {}
            // A number or boolean becomes a string key, as serde_json does it.
            Some(b'{' | b'[' | b'n') | None => return Err(Refusal::Key),
            Some(_) => {
                self.out.insert(start, b'"');
                self.out.push(b'"');
            }
        }
        self.out.push(b':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.value(value)
    }

    fn end(self) -> Result<(), Refusal> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn text<T: Serialize + ?Sized>(value: &T) -> String {
        let mut out = Vec::new();
        write(value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_shape_reads_as_serde_json_writes_it() {
        #[derive(Serialize)]
        enum Shape {
            Unit,
            New(u8),
            Tuple(u8, &'static str),
            Struct { a: Option<()>, b: char },
        }
        #[derive(Serialize)]
        struct All {
            shapes: [Shape; 4],
            map: BTreeMap<u8, ()>,
            flags: BTreeMap<bool, i8>,
            tuple: (f32, f64, ()),
        }
        let all = All {
            shapes: [Shape::Unit, Shape::New(1), Shape::Tuple(2, "\u{1}\"x"), Shape::Struct { a: None, b: 'é' }],
            map: BTreeMap::from([(1, ()), (2, ())]),
            flags: BTreeMap::from([(true, -1)]),
            tuple: (0.1, 1e300, ()),
        };
        assert_eq!(text(&all), serde_json::to_string(&all).unwrap());
    }

    #[test]
    fn what_json_has_no_number_for_becomes_a_string() {
        assert_eq!(text(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]), r#"["NaN","Infinity","-Infinity"]"#);
        assert_eq!(text(&f32::NAN), r#""NaN""#);
        assert_eq!(text(&u128::MAX), r#""340282366920938463463374607431768211455""#);
        assert_eq!(text(&(7_u128, -7_i128)), "[7,-7]");
    }

    #[test]
    fn nesting_past_the_limit_is_refused_without_recursing_further() {
        struct Nest(u32);
        impl Serialize for Nest {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if self.0 == 0 { serializer.serialize_unit() } else { serializer.collect_seq([Nest(self.0 - 1)]) }
            }
        }
        assert!(text(&Nest(100)).ends_with(']'));
        let refusal = write(&Nest(100_000), &mut Vec::new()).unwrap_err();
        assert!(refusal.to_string().contains("100 levels"), "{refusal}");
    }

    #[test]
    fn a_huge_value_is_refused_and_a_huge_string_cut_before_it_is_copied() {
        let mut out = Vec::new();
        assert!(matches!(write(&vec![0_u8; 10 << 20], &mut out), Err(Refusal::TooLarge)));
        assert!(matches!(write(&vec!["x".repeat(1000); 10_000], &mut out), Err(Refusal::TooLarge)));
        assert!(out.capacity() <= 4 * MAX_BYTES, "{}", out.capacity());
        let cut = text(&"é".repeat(5 << 20));
        assert!(cut.len() <= MAX_STRING_BYTES + 2);
    }

    #[test]
    fn keys_that_are_no_scalars_are_refused() {
        let refusal = write(&BTreeMap::from([((1, 2), 3)]), &mut Vec::new()).unwrap_err();
        assert!(matches!(refusal, Refusal::Key));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6).prop_map(|all| json!(BTreeMap::from_iter(all))),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_value_is_written_as_serde_json_writes_it(value in any_json()) {
            prop_assert_eq!(text(&value), serde_json::to_string(&value).unwrap());
        }
    }
}
