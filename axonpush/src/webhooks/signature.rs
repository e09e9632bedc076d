//! Who signed what.

use std::{fmt, fmt::Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header that carries the signature of a delivery.
pub const SIGNATURE_HEADER: &str = "x-axonpush-signature";

/// Checks that `raw_body` was signed with `secret`, in a time that tells nothing about the right signature.
///
/// `raw_body` is the body byte for byte, as it came, and `header` what the request has under [`SIGNATURE_HEADER`].
///
/// # Errors
///
/// When there is no header, it is no signature, or it is not the one of this body. Answer 401, and do nothing.
pub fn verify(secret: &str, raw_body: &[u8], header: Option<&[u8]>) -> Result<(), SignatureError> {
    let signature = decode(header)?;
    mac(secret, raw_body)?.verify_slice(&signature).map_err(|_| SignatureError::Mismatch)
}

/// Whether `header` could be a signature at all, of whatever body.
pub(super) fn check_form(header: Option<&[u8]>) -> Result<(), SignatureError> {
    decode(header).map(drop)
}

/// Whether nobody could sign with `secret`, because everybody could.
pub(super) fn is_blank(secret: &str) -> bool {
    secret.trim().is_empty()
}

/// The signature of a body, as the service writes it: for tests of what receives deliveries.
///
/// Signing with a blank secret gives an empty text, which nothing takes for a signature.
///
/// ```
/// use axonpush::webhooks::{sign, verify};
///
/// let signature = sign("whsec_test", b"{}");
/// assert!(verify("whsec_test", b"{}", Some(signature.as_bytes())).is_ok());
/// assert!(verify("whsec_test", b"{ }", Some(signature.as_bytes())).is_err());
/// ```
pub fn sign(secret: &str, raw_body: &[u8]) -> String {
    mac(secret, raw_body).map(|mac| hex(&mac.finalize().into_bytes())).unwrap_or_default()
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The secret is blank: with it, everybody could sign.
    BlankSecret,
    /// The request has no signature.
    Missing,
    /// The signature has an odd number of digits.
    OddLength(usize),
    /// The signature has another length than 64 digits.
    WrongLength(usize),
    /// The byte at this place of the signature is no hex digit.
    NotHex(usize),
    /// The signature is that of another body, or made with another secret.
    Mismatch,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlankSecret => f.write_str("the webhook secret is blank, so that everybody could sign with it"),
            Self::Missing => write!(
                f,
                "the request has no signature; its header is `{SIGNATURE_HEADER}`, unless the policy names another"
            ),
            Self::OddLength(length) => {
                write!(
                    f,
                    "the signature has {length} characters, an odd number, where {} hex digits belong",
                    2 * LENGTH
                )
            }
            Self::WrongLength(length) => {
                write!(f, "the signature has {length} characters, where {} hex digits belong", 2 * LENGTH)
            }
            Self::NotHex(at) => write!(f, "the signature holds something else than a hex digit at byte {at}"),
            Self::Mismatch => f.write_str(
                "the signature is not that of this body and secret; is the body exactly as it came, and the secret \
                 this endpoint's?",
            ),
        }
    }
}

impl std::error::Error for SignatureError {}

fn mac(secret: &str, raw_body: &[u8]) -> Result<Hmac<Sha256>, SignatureError> {
    if is_blank(secret) {
        return Err(SignatureError::BlankSecret);
    }
    // Keys of any length are taken.
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| SignatureError::BlankSecret)?;
    Ok(mac.chain_update(raw_body))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Memory can't fail to be written to.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn decode(header: Option<&[u8]>) -> Result<[u8; LENGTH], SignatureError> {
    let digits = header.map(<[u8]>::trim_ascii).filter(|digits| !digits.is_empty()).ok_or(SignatureError::Missing)?;
    if digits.len() % 2 == 1 {
        return Err(SignatureError::OddLength(digits.len()));
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    if let Some(at) = digits.iter().position(|digit| value(*digit).is_none()) {
        return Err(SignatureError::NotHex(at));
    }
    if digits.len() != 2 * LENGTH {
        return Err(SignatureError::WrongLength(digits.len()));
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().filter_map(|digit| value(*digit)).fold(0, |byte, value| byte << 4 | value);
    }
    Ok(bytes)
}

