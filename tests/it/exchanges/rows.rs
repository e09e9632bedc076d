//! The table: what a client sends and does, and what is reported of it.

mod endings;
mod ids;
mod requests;
mod responses;

use serde_json::Value;

use super::apps::Framework;

/// One exchange and what is to be told of it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) target: &'static str,
    pub(super) version: &'static str,
    pub(super) headers: Vec<(&'static str, Vec<u8>)>,
    /// What follows the head.
    pub(super) sends: &'static str,
    pub(super) client: Client,
    /// Who can serve this at all.
    pub(super) hosts: &'static [Framework],

    pub(super) status: Option<u16>,
    /// Whether the client hears of the response.
    pub(super) heard: bool,
    pub(super) body: Option<String>,
    pub(super) id: Id,
    pub(super) end: &'static str,
    pub(super) severity: &'static str,
    pub(super) route: Option<&'static str>,
    pub(super) size: Size,
    /// Of the end event, beyond those every row has.
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) parent: Option<(&'static str, &'static str)>,
    /// Events the app publishes itself.
    pub(super) notes: usize,
}

/// What the client does after it has sent its request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Client {
    Reads,
    /// Sends its body when it is told to.
    WaitsToContinue,
    HangsUpBeforeHeaders,
    HangsUpAfter(&'static str),
}

/// How many bytes the body of the response is said to have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    Is(u64),
    /// As many as came, of a text that every framework words for itself.
    AsHeard,
}

/// The request id that is echoed and reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Id {
    Fresh,
    Sent(&'static str),
}

/// A request that is answered with 200; what differs follows.
fn get(name: &'static str, target: &'static str) -> Row {
    Row {
        name,
        method: "GET",
        target,
        version: "1.1",
        headers: Vec::new(),
        sends: "",
        client: Client::Reads,
        hosts: &Framework::ALL,
        status: Some(200),
        heard: true,
        body: None,
        id: Id::Fresh,
        end: "http.request.completed",
        severity: "INFO",
        route: Some(target),
        size: Size::Is(0),
        attributes: Vec::new(),
        parent: None,
        notes: 0,
    }
}

impl Row {
    fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    fn sends(mut self, bytes: &'static str) -> Self {
        self.sends = bytes;
        self
    }

    /// With the reason why the others can't.
    fn only(mut self, hosts: &'static [Framework], _why: &str) -> Self {
        self.hosts = hosts;
        self
    }

    fn client(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self.severity = if status >= 400 { "WARN" } else { "INFO" };
        self
    }

    fn no_response(mut self) -> Self {
        (self.status, self.heard) = (None, false);
        self
    }

    /// The response was under way, and not a byte of it got through.
    fn unheard(mut self) -> Self {
        self.heard = false;
        self
    }

    fn body(mut self, body: impl Into<String>) -> Self {
        let body = body.into();
        self.size = Size::Is(body.len() as u64);
        self.body = Some(body);
        self
    }

    fn size(mut self, size: u64) -> Self {
        self.size = Size::Is(size);
        self
    }

    fn own_words(mut self) -> Self {
        self.size = Size::AsHeard;
        self
    }

    fn id(mut self, id: &'static str) -> Self {
        self.id = Id::Sent(id);
        self
    }

    fn route(mut self, route: impl Into<Option<&'static str>>) -> Self {
        self.route = route.into();
        self
    }

    fn failed(mut self, error_type: &'static str) -> Self {
        (self.end, self.severity) = ("http.request.failed", "ERROR");
        self.with("error.type", error_type)
    }

    fn cancelled(mut self, phase: &'static str) -> Self {
        (self.end, self.severity) = ("http.request.cancelled", "WARN");
        self.with("error.type", "cancelled").with("http.server.phase", phase)
    }

    fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push((key, value.into()));
        self
    }

    fn parent(mut self, parent: (&'static str, &'static str)) -> Self {
        self.parent = Some(parent);
        self
    }

    fn notes(mut self, notes: usize) -> Self {
        self.notes = notes;
        self
    }
}

pub(super) fn table() -> Vec<Row> {
    [responses::rows(), endings::rows(), ids::rows(), requests::rows()].concat()
}
