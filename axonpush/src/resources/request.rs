//! Any request to the service, the way every request of this client goes.

use std::{
    any::type_name,
    fmt::{self, Write as _},
};

use bytes::Bytes;
use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::read::{Answer, without_server};
use crate::{
    client::AxonPush,
    error::{Error, Kind},
    event::json::shown,
    transport::{Query, Request},
};

impl AxonPush {
    /// Begins a request to any path of the service: what has no method of its own here, and what the service learned
    /// after this version. It goes the way of all others, with the same key, deadlines, retries and errors.
    /// [The table of operations](https://github.com/axonpush/sdks/blob/main/docs/operations.md) says what there is.
    ///
    /// The path begins with a slash and stands under the client's base URL. Ids belong into [`ApiRequest::segment`] and
    /// filters into [`ApiRequest::query`], which encode them.
    ///
    /// ```
    /// use axonpush::{AxonPush, Method};
    /// use serde_json::{Value, json};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// let rule = json!({"name": "keys", "detector": "regex", "pattern": "sk-[a-z]+", "action": "redact"});
    /// let rule: Value = client.request(Method::POST, "/moderation/rules").json(&rule).send().await?;
    ///
    /// let id = rule["ruleId"].as_str().unwrap_or_default();
    /// client.request(Method::DELETE, "/moderation/rules/{id}").segment(id).send_json().await?;
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn request(&self, method: Method, path: &str) -> ApiRequest<'_> {
        let what = format!("{method} {}", shown(path, MAX_SHOWN));
        let request = Request::new(what, method, path.to_owned());
        ApiRequest { client: self, request, refused: check(path).err() }
    }

    /// A request of ours, whose path is known to be one.
    pub(super) fn operation(&self, what: &'static str, method: Method, path: &'static str) -> ApiRequest<'_> {
        ApiRequest { client: self, request: Request::new(what, method, path), refused: None }
    }
}

/// A request to be sent; made by [`AxonPush::request`].
///
/// What can't be sent, such as an empty id, is told by whatever sends it, before anything is.
#[must_use = "a request does nothing until it is sent"]
pub struct ApiRequest<'a> {
    client: &'a AxonPush,
    request: Request,
    refused: Option<Error>,
}

