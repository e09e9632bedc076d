//! One request's worth of records: those that became events, and those that were refused.

use bytes::Bytes;
use http::StatusCode;
use prost::Message;

use super::context::Context;
use super::decode::Encoding;
use super::{Invalid, Record, json, proto};
use crate::event::EventBody;
use crate::problem::Problem;

/// How many records were refused, and why the first of them were.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    count: usize,
    reasons: Vec<String>,
}

/// Reads every record of a request to `channel` and hands the events they become to `take`.
///
/// # Errors
/// 400 for bytes that are no message, 413 for more than `max_records`, and whatever `take` fails with. What was handed
/// over before is not to be stored either then.
pub(crate) fn read<R: Record>(
    encoding: Encoding,
    body: Bytes,
    channel: &str,
    max_records: Option<usize>,
    take: impl FnMut(EventBody) -> Result<(), Problem>,
) -> Result<Refusals, Problem> {
    let max_records = max_records.map_or(MAX_RECORDS, |max| max.min(MAX_RECORDS));
    let mut reader = Reader { take, refusals: Refusals::default(), seen: 0, max_records };
    match encoding {
        Encoding::Json => reader.json::<R>(&body, channel)?,
        Encoding::Protobuf => reader.protobuf::<R>(body, channel)?,
    }
    Ok(reader.refusals)
}

impl Refusals {
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The reasons in one line, for somebody who reads the sender's log.
    pub(crate) fn message(&self) -> String {
        let more = if self.count > self.reasons.len() { "; and more" } else { "" };
        self.reasons.join("; ") + more
    }

    fn add(&mut self, index: usize, reason: Invalid) {
        self.count += 1;
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(format!("record {index}: {reason}"));
        }
    }
}

struct Reader<T> {
    take: T,
    refusals: Refusals,
    seen: usize,
    max_records: usize,
}

impl<T: FnMut(EventBody) -> Result<(), Problem>> Reader<T> {
    fn json<R: Record>(&mut self, body: &[u8], channel: &str) -> Result<(), Problem> {
        let request: json::Request<'_, R> = serde_json::from_slice(body).map_err(malformed_json)?;
        for json::ResourcePart { resource, scopes, schema_url } in request.resources {
            let resource = Context::new(channel, resource.map(|resource| *resource), schema_url);
            for json::ScopePart { scope, records, schema_url, .. } in scopes {
                let context = resource.scoped(scope.map(|scope| *scope), schema_url);
                for raw in records {
                    let record = serde_json::from_str::<R>(raw.get()).map_err(malformed_json);
                    self.record(record, &context)?;
                }
            }
        }
        Ok(())
    }

    fn protobuf<R: Record>(&mut self, body: Bytes, channel: &str) -> Result<(), Problem> {
        for resource in message::<proto::Request>(body)?.resources {
            let proto::ResourcePart { resource, scopes, schema_url } = message(resource)?;
            let resource = Context::new(channel, resource, schema_url);
            for scope in scopes {
                let proto::ScopePart { scope, records, schema_url } = message(scope)?;
                let context = resource.scoped(scope, schema_url);
                for raw in records {
                    self.record(message::<R>(raw), &context)?;
                }
            }
        }
        Ok(())
    }

    fn record<R: Record>(&mut self, record: Result<R, Problem>, context: &Context<'_>) -> Result<(), Problem> {
        if self.seen == self.max_records {
            let detail = format!("the batch has more than {} records; send smaller ones", self.max_records);
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        match record?.into_event(context) {
            Ok(event) => (self.take)(event)?,
            Err(reason) => self.refusals.add(self.seen, reason),
        }
        self.seen += 1;
        Ok(())
    }
}

fn message<M: Message + Default>(bytes: Bytes) -> Result<M, Problem> {
    M::decode(bytes).map_err(|error| malformed("the body is not valid OTLP protobuf", &error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn malformed_json(error: serde_json::Error) -> Problem {
    malformed("the body is not valid OTLP/JSON", &error.to_string())
}

/// A decoder's message may quote the value it stumbled over, which may be all of the body.
fn malformed(what: &str, why: &str) -> Problem {
    let why: String = why.chars().take(MAX_QUOTED).collect();
    Problem::bad_request(format!("{what}: {why}"))
}

/// More records than any exporter sends at once, and as many as fit into memory comfortably.
const MAX_RECORDS: usize = 65_536;

/// After three reasons a reader knows, and the answer stays small.
const MAX_REASONS: usize = 3;

const MAX_QUOTED: usize = 200;
