//! The wrapping around records in protobuf, and the answer. What is inside a list stays encoded
//! until somebody asks for it.

use bytes::Bytes;
use prost::Message;

use super::message::{Resource, Scope};

/// Logs and spans are wrapped alike, down to the numbers of the fields.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Request {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) resources: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ResourcePart {
    #[prost(message, optional, tag = "1")]
    pub(super) resource: Option<Resource>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(super) scopes: Vec<Bytes>,
    #[prost(string, tag = "3")]
    pub(super) schema_url: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ScopePart {
    #[prost(message, optional, tag = "1")]
    pub(super) scope: Option<Scope>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(super) records: Vec<Bytes>,
    #[prost(string, tag = "3")]
    pub(super) schema_url: String,
}

/// The answer to either kind of request.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Response {
    #[prost(message, optional, tag = "1")]
    pub(super) partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(super) rejected: i64,
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
}
