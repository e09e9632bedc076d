//! The environment: the only reader of `AXONPUSH_*`.

use std::{ffi::OsString, time::Duration};

use super::given::{Given, Secret};
use crate::{
    error::Error,
    event::ChannelId,
    pipeline::Levels,
    redact::{ContentCapture, RedactionPolicy},
};

/// Reads every variable through `var`. One that holds nothing but white space says nothing.
pub(super) fn read(var: impl Fn(&str) -> Option<OsString>) -> Result<Given, Error> {
    let vars = Vars(var);
    let mut given = Given {
        api_key: vars.text(&["AXONPUSH_API_KEY"])?.map(Secret),
        // The second name is what the TypeScript SDK reads.
        tenant_id: vars.text(&["AXONPUSH_TENANT_ID", "AXONPUSH_ORG_ID"])?,
        base_url: vars.text(&["AXONPUSH_BASE_URL"])?.map(Secret),
        environment: vars.text(&["AXONPUSH_ENVIRONMENT"])?,
        channel_id: vars.text(&["AXONPUSH_CHANNEL_ID"])?.map(ChannelId::from),
        timeout: vars.parsed(&["AXONPUSH_TIMEOUT"], "seconds above 0, such as 30 or 2.5", seconds)?,
        fail_open: vars.parsed(&["AXONPUSH_FAIL_OPEN"], "true, 1 or yes, or false, 0 or no", boolean)?,
        levels: levels(&vars)?,
        redaction: redaction(&vars)?,
        ..Given::default()
    };
    if let Some(retries) =
        vars.parsed(&["AXONPUSH_MAX_RETRIES"], "a whole number, 0 or more", |text| text.parse().ok())?
    {
        given.retry = given.retry.max_retries(retries);
    }
    Ok(given)
}

fn levels<F: Fn(&str) -> Option<OsString>>(vars: &Vars<F>) -> Result<Option<Levels>, Error> {
    let Some((name, text)) = vars.find(&["AXONPUSH_LOG"])? else { return Ok(None) };
    // It says which directive it is that is wrong.
    text.parse().map(Some).map_err(|error: Error| error.while_doing(name))
}

/// The redaction the variables ask for, where they ask for any.
fn redaction<F: Fn(&str) -> Option<OsString>>(vars: &Vars<F>) -> Result<RedactionPolicy, Error> {
    let mut policy = RedactionPolicy::new();
    // The second name is what the Python SDK reads.
    let names = ["AXONPUSH_CONTENT_CAPTURE", "AXONPUSH_CONTENT_CAPTURE_MODE"];
    if let Some(capture) = vars.parsed(&names, "metadata_only, redacted or full", capture)? {
        policy = policy.content_capture(capture);
    }
    if let Some(keys) = vars.text(&["AXONPUSH_REDACT_KEYS"])? {
        policy = policy.redact_keys(list(&keys));
    }
    let length = |text: &str| text.parse().ok().filter(|length| *length >= 1);
    if let Some(length) = vars.parsed(&["AXONPUSH_MAX_CONTENT_LENGTH"], "a number of characters, 1 or more", length)? {
        policy = policy.max_content_length(length);
    }
    Ok(policy)
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
    use crate::{event::Severity, retry::RetryPolicy};

    fn read(vars: &[(&str, &str)]) -> Result<Given, Error> {
        super::read(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
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
            ("AXONPUSH_LOG", " info,hyper=WARN "),
            ("AXONPUSH_CONTENT_CAPTURE", "Redacted"),
            ("AXONPUSH_REDACT_KEYS", " iban ,, ssn,"),
            ("AXONPUSH_MAX_CONTENT_LENGTH", "10"),
        ])
        .unwrap();
        assert_eq!((env.api_key, env.tenant_id.as_deref()), (Some(Secret("ak_1".to_owned())), Some("org")));
        assert_eq!((env.timeout, env.fail_open), (Some(Duration::from_millis(2500)), Some(false)));
        assert_eq!(env.retry, RetryPolicy::new().max_retries(0));
        assert_eq!(env.levels, Some(Levels::new(Severity::Info).target("hyper", Severity::Warn)));
        let redaction = RedactionPolicy::new().content_capture(ContentCapture::Redacted).redact_keys(["iban", "ssn"]);
        assert_eq!(env.redaction, redaction.max_content_length(10));
    }

    #[test]
    fn an_empty_variable_is_an_unset_one_and_aliases_step_in() {
        let env = read(&[
            ("AXONPUSH_TENANT_ID", "  "),
            ("AXONPUSH_ORG_ID", "org"),
            ("AXONPUSH_TIMEOUT", ""),
            ("AXONPUSH_MAX_RETRIES", ""),
            ("AXONPUSH_LOG", " "),
            ("AXONPUSH_CONTENT_CAPTURE_MODE", "full"),
        ])
        .unwrap();
        assert_eq!(env.tenant_id.as_deref(), Some("org"));
        assert_eq!((env.timeout, env.retry, env.levels), (None, RetryPolicy::new(), None));
        assert_eq!(env.redaction, RedactionPolicy::new().content_capture(ContentCapture::Full));
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

    #[test]
    fn levels_that_say_nothing_are_named_by_their_variable_and_place() {
        let error = read(&[("AXONPUSH_LOG", "info,ak_canary_31337")]).unwrap_err();
        let message = error.to_string();
        assert!(
            error.is_config() && message.starts_with("AXONPUSH_LOG: levels: directive 2, of 15 characters"),
            "{message}"
        );
        assert!(!format!("{message} {error:?}").contains("canary"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let error = super::read(|name| (name == "AXONPUSH_API_KEY").then(|| OsString::from_vec(vec![0xff])));
        assert!(error.unwrap_err().to_string().contains("AXONPUSH_API_KEY is not valid UTF-8"));
    }
}
