//! What the extractors of the web crates obey.

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;

use super::{
    SIGNATURE_HEADER, SignatureError,
    signature::{check_form, is_blank},
    verify,
};

/// Which deliveries to believe: the secret they are signed with, and how long they may be.
///
/// Cheap to clone. `Debug` hides the secrets.
///
/// ```
/// use axonpush::webhooks::WebhookPolicy;
///
/// let policy = WebhookPolicy::new("whsec_new").or_secret("whsec_old").max_bytes(64 << 10);
/// assert!(!format!("{policy:?}").contains("whsec"));
/// ```
#[derive(Clone)]
#[must_use = "a policy does nothing until an extractor finds it"]
pub struct WebhookPolicy {
    secrets: Arc<Vec<String>>,
    header: &'static str,
    max_bytes: usize,
}

impl WebhookPolicy {
    /// Believes what is signed with this secret, of at most 1 MiB.
    pub fn new(secret: impl Into<String>) -> Self {
        Self { secrets: Arc::new(vec![secret.into()]), header: SIGNATURE_HEADER, max_bytes: MAX_BYTES }
    }

    /// Believes what is signed with this one as well: while secrets change, or where endpoints share an address.
    pub fn or_secret(mut self, secret: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.secrets).push(secret.into());
        self
    }

    /// Refuses longer bodies, before they are read; 1 MiB unless set.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Looks for the signature in another header than [`SIGNATURE_HEADER`]; its name is in lower case.
    pub fn header(mut self, name: &'static str) -> Self {
        self.header = name;
        self
    }

    /// The header that signatures are looked for in.
    pub fn header_name(&self) -> &'static str {
        self.header
    }

    /// The longest body that is read.
    pub fn body_limit(&self) -> usize {
        self.max_bytes
    }

    /// Checks what can be checked before a body is read: whether `header` could be a signature at all, and whether there
    /// is a secret to check it with. Whoever has no signature is not worth the reading.
    ///
    /// # Errors
    ///
    /// When [`verify`](Self::verify) would refuse any body that comes with this header.
    pub fn verify_header(&self, header: Option<&[u8]>) -> Result<(), SignatureError> {
        check_form(header)?;
        if self.secrets.iter().all(|secret| is_blank(secret)) { Err(SignatureError::BlankSecret) } else { Ok(()) }
    }

    /// Checks a body of which `header` is said to be the signature.
    ///
    /// # Errors
    ///
    /// As [`verify`], with every secret.
    pub fn verify(&self, raw_body: &[u8], header: Option<&[u8]>) -> Result<(), SignatureError> {
        let mut refused = SignatureError::BlankSecret;
        for secret in self.secrets.iter() {
            match verify(secret, raw_body, header) {
                Ok(()) => return Ok(()),
                // One beside others is as good as none; what they say counts.
                Err(SignatureError::BlankSecret) => {}
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Checks a body, and then reads it.
    ///
    /// # Errors
    ///
    /// When it is too long, not to be believed, or no `T`.
    pub fn read<T: DeserializeOwned>(&self, raw_body: &[u8], header: Option<&[u8]>) -> Result<T, WebhookError> {
        if raw_body.len() > self.max_bytes {
            return Err(WebhookError::TooLarge(self.max_bytes));
        }
        self.verify(raw_body, header)?;
        // What serde says would repeat values.
        serde_json::from_slice(raw_body)
            .map_err(|error| WebhookError::Unreadable { line: error.line(), column: error.column() })
    }
}

impl fmt::Debug for WebhookPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookPolicy")
            .field("secrets", &self.secrets.len())
            .field("header", &self.header)
            .field("max_bytes", &self.max_bytes)
            .finish()
    }
}

/// Why a delivery was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// It is not to be believed: 401.
    Signature(SignatureError),
    /// Its body is longer than so many bytes: 413.
    TooLarge(usize),
    /// Its body broke off: 400.
    Incomplete,
    /// It is signed well, and is not what the handler reads: 422. A webhook that is answered so is delivered again, for
    /// as long as the service tries.
    Unreadable {
        /// The line of the JSON that differs; 0 where all of it is something else.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// Nobody told the extractor a [`WebhookPolicy`]: 500.
    NoPolicy,
}

impl WebhookError {
    /// The HTTP status to answer.
    pub fn status(&self) -> u16 {
        match self {
            // The request is as good as any; what is missing is ours.
            Self::Signature(SignatureError::BlankSecret) | Self::NoPolicy => 500,
            Self::Signature(_) => 401,
            Self::TooLarge(_) => 413,
            Self::Incomplete => 400,
            Self::Unreadable { .. } => 422,
        }
    }

