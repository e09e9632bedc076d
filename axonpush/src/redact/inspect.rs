//! What a policy would hide, without hiding it.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::policy::RedactionPolicy;
use crate::{error::Error, event::json};

/// What a policy hides in a value: places and masks, never the values themselves.
///
/// One line a place when printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct RedactionReport {
    findings: Vec<RedactionFinding>,
}

/// One place, and one thing that is put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactionFinding {
    path: String,
    mask: String,
}

impl RedactionReport {
    /// Every place where something is hidden or cut.
    pub fn findings(&self) -> &[RedactionFinding] {
        &self.findings
    }

    /// Whether nothing is hidden or cut.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

impl RedactionFinding {
    /// Where it is, as a JSON pointer: `/items/0/password`. The keys in it are as they were written.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is put there: `[REDACTED]` for what its key or its pair gives away, `[REDACTED_JWT]` and the like for what
    /// was found in text, `***@` for an e-mail address, `[TRUNCATED]` and `[REDACTED_PREVIEW]` for what is cut.
    pub fn mask(&self) -> &str {
        &self.mask
    }
}

impl fmt::Display for RedactionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.findings.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{}: {}", finding.path, finding.mask)?;
        }
        Ok(())
    }
}

impl RedactionPolicy {
    /// What would be hidden in `value` as a payload: a dry run, for a test of one's own or before a new field is sent.
    ///
    /// Settings that come from the environment are not known to the policy, only to the client. It is slower than
    /// sending, and not meant for every event. Of two equal keys in one object, the last is reported.
    ///
    /// # Errors
    ///
    /// When the value can't be a payload: nested too deep, too large, or failing to serialise.
    ///
    /// ```
    /// use axonpush::RedactionPolicy;
    /// let payload = serde_json::json!({"note": "ask bob@example.com", "user": {"api_key": "k-1"}});
    /// let report = RedactionPolicy::new().inspect(&payload)?;
    /// assert_eq!(report.to_string(), "/note: ***@\n/user/api_key: [REDACTED]");
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    pub fn inspect<T: Serialize + ?Sized>(&self, value: &T) -> Result<RedactionReport, Error> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        json::write(value, &mut before)
            .map_err(|refusal| Error::invalid(format!("the value can't be inspected: {refusal}")))?;
        self.redact(&before, false, &mut after);
        let read = |text: &[u8]| {
            serde_json::from_slice::<Value>(text).map_err(|_| Error::invalid("the value is no JSON after redaction"))
        };
        let mut report = RedactionReport::default();
        report.compare(&read(&before)?, &read(&after)?, &mut String::new());
        Ok(report)
    }
}

impl RedactionReport {
    fn compare(&mut self, before: &Value, after: &Value, path: &mut String) {
        let length = path.len();
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => {
                for (key, value) in before {
                    path.push('/');
                    path.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    self.compare(value, after.get(key).unwrap_or(&Value::Null), path);
                    path.truncate(length);
                }
            }
            (Value::Array(before), Value::Array(after)) => {
                for (i, (before, after)) in before.iter().zip(after).enumerate() {
                    path.push('/');
                    path.push_str(&i.to_string());
                    self.compare(before, after, path);
                    path.truncate(length);
                }
            }
            _ if before == after => {}
            _ => {
                let before = before.as_str().unwrap_or_default();
                for mask in masks(after.as_str().unwrap_or_default(), before) {
                    self.findings.push(RedactionFinding { path: path.clone(), mask });
                }
            }
        }
    }
}

/// The masks in text that were not in it before, each once.
fn masks(after: &str, before: &str) -> Vec<String> {
    let mut masks = Vec::new();
    let mut rest = after;
    while let Some(start) = rest.find(['[', '*']) {
        let found = rest.get(start..).unwrap_or_default();
        let length = if found.starts_with("[REDACTED") || found.starts_with("[TRUNCATED]") {
            found.find(']').map_or(found.len(), |end| end + 1)
        } else if found.starts_with("***@") {
            4
        } else {
            0
        };
        let mask = found.get(..length).unwrap_or_default();
        let is_new = after.matches(mask).count() > before.matches(mask).count();
        if length > 0 && is_new && !masks.iter().any(|known| known == mask) {
            masks.push(mask.to_owned());
        }
        rest = found.get(length.max(1)..).unwrap_or_default();
    }
    if masks.is_empty() {
        // What was hidden stood in JSON that is written anew.
        masks.push("[REDACTED]".to_owned());
    }
    masks
}
