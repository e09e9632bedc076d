//! What follows an exchange that was upgraded to a WebSocket.

use std::{fmt, thread, time::Instant};

use super::{ExchangeMarker, entries::Entries, telling::Telling, template::Template};
use crate::{
    client::Snapshot,
    clock,
    context::{OpenRequest, Place, RequestContext},
    event::Severity,
};

/// Reports one WebSocket connection: `websocket.opened` when it is made, `websocket.closed` when it is dropped.
///
/// The exchange that led to it has ended with its `101`, as its own event says. From then on the connection counts among
/// the [open exchanges](crate::AxonPush::open_exchanges), so that a graceful stop waits for it, and cuts it at its deadline.
///
/// Close codes are those of [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455#section-7.4). A connection that ends
/// without one broke, or was cut.
pub struct WebSocketRecorder {
    client: Snapshot,
    framework: &'static str,
    request: OpenRequest,
    place: Option<Place>,
    template: Template,
    opened: Instant,
    received: Traffic,
    sent: Traffic,
    code: Option<u16>,
    failure: Option<String>,
}

#[derive(Debug, Default)]
struct Traffic {
    messages: Option<u64>,
    bytes: u64,
}

impl WebSocketRecorder {
    /// Begins to report the connection that `framework` made of the request of `path`, through the client that reports
    /// the request. `None` when no client does.
    pub fn begin(marker: &ExchangeMarker, framework: &'static str, path: &str) -> Option<Self> {
        let client = marker.first.as_ref().filter(|client| !client.is_disabled())?.snapshot();
        let mut template = Template::new(Vec::new(), &client, &marker.request, framework);
        template.attributes_mut().text("url.path", path, &client);
        Some(Self::new(client, framework, marker.request.clone(), template))
    }

    pub(super) fn new(client: Snapshot, framework: &'static str, request: OpenRequest, template: Template) -> Self {
        let place = client.open_requests().map(|open| open.begin(request.clone()));
        let recorder = Self {
            client,
            framework,
            request,
            place,
            template,
            opened: clock::now(),
            received: Traffic::default(),
            sent: Traffic::default(),
            code: None,
            failure: None,
        };
        recorder.telling(Severity::Info).log("websocket.opened", |_| {});
        recorder
    }

    /// The context of the request that led here; run what works on the connection in it.
    pub fn context(&self) -> &RequestContext {
        self.request.context()
    }

    /// A message of so many bytes came. Pings and pongs are no messages.
    pub fn received(&mut self, bytes: usize) {
        self.received.add(bytes);
    }

    /// A message of so many bytes was sent.
    pub fn sent(&mut self, bytes: usize) {
        self.sent.add(bytes);
    }

    /// Either side said goodbye; the first to do so says why.
    pub fn close_code(&mut self, code: u16) {
        self.code.get_or_insert(code);
    }

    /// The connection broke: nobody said goodbye.
    pub fn broke(&mut self, error: &dyn fmt::Display) {
        self.failure.get_or_insert_with(|| error.to_string());
    }

    fn telling(&self, severity: Severity) -> Telling<'_> {
        Telling {
            client: &self.client,
            context: self.request.context(),
            framework: self.framework,
            method: self.request.method(),
            route: self.request.route(),
            status: Some(101),
            template: &self.template,
            severity,
            time: clock::wall(),
            at: clock::now(),
        }
    }

    fn severity(&self) -> Severity {
        match self.code {
            _ if thread::panicking() => Severity::Error,
            // Done; going away; no code given; a code of the application's own.
            Some(1000 | 1001 | 1005 | 3000..=4999) => Severity::Info,
            // The server could not, or will not now.
            Some(1011..=1014) => Severity::Error,
            Some(_) | None => Severity::Warn,
        }
    }

    fn tell_end(&self, entries: &mut Entries) {
        entries.seconds("websocket.duration", clock::now().saturating_duration_since(self.opened));
        if let Some(code) = self.code {
            entries.number("websocket.close.code", code.into());
        }
        // Whoever works on the connection drops it when it panics.
        if thread::panicking() {
            entries.plain("error.type", b"panic");
        } else if self.code.is_none() {
            entries.plain("error.type", b"aborted");
        }
        if let Some(failure) = &self.failure {
            entries.text("exception.message", failure, &self.client);
        }
        for (messages, bytes, traffic) in [
            ("websocket.messages.received", "websocket.bytes.received", &self.received),
            ("websocket.messages.sent", "websocket.bytes.sent", &self.sent),
        ] {
            if let Some(count) = traffic.messages {
                entries.number(messages, count);
            }
            entries.number(bytes, traffic.bytes);
        }
    }
}

impl Traffic {
    fn add(&mut self, bytes: usize) {
        *self.messages.get_or_insert(0) += 1;
        self.bytes += bytes as u64;
    }
}

impl Drop for WebSocketRecorder {
    fn drop(&mut self) {
        let severity = self.severity();
        if severity >= Severity::Error {
            self.request.context().fail(true);
        }
        self.telling(severity).log("websocket.closed", |entries| self.tell_end(entries));
        if let (Some(open), Some(place)) = (self.client.open_requests(), &self.place) {
            open.end(place);
        }
    }
}

impl fmt::Debug for WebSocketRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketRecorder")
            .field("request_id", self.request.context().request_id())
            .field("received", &self.received)
            .field("sent", &self.sent)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