    /// What to answer: what is wrong with the delivery. What is wrong with this service is for its developers alone, so
    /// that goes to the application's log, and the answer only says that there is something.
    pub fn answer(&self) -> String {
        if self.status() < 500 {
            return self.to_string();
        }
        tracing::error!(target: "axonpush", "webhooks can't be checked: {self}");
        "webhooks can't be checked here at the moment".to_owned()
    }
}

impl From<SignatureError> for WebhookError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature(error) => error.fmt(f),
            Self::TooLarge(bytes) => write!(f, "the body is longer than {bytes} bytes"),
            Self::Incomplete => f.write_str("the body broke off"),
            Self::Unreadable { line: 0, .. } => {
                f.write_str("the body is signed well, but is something else than what is read here")
            }
            Self::Unreadable { line, column } => {
                write!(
                    f,
                    "the body is signed well, but not what is read here: it differs at line {line}, column {column}"
                )
            }
            Self::NoPolicy => f.write_str("no `WebhookPolicy` here; the app has to hand one to the extractor"),
        }
    }
}

impl std::error::Error for WebhookError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Signature(error) => Some(error),
            _ => None,
        }
    }
}

/// Events are of at most 256 KiB, and what is delivered is hardly more.
const MAX_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::webhooks::{WebhookEvent, sign};

    #[test]
    fn any_of_the_secrets_will_do_and_no_other() {
        let policy = WebhookPolicy::new("new").or_secret("old");
        for (secret, is_believed) in [("new", true), ("old", true), ("older", false)] {
            let signature = sign(secret, b"{}");
            assert_eq!(policy.verify(b"{}", Some(signature.as_bytes())).is_ok(), is_believed, "{secret}");
        }
        let forged = Some(&[b'0'; 64][..]);
        assert_eq!(WebhookPolicy::new("").verify(b"{}", forged), Err(SignatureError::BlankSecret));
        // Such as one whose setting is unset; whoever forges is to learn nothing of it.
        for policy in [WebhookPolicy::new("").or_secret("new"), WebhookPolicy::new("new").or_secret("")] {
            assert_eq!(policy.verify(b"{}", forged), Err(SignatureError::Mismatch));
            assert_eq!(policy.verify(b"{}", Some(sign("new", b"{}").as_bytes())), Ok(()));
        }
    }

    #[test]
    fn a_header_alone_is_refused_for_what_any_body_would_be_refused_for() {
        let right = sign("s", b"{}");
        for policy in [WebhookPolicy::new("s"), WebhookPolicy::new("").or_secret("s"), WebhookPolicy::new(" ")] {
            for header in [None, Some(""), Some("abc"), Some("xy"), Some("ab"), Some(&*right)] {
                let header = header.map(str::as_bytes);
                assert_eq!(policy.verify_header(header), policy.verify(b"{}", header), "{header:?}");
            }
        }
        // What another body would be believed for is not refused yet.
        assert_eq!(WebhookPolicy::new("s").verify_header(Some(sign("other", b"[]").as_bytes())), Ok(()));
    }

    #[test]
    fn an_answer_tells_of_the_delivery_and_not_of_this_service() {
        for error in [WebhookError::NoPolicy, SignatureError::BlankSecret.into()] {
            let answer = error.answer();
            assert!(!answer.contains("olicy") && !answer.contains("secret"), "{answer}");
            assert_ne!(answer, error.to_string());
        }
        let error = WebhookError::TooLarge(7);
        assert_eq!(error.answer(), error.to_string());
    }

    #[test]
    fn a_body_is_read_after_it_is_believed_and_not_before() {
        let policy = WebhookPolicy::new("s").max_bytes(40);
        let read = |body: &[u8], secret| policy.read::<WebhookEvent>(body, Some(sign(secret, body).as_bytes()));
        let event = read(br#"{"id":7,"identifier":"x","payload":[1]}"#, "s").unwrap();
        assert_eq!((event.event_id.as_str(), event.payload), ("7", serde_json::json!([1])));
        for (body, secret, status) in [("{", "s", 422), ("{", "other", 401), (&*"x".repeat(41), "s", 413)] {
            let error = read(body.as_bytes(), secret).unwrap_err();
            assert_eq!(error.status(), status, "{error}");
        }
        assert_eq!(policy.read::<Value>(b"{}", None).unwrap_err().status(), 401);
        // Without an id, all of them would pass for one event that comes again.
        for body in ["{}", "[]", "null", r#"{"event":{"id":7}}"#, r#"{"id":null,"payload":{}}"#] {
            let error = read(body.as_bytes(), "s").unwrap_err();
            assert!(error.status() == 422 && error.to_string().ends_with("what is read here"), "{body}: {error}");
        }
    }
}
