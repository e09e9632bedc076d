//! Reading what the server shows, whatever types it shows it in.
//!
//! Servers of every era are understood, and supersets of several. A field that is left out, or that holds something it
//! should not, costs nothing around it; an answer that holds none of what was asked for is no answer.

use serde_json::{Map, Value};

use crate::{
    error::{Error, Kind},
    event::{
        AgentId, AppId, ChannelId, EnvironmentId, EventId, EventType, SpanId, TraceId,
        json::read::{is_yes, text},
    },
};

/// What a successful answer is read as.
pub(super) trait Answer: Sized + Send + 'static {
    /// Reads the body of a 2xx.
    fn read(body: &[u8]) -> Result<Self, Error>;

    /// The answer of a client that has no server to ask.
    fn without_server() -> Result<Self, Error> {
        Err(without_server())
    }
}

/// What can be read from a value, if it can.
pub(crate) trait Field: Default {
    fn of(value: Value) -> Option<Self>;
}

/// An object of the service, made by [`models`].
pub(crate) trait Model: Field {
    /// The names of the field without which an object is none of these.
    const KEY: &'static [&'static str];
    /// The names that lists of them have had.
    const LISTS: &'static [&'static str];
}

/// Structs that are read field by field. A field may have had several names: the first that says something counts.
macro_rules! models {
    ($($(#[$meta:meta])* $name:ident $(in $list:literal)? {
        $(#[$key_meta:meta])* $key:ident: $key_type:ty = $key_name:literal $(| $key_older:literal)*,
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $wire:literal $(| $older:literal)*,)*
    })*) => {$(
        $(#[$meta])*
        ///
        /// Fields the server left out, or that hold something else than they should, are empty, `None` or
        /// `Value::Null`; fields this version does not know are ignored. The first field is what makes it one: reading
        /// something without it fails. A number or boolean where text should be is read as text. Times are RFC 3339.
        #[derive(Debug, Clone, PartialEq, Default)]
        #[non_exhaustive]
        pub struct $name {
            $(#[$key_meta])* pub $key: $key_type,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::resources::read::Field for $name {
            fn of(value: ::serde_json::Value) -> Option<Self> {
                let ::serde_json::Value::Object(mut fields) = value else { return None };
                Some(Self {
                    $key: $crate::resources::read::field(&mut fields, <Self as $crate::resources::read::Model>::KEY),
                    $($field: $crate::resources::read::field(&mut fields, &[$wire $(, $older)*]),)*
                })
            }
        }

        impl $crate::resources::read::Model for $name {
            const KEY: &'static [&'static str] = &[$key_name $(, $key_older)*];
            const LISTS: &'static [&'static str] = &[$($list,)? "data"];
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = ::serde_json::Value::deserialize(deserializer)?;
                $crate::resources::read::whole(value).ok_or_else(|| {
                    <D::Error as ::serde::de::Error>::custom(concat!("it holds no `", $key_name, "`"))
                })
            }
        }
    )*};
}
pub(crate) use models;

/// What stands under the first of `names` that says something.
pub(crate) fn field<T: Field>(fields: &mut Map<String, Value>, names: &[&str]) -> T {
    names.iter().find_map(|name| T::of(fields.remove(*name)?)).unwrap_or_default()
}

/// The object that a value is, unless it lacks what makes it one.
pub(crate) fn whole<T: Model>(value: Value) -> Option<T> {
    let says = |name: &&str| value.get(*name).is_some_and(|key| !key.is_null());
    if T::KEY.iter().any(says) { T::of(value) } else { None }
}

impl<T: Model + Send + 'static> Answer for T {
    fn read(body: &[u8]) -> Result<Self, Error> {
        whole(parse(body)?).ok_or_else(|| unconfirmed(body))
    }
}

/// A list in any of the shapes servers have used: a named envelope, `{data}`, or a bare array.
///
/// An object that holds neither is no answer of an AxonPush server, and says nothing about what there is.
impl<T: Model + Send + 'static> Answer for Vec<T> {
    fn read(body: &[u8]) -> Result<Self, Error> {
        let list = match parse(body)? {
            Value::Object(mut envelope) => {
                let lists = T::LISTS.iter().filter_map(|name| envelope.remove(*name));
                // A list counts before a null, and a null, which is an empty list, before anything else.
                lists.max_by_key(|list| (list.is_array(), list.is_null())).ok_or_else(|| unconfirmed(body))?
            }
            bare @ Value::Array(_) => bare,
            _ => return Err(unconfirmed(body)),
        };
        match list {
            Value::Array(all) => Ok(all.into_iter().map(|one| T::of(one).unwrap_or_default()).collect()),
            Value::Null => Ok(Self::new()),
            _ => Err(unconfirmed(body)),
        }
    }

    fn without_server() -> Result<Self, Error> {
        Ok(Self::new())
    }
}

/// What matters is that it was done: nothing, or an object that does not say otherwise.
impl Answer for () {
    fn read(body: &[u8]) -> Result<Self, Error> {
        if body.trim_ascii().is_empty() {
            return Ok(());
        }
        match parse(body)? {
            Value::Object(fields)
                if fields.get("ok").or_else(|| fields.get("deleted")) != Some(&Value::Bool(false)) =>
            {
                Ok(())
            }
            _ => Err(unconfirmed(body)),
        }
    }
}

