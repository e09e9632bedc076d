//! Where a sink's requests go, and what goes along with each of them.

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use reqwest::Url;

use crate::{
    error::{Error, is_transient},
    sink::Compression,
    transport::{client, tls},
};

/// What is set of a sink that posts. It is checked as a whole, so that setting it needs no `?`.
#[derive(Clone)]
pub(in crate::sink) struct Target {
    /// Whose it is, in words for an error.
    sink: &'static str,
    url: String,
    headers: Vec<(String, String)>,
    /// Headers that are no secret.
    plain: Vec<(&'static str, String)>,
    user: Option<(String, String)>,
    allow_http: bool,
    pub(in crate::sink) compression: Compression,
    pub(in crate::sink) connect_timeout: Duration,
    pub(in crate::sink) timeout: Duration,
    /// Which statuses will pass by themselves.
    pub(in crate::sink) passes: fn(u16) -> bool,
}

/// What a client is made of.
pub(super) struct Checked {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) user: Option<(String, String)>,
    /// What a server may repeat and nobody else should.
    pub(super) secrets: Vec<String>,
}

impl Target {
    pub(in crate::sink) fn new(sink: &'static str, url: String) -> Self {
        Self {
            sink,
            url,
            headers: Vec::new(),
            plain: Vec::new(),
            user: None,
            allow_http: false,
            compression: Compression::None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            passes: is_transient,
        }
    }

    /// A header, whose value is nobody else's business. One of the same name is replaced.
    pub(in crate::sink) fn header(&mut self, name: String, value: String) {
        self.headers.retain(|(set, _)| !set.eq_ignore_ascii_case(&name));
        self.headers.push((name, value));
    }

    /// A header that gives access to nothing.
    #[cfg(feature = "loki")]
    pub(in crate::sink) fn plain_header(&mut self, name: &'static str, value: String) {
        self.plain.retain(|(set, _)| *set != name);
        self.plain.push((name, value));
    }

    pub(in crate::sink) fn bearer(&mut self, token: &str) {
        self.user = None;
        self.header("authorization".to_owned(), format!("Bearer {token}"));
    }

    pub(in crate::sink) fn basic_auth(&mut self, user: String, password: String) {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        self.user = Some((user, password));
    }

    pub(in crate::sink) fn allow_insecure_http(&mut self, allow: bool) {
        self.allow_http = allow;
    }

