//! Credentials that give themselves away by how they begin.

/// What stands in the place of a word that is a credential; `None` for any other.
pub(super) fn label(word: &[u8]) -> Option<&'static [u8]> {
    /// Shorter than this none of them is.
    const SHORTEST: usize = 16;

    if word.len() < SHORTEST {
        return None;
    }
    if word.starts_with(b"eyJ") && word.contains(&b'.') {
        return Some(b"[REDACTED_JWT]");
    }
    let known = with_first(*word.first()?).iter().find(|known| word.starts_with(known.prefix))?;
    let rest = word.get(known.prefix.len()..).unwrap_or_default();
    let alphabet: fn(&u8) -> bool = match known.alphabet {
        Alphabet::Upper => |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        Alphabet::Any => |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
    };
    (rest.len() >= known.least && rest.iter().all(alphabet)).then_some(known.label)
}

struct Known {
    prefix: &'static [u8],
    /// Bytes that follow, at least.
    least: usize,
    alphabet: Alphabet,
    label: &'static [u8],
}

#[derive(Clone, Copy)]
enum Alphabet {
    Upper,
    Any,
}

const KEY: &[u8] = b"[REDACTED_KEY]";
const TOKEN: &[u8] = super::TOKEN;

const fn known(prefix: &'static [u8], least: usize, alphabet: Alphabet, label: &'static [u8]) -> Known {
    Known { prefix, least, alphabet, label }
}

/// Those that begin with a byte. Most words begin like none of them.
fn with_first(byte: u8) -> &'static [Known] {
    let [start, end] = PLACES.get(usize::from(byte)).copied().unwrap_or_default();
    KNOWN.get(usize::from(start)..usize::from(end)).unwrap_or_default()
}

/// Where those begin and end in [`KNOWN`] that have the same first byte.
const PLACES: [[u8; 2]; 256] = {
    let mut places = [[0; 2]; 256];
    let mut place = 0_u8;
    while (place as usize) < KNOWN.len() {
        let first = KNOWN[place as usize].prefix[0] as usize;
        if places[first][1] == 0 {
            places[first][0] = place;
        }
        assert!(places[first][1] == 0 || places[first][1] == place, "those with the same first byte stand together");
        place += 1;
        places[first][1] = place;
    }
    places
};

/// Beginnings as their issuers document them, so that leaks can be found.
const KNOWN: &[Known] = &[
    // Google.
    known(b"AIza", 30, Alphabet::Any, KEY),
    // AWS.
    known(b"AKIA", 16, Alphabet::Upper, KEY),
    known(b"ASIA", 16, Alphabet::Upper, KEY),
    // AxonPush.
    known(b"ak_", 13, Alphabet::Any, KEY),
    // Google.
    known(b"GOCSPX-", 16, Alphabet::Any, KEY),
    // GitHub.
    known(b"gho_", 20, Alphabet::Any, TOKEN),
    known(b"ghp_", 20, Alphabet::Any, TOKEN),
    known(b"ghr_", 20, Alphabet::Any, TOKEN),
    known(b"ghs_", 20, Alphabet::Any, TOKEN),
    known(b"ghu_", 20, Alphabet::Any, TOKEN),
    known(b"github_pat_", 20, Alphabet::Any, TOKEN),
    // GitLab.
    known(b"glpat-", 16, Alphabet::Any, TOKEN),
    // Groq.
    known(b"gsk_", 20, Alphabet::Any, KEY),
    // Hugging Face.
    known(b"hf_", 20, Alphabet::Any, TOKEN),
    // npm.
    known(b"npm_", 30, Alphabet::Any, TOKEN),
    // AxonPush.
    known(b"pt_", 13, Alphabet::Any, KEY),
    // PyPI.
    known(b"pypi-", 30, Alphabet::Any, TOKEN),
    // Stripe.
    known(b"rk_live_", 16, Alphabet::Any, KEY),
    known(b"rk_test_", 16, Alphabet::Any, KEY),
    // SendGrid.
    known(b"SG.", 30, Alphabet::Any, KEY),
    // OpenAI, Anthropic and others.
    known(b"sk-", 20, Alphabet::Any, KEY),
    // Stripe.
    known(b"sk_live_", 16, Alphabet::Any, KEY),
    known(b"sk_test_", 16, Alphabet::Any, KEY),
    known(b"whsec_", 16, Alphabet::Any, KEY),
    // Slack.
    known(b"xapp-", 10, Alphabet::Any, TOKEN),
    known(b"xoxa-", 10, Alphabet::Any, TOKEN),
    known(b"xoxb-", 10, Alphabet::Any, TOKEN),
    known(b"xoxp-", 10, Alphabet::Any, TOKEN),
    known(b"xoxr-", 10, Alphabet::Any, TOKEN),
    known(b"xoxs-", 10, Alphabet::Any, TOKEN),
    // Google.
    known(b"ya29.", 16, Alphabet::Any, TOKEN),
];
