//! The server that commands talk to.

mod answer;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::{RequestBuilder, Url};

use super::Stop;
pub(super) use answer::{explain, reason};

/// Which server, and with which credentials.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(super) struct TargetArguments {
    /// The server's base URL.
    #[arg(long, env = "AXONPUSH_BASE_URL", value_name = "URL", default_value = LOCAL)]
    pub(super) url: String,

    /// The API key. A local server takes any, and needs none here; prefer the variable, as others see arguments.
    #[arg(long, env = "AXONPUSH_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub(super) api_key: Option<ApiKey>,

    /// The organization's id, where the key does not imply it.
    #[arg(long, env = "AXONPUSH_TENANT_ID", value_name = "ID")]
    pub(super) tenant: Option<String>,

    /// The environment's slug.
    #[arg(long, env = "AXONPUSH_ENVIRONMENT", value_name = "SLUG")]
    pub(super) environment: Option<String>,

    /// The channel's id. Without it the server's default channel is meant.
    #[arg(long, env = "AXONPUSH_CHANNEL_ID", value_name = "ID")]
    pub(super) channel: Option<String>,

    /// How many seconds an answer may take.
    #[arg(long, env = "AXONPUSH_TIMEOUT", value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(super) timeout: Duration,
}

/// A key that no message shows.
#[derive(Clone)]
pub(super) struct ApiKey(String);

impl FromStr for ApiKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}

impl ApiKey {
    /// What is wrong with its form, if anything. Names its shape, never what it is.
    pub(super) fn fault(&self) -> Option<String> {
        let key = self.0.as_str();
        let quote = |symbol| matches!(symbol, '"' | '\'' | '`');
        if key.trim() != key || key.chars().any(char::is_whitespace) {
            return Some("it holds white space; was a line end copied with it?".to_owned());
        }
        if key.starts_with(quote) || key.ends_with(quote) {
            return Some("it is quoted; leave the quotes out".to_owned());
        }
        if HeaderValue::from_str(key).is_err() || !key.is_ascii() {
            return Some("it holds characters that cannot stand in a header".to_owned());
        }
        if key.to_ascii_lowercase().starts_with("bearer") {
            return Some("it starts with `Bearer`; give the key alone".to_owned());
        }
        None
    }

    /// Whether it may only publish.
    pub(super) fn is_public(&self) -> bool {
        self.0.starts_with("pt_")
    }

    pub(super) fn is_usual(&self) -> bool {
        self.0.starts_with("ak_") || self.is_public()
    }

    pub(super) fn len(&self) -> usize {
        self.0.chars().count()
    }
}

/// A server, ready to be asked.
#[derive(Debug)]
pub(super) struct Target {
    base: String,
    http: reqwest::Client,
    headers: HeaderMap,
    pub(super) channel: Option<String>,
    timeout: Duration,
}

impl Target {
    /// # Errors
    /// When something that was given cannot be, or a key is missing.
    pub(super) fn new(arguments: &TargetArguments) -> Result<Self, Stop> {
        let url = arguments.base().map_err(Stop::Failed)?;
        let key = arguments.key().ok_or_else(|| Stop::Failed(NO_KEY.to_owned()))?;
        if let Some(fault) = key.fault() {
            return Err(Stop::Failed(format!("AXONPUSH_API_KEY or --api-key: {fault}")));
        }
        Self::with_key(arguments, &url, Some(&key))
    }

    /// As [`new`](Self::new), for a base URL and a key that were checked already.
    pub(super) fn with_key(arguments: &TargetArguments, url: &Url, key: Option<&ApiKey>) -> Result<Self, Stop> {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, option: &str, value: &str| {
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| Stop::Failed(format!("{option}: it holds characters that cannot stand in a header")))?;
            value.set_sensitive(option == "--api-key");
            headers.insert(HeaderName::from_static(name), value);
            Ok(())
        };
        if let Some(key) = key {
            put(if key.is_public() { "x-public-token" } else { "x-axonpush-api-key" }, "--api-key", &key.0)?;
        }
        if let Some(tenant) = given(arguments.tenant.as_deref()) {
            put("x-tenant-id", "--tenant", tenant)?;
        }
        if let Some(environment) = given(arguments.environment.as_deref()) {
            put("x-axonpush-environment", "--environment", environment)?;
        }
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("axonpush-dev/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(arguments.timeout.min(CONNECT_TIMEOUT));
        if is_local(url) {
            // A proxy is another machine, on which this server is not.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| Stop::Failed(format!("could not set up HTTP: {}", reason(&error))))?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let channel = given(arguments.channel.as_deref()).map(str::to_owned);
        Ok(Self { base, http, headers, channel, timeout: arguments.timeout })
    }

    /// The base URL, without a slash at its end.
    pub(super) fn url(&self) -> &str {
        &self.base
    }

    /// A request that has to be answered in time.
    pub(super) fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.endless(method, path, query).timeout(self.timeout)
    }

