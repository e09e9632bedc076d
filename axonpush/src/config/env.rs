//! The environment: the only reader of `AXONPUSH_*`.

use std::{ffi::OsString, time::Duration};

use crate::{
    error::Error,
    redact::{ContentCapture, RedactionPolicy},
};

/// What the environment says. `None`: nothing, or nothing but white space.
#[derive(Debug, Default)]
pub(super) struct Env {
    pub(super) api_key: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) channel_id: Option<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) max_retries: Option<u32>,
    pub(super) fail_open: Option<bool>,
    pub(super) content_capture: Option<ContentCapture>,
    pub(super) redact_keys: Option<Vec<String>>,
    pub(super) max_content_length: Option<usize>,
}

impl Env {
    /// Reads every variable through `var`.
    pub(super) fn read(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let vars = Vars(var);
        Ok(Self {
            api_key: vars.text(&["AXONPUSH_API_KEY"])?,
            // The second name is what the TypeScript SDK reads.
            tenant_id: vars.text(&["AXONPUSH_TENANT_ID", "AXONPUSH_ORG_ID"])?,
            base_url: vars.text(&["AXONPUSH_BASE_URL"])?,
            environment: vars.text(&["AXONPUSH_ENVIRONMENT"])?,
            channel_id: vars.text(&["AXONPUSH_CHANNEL_ID"])?,
            timeout: vars.parsed(&["AXONPUSH_TIMEOUT"], "seconds above 0, such as 30 or 2.5", seconds)?,
            max_retries: vars
                .parsed(&["AXONPUSH_MAX_RETRIES"], "a whole number, 0 or more", |text| text.parse().ok())?,
            fail_open: vars.parsed(&["AXONPUSH_FAIL_OPEN"], "true, 1 or yes, or false, 0 or no", boolean)?,
            content_capture: vars.parsed(
                // The second name is what the Python SDK reads.
                &["AXONPUSH_CONTENT_CAPTURE", "AXONPUSH_CONTENT_CAPTURE_MODE"],
                "metadata_only, redacted or full",
                capture,
            )?,
            redact_keys: vars.text(&["AXONPUSH_REDACT_KEYS"])?.map(|text| list(&text)),
            max_content_length: vars.parsed(
                &["AXONPUSH_MAX_CONTENT_LENGTH"],
                "a number of characters, 1 or more",
                |text| text.parse().ok().filter(|length| *length >= 1),
            )?,
        })
    }

    /// The redaction these variables ask for, where they ask for any.
    pub(super) fn redaction(&self) -> RedactionPolicy {
        let mut policy = RedactionPolicy::new();
        if let Some(capture) = self.content_capture {
            policy = policy.content_capture(capture);
        }
        if let Some(keys) = &self.redact_keys {
            policy = policy.redact_keys(keys);
        }
        if let Some(length) = self.max_content_length {
            policy = policy.max_content_length(length);
        }
        policy
    }
}

struct Vars<F>(F);