/// Bytes of a signature.
const LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Secrets, bodies and signatures, reckoned by OpenSSL: `printf BODY | openssl dgst -sha256 -hmac SECRET`.
    const VECTORS: [(&str, &str, &str); 3] = [
        ("whsec_orders", r#"{"id":"e-1"}"#, "c34d3d2da2520113fff535541012dd3ee855dea2379e89a80971d7911dc2185e"),
        ("whsec_orders", "", "52d9e1bb1038d4b3c8a73d3d5061b2465cba95881e10b1fab695bf7a6c162d05"),
        (
            "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss",
            r#"{"text":"ünïcode","n":[1,2,3]}"#,
            "bc92052329e9349d5207bb31293414d67141648449be7c96c578f3bcd8a80aa2",
        ),
    ];

    #[test]
    fn signatures_are_those_that_others_reckon() {
        for (secret, body, signature) in VECTORS {
            assert_eq!(sign(secret, body.as_bytes()), signature);
            verify(secret, body.as_bytes(), Some(signature.as_bytes())).unwrap();
            verify(secret, body.as_bytes(), Some(format!(" {} ", signature.to_uppercase()).as_bytes())).unwrap();
        }
    }

    #[test]
    fn what_is_no_signature_says_why() {
        use SignatureError as E;
        let right = sign("s", b"{}");
        for (header, error) in [
            (None, E::Missing),
            (Some(""), E::Missing),
            (Some(" \t"), E::Missing),
            (Some(&right[1..]), E::OddLength(63)),
            (Some(&right[2..]), E::WrongLength(62)),
            (Some(&*format!("{right}{right}")), E::WrongLength(128)),
            (Some(&*format!("sha256={}", &right[7..])), E::NotHex(0)),
            (Some(&*format!("{}é", &right[2..])), E::NotHex(62)),
            (Some(&*sign("other", b"{}")), E::Mismatch),
            (Some(&*sign("s", b"{ }")), E::Mismatch),
        ] {
            let found = verify("s", b"{}", header.map(str::as_bytes)).unwrap_err();
            assert_eq!(found, error, "{header:?}");
            assert!(!found.to_string().contains(&right[..8]));
        }
    }

    #[test]
    fn a_blank_secret_signs_nothing_and_believes_nobody() {
        // What a secret that was not configured would let everybody sign.
        let forged = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(b"{}").finalize().into_bytes();
        let forged = hex(&forged);
        for secret in ["", " ", "\n"] {
            assert_eq!(verify(secret, b"{}", Some(forged.as_bytes())), Err(SignatureError::BlankSecret));
            assert_eq!(sign(secret, b"{}"), "");
        }
    }

    proptest! {
        #[test]
        fn one_changed_bit_anywhere_is_a_mismatch(
            body in proptest::collection::vec(any::<u8>(), 1..64), at in any::<proptest::sample::Index>(), bit in 0_u8..8,
        ) {
            let signature = sign("secret", &body);
            prop_assert!(verify("secret", &body, Some(signature.as_bytes())).is_ok());
            let mut changed = body.clone();
            *at.get_mut(&mut changed) ^= 1_u8 << bit;
            prop_assert_eq!(verify("secret", &changed, Some(signature.as_bytes())), Err(SignatureError::Mismatch));
            let mut forged = signature.into_bytes();
            let digit = at.get_mut(&mut forged);
            *digit = if *digit == b'0' { b'1' } else { b'0' };
            prop_assert_eq!(verify("secret", &body, Some(&forged)), Err(SignatureError::Mismatch));
        }

        #[test]
        fn no_header_is_too_strange(header in proptest::collection::vec(any::<u8>(), 0..130)) {
            let refused = verify("secret", b"{}", Some(&header)).is_err();
            prop_assert!(refused);
        }
    }
}
