//! Who called, where proxies stand between.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use crate::{context::HeaderValues, error::Error};

/// Who called, where proxies stand between.
///
/// What a proxy says of the caller is a header, and anyone can send one. So it is believed only as far as it comes from
/// proxies you name: the chain is walked from the nearest hop outwards, past every trusted proxy, and the first address
/// that is none is the client.
///
/// ```
/// use axonpush::exchange::{ClientAddressPolicy, ForwardedHeader};
///
/// let policy = ClientAddressPolicy::peer()
///     .trust(["10.0.0.0/8", "fd00::/8", "192.0.2.7"])?
///     .header(ForwardedHeader::Forwarded);
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddressPolicy {
    report: bool,
    trusted: Vec<Network>,
    header: ForwardedHeader,
}

/// The header in which proxies tell whom they speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses, the nearest last.
    #[default]
    XForwardedFor,
    /// `Forwarded` of RFC 7239: its `for` parameters, the nearest last.
    Forwarded,
}

/// Hops that are looked at; a longer chain is somebody's joke.
const MAX_HOPS: usize = 32;

impl ClientAddressPolicy {
    /// The address at the other end of the connection, whatever headers say.
    pub fn peer() -> Self {
        Self { report: true, trusted: Vec::new(), header: ForwardedHeader::default() }
    }

    /// No address at all.
    pub fn omitted() -> Self {
        Self { report: false, ..Self::peer() }
    }

    /// Proxies to believe: addresses, or networks as in `10.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// When one is neither.
    pub fn trust<N: AsRef<str>>(mut self, networks: impl IntoIterator<Item = N>) -> Result<Self, Error> {
        for network in networks {
            self.trusted.push(network.as_ref().parse()?);
        }
        Ok(self)
    }

    /// Where trusted proxies tell whom they speak for; [`ForwardedHeader::XForwardedFor`] unless set.
    pub fn header(mut self, header: ForwardedHeader) -> Self {
        self.header = header;
        self
    }

    /// The client's address, as far as it can be believed.
    pub(in crate::exchange) fn client(&self, peer: Option<IpAddr>, headers: HeaderValues<'_, '_>) -> Option<IpAddr> {
        let mut client = peer.filter(|_| self.report)?;
        if !self.trusts(client) {
            return Some(client);
        }
        let name = match self.header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let mut hops: Vec<&[u8]> = Vec::new();
        headers(name, &mut |value| hops.extend(elements(value)));
        for hop in hops.into_iter().rev().take(MAX_HOPS) {
            // A hop that hides its caller, or speaks nonsense, is as far as can be seen.
            let Some(told) = self.told(hop) else { break };
            client = told;
            if !self.trusts(client) {
                break;
            }
        }
        Some(client)
    }

    /// Whom a proxy says it speaks for.
    fn told(&self, hop: &[u8]) -> Option<IpAddr> {
        match self.header {
            ForwardedHeader::XForwardedFor => address(hop),
            ForwardedHeader::Forwarded => forwarded_for(hop),
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }
}

impl Default for ClientAddressPolicy {
    fn default() -> Self {
        Self::peer()
    }
}

/// What holds of every chain of proxies, whatever its bytes, for properties and for the targets in `fuzz/`: there is a
/// client, it is one of the hops or the peer, and only trusted proxies are believed.
#[cfg(any(test, fuzzing))]
#[expect(clippy::missing_panics_doc, reason = "a check is there to panic")]
pub fn check_forwarded(values: &[&[u8]]) {
    let peer = IpAddr::from([10, 0, 0, 1]);
    let headers: HeaderValues<'_, '_> = &|_, each| values.iter().for_each(|value| each(value));
    for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
        let policy = ClientAddressPolicy::peer().header(header);
        assert_eq!(policy.client(Some(peer), headers), Some(peer));
        let Ok(policy) = policy.trust(["10.0.0.0/8"]) else { continue };
        let stranger = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(policy.client(Some(stranger), headers), Some(stranger));
        assert_eq!(policy.client(None, headers), None);
        let client = policy.client(Some(peer), headers);
        assert!(client.is_some_and(|client| client == client.to_canonical()));
        let told = values.iter().flat_map(|value| elements(value)).filter_map(|hop| policy.told(hop));
        assert!(client == Some(peer) || told.into_iter().any(|hop| Some(hop) == client));
    }
}

/// The elements of a header that is a list. A comma inside quotes ends none.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    value.split(move |byte| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    })
}

/// An address as proxies write it: bare, with a port, in brackets.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_matches([' ', '\t']);
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

/// The `for` parameter of one element of `Forwarded`.
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let pair = element.split(|byte| *byte == b';').find_map(|pair| {
        let pair = pair.trim_ascii();
        pair.get(..4).filter(|name| name.eq_ignore_ascii_case(b"for=")).and_then(|_| pair.get(4..))
    })?;
    let value = pair.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(pair);
    address(value)
}