impl<F: Fn(&str) -> Option<OsString>> Vars<F> {
    /// The first of `names` that is set to something, with its name.
    fn find(&self, names: &[&'static str]) -> Result<Option<(&'static str, String)>, Error> {
        for name in names {
            let Some(value) = (self.0)(name) else { continue };
            let Ok(value) = value.into_string() else {
                return Err(Error::config(format!("{name} is not valid UTF-8; set it again as plain text")));
            };
            let value = value.trim();
            if !value.is_empty() {
                return Ok(Some((name, value.to_owned())));
            }
        }
        Ok(None)
    }

    fn text(&self, names: &[&'static str]) -> Result<Option<String>, Error> {
        Ok(self.find(names)?.map(|(_, value)| value))
    }

    fn parsed<T>(
        &self,
        names: &[&'static str],
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some((name, value)) = self.find(names)? else { return Ok(None) };
        match parse(&value) {
            Some(parsed) => Ok(Some(parsed)),
            // The value stays unsaid: variables get mixed up, and this one may hold the key.
            None => Err(Error::config(format!("{name} must be {expected}, but is {}", shape(&value)))),
        }
    }
}

/// What a value looks like, without saying it.
fn shape(value: &str) -> String {
    let count = value.chars().count();
    let what = if value.parse::<f64>().is_ok() {
        "a number out of range or of the wrong kind,"
    } else if value.chars().all(char::is_alphabetic) {
        "a word"
    } else {
        "text"
    };
    format!("{what} of {count} characters")
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

fn capture(text: &str) -> Option<ContentCapture> {
    let text = text.to_ascii_lowercase();
    ContentCapture::NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, capture)| capture)
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Env, Error> {
        Env::read(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn every_variable_is_read_in_its_unit() {
        let env = read(&[
            ("AXONPUSH_API_KEY", " ak_1 "),
            ("AXONPUSH_TENANT_ID", "org"),
            ("AXONPUSH_BASE_URL", "http://localhost:4000"),
            ("AXONPUSH_ENVIRONMENT", "staging"),
            ("AXONPUSH_CHANNEL_ID", "c1"),
            ("AXONPUSH_TIMEOUT", "2.5"),
            ("AXONPUSH_MAX_RETRIES", "0"),
            ("AXONPUSH_FAIL_OPEN", "No"),
            ("AXONPUSH_CONTENT_CAPTURE", "Redacted"),
            ("AXONPUSH_REDACT_KEYS", " iban ,, ssn,"),
            ("AXONPUSH_MAX_CONTENT_LENGTH", "10"),
        ])
        .unwrap();
        assert_eq!((env.api_key.as_deref(), env.tenant_id.as_deref()), (Some("ak_1"), Some("org")));
        assert_eq!(
            (env.timeout, env.max_retries, env.fail_open),
            (Some(Duration::from_millis(2500)), Some(0), Some(false))
        );
        assert_eq!(env.content_capture, Some(ContentCapture::Redacted));
        assert_eq!(env.redact_keys, Some(vec!["iban".to_owned(), "ssn".to_owned()]));
        assert_eq!(env.max_content_length, Some(10));
    }

    #[test]
    fn an_empty_variable_is_an_unset_one_and_aliases_step_in() {
        let env = read(&[
            ("AXONPUSH_TENANT_ID", "  "),
            ("AXONPUSH_ORG_ID", "org"),
            ("AXONPUSH_TIMEOUT", ""),
            ("AXONPUSH_MAX_RETRIES", ""),
            ("AXONPUSH_CONTENT_CAPTURE_MODE", "full"),
        ])
        .unwrap();
        assert_eq!(env.tenant_id.as_deref(), Some("org"));
        assert_eq!((env.timeout, env.max_retries), (None, None));
        assert_eq!(env.content_capture, Some(ContentCapture::Full));
    }

    #[test]
    fn a_malformed_variable_is_named_with_its_shape_and_never_repeated() {
        for (name, value) in [
            ("AXONPUSH_TIMEOUT", "canary"),
            ("AXONPUSH_TIMEOUT", "-31337"),
            ("AXONPUSH_TIMEOUT", "0"),
            ("AXONPUSH_TIMEOUT", "NaN"),
            ("AXONPUSH_TIMEOUT", "1e300"),
            ("AXONPUSH_MAX_RETRIES", "-31337"),
            ("AXONPUSH_MAX_RETRIES", "1.5"),
            ("AXONPUSH_FAIL_OPEN", "canary"),
            ("AXONPUSH_CONTENT_CAPTURE", "ak_canary_31337"),
            ("AXONPUSH_MAX_CONTENT_LENGTH", "0"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(error.is_config() && shown.contains(name) && shown.contains("must be"), "{shown}");
            assert!(!shown.contains("canary") && !shown.contains("31337"), "{shown}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let error = Env::read(|name| (name == "AXONPUSH_API_KEY").then(|| OsString::from_vec(vec![0xff])));
        assert!(error.unwrap_err().to_string().contains("AXONPUSH_API_KEY is not valid UTF-8"));
    }
}
