//! URLs and addresses of e-mail.

use super::{Mask, SECRET};

const WEBHOOK: &[u8] = b"[REDACTED_WEBHOOK]";

/// Where a URL is all that it takes: hosts, and how the path begins behind which the secret stands.
const WEBHOOKS: [(&[u8], &[u8]); 6] = [
    (b"hooks.slack.com", b"/services/"),
    (b"hooks.slack.com", b"/workflows/"),
    (b"hooks.slack.com", b"/triggers/"),
    (b"discord.com", b"/api/webhooks/"),
    (b"discordapp.com", b"/api/webhooks/"),
    (b"webhook.office.com", b"/webhookb2/"),
];

impl Mask<'_> {
    /// `alice@example.com` keeps its first letter and its host.
    pub(super) fn address(&mut self, start: usize, at: usize) -> Option<usize> {
        let end = self.end_of(at + 1, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let host = self.text.get(at + 1..end).unwrap_or_default();
        let top = host.rsplit(|byte| *byte == b'.').find(|label| !label.is_empty()).unwrap_or_default();
        let is_host = host.contains(&b'.') && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
        if !is_host || start == at || !self.policy.masks_emails() {
            return None;
        }
        self.replace(start + 1, at, b"***");
        Some(end)
    }

    /// What must go from the URL whose authority begins at `start`: the user and the password, or the path of a webhook.
    pub(super) fn url(&mut self, start: usize) -> usize {
        let end = self.end_of(start, |byte| !matches!(byte, b'/' | b'?' | b'#' | b' ' | b'\\' | b'<' | b'>'));
        let authority = self.text.get(start..end).unwrap_or_default();
        if let Some(at) = authority.iter().rposition(|byte| *byte == b'@') {
            self.replace(start, start + at, SECRET);
            return end;
        }
        for (host, path) in WEBHOOKS {
            let own = authority.len() >= host.len()
                && authority.get(authority.len() - host.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(host));
            if own && self.starts_with(end, path) {
                let start = end + path.len();
                let end =
                    self.end_of(start, |byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'<' | b'>' | b'\''));
                if end > start {
                    self.replace(start, end, WEBHOOK);
                }
                return end;
            }
        }
        // The host is a word like any other, and so is what follows it.
        start
    }
}
