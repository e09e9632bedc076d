//! The messages as JSON: names in lower camel case, ids in hex, large integers as text or numbers.
//!
//! Derived code would also take arrays for objects and trip over `null`, which means the default
//! here, so a macro writes what is needed instead.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Record;
use super::form::{Base64, Bool, Double, Hex, Int, List, Map, Name, Number, Plain, Text};
use super::message::{
    AnyValue, AnyValues, EntityRef, KeyValue, KeyValues, LogRecord, Resource, Scope, Span, SpanEvent, SpanLink, Status,
};

/// The wrapping of records of one kind. It is small for what it holds: an empty one takes three
/// bytes of a body, and a body has many.
#[derive(Default)]
pub(super) struct Request<'a, R> {
    pub(super) resources: Vec<ResourcePart<'a, R>>,
}

#[derive(Default)]
pub(super) struct ResourcePart<'a, R> {
    pub(super) resource: Option<Box<Resource>>,
    pub(super) scopes: Vec<ScopePart<'a, R>>,
    pub(super) schema_url: String,
}

#[derive(Default)]
pub(super) struct ScopePart<'a, R> {
    pub(super) scope: Option<Box<Scope>>,
    pub(super) records: Vec<&'a RawValue>,
    pub(super) schema_url: String,
    record: PhantomData<R>,
}

/// Reads `$message` from an object. Each field has its name, its place and the form of its value.
macro_rules! from_json {
    ([$($generics:tt)*] $message:ty { $($name:expr => $field:ident: $form:ident,)* }) => {
        impl<'de $($generics)*> Deserialize<'de> for $message {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(Fields::<$message>(PhantomData))
            }
        }

        impl<'de $($generics)*> Visitor<'de> for Fields<$message> {
            type Value = $message;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$message, A::Error> {
                let mut message = <$message>::default();
                while let Some(Name(name)) = map.next_key()? {
                    $(if name == $name {
                        if let Some($form(value)) = map.next_value()? {
                            message.$field = value;
                        }
                        continue;
                    })*
                    map.next_value::<IgnoredAny>()?;
                }
                Ok(message)
            }
        }
    };
}

from_json!([, R: Record] Request<'de, R> {
    R::LISTS[0] => resources: Plain,
});

from_json!([, R: Record] ResourcePart<'de, R> {
    "resource" => resource: Plain,
    R::LISTS[1] => scopes: Plain,
    "schemaUrl" => schema_url: Plain,
});

from_json!([, R: Record] ScopePart<'de, R> {
    "scope" => scope: Plain,
    R::LISTS[2] => records: Plain,
    "schemaUrl" => schema_url: Plain,
});

from_json!([] LogRecord {
    "timeUnixNano" => time_unix_nano: Number,
    "observedTimeUnixNano" => observed_time_unix_nano: Number,
    "severityNumber" => severity_number: Number,
    "severityText" => severity_text: Plain,
    "body" => body: Plain,
    "attributes" => attributes: Plain,
    "droppedAttributesCount" => dropped_attributes_count: Number,
    "flags" => flags: Number,
    "traceId" => trace_id: Hex,
    "spanId" => span_id: Hex,
    "eventName" => event_name: Plain,
});

from_json!([] Span {
    "traceId" => trace_id: Hex,
    "spanId" => span_id: Hex,
    "traceState" => trace_state: Plain,
    "parentSpanId" => parent_span_id: Hex,
    "flags" => flags: Number,
    "name" => name: Plain,
    "kind" => kind: Number,
    "startTimeUnixNano" => start_time_unix_nano: Number,
    "endTimeUnixNano" => end_time_unix_nano: Number,
    "attributes" => attributes: Plain,
    "droppedAttributesCount" => dropped_attributes_count: Number,
    "events" => events: Plain,
    "droppedEventsCount" => dropped_events_count: Number,
    "links" => links: Plain,
    "droppedLinksCount" => dropped_links_count: Number,
    "status" => status: Plain,
});

from_json!([] SpanEvent {
    "timeUnixNano" => time_unix_nano: Number,
    "name" => name: Plain,
    "attributes" => attributes: Plain,
    "droppedAttributesCount" => dropped_attributes_count: Number,
});

from_json!([] SpanLink {
    "traceId" => trace_id: Hex,
    "spanId" => span_id: Hex,
    "traceState" => trace_state: Plain,
    "attributes" => attributes: Plain,
    "droppedAttributesCount" => dropped_attributes_count: Number,
    "flags" => flags: Number,
});

from_json!([] Status {
    "message" => message: Plain,
    "code" => code: Number,
});

from_json!([] Resource {
    "attributes" => attributes: Plain,
    "droppedAttributesCount" => dropped_attributes_count: Number,
    "entityRefs" => entity_refs: Plain,
});

from_json!([] EntityRef {
    "schemaUrl" => schema_url: Plain,
    "type" => kind: Plain,
    "idKeys" => id_keys: Plain,
    "descriptionKeys" => description_keys: Plain,
});

from_json!([] Scope {
    "name" => name: Plain,
    "version" => version: Plain,
    "attributes" => attributes: Plain,
    "droppedAttributesCount" => dropped_attributes_count: Number,
});

from_json!([] KeyValue {
    "key" => key: Plain,
    "value" => value: Plain,
});

from_json!([] AnyValue {
    "stringValue" => kind: Text,
    "boolValue" => kind: Bool,
    "intValue" => kind: Int,
    "doubleValue" => kind: Double,
    "arrayValue" => kind: List,
    "kvlistValue" => kind: Map,
    "bytesValue" => kind: Base64,
});

from_json!([] AnyValues {
    "values" => values: Plain,
});

from_json!([] KeyValues {
    "values" => values: Plain,
});

/// Reads the object that a `T` is written as.
struct Fields<T>(PhantomData<T>);