/// Addresses that begin alike.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unusable = || {
            Error::config(format!(
                "a trusted proxy of {} bytes is neither an address nor a network; write 192.0.2.7 or 10.0.0.0/8",
                text.len(),
            ))
        };
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| unusable())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(unusable)?,
            None => most,
        };
        Ok(Self { address, bits })
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{context::checks::tests::value, exchange::facts::lookup};

    fn client(policy: &ClientAddressPolicy, peer: &str, sent: &[(&str, &str)]) -> String {
        policy.client(Some(peer.parse().unwrap()), &lookup(sent)).map(|ip| ip.to_string()).unwrap_or_default()
    }

    fn trusting() -> ClientAddressPolicy {
        ClientAddressPolicy::peer().trust(["10.0.0.0/8", "::1", "fd00::/8"]).unwrap()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let sent = [("x-forwarded-for", "203.0.113.9, 198.51.100.2, 10.1.1.1")];
        assert_eq!(client(&ClientAddressPolicy::peer(), "10.0.0.1", &sent), "10.0.0.1");
        assert_eq!(client(&trusting(), "192.0.2.1", &sent), "192.0.2.1");
        assert_eq!(client(&trusting(), "10.0.0.1", &sent), "198.51.100.2");
        assert_eq!(client(&ClientAddressPolicy::omitted(), "10.0.0.1", &sent), "");
    }

    #[test]
    fn a_chain_is_walked_from_the_nearest_hop_and_over_several_headers() {
        let policy = trusting();
        for (sent, expected) in [
            (vec![("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "10.2.2.2")], "203.0.113.9"),
            (vec![("x-forwarded-for", "203.0.113.9:8080")], "203.0.113.9"),
            (vec![("x-forwarded-for", "[2001:db8::1]:443, [fd00::2]")], "2001:db8::1"),
            (vec![("x-forwarded-for", "::ffff:203.0.113.9")], "203.0.113.9"),
            (vec![("x-forwarded-for", "203.0.113.9, unknown")], "10.0.0.1"),
            (vec![("x-forwarded-for", "203.0.113.9, nonsense, 10.3.3.3")], "10.3.3.3"),
            (vec![("x-forwarded-for", ",,")], "10.0.0.1"),
            (vec![("x-forwarded-for", "10.2.2.2, 10.3.3.3")], "10.2.2.2"),
            (vec![], "10.0.0.1"),
        ] {
            assert_eq!(client(&policy, "10.0.0.1", &sent), expected, "{sent:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_has_it() {
        let policy = trusting().header(ForwardedHeader::Forwarded);
        for (value, expected) in [
            ("for=203.0.113.9;proto=https, for=10.1.1.1", "203.0.113.9"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("proto=http;by=203.0.113.43; for=192.0.2.60", "192.0.2.60"),
            ("for=_hidden", "10.0.0.1"),
            ("for=\"a,b\", for=192.0.2.60", "192.0.2.60"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client(&policy, "10.0.0.1", &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_and_not_repeated() {
        for text in ["", "10.0.0.0/33", "::/129", "proxy.internal", "10.0.0.0/8/8", "10.0.0.0/-1"] {
            let error = ClientAddressPolicy::peer().trust([text]).unwrap_err();
            let message = error.to_string();
            assert!(error.is_config() && (text.is_empty() || !message.contains(text)), "{message}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains([203, 0, 113, 9].into()));
    }

    proptest! {
        #[test]
        fn any_headers_name_an_address_that_somebody_told(values in prop::collection::vec(value(), 0..4)) {
            check_forwarded(&values.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }

        #[test]
        fn any_chain_is_walked_to_the_first_hop_that_is_no_proxy(
            hops in prop::collection::vec(any::<[u8; 4]>(), 0..40),
            proxies in 0_usize..40,
            forwarded: bool,
        ) {
            let name = |hop: &[u8; 4]| IpAddr::from(*hop);
            // The nearest are proxies, the others anybody but.
            let proxies = proxies.min(hops.len());
            let hops: Vec<[u8; 4]> = hops.iter().enumerate().map(|(n, hop)| {
                let mut hop = *hop;
                hop[0] = if n < hops.len() - proxies { hop[0].max(11) } else { 10 };
                hop
            }).collect();
            let written = |hop| if forwarded { format!("for=\"{}:80\";proto=http", name(hop)) } else { name(hop).to_string() };
            let header = hops.iter().map(written).collect::<Vec<_>>().join(", ");
            let policy = if forwarded { trusting().header(ForwardedHeader::Forwarded) } else { trusting() };
            let client = policy.client(Some([10, 0, 0, 1].into()), &|_, each| each(header.as_bytes()));
            let expected = hops.iter().rev().take(MAX_HOPS).map(name).find(|hop| !policy.trusts(*hop));
            let farthest = hops.iter().rev().take(MAX_HOPS).next_back().map_or([10, 0, 0, 1].into(), name);
            prop_assert_eq!(client, Some(expected.unwrap_or(farthest)));
        }
    }
}