    pub(super) fn check(&self) -> Result<Checked, Error> {
        let url = self.checked_url()?;
        tls::check(&format!("the URL of the {} sink", self.sink), url.scheme() == "https")?;
        let mut headers = HeaderMap::new();
        let user_agent = HeaderValue::from_static(concat!("axonpush-rust/", env!("CARGO_PKG_VERSION")));
        headers.insert(header::USER_AGENT, user_agent);
        for (name, value) in &self.plain {
            headers.insert(HeaderName::from_static(name), self.header_value(name, value)?);
        }
        for (name, value) in &self.headers {
            let refuse = |why: &str| Error::config(format!("a header of the {} sink {why}", self.sink));
            let Ok(key) = HeaderName::from_bytes(name.as_bytes()) else {
                return Err(refuse("has a name that is none: letters, digits and `-`, at least one"));
            };
            if OWN.contains(&key) {
                return Err(refuse(&format!("is `{key}`, which the sink sets itself; leave it out")));
            }
            let mut value = self.header_value(key.as_str(), value)?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        if self.user.as_ref().is_some_and(|(user, _)| user.contains(':')) {
            return Err(Error::config(format!(
                "the user name of the {} sink holds a colon, which would end it; is the password in it?",
                self.sink,
            )));
        }
        Ok(Checked { url, headers, user: self.user.clone(), secrets: self.secrets() })
    }

    fn secrets(&self) -> Vec<String> {
        let values = self.headers.iter().map(|(_, value)| value.strip_prefix("Bearer ").unwrap_or(value));
        let all = values.chain(self.user.as_ref().map(|(_, password)| password.as_str()));
        all.filter(|secret| !secret.is_empty()).map(str::to_owned).collect()
    }

    fn checked_url(&self) -> Result<Url, Error> {
        let refuse = |why: &str| {
            let length = self.url.trim().chars().count();
            Err(Error::config(format!("the URL of the {} sink ({length} characters) {why}", self.sink)))
        };
        let Ok(url) = Url::parse(self.url.trim()) else {
            return refuse("is no absolute URL; it looks like http://localhost:3100");
        };
        if !matches!(url.scheme(), "https" | "http") {
            return refuse("is neither http nor https");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return refuse("names no host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("holds a user name or password; basic_auth takes them");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("holds a query or fragment; remove everything from `?` or `#` on");
        }
        let has_secrets = self.user.is_some() || !self.headers.is_empty();
        if url.scheme() == "http" && has_secrets && !client::is_loopback(&url) && !self.allow_http {
            return refuse(
                "is plain http to a host that is not this machine, which would show its headers to the network; \
                 use https, or allow_insecure_http(true) where the network is trusted",
            );
        }
        Ok(url)
    }

    fn header_value(&self, name: &str, value: &str) -> Result<HeaderValue, Error> {
        let printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        let refuse = |why: String| Error::config(format!("the header `{name}` of the {} sink {why}", self.sink));
        if let Some(at) = value.bytes().position(|byte| !printable(byte)) {
            let length = value.len();
            return Err(refuse(format!("can't be sent: byte {at} of {length} is no printable ASCII character")));
        }
        HeaderValue::from_str(value).map_err(|_| refuse("can't be sent".to_owned()))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was refused may hold a password.
        let url = self.checked_url().map_or_else(|_| "refused".to_owned(), |url| url.to_string());
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Target").field("url", &url).field("headers", &names).finish_non_exhaustive()
    }
}

/// Headers that say what the body is and how long.
const OWN: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::HOST,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(target: &Target) -> String {
        let error = target.check().err().unwrap();
        assert!(error.is_config());
        format!("{error} {error:?} {target:?}")
    }

    #[test]
    fn a_bad_url_is_refused_with_a_reason_and_never_repeated() {
        for (url, why) in [
            ("", "no absolute URL"),
            ("canary:3100", "neither http nor https"),
            ("localhost/canary", "no absolute URL"),
            ("https://user:canary@host.example", "basic_auth"),
            ("https://host.example/?token=canary", "query or fragment"),
        ] {
            let shown = refused(&Target::new("Loki", url.to_owned()));
            assert!(shown.contains("Loki") && shown.contains(why) && !shown.contains("canary"), "{shown}");
        }
    }

    #[test]
    fn credentials_travel_in_clear_text_only_where_that_is_wished() {
        let mut target = Target::new("Loki", "http://loki:3100".to_owned());
        assert!(target.check().is_ok(), "there is nothing to hide");
        target.basic_auth("me".to_owned(), "canary".to_owned());
        let shown = refused(&target);
        assert!(shown.contains("allow_insecure_http") && !shown.contains("canary"), "{shown}");
        target.allow_insecure_http(true);
        assert!(target.check().is_ok());
    }

    #[test]
    fn a_bad_header_is_named_and_its_value_is_not() {
        for (name, value, why) in [
            ("x-key", "canary\r\nx: y", "byte 6 of 12"),
            ("x-key", "canary é", "no printable ASCII"),
            ("x key", "canary", "letters, digits"),
            ("Content-Type", "canary", "sets itself"),
        ] {
            let mut target = Target::new("OTLP", "https://host.example".to_owned());
            target.header(name.to_owned(), value.to_owned());
            let shown = refused(&target);
            assert!(shown.contains(why) && !shown.contains("canary"), "{shown}");
        }
        let mut target = Target::new("OTLP", "https://host.example".to_owned());
        target.basic_auth("user:canary".to_owned(), String::new());
        let shown = refused(&target);
        assert!(shown.contains("colon") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn of_two_credentials_the_last_one_counts() {
        let mut target = Target::new("Loki", "https://host.example".to_owned());
        target.basic_auth("me".to_owned(), "secret".to_owned());
        target.bearer("token");
        let checked = target.check().ok().unwrap();
        assert!(checked.user.is_none());
        let sent = checked.headers.get("authorization").unwrap();
        assert!(sent == "Bearer token" && sent.is_sensitive());
        target.basic_auth("me".to_owned(), "secret".to_owned());
        let checked = target.check().ok().unwrap();
        assert!(checked.user.is_some() && !checked.headers.contains_key("authorization"));
    }
}
