//! What to hide.

use super::{keys, patterns::RedactionPattern};

/// What happens to content: prompts, completions, messages, tool arguments and results, retrieved documents.
///
/// Secrets are hidden in every mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ContentCapture {
    /// Content is replaced by `[REDACTED]`; the default.
    #[default]
    MetadataOnly,
    /// Content is kept as previews of at most 256 characters a string.
    Redacted,
    /// Content is kept, up to the length every string is held to.
    Full,
}

impl ContentCapture {
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("metadata_only", Self::MetadataOnly), ("redacted", Self::Redacted), ("full", Self::Full)];
}

/// Characters a string keeps unless set otherwise.
pub(crate) const DEFAULT_MAX_CONTENT_LENGTH: usize = 4096;

/// Characters of the longest string that the crate puts into an event of its own accord.
const OWN_TEXT: usize = DEFAULT_MAX_CONTENT_LENGTH;

/// Characters a preview keeps.
pub(crate) const PREVIEW_LENGTH: usize = 256;

/// What to hide in payloads and metadata, and how much to keep of long strings.
///
/// ```
/// use axonpush::{ContentCapture, RedactionPolicy};
/// let policy = RedactionPolicy::new()
///     .content_capture(ContentCapture::Redacted)
///     .redact_keys(["iban", "national_id"])
///     .max_content_length(1024);
/// ```
///
/// # What is hidden
///
/// Keys decide, at any depth, in payload, metadata and attributes; the value of a hidden key becomes `[REDACTED]`
/// whole, whatever its type. A key is read as words, so case, separators, plurals, numbers, invisible characters and
/// words written together make no difference: `x-api-key`, `DBPassword`, `accesstokens`, `set-cookie`, `token_1`.
/// `max_tokens`, `token_count`, `primary_key` and `idempotency_key` are kept. An object whose `name` or `key` names a
/// secret is a key spelled out, and loses its `value` or `val`.
///
/// Text is searched, whatever its key:
///
/// | in text | becomes |
/// |---|---|
/// | a secret's key with its value: `password=…`, `"api_key": "…"`, `Authorization: Bearer …`, `?token=…`, `<token>…</token>` | `[REDACTED]` in place of the value |
/// | a signature in a URL, and the account key of a connection string: `?sig=…`, `&X-Amz-Signature=…`, `;AccountKey=…` | `[REDACTED]` in place of the value |
/// | user and password of a URL | `https://[REDACTED]@host` |
/// | the path of a webhook of Slack, Discord or Microsoft Teams | `https://hooks.slack.com/services/[REDACTED_WEBHOOK]` |
/// | a JWT | `[REDACTED_JWT]` |
/// | keys of clouds that say what they are: AWS, Google, Databricks and others | `[REDACTED_CLOUD_KEY]` |
/// | other keys and tokens that do: GitHub, GitLab, Slack, Stripe, Shopify, Square, Vault, model providers, package registries, bots of Discord and Telegram, AxonPush and others | `[REDACTED_KEY]`, `[REDACTED_TOKEN]` |
/// | `Bearer` and `Basic` with a credential of at least 16 letters and digits | `Bearer [REDACTED_TOKEN]` |
/// | a block in PEM | `[REDACTED_PEM]` |
/// | the number of a payment card, in groups or not, with the right check digit | `[REDACTED_CARD]` |
/// | an e-mail address | `a***@example.com` |
/// | JSON inside a string, all of it or one document in it, up to three such levels | as above, key by key |
/// | what the application's own [patterns](Self::redact_patterns) find | `[REDACTED_LABEL]` |
///
/// Long text is cut after that, so that no half of a secret is left. [`inspect`](Self::inspect) tells what a policy makes
/// of a value, and [`Redacted`](crate::Redacted) hides a value whatever the policy.
///
/// # What is not
///
/// A password that stands in text alone looks like any other word, and of one with spaces or commas that stands there
/// without quotes the first word is hidden. Neither are identifiers and ids looked at, pairs written as arrays
/// (`["authorization", "…"]`), XML elements with attributes, text in percent or base 64 encoding, keys that imitate letters with
/// those of another script, and, in JSON that `Debug` has quoted, escapes within keys and keys spelled out. What may hold such text is named with [`redact_keys`](Self::redact_keys) or not put into the
/// event.
///
/// What is not set here is left to the environment, where the client reads it, and then to the default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a policy does nothing until it is passed to `AxonPushBuilder::redaction`"]
pub struct RedactionPolicy {
    capture: Option<ContentCapture>,
    extra_keys: Option<Vec<String>>,
    patterns: Vec<RedactionPattern>,
    max_content_length: Option<usize>,
    keep_emails: bool,
    keep_card_numbers: bool,
}