    /// A request whose answer may go on for ever.
    pub(super) fn endless(&self, method: Method, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        // What was parsed before still parses with a path of ours; a URL that does not is refused when it is sent.
        let address = format!("{}{path}", self.base);
        let address = match Url::parse(&address) {
            Ok(mut url) if !query.is_empty() => {
                url.query_pairs_mut().extend_pairs(query);
                url.into()
            }
            _ => address,
        };
        self.http.request(method, address).headers(self.headers.clone())
    }
}

impl TargetArguments {
    /// The base URL, checked.
    ///
    /// # Errors
    /// When it is none that requests could be sent to.
    pub(super) fn base(&self) -> Result<Url, String> {
        let text = given(Some(&self.url)).unwrap_or(LOCAL);
        let wrong = |what: &str| format!("AXONPUSH_BASE_URL or --url: {what}, such as {LOCAL}");
        let url = Url::parse(text).map_err(|error| wrong(&format!("not a URL ({error}); expected one")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("expected an http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("expected a URL without user and password; the key is given apart"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("expected a base URL without query and fragment"));
        }
        Ok(url)
    }

    /// The key that was given, or one that a local server takes.
    pub(super) fn key(&self) -> Option<ApiKey> {
        let local = || self.base().is_ok_and(|url| is_local(&url)).then(|| ApiKey("ak_dev".to_owned()));
        self.api_key.clone().filter(|key| !key.0.trim().is_empty()).or_else(local)
    }
}

/// Whether the server is on this machine.
pub(super) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// An empty value is as good as none.
fn given(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = if text.trim().is_empty() { Ok(30.0) } else { text.trim().parse() };
    let time = seconds.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| "expected a number of seconds above 0, such as 30".to_owned())
}

/// Where `axonpush-dev serve` listens unless told otherwise.
const LOCAL: &str = "http://127.0.0.1:4000";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) const NO_KEY: &str = "no API key: set AXONPUSH_API_KEY to the key of your organization (it starts with `ak_`), \
                                 or use a local server, which takes any";

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(url: &str, key: Option<&str>) -> TargetArguments {
        TargetArguments {
            url: url.to_owned(),
            api_key: key.map(|key| ApiKey(key.to_owned())),
            tenant: None,
            environment: None,
            channel: None,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_url_that_requests_cannot_be_sent_to_is_refused_with_the_way_out() {
        for url in ["127.0.0.1:4000", "ftp://a", "https://u:p@a", "http://a/?b", "http://a/#b", "http://", "a b"] {
            let error = arguments(url, None).base().unwrap_err();
            assert!(error.contains("--url") && error.contains(LOCAL), "{error}");
        }
        assert_eq!(arguments(" ", None).base().unwrap().as_str(), format!("{LOCAL}/"));
    }

    #[test]
    fn only_a_local_server_is_asked_without_a_key() {
        for (url, local) in [
            (LOCAL, true),
            ("http://localhost:1", true),
            ("http://[::1]:1", true),
            ("https://api.axonpush.xyz", false),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(Target::new(&arguments(url, None)).is_ok(), local, "{url}");
            assert!(Target::new(&arguments(url, Some("ak_1"))).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_key_in_a_bad_form_is_told_by_its_shape() {
        for key in ["ak_1\n", " ak_1", "\"ak_1\"", "ak_\u{7f}", "ak_\u{e9}", "Bearer ak_1", "ak 1"] {
            let fault = ApiKey(key.to_owned()).fault().unwrap();
            assert!(!fault.contains("ak_1"), "{fault}");
            assert!(Target::new(&arguments(LOCAL, Some(key))).is_err(), "{key}");
        }
        assert!(!format!("{:?}", arguments(LOCAL, Some("ak_1"))).contains("ak_1"));
    }

    #[test]
    fn the_prefix_of_a_key_decides_its_header() {
        for (key, header) in [("ak_1", "x-axonpush-api-key"), ("pt_1", "x-public-token"), ("1", "x-axonpush-api-key")] {
            let target = Target::new(&arguments(LOCAL, Some(key))).unwrap();
            let request = target.request(Method::GET, "/a", &[("b", "c&d")]).build().unwrap();
            assert_eq!(request.headers()[header], key);
            assert_eq!(request.url().as_str(), format!("{LOCAL}/a?b=c%26d"));
        }
    }
}
