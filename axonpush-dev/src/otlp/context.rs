//! What a record does not say itself: who sent it, through which scope, to which channel.

use serde_json::{Map, Value};

use super::map::{attributes, put};
use super::message::{EntityRef, Resource, Scope};
use crate::event::EventBody;

/// What the records of one scope have in common.
#[derive(Debug, Default)]
pub(crate) struct Context<'a> {
    pub(super) channel: &'a str,
    pub(super) scope_name: String,
    /// Parts of the payload that every record gets: `resource`, `scope` and what belongs to them.
    shared: Map<String, Value>,
}

impl<'a> Context<'a> {
    pub(super) fn new(channel: &'a str, resource: Option<Resource>, schema_url: String) -> Self {
        let mut shared = Map::new();
        let resource = resource.unwrap_or_default();
        put(&mut shared, "resource", attributes(resource.attributes));
        put(&mut shared, "resourceDroppedAttributesCount", resource.dropped_attributes_count);
        put(&mut shared, "resourceEntityRefs", resource.entity_refs.into_iter().map(entity).collect::<Vec<_>>());
        put(&mut shared, "resourceSchemaUrl", schema_url);
        Self { channel, scope_name: String::new(), shared }
    }

    /// The same resource, seen through `scope`.
    pub(super) fn scoped(&self, scope: Option<Scope>, schema_url: String) -> Self {
        let mut shared = self.shared.clone();
        put(&mut shared, "scopeSchemaUrl", schema_url);
        let Some(Scope { name, version, attributes: list, dropped_attributes_count }) = scope else {
            return Self { channel: self.channel, scope_name: String::new(), shared };
        };
        let mut scope = Map::new();
        scope.insert("name".to_owned(), Value::from(name.clone()));
        scope.insert("version".to_owned(), Value::from(version));
        put(&mut scope, "attributes", attributes(list));
        put(&mut scope, "droppedAttributesCount", dropped_attributes_count);
        shared.insert("scope".to_owned(), Value::Object(scope));
        Self { channel: self.channel, scope_name: name, shared }
    }

    /// A payload that holds what is shared.
    pub(super) fn payload(&self) -> Map<String, Value> {
        self.shared.clone()
    }

    /// An event in this channel.
    pub(super) fn event(
        &self,
        event_type: &str,
        identifier: String,
        ids: Ids,
        payload: Map<String, Value>,
    ) -> EventBody {
        let dedup_key = payload.get("attributes").and_then(|attributes| attributes.get(DEDUP_KEY));
        let dedup_key = dedup_key.and_then(Value::as_str).filter(|key| !key.is_empty()).map(str::to_owned);
        EventBody {
            identifier,
            payload,
            payload_text: None,
            metadata: None,
            metadata_text: None,
            channel_id: self.channel.to_owned(),
            event_type: event_type.to_owned(),
            agent_id: None,
            trace_id: ids.trace,
            span_id: ids.span,
            parent_span_id: ids.parent,
            dedup_key,
            occurred_at: None,
        }
    }
}

/// Where an event stands in its trace, in lower-case hex.
#[derive(Debug, Default)]
pub(super) struct Ids {
    pub(super) trace: Option<String>,
    pub(super) span: Option<String>,
    pub(super) parent: Option<String>,
}

fn entity(entity: EntityRef) -> Value {
    let EntityRef { schema_url, kind, id_keys, description_keys } = entity;
    let mut map = Map::new();
    put(&mut map, "schemaUrl", schema_url);
    put(&mut map, "type", kind);
    put(&mut map, "idKeys", id_keys);
    put(&mut map, "descriptionKeys", description_keys);
    Value::Object(map)
}

/// The attribute that does for a record what `dedupKey` does for an event.
const DEDUP_KEY: &str = "axonpush.dedup_key";