impl RedactionPolicy {
    /// Metadata only, no extra keys, strings of at most 4096 characters.
    pub fn new() -> Self {
        Self::default()
    }

    /// What happens to content.
    pub fn content_capture(mut self, capture: ContentCapture) -> Self {
        self.capture = Some(capture);
        self
    }

    /// More keys whose values are hidden in every mode. Compared without regard to case, punctuation and spaces.
    /// Replaces the ones set before, and those of `AXONPUSH_REDACT_KEYS`.
    pub fn redact_keys<K: AsRef<str>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter().map(|key| keys::folded(key.as_ref())).filter(|key| !key.is_empty());
        self.extra_keys = Some(keys.collect());
        self
    }

    /// What else is hidden in text, whatever its key; none unless set. Replaces the ones set before.
    ///
    /// See [`RedactionPattern`] for what a pattern costs, and what happens when one fails.
    pub fn redact_patterns(mut self, patterns: impl IntoIterator<Item = RedactionPattern>) -> Self {
        self.patterns = patterns.into_iter().collect();
        self
    }

    /// Characters every string is cut to, content or not; 4096 unless set, and at least 1.
    pub fn max_content_length(mut self, characters: usize) -> Self {
        self.max_content_length = Some(characters.max(1));
        self
    }

    /// Whether e-mail addresses in text lose all of their local part but its first letter: `a***@example.com`; `true`
    /// unless set.
    pub fn mask_emails(mut self, mask: bool) -> Self {
        self.keep_emails = !mask;
        self
    }

    /// Whether numbers of payment cards are masked, in text and as numbers of 15 or 16 digits; `true` unless set.
    pub fn mask_card_numbers(mut self, mask: bool) -> Self {
        self.keep_card_numbers = !mask;
        self
    }

    /// This policy, with `other` for what is not set in it.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            capture: self.capture.or(other.capture),
            extra_keys: self.extra_keys.or(other.extra_keys),
            patterns: self.patterns,
            max_content_length: self.max_content_length.or(other.max_content_length),
            keep_emails: self.keep_emails,
            keep_card_numbers: self.keep_card_numbers,
        }
    }

    /// Whether text that this crate wrote itself may stay as it is: keys that say nothing to the lists of every policy,
    /// and strings of at most `OWN_TEXT` characters. Nobody knows what a pattern of the caller's would find in it.
    pub(crate) fn spares_own_text(&self) -> bool {
        self.extra_keys().is_empty() && self.patterns.is_empty() && self.text_limit() >= OWN_TEXT
    }

    /// Whether it takes code of the application to apply it.
    pub(crate) fn has_patterns(&self) -> bool {
        !self.patterns.is_empty()
    }

    pub(super) fn content(&self) -> ContentCapture {
        self.capture.unwrap_or_default()
    }

    pub(super) fn extra_keys(&self) -> &[String] {
        self.extra_keys.as_deref().unwrap_or_default()
    }

    pub(super) fn patterns(&self) -> &[RedactionPattern] {
        &self.patterns
    }

    pub(super) fn masks_emails(&self) -> bool {
        !self.keep_emails
    }

    pub(super) fn masks_cards(&self) -> bool {
        !self.keep_card_numbers
    }

    pub(super) fn text_limit(&self) -> usize {
        self.max_content_length.unwrap_or(DEFAULT_MAX_CONTENT_LENGTH)
    }
}
