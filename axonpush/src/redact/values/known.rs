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
    let known = with_first(*word.first()?).iter().find(|known| known.fits(word));
    known.map(|known| known.label).or_else(|| is_discords(word).then_some(TOKEN))
}

/// A bot's token at Discord: its id, a time and a signature, each in base 64.
fn is_discords(word: &[u8]) -> bool {
    if !matches!(word, [b'M' | b'N' | b'O', ..]) {
        return false;
    }
    let mut parts = word.split(|byte| *byte == b'.');
    let (Some(id), Some(time), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    (23..=28).contains(&id.len()) && time.len() == 6 && (27..=40).contains(&signature.len())
}

struct Known {
    prefix: &'static [u8],
    /// Bytes that follow, at least.
    least: usize,
    alphabet: Alphabet,
    label: &'static [u8],
}

impl Known {
    fn fits(&self, word: &[u8]) -> bool {
        let Some(rest) = word.strip_prefix(self.prefix) else { return false };
        let alphabet: fn(&u8) -> bool = match self.alphabet {
            Alphabet::Upper => |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Alphabet::Hex => |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Alphabet::Any => |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
        };
        rest.len() >= self.least && rest.iter().all(alphabet)
    }
}

#[derive(Clone, Copy)]
enum Alphabet {
    Upper,
    Hex,
    Any,
}

const KEY: &[u8] = b"[REDACTED_KEY]";
const CLOUD_KEY: &[u8] = b"[REDACTED_CLOUD_KEY]";
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

/// Beginnings as their issuers document them, so that leaks can be found. Those with the same first byte stand together.
const KNOWN: &[Known] = &[
    // AWS.
    known(b"AKIA", 16, Alphabet::Upper, CLOUD_KEY),
    known(b"ASIA", 16, Alphabet::Upper, CLOUD_KEY),
    // Atlassian.
    known(b"ATATT3", 30, Alphabet::Any, TOKEN),
    // Google.
    known(b"AIza", 30, Alphabet::Any, CLOUD_KEY),
    // age.
    known(b"AGE-SECRET-KEY-1", 40, Alphabet::Upper, KEY),
    // AxonPush.
    known(b"ak_", 13, Alphabet::Any, KEY),
    // crates.io.
    known(b"cio", 32, Alphabet::Any, TOKEN),
    // Databricks.
    known(b"dapi", 32, Alphabet::Any, CLOUD_KEY),
    // DigitalOcean.
    known(b"doo_v1_", 40, Alphabet::Hex, CLOUD_KEY),
    known(b"dop_v1_", 40, Alphabet::Hex, CLOUD_KEY),
    known(b"dor_v1_", 40, Alphabet::Hex, CLOUD_KEY),
    // Docker Hub.
    known(b"dckr_oat_", 20, Alphabet::Any, TOKEN),
    known(b"dckr_pat_", 20, Alphabet::Any, TOKEN),
    // Doppler.
    known(b"dp.pt.", 32, Alphabet::Any, TOKEN),
    known(b"dp.st.", 32, Alphabet::Any, TOKEN),
    // Square.
    known(b"EAAA", 56, Alphabet::Any, TOKEN),
    // Figma.
    known(b"figd_", 30, Alphabet::Any, TOKEN),
    // Fly.io.
    known(b"fm2_", 24, Alphabet::Any, TOKEN),
    // GitLab.
    known(b"GR1348941", 16, Alphabet::Any, TOKEN),
    // Google.
    known(b"GOCSPX-", 16, Alphabet::Any, CLOUD_KEY),
    // GitHub.
    known(b"gho_", 20, Alphabet::Any, TOKEN),
    known(b"ghp_", 20, Alphabet::Any, TOKEN),
    known(b"ghr_", 20, Alphabet::Any, TOKEN),
    known(b"ghs_", 20, Alphabet::Any, TOKEN),
    known(b"ghu_", 20, Alphabet::Any, TOKEN),
    known(b"github_pat_", 20, Alphabet::Any, TOKEN),
    // GitLab.
    known(b"glagent-", 16, Alphabet::Any, TOKEN),
    known(b"glcbt-", 16, Alphabet::Any, TOKEN),
    known(b"gldt-", 16, Alphabet::Any, TOKEN),
    known(b"glffct-", 16, Alphabet::Any, TOKEN),
    known(b"glft-", 16, Alphabet::Any, TOKEN),
    known(b"glimt-", 16, Alphabet::Any, TOKEN),
    known(b"gloas-", 16, Alphabet::Any, TOKEN),
    known(b"glpat-", 16, Alphabet::Any, TOKEN),
    known(b"glptt-", 16, Alphabet::Any, TOKEN),
    known(b"glrt-", 16, Alphabet::Any, TOKEN),
    known(b"glrtr-", 16, Alphabet::Any, TOKEN),
    known(b"glsoat-", 16, Alphabet::Any, TOKEN),
    // Grafana.
    known(b"glc_", 20, Alphabet::Any, TOKEN),
    known(b"glsa_", 20, Alphabet::Any, TOKEN),
    // Groq.
    known(b"gsk_", 20, Alphabet::Any, KEY),
    // Heroku.
    known(b"HRKU-", 30, Alphabet::Any, CLOUD_KEY),
    // HashiCorp Vault.
    known(b"hvb.", 20, Alphabet::Any, TOKEN),
    known(b"hvr.", 20, Alphabet::Any, TOKEN),
    known(b"hvs.", 20, Alphabet::Any, TOKEN),
    // Hugging Face.
    known(b"hf_", 20, Alphabet::Any, TOKEN),
    // Mailgun.
    known(b"key-", 32, Alphabet::Hex, KEY),
    // Linear.
    known(b"lin_api_", 30, Alphabet::Any, KEY),
    // New Relic.
    known(b"NRAK-", 20, Alphabet::Any, KEY),
    // Notion.
    known(b"ntn_", 30, Alphabet::Any, TOKEN),
    // npm.
    known(b"npm_", 30, Alphabet::Any, TOKEN),
    // Postman.
    known(b"PMAK-", 30, Alphabet::Any, KEY),
    // AxonPush.
    known(b"pt_", 13, Alphabet::Any, KEY),
    // Perplexity.
    known(b"pplx-", 32, Alphabet::Any, KEY),
    // PlanetScale.
    known(b"pscale_", 24, Alphabet::Any, CLOUD_KEY),
    // Pulumi.
    known(b"pul-", 40, Alphabet::Hex, CLOUD_KEY),
    // PyPI.
    known(b"pypi-", 30, Alphabet::Any, TOKEN),
    // Replicate.
    known(b"r8_", 30, Alphabet::Any, TOKEN),
    // RubyGems.
    known(b"rubygems_", 32, Alphabet::Hex, KEY),
    // Stripe.
    known(b"rk_live_", 16, Alphabet::Any, KEY),
    known(b"rk_test_", 16, Alphabet::Any, KEY),
    // SendGrid.
    known(b"SG.", 30, Alphabet::Any, KEY),
    // Twilio.
    known(b"SK", 32, Alphabet::Hex, KEY),
    // OpenAI, Anthropic and others.
    known(b"sk-", 20, Alphabet::Any, KEY),
    // Sentry.
    known(b"sntrys_", 30, Alphabet::Any, TOKEN),
    known(b"sntryu_", 30, Alphabet::Any, TOKEN),
    // Shopify.
    known(b"shpat_", 32, Alphabet::Hex, TOKEN),
    known(b"shpca_", 32, Alphabet::Hex, TOKEN),
    known(b"shppa_", 32, Alphabet::Hex, TOKEN),
    known(b"shpss_", 32, Alphabet::Hex, KEY),
    // Square.
    known(b"sq0atp-", 22, Alphabet::Any, TOKEN),
    known(b"sq0csp-", 22, Alphabet::Any, KEY),
    // Stripe.
    known(b"sk_live_", 16, Alphabet::Any, KEY),
    known(b"sk_test_", 16, Alphabet::Any, KEY),
    // Supabase.
    known(b"sbp_", 32, Alphabet::Hex, CLOUD_KEY),
    // Tailscale.
    known(b"tskey-", 16, Alphabet::Any, CLOUD_KEY),
    // Stripe.
    known(b"whsec_", 16, Alphabet::Any, KEY),
    // Slack.
    known(b"xapp-", 10, Alphabet::Any, TOKEN),
    known(b"xoxa-", 10, Alphabet::Any, TOKEN),
    known(b"xoxb-", 10, Alphabet::Any, TOKEN),
    known(b"xoxe-", 10, Alphabet::Any, TOKEN),
    known(b"xoxe.", 10, Alphabet::Any, TOKEN),
    known(b"xoxp-", 10, Alphabet::Any, TOKEN),
    known(b"xoxr-", 10, Alphabet::Any, TOKEN),
    known(b"xoxs-", 10, Alphabet::Any, TOKEN),
    // xAI.
    known(b"xai-", 40, Alphabet::Any, KEY),
    // Google.
    known(b"ya29.", 16, Alphabet::Any, TOKEN),
];
