//! One request after the other, on the sink's own thread.

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use reqwest::{Response, Url};
use tokio::runtime::{Builder, Runtime};

use super::Target;
use crate::{
    clock,
    context::suppress,
    error::{Answer, Error, Kind},
    event::json,
    redact::RedactionPolicy,
    retry::{Failure, Verdict, classify, retry_after},
    sink::Compression,
    transport::client::{self, connection_error},
};

/// What is posted.
pub(in crate::sink) struct Post {
    /// Behind the path of the URL.
    pub(in crate::sink) path: &'static str,
    pub(in crate::sink) content_type: &'static str,
    pub(in crate::sink) body: Vec<u8>,
}

/// What the server made of a request.
pub(in crate::sink) enum Posted {
    /// Success, and what it said.
    Taken(Bytes),
    /// Smaller ones it may take.
    TooLarge(Error),
    /// It never takes this one.
    Refused(Refusal),
    /// Perhaps it takes it later.
    Later(Error, Option<Duration>),
}

/// A refusal, and what it said in full, which is for nobody to see: the error quotes what may be shown of it.
pub(in crate::sink) struct Refusal {
    pub(in crate::sink) error: Error,
    pub(in crate::sink) text: String,
}

/// An open connection to a server, or what will be one.
pub(in crate::sink) struct Poster {
    // Taken out when it ends: a name look-up that hangs must not hold the thread.
    runtime: Option<Runtime>,
    client: reqwest::Client,
    url: Url,
    user: Option<(String, String)>,
    secrets: Vec<String>,
    compression: Compression,
    passes: fn(u16) -> bool,
}

impl Poster {
    /// Prepares requests; no I/O.
    pub(in crate::sink) fn new(target: &Target) -> io::Result<Self> {
        let checked = target.check().map_err(bad_setting)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_name("axonpush-sink-io")
            // Name look-ups run on a thread of their own, and they are our work too.
            .on_thread_start(suppress::mark_thread)
            .max_blocking_threads(1)
            .build()?;
        let is_https = checked.url.scheme() == "https";
        let client =
            client::new(checked.headers, is_https, target.connect_timeout, target.timeout).map_err(bad_setting)?;
        Ok(Self {
            runtime: Some(runtime),
            client,
            url: checked.url,
            user: checked.user,
            secrets: checked.secrets,
            compression: target.compression,
            passes: target.passes,
        })
    }

    /// Whether the URL has a path of its own.
    #[cfg(feature = "loki")]
    pub(in crate::sink) fn has_path(&self) -> bool {
        !self.url.path().trim_matches('/').is_empty()
    }

    /// Posts once.
    pub(in crate::sink) fn post(&self, post: Post) -> Posted {
        let Some(runtime) = &self.runtime else { return Posted::Later(Error::closed(), None) };
        match runtime.block_on(self.attempt(post)) {
            Ok(body) => Posted::Taken(body),
            Err(refusal) => self.judge(refusal),
        }
    }

    async fn attempt(&self, post: Post) -> Result<Bytes, Refusal> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{}", self.url.path().trim_end_matches('/'), post.path));
        let (body, encoding) = self.compression.apply(post.body);
        let mut request = self.client.post(url).header(header::CONTENT_TYPE, post.content_type).body(body);
        if let Some(encoding) = encoding {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        if let Some((user, password)) = &self.user {
            request = request.basic_auth(user, Some(password));
        }
        let silent = |error| Refusal { error, text: String::new() };
        let mut response = request.send().await.map_err(|error| silent(connection_error(error)))?;
        let status = response.status();
        if status.is_success() {
            return client::read_body(response, MAX_ANSWER).await.map_err(silent);
        }
        let headers = std::mem::take(response.headers_mut());
        // What the body tells is a bonus; the status alone decides.
        let mut body = BytesMut::new();
        let _late = tokio::time::timeout(REFUSAL_TIMEOUT, read(response, &mut body)).await;
        let text = String::from_utf8_lossy(&body).into_owned();
        let shown = self.secrets.iter().fold(text.clone(), |text, secret| text.replace(secret, "[REDACTED]"));
        Err(Refusal { error: refused(status, &headers, &shown), text })
    }

    fn judge(&self, refusal: Refusal) -> Posted {
        let error = refusal.error;
        let is_final =
            error.status().is_some_and(|status| crate::error::is_transient(status) && !(self.passes)(status));
        let verdict = classify(&error);
        match verdict {
            Verdict::Split => Posted::TooLarge(error),
            Verdict::Retry(Failure::Unauthorized) => {
                let pause = error.retry_after().unwrap_or(HOLD);
                Posted::Later(error, Some(pause))
            }
            Verdict::Retry(Failure::Transient { asked }) if !is_final => {
                // Who asks for no pause gets the usual one.
                Posted::Later(error, asked.filter(|asked| !asked.is_zero()))
            }
            Verdict::Unconfirmed => Posted::Later(error, None),
            _ => Posted::Refused(Refusal { error, text: refusal.text }),
        }
    }
}

impl Drop for Poster {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A setting that can't be used, as the error of a sink.
pub(in crate::sink) fn bad_setting(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

/// Reads what a refusal says, as far as that is of use.
async fn read(mut response: Response, body: &mut BytesMut) {
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_REFUSAL - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() == MAX_REFUSAL {
            return;
        }
    }
}

fn refused(status: StatusCode, headers: &HeaderMap, text: &str) -> Error {
    let header = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let now = jiff::Timestamp::try_from(clock::wall()).unwrap_or_default();
    let answer = Answer {
        status: status.as_u16(),
        retry_after: header(header::RETRY_AFTER).and_then(|asked| retry_after(asked, header(header::DATE), now)),
        ..Answer::default()
    };
    let mut message = status.to_string();
    if status.is_redirection() {
        message.push_str(": redirects are not followed, because credentials would go along; set the final address");
    }
    let said = said(text);
    if !said.trim().is_empty() {
        message.push_str(": ");
        message.push_str(&said);
    }
    Error::new(Kind::Status, message).with_answer(answer)
}

/// A server may repeat what it refuses: it is masked, and stands on one line without control characters.
pub(in crate::sink) fn said(text: &str) -> String {
    json::shown(&RedactionPolicy::new().masked_text(json::prefix(text, MAX_QUOTED)), MAX_QUOTED)
}

/// Bytes of the answer to a success that are read.
const MAX_ANSWER: usize = 64 << 10;

/// Bytes of a refusal that are read. Loki has a sentence for every record it refuses.
const MAX_REFUSAL: usize = 1 << 20;

/// Bytes of a refusal that an error quotes.
const MAX_QUOTED: usize = 1024;

/// How long the body of a refusal is waited for; its status is known by then.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait before a refused credential is tried again, unless the server says.
const HOLD: Duration = Duration::from_secs(60);