impl ApiRequest<'_> {
    /// Puts an id into the place of the first `{…}` that is left in the path, as one segment, whatever it holds.
    pub fn segment(mut self, id: impl AsRef<str>) -> Self {
        let id = id.as_ref();
        let place =
            self.request.path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1)));
        let Some((before, after)) = place else {
            return self.refuse("there are more ids than places such as `{id}`");
        };
        // It would name the list of all things instead of one of them.
        if id.trim().is_empty() {
            return self.refuse("an id is empty");
        }
        // A URL takes these for a way up, however they are encoded.
        if matches!(id, "." | "..") {
            return self.refuse("an id is `.` or `..`, which no URL can hold as a segment");
        }
        self.request.path = format!("{before}{}{after}", encoded(id)).into();
        self
    }

    /// Adds a parameter to the query string. Added again, it is sent again, which is how lists of values are sent.
    #[expect(clippy::needless_pass_by_value, reason = "numbers, texts and ids are handed over alike")]
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.request.query.push((name.to_owned().into(), value.to_string()));
        self
    }

    /// The body. The service refuses fields it does not know.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => {
                self.request = self.request.json(Bytes::from(body));
                self
            }
            Err(_) => self.refuse("the body can't be written as JSON"),
        }
    }

    /// Says that the server may be asked again by the same bytes though it may have acted on them already.
    ///
    /// Whatever is not a `POST` always may. A `POST` is repeated only when the server can't have acted on it: it was not
    /// reached, or answered 408, 425 or 429. After any other failure it may or may not have been done. Nothing is repeated
    /// because a successful answer can't be read.
    pub fn repeatable(mut self) -> Self {
        self.request.is_repeatable = true;
        self
    }

    /// Sends the request, and reads the answer as a `T`. An empty answer is read as `null`.
    ///
    /// Cancel safe unless it changes something: when the future is dropped, it may or may not have been done.
    ///
    /// # Errors
    ///
    /// When the request can't be sent as it is, the server refuses it, every attempt failed, the answer is no `T`, or
    /// the client is [disabled](AxonPush::disabled).
    pub async fn send<T: DeserializeOwned + Send + 'static>(self) -> Result<T, Error> {
        let client = self.client;
        client.send(self.checked()?, read_json).await.unwrap_or_else(|| Err(without_server()))
    }

    /// As [`send`](Self::send), reading any JSON.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_json(self) -> Result<Value, Error> {
        self.send().await
    }

    pub(super) fn filtered(mut self, query: Result<Query, Error>) -> Self {
        match query {
            Ok(query) => self.request.query.extend(query),
            Err(error) => self.refused = self.refused.or(Some(error)),
        }
        self
    }

    /// Sends a request of ours and reads the answer it has.
    pub(super) async fn ask<T: Answer>(self) -> Result<T, Error> {
        let client = self.client;
        client.send(self.checked()?, T::read).await.unwrap_or_else(T::without_server)
    }

    fn checked(self) -> Result<Request, Error> {
        match self.refused {
            Some(error) => Err(error),
            None if self.request.path.contains('{') => {
                let why = "a place in the path is left without an id; ApiRequest::segment fills it";
                Err(Error::invalid(why).while_doing(&self.request.what))
            }
            None => Ok(self.request),
        }
    }

    /// The first reason is the one that is told.
    fn refuse(mut self, why: &str) -> Self {
        let refused = self.refused.take();
        self.refused = refused.or_else(|| Some(Error::invalid(why).while_doing(&self.request.what)));
        self
    }
}

impl fmt::Debug for ApiRequest<'_> {
    // What is asked, and not with what: a body or a parameter may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { method, path, is_repeatable, .. } = &self.request;
        f.debug_struct("ApiRequest")
            .field("method", method)
            .field("path", path)
            .field("repeatable", is_repeatable)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let body = if body.trim_ascii().is_empty() { b"null" } else { body };
    // What serde says would repeat values, and some answers hold secrets.
    serde_json::from_slice(body).map_err(|error| {
        let place = match error.line() {
            0 => "it is something else".to_owned(),
            line => format!("it differs at line {line}, column {}", error.column()),
        };
        let (bytes, wanted) = (body.len(), type_name::<T>());
        Error::new(Kind::Response, format!("the server's answer ({bytes} bytes) can't be read as {wanted}: {place}"))
    })
}

/// Whether a path leads to where it seems to: under the base URL, and nowhere else.
fn check(path: &str) -> Result<(), Error> {
    let refuse = |why: &str| {
        let shown = shown(path, MAX_SHOWN);
        Err(Error::invalid(format!("the path `{shown}` {why}; it looks like /apps/{{appId}}/channels")))
    };
    if !path.starts_with('/') {
        return refuse("does not begin with a slash");
    }
    if path.contains("//") {
        return refuse("has an empty segment");
    }
    if path.contains(['?', '#']) {
        return refuse("holds a query or fragment; ApiRequest::query adds parameters");
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return refuse("holds something else than printable ASCII; ApiRequest::segment encodes it");
    }
    let dots = |segment: &str| segment.to_ascii_lowercase().replace("%2e", ".");
    if path.split('/').any(|segment| matches!(dots(segment).as_str(), "." | "..")) {
        return refuse("holds a `.` or `..` segment");
    }
    Ok(())
}

/// A segment of a path: everything but unreserved characters is percent-encoded.
fn encoded(segment: &str) -> String {
    segment.bytes().fold(String::with_capacity(segment.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Memory can't fail to be written to.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Bytes of a path that go into a message.
const MAX_SHOWN: usize = 200;

#[cfg(test)]
mod tests;
