//! Which hosts are meant.

use std::net::IpAddr;

use crate::error::Error;

/// One entry of an allow-list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hosts {
    /// This name.
    Name(String),
    /// This address, however it is written.
    Address(IpAddr),
    /// Every name below this one, which is kept with a dot in front.
    Below(String),
}

impl Hosts {
    pub(super) fn parse(entry: &str) -> Result<Self, Error> {
        if let Ok(address) = bare(entry).parse() {
            return Ok(Self::Address(address));
        }
        let name = entry.strip_suffix('.').unwrap_or(entry).to_ascii_lowercase();
        let hosts = match name.strip_prefix("*.") {
            Some(parent) if is_name(parent) => Self::Below(format!(".{parent}")),
            None if is_name(&name) => Self::Name(name),
            _ => {
                return Err(Error::config(format!(
                    "a host of {} bytes to propagate the context to is malformed; it must be a name such as \
                     api.example.com, an IP address, or *.example.com for all names below one, without scheme, port \
                     and path, and names that are not ASCII in punycode",
                    entry.len(),
                )));
            }
        };
        Ok(hosts)
    }

    /// Whether `host`, as it stands in a URL, is meant.
    pub(super) fn contain(&self, host: &str) -> bool {
        let host = bare(host);
        match self {
            Self::Address(address) => host.parse() == Ok(*address),
            Self::Name(name) => unrooted(host).eq_ignore_ascii_case(name),
            Self::Below(suffix) => {
                let host = unrooted(host).as_bytes();
                host.len()
                    .checked_sub(suffix.len())
                    .and_then(|at| host.split_at_checked(at))
                    .is_some_and(|(label, end)| !label.is_empty() && end.eq_ignore_ascii_case(suffix.as_bytes()))
            }
        }
    }
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Without the dot at the end that makes a name absolute.
fn unrooted(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// A name whose last label is a number would be an address, and what is below it the address of anyone.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.split('.').all(is_label)
        && name.rsplit('.').next().is_some_and(|last| last.bytes().any(|byte| !byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_means_its_host_in_any_spelling_and_no_other() {
        for (entry, meant, not_meant) in [
            (
                "api.example.com",
                &["api.example.com", "API.Example.COM", "api.example.com."][..],
                &["example.com", "x.api.example.com", "api.example.com.evil.org", "xapi.example.com", ""][..],
            ),
            ("Localhost.", &["localhost"], &["127.0.0.1", "localhost.evil.org"]),
            (
                "*.example.com",
                &["a.example.com", "a.b.EXAMPLE.com."],
                &["example.com", ".example.com", "evilexample.com", "a.example.com.evil.org", "a.example.org", ""],
            ),
            ("127.0.0.1", &["127.0.0.1"], &["127.0.0.10", "127.0.0.1.evil.org", "localhost"]),
            ("[::1]", &["[::1]", "::1", "[0:0:0:0:0:0:0:1]"], &["[::2]", "::", "1"]),
            ("2001:DB8::1", &["[2001:db8::1]"], &["[2001:db8::2]"]),
        ] {
            let hosts = Hosts::parse(entry).unwrap();
            for host in meant {
                assert!(hosts.contain(host), "{entry} means {host}");
            }
            for host in not_meant {
                assert!(!hosts.contain(host), "{entry} does not mean {host}");
            }
        }
    }

    #[test]
    fn an_entry_that_is_no_host_is_refused_and_not_repeated() {
        for entry in [
            "",
            "*",
            "*.",
            "*canary.com",
            "a.*.canary.com",
            "*.*.canary.com",
            "https://canary.com",
            "canary.com:443",
            "canary.com/path",
            "user@canary.com",
            "canary..com",
            ".canary.com",
            "canäry.com",
            "canary com",
            "*.0.0.1",
            "*.[::1]",
            "127.1",
            "[canary.com]",
        ] {
            let error = Hosts::parse(entry).unwrap_err();
            assert!(error.is_config(), "{entry}: {error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_entry_and_host_are_compared_without_a_panic(entry: String, host: String, name in "[a-z*.0-9:\\[\\]é]{0,12}") {
            for entry in [&entry, &name] {
                if let Ok(hosts) = Hosts::parse(entry) {
                    hosts.contain(&host);
                    hosts.contain(&name);
                }
            }
        }
    }
}
