//! Which parts of a request may be told: its headers, its query.

use std::borrow::Cow;

use crate::{client::Snapshot, context::HeaderValues, exchange::entries::Entries};

/// Headers that are reported; none unless named.
///
/// ```
/// use axonpush::exchange::HeaderPolicy;
///
/// let policy = HeaderPolicy::new().request(["x-tenant", "accept-language"]).response(["content-type"]);
/// ```
///
/// They stand in the events as `http.request.header.<name>` and `http.response.header.<name>`, each a list of its
/// values, as OpenTelemetry has it. Redaction sees them like everything else: an `authorization` that is named here is
/// masked all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderPolicy {
    /// The header's name, and the attribute's.
    request: Vec<(String, String)>,
    response: Vec<(String, String)>,
}

/// Values of one header that are reported.
const MAX_VALUES: usize = 8;

impl HeaderPolicy {
    /// No header.
    pub fn new() -> Self {
        Self::default()
    }

    /// Request headers to report.
    pub fn request<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.request.extend(names.into_iter().map(|name| named("http.request.header.", name.as_ref())));
        self
    }

    /// Response headers to report.
    pub fn response<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.response.extend(names.into_iter().map(|name| named("http.response.header.", name.as_ref())));
        self
    }

    pub(in crate::exchange) fn tell_request(&self, headers: HeaderValues<'_, '_>, entries: &mut Entries) {
        tell(&self.request, headers, entries);
    }

    pub(in crate::exchange) fn tell_response(&self, headers: HeaderValues<'_, '_>, entries: &mut Entries) {
        tell(&self.response, headers, entries);
    }
}

fn named(prefix: &str, name: &str) -> (String, String) {
    let name = name.to_ascii_lowercase();
    let attribute = format!("{prefix}{name}");
    (name, attribute)
}

fn tell(names: &[(String, String)], headers: HeaderValues<'_, '_>, entries: &mut Entries) {
    for (name, attribute) in names {
        let mut values = Vec::new();
        headers(name, &mut |value| {
            if values.len() < MAX_VALUES {
                values.push(value);
            }
        });
        if !values.is_empty() {
            entries.texts(attribute, values.into_iter());
        }
    }
}

/// What is told of a request's query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum QueryPolicy {
    /// The names of its parameters, with every value masked: `page=[REDACTED]&token=[REDACTED]`.
    #[default]
    Masked,
    /// As [`Masked`](Self::Masked), but for the values of these parameters.
    Only(Vec<Cow<'static, str>>),
    /// All of it, but for what redaction finds: `token=[REDACTED]`. Whatever is secret in it, and does not look it, is
    /// reported.
    Full,
    /// Nothing.
    Omitted,
}

impl QueryPolicy {
    /// As [`Masked`](Self::Masked), but for the values of `names`.
    pub fn only<N: Into<Cow<'static, str>>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }

    /// Tells a query, as far as it may be told.
    pub(in crate::exchange) fn tell(&self, query: &str, entries: &mut Entries, client: &Snapshot) {
        if *self == Self::Masked && entries.masked("url.query", query) {
            return;
        }
        if let Some(query) = self.told(query) {
            entries.text("url.query", &query, client);
        }
    }

    /// The query as it may be told.
    fn told<'a>(&self, query: &'a str) -> Option<Cow<'a, str>> {
        let shown: &[Cow<'static, str>] = match self {
            Self::Masked => &[],
            Self::Only(names) => names,
            Self::Full => return Some(Cow::Borrowed(query)),
            Self::Omitted => return None,
        };
        let mut told = String::with_capacity(query.len() + 64);
        for (n, parameter) in query.split('&').enumerate() {
            if n > 0 {
                told.push('&');
            }
            match parameter.split_once('=') {
                Some((name, _)) if shown.iter().any(|known| known == name) => told.push_str(parameter),
                Some((name, _)) => {
                    told.push_str(name);
                    told.push_str("=[REDACTED]");
                }
                None if parameter.is_empty() => {}
                // Without a name it is a value: some services put the token itself there.
                None => told.push_str("[REDACTED]"),
            }
        }
        Some(Cow::Owned(told))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_of_a_query_are_masked_but_for_those_named() {
        let query = "page=2&token=a=b&flag&&q=";
        assert_eq!(
            QueryPolicy::Masked.told(query).unwrap(),
            "page=[REDACTED]&token=[REDACTED]&[REDACTED]&&q=[REDACTED]"
        );
        assert_eq!(
            QueryPolicy::only(["page"]).told(query).unwrap(),
            "page=2&token=[REDACTED]&[REDACTED]&&q=[REDACTED]"
        );
        assert_eq!(QueryPolicy::Full.told(query).unwrap(), query);
        assert_eq!(QueryPolicy::Omitted.told(query), None);
    }

    proptest! {
        #[test]
        fn a_query_that_is_masked_as_it_is_written_is_the_same(query in "([a-z]{0,14}|[0-9-]{0,20}|[&=]|password|a@b.co|\\PC){0,8}") {
            let client = crate::testing::MemorySink::new().client().snapshot();
            let (mut at_once, mut looked_at) = (Entries::new(Vec::new()), Entries::new(Vec::new()));
            QueryPolicy::Masked.tell(&query, &mut at_once, &client);
            looked_at.text("url.query", &QueryPolicy::Masked.told(&query).unwrap(), &client);
            let text = |entries: Entries| String::from_utf8(entries.close(&|_, _| {})).unwrap();
            prop_assert_eq!(text(at_once), text(looked_at));
        }

        #[test]
        fn no_value_of_any_query_is_told_unless_it_is_named(query in "([a-c=&%?]|\\PC){0,40}") {
            let told = QueryPolicy::Masked.told(&query).unwrap();
            let (parts, of_query): (Vec<_>, Vec<_>) = (told.split('&').collect(), query.split('&').collect());
            prop_assert_eq!(parts.len(), of_query.len());
            for (part, of_query) in parts.into_iter().zip(of_query) {
                let masked = match of_query.split_once('=') {
                    Some((name, _)) => format!("{name}=[REDACTED]"),
                    None if of_query.is_empty() => String::new(),
                    None => "[REDACTED]".to_owned(),
                };
                prop_assert_eq!(part, masked);
            }
            let shown = QueryPolicy::only(["a"]).told(&query).unwrap();
            for (part, of_query) in shown.split('&').zip(query.split('&')) {
                prop_assert!(part == of_query && (part.is_empty() || part.starts_with("a=")) || part.ends_with("[REDACTED]"));
            }
        }
    }
}
