//! The serializer behind [`write`](super::write).

use std::fmt;

use serde::{Serialize, ser};

use super::{
    MAX_BYTES, MAX_DEPTH, MAX_STRING_BYTES,
    bounded::Bounded,
    fields::{Fields, Private},
    prefix, scalar, write_key, write_str,
};

/// Why a value has no JSON form here.
#[derive(Debug)]
pub(crate) enum Refusal {
    TooDeep,
    TooLarge,
    Key,
    Display,
    Raw,
    Custom(String),
}

/// Bytes of a foreign error's message that are kept.
const MAX_MESSAGE_BYTES: usize = 1024;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => write!(f, "it is nested deeper than {MAX_DEPTH} levels; flatten it"),
            Self::TooLarge => write!(f, "it is larger than {MAX_BYTES} bytes; send a summary or a reference"),
            Self::Key => f.write_str("a map has keys that are neither strings, numbers nor booleans"),
            Self::Display => f.write_str("the `Display` implementation of a value in it failed"),
            Self::Raw => f.write_str("a `RawValue` in it is not valid JSON, or nested too deep"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(
            Bounded::display(&message, MAX_MESSAGE_BYTES).unwrap_or_else(|_| "it fails to serialise".to_owned()),
        )
    }
}

pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    limit: usize,
    depth: usize,
}

impl<'a> Encoder<'a> {
    /// Writes to `out` until it holds `limit` bytes.
    pub(super) fn new(out: &'a mut Vec<u8>, limit: usize) -> Self {
        Self { out, limit, depth: 0 }
    }

    fn scalar<T: Serialize>(self, value: &T) -> Result<(), Refusal> {
        self.room(0)?;
        scalar(value, self.out);
        Ok(())
    }

    /// Continues with text that is JSON already.
    pub(super) fn verbatim(self, json: &str) -> Result<(), Refusal> {
        self.room(json.len())?;
        self.out.extend_from_slice(json.as_bytes());
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
pub(super) struct Nested<'a> {
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

    pub(super) fn entry<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refusal> {
        write_key(key, self.out);
        self.value(value)
    }

    pub(super) fn close(self) {
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
    type SerializeStruct = Fields<'a>;
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
        write_str(value, self.out);
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        let text = Bounded::display(value, MAX_STRING_BYTES).map_err(|_| Refusal::Display)?;
        self.serialize_str(&text)
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

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Fields<'a>, Refusal> {
        match Private::named(name) {
            None => self.open(None, OBJECT).map(Fields::Own),
            Some(private) => Ok(Fields::Private(private, Some(self))),
        }
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

impl ser::SerializeStructVariant for Nested<'_> {
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
