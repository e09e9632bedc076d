//! What to hide.

use super::keys;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactionPolicy {
    pub(super) capture: ContentCapture,
    pub(super) extra_keys: Vec<String>,
    pub(super) max_content_length: usize,
}

impl RedactionPolicy {
    /// Metadata only, no extra keys, strings of at most 4096 characters.
    pub fn new() -> Self {
        Self {
            capture: ContentCapture::default(),
            extra_keys: Vec::new(),
            max_content_length: DEFAULT_MAX_CONTENT_LENGTH,
        }
    }

    /// What happens to content.
    pub fn content_capture(mut self, capture: ContentCapture) -> Self {
        self.capture = capture;
        self
    }

    /// More keys whose values are hidden in every mode. Compared without regard to case, `-`, `_`, `.` and spaces.
    pub fn redact_keys<K: AsRef<str>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.extra_keys =
            keys.into_iter().map(|key| keys::folded(key.as_ref())).filter(|key| !key.is_empty()).collect();
        self
    }

    /// Characters every string is cut to, content or not; 4096 unless set, and at least 1.
    pub fn max_content_length(mut self, characters: usize) -> Self {
        self.max_content_length = characters.max(1);
        self
    }
}

impl Default for RedactionPolicy {
    fn default() -> Self {
        Self::new()
    }
}
