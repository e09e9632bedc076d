//! Who is who: both sides prove that they know the shared key, and neither says it.

use std::{io, time::Instant};

use sha2::{Digest as _, Sha512};

use super::{
    Secret, Settings,
    connection::Connection,
    msgpack::{self, Value},
};
use crate::event::json;

/// Answers the server's HELO with a PING, and checks its PONG. Says whether the connection may carry more than one chunk.
pub(super) fn shake_hands(
    connection: &mut Connection,
    settings: &Settings,
    key: &Secret,
    deadline: Instant,
) -> io::Result<bool> {
    let hostname = settings.hostname();
    let Some(helo) = connection.answer(deadline)? else {
        return Err(late(
            "the Fluentd server says no HELO, so it asks for no shared key; give the sink none, or the server's \
             `in_forward` a `<security>` section",
        ));
    };
    let helo = Helo::of(&helo)?;
    // As text, which every server takes.
    let salt = uuid::Uuid::new_v4().simple().to_string();
    let mut reply = Vec::new();
    helo.answer(settings, &hostname, &salt, key, &mut reply)?;
    connection.send(&reply, deadline)?;
    let Some(pong) = connection.answer(deadline)? else {
        return Err(late("the Fluentd server does not answer the PING of the handshake"));
    };
    check_pong(&pong, settings, &hostname, &salt, helo.nonce, key)?;
    Ok(helo.keepalive)
}

/// Whether an answer is the greeting of a server that wants a handshake.
pub(super) fn is_helo(answer: &Value) -> bool {
    answer.as_array().and_then(<[Value]>::first).and_then(Value::as_text) == Some(b"HELO")
}

/// What a server that wants a handshake says first.
struct Helo<'a> {
    nonce: &'a [u8],
    /// Empty: it asks for no user.
    auth: &'a [u8],
    keepalive: bool,
}

impl<'a> Helo<'a> {
    fn of(answer: &'a Value) -> io::Result<Self> {
        let options = answer.as_array().filter(|_| is_helo(answer)).and_then(|items| items.get(1));
        let Some(options) = options else {
            return Err(failed("what the Fluentd server says first is no HELO"));
        };
        let nonce = options.get("nonce").and_then(Value::as_text).filter(|nonce| !nonce.is_empty());
        let Some(nonce) = nonce else {
            return Err(failed(
                "the HELO of the Fluentd server has no `nonce`, without which nobody can prove anything",
            ));
        };
        let auth = match options.get("auth") {
            None | Some(Value::Other) => b"",
            Some(auth) => {
                auth.as_text().ok_or_else(|| failed("`auth` in the HELO of the Fluentd server is no text"))?
            }
        };
        Ok(Self { nonce, auth, keepalive: options.get("keepalive") != Some(&Value::Bool(false)) })
    }

    fn answer(
        &self,
        settings: &Settings,
        hostname: &str,
        salt: &str,
        key: &Secret,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut user = (String::new(), String::new());
        if !self.auth.is_empty() {
            let Some((name, password)) = &settings.user else {
                return Err(failed("the Fluentd server asks for a user; say which with Fluentd::user"));
            };
            user = (name.clone(), digest(&[self.auth, name.as_bytes(), password.0.as_bytes()]));
        }
        msgpack::short_array(6, out);
        for text in [
            "PING",
            hostname,
            salt,
            &digest(&[salt.as_bytes(), hostname.as_bytes(), self.nonce, key.0.as_bytes()]),
            &user.0,
            &user.1,
        ] {
            msgpack::string(text.as_bytes(), out);
        }
        Ok(())
    }
}

fn check_pong(
    pong: &Value,
    settings: &Settings,
    hostname: &str,
    salt: &str,
    nonce: &[u8],
    key: &Secret,
) -> io::Result<()> {
    let Some([name, Value::Bool(is_welcome), reason, server, proof]) = pong.as_array() else {
        return Err(failed("what the Fluentd server answers to a PING is no PONG"));
    };
    let (Some(b"PONG"), Some(server), Some(proof)) = (name.as_text(), server.as_text(), proof.as_text()) else {
        return Err(failed("what the Fluentd server answers to a PING is no PONG"));
    };
    if !is_welcome {
        let reason = shown(reason.as_text().unwrap_or_default(), settings);
        return Err(failed(format!(
            "the Fluentd server refuses the handshake: {reason}; are the shared key and the user those of its \
             `<security>` section?"
        )));
    }
    // Whoever sends our own proof back has not shown that it knows the key.
    if server == hostname.as_bytes() {
        return Err(failed(
            "the Fluentd server has the same host name as this sink; call one of them otherwise, with \
             Fluentd::hostname or its `self_hostname`",
        ));
    }
    let expected = digest(&[salt.as_bytes(), server, nonce, key.0.as_bytes()]);
    if is_same(expected.as_bytes(), proof) {
        Ok(())
    } else {
        Err(failed("the Fluentd server does not know the shared key, so it may be another one; nothing is sent to it"))
    }
}

/// SHA-512 of all parts, in hex.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    let mut text = String::with_capacity(128);
    for byte in hash.finalize() {
        for digit in [byte >> 4, byte & 0xf] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text
}

/// Whether both are the same, in a time that does not tell where they differ.
fn is_same(expected: &[u8], given: &[u8]) -> bool {
    let differing = expected.iter().zip(given).fold(0, |all, (one, other)| all | (one ^ other));
    expected.len() == given.len() && std::hint::black_box(differing) == 0
}

/// What a server says, without what it was told.
fn shown(said: &[u8], settings: &Settings) -> String {
    let mut text = String::from_utf8_lossy(said).into_owned();
    let password = settings.user.as_ref().map(|(_, password)| password);
    for secret in settings.shared_key.iter().chain(password).filter(|secret| !secret.0.is_empty()) {
        text = text.replace(&secret.0, "***");
    }
    json::shown(&text, MAX_REASON)
}

/// Bytes of a server's reason that a message repeats.
const MAX_REASON: usize = 200;

fn failed(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}

fn late(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

#[cfg(test)]
pub(super) mod tests;