/// The JSON of an answer.
pub(super) fn parse(body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body).map_err(|error| unconfirmed(body).with_source(error))
}

pub(super) fn unconfirmed(body: &[u8]) -> Error {
    Error::new(
        Kind::Response,
        format!(
            "the server's answer ({} bytes) does not hold what was asked for; is AXONPUSH_BASE_URL right?",
            body.len()
        ),
    )
}

pub(super) fn without_server() -> Error {
    Error::config("this client is disabled, or has nothing but sinks, so there is no server to ask")
}

impl Field for String {
    fn of(value: Value) -> Option<Self> {
        let text = match value {
            Value::String(text) => text,
            other => text(&other)?,
        };
        (!text.trim().is_empty()).then_some(text)
    }
}

impl Field for bool {
    fn of(value: Value) -> Option<Self> {
        text(&value).map(|_| is_yes(&value))
    }
}

impl Field for u64 {
    fn of(value: Value) -> Option<Self> {
        text(&value)?.parse().ok()
    }
}

impl Field for f64 {
    fn of(value: Value) -> Option<Self> {
        text(&value)?.parse().ok()
    }
}

impl Field for Value {
    fn of(value: Value) -> Option<Self> {
        (!value.is_null()).then_some(value)
    }
}

impl<T: Field> Field for Option<T> {
    fn of(value: Value) -> Option<Self> {
        T::of(value).map(Some)
    }
}

impl<T: Field> Field for Vec<T> {
    fn of(value: Value) -> Option<Self> {
        let Value::Array(all) = value else { return None };
        Some(all.into_iter().filter_map(T::of).collect())
    }
}

macro_rules! texts {
    ($($name:ident),*) => {$(
        impl Field for $name {
            fn of(value: Value) -> Option<Self> {
                String::of(value).map(Self::from)
            }
        }
    )*};
}

texts!(AgentId, AppId, ChannelId, EnvironmentId, EventId, EventType, SpanId, TraceId);

#[cfg(test)]
#[expect(unreachable_pub, reason = "models are public where they are used")]
mod tests {
    use serde_json::json;

    use super::*;

    models! {
        /// A part.
        Tree in "parts" {
            /// Its id.
            part_id: String = "partId" | "id",
            /// Its name.
            name: Option<String> = "name",
            /// How many.
            count: u64 = "count",
            /// How much.
            cost: f64 = "cost",
            /// Whether.
            active: bool = "active",
            /// Its own parts.
            parts: Vec<Tree> = "parts",
        }
    }

    #[test]
    fn an_object_of_any_era_is_read_and_a_strange_field_costs_nothing() {
        for (body, id, name) in [
            (json!({"partId": "a", "id": 7, "name": "x", "new": {}}), "a", Some("x")),
            (json!({"id": 7, "name": 1}), "7", Some("1")),
            (json!({"partId": "", "id": "b", "name": " "}), "b", None),
            (json!({"partId": "a", "name": [], "count": {}, "parts": null}), "a", None),
        ] {
            let part = <Tree as Answer>::read(body.to_string().as_bytes()).unwrap();
            assert_eq!((part.part_id.as_str(), part.name.as_deref()), (id, name), "{body}");
        }
        let body = json!({"id": "a", "count": "3", "cost": 2, "active": 1, "parts": [{"id": "b"}, null, 5]});
        let part: Tree = serde_json::from_value(body).unwrap();
        assert_eq!((part.count, part.active, part.parts.len()), (3, true, 1));
        assert!((part.cost - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn an_answer_that_holds_nothing_of_it_is_no_answer() {
        for body in ["", "<html>", "{}", "[]", "null", "7", r#"{"name":"x"}"#, r#"{"partId":null}"#] {
            assert!(<Tree as Answer>::read(body.as_bytes()).unwrap_err().is_unconfirmed(), "{body}");
            // An object of nothing but defaults would pass for one that was sent.
            assert!(serde_json::from_str::<Tree>(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_list_is_an_envelope_of_either_name_or_bare_and_may_be_null() {
        for body in [r#"{"parts":[{"id":1}],"$schema":"x"}"#, r#"{"data":[{"id":1}],"parts":null}"#, r#"[{"id":1}]"#] {
            assert_eq!(Vec::<Tree>::read(body.as_bytes()).unwrap()[0].part_id, "1", "{body}");
        }
        for body in [r#"{"parts":null}"#, r#"{"data":[]}"#, "[]"] {
            assert!(Vec::<Tree>::read(body.as_bytes()).unwrap().is_empty(), "{body}");
        }
        for body in ["", "<html>", "{}", r#"{"login":"/wifi"}"#, r#"{"parts":{}}"#, "null"] {
            assert!(Vec::<Tree>::read(body.as_bytes()).unwrap_err().is_unconfirmed(), "{body}");
        }
    }

    #[test]
    fn something_is_done_unless_the_answer_says_otherwise_or_is_none() {
        for body in ["", " ", "{}", r#"{"ok":true}"#, r#"{"deleted":true}"#, r#"{"message":"done"}"#] {
            <() as Answer>::read(body.as_bytes()).unwrap();
        }
        for body in ["<html>", "[]", "null", r#"{"ok":false}"#, r#"{"deleted":false}"#] {
            assert!(<() as Answer>::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
