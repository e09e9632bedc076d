//! Where the server is.

use std::fmt;

use reqwest::Url;

use super::{Query, client::is_loopback};
use crate::error::Error;

/// A checked base URL: http or https, nothing but a host, a port and perhaps a path.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// Checks `url`. Plain http is for loopback, unless `allow_http`.
    pub(crate) fn parse(url: &str, allow_http: bool) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(Error::config(format!(
                "the base URL (AXONPUSH_BASE_URL, {} characters) {why}; it looks like https://api.axonpush.xyz",
                url.trim().chars().count(),
            )))
        };
        let Ok(mut parsed) = Url::parse(url.trim()) else { return refuse("is no absolute URL") };
        match parsed.scheme() {
            "https" | "http" => {}
            _ => return refuse("is neither http nor https"),
        }
        if parsed.host_str().is_none_or(str::is_empty) {
            return refuse("names no host");
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return refuse("holds a user name or password; credentials belong into AXONPUSH_API_KEY");
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return refuse("holds a query or fragment; remove everything from `?` or `#` on");
        }
        let path = parsed.path().trim_end_matches('/').to_owned();
        parsed.set_path(&path);
        let url = Self(parsed);
        if url.0.scheme() == "http" && !is_loopback(&url.0) && !allow_http {
            return refuse(
                "is plain http to a host that is not this machine, which would show the key to the network; \
                 use https, or allow_insecure_http(true) where the network is trusted",
            );
        }
        Ok(url)
    }

    /// The URL of `path`, which begins with a slash and is percent-encoded, with `query` encoded here.
    pub(super) fn join(&self, path: &str, query: &Query) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    pub(super) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_urls_are_joined_whatever_their_slashes() {
        for (base, joined) in [
            ("https://api.axonpush.xyz", "https://api.axonpush.xyz/event"),
            (" https://api.axonpush.xyz/// ", "https://api.axonpush.xyz/event"),
            ("https://gateway.example/axonpush/", "https://gateway.example/axonpush/event"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000/event"),
            ("http://[::1]:4000/", "http://[::1]:4000/event"),
            ("http://localhost", "http://localhost/event"),
        ] {
            assert_eq!(BaseUrl::parse(base, false).unwrap().join("/event", &Query::new()).as_str(), joined);
        }
    }

    #[test]
    fn bad_urls_are_refused_with_a_reason_and_never_repeated() {
        for (url, why) in [
            ("", "no absolute URL"),
            ("api.axonpush.xyz", "no absolute URL"),
            ("//canary", "no absolute URL"),
            ("ftp://canary.example", "neither http nor https"),
            ("https://user:canary@host.example", "user name or password"),
            ("https://canary@host.example", "user name or password"),
            ("https://host.example/?key=canary", "query or fragment"),
            ("https://host.example/#canary", "query or fragment"),
            ("http://canary.example", "plain http"),
            ("http://10.0.0.1", "plain http"),
        ] {
            let error = BaseUrl::parse(url, false).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("AXONPUSH_BASE_URL") && shown.contains(why), "{url}: {shown}");
            assert!(!shown.contains("canary"), "{shown}");
        }
        assert!(BaseUrl::parse("http://10.0.0.1", true).is_ok());
    }
}
