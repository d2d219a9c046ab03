//! Who is at the other end: the connection's address, unless a proxy that is believed says
//! for whom it speaks.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Whom limits are counted for: an address, or the network that one IPv6 user commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    /// The client of an address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address @ IpAddr::V4(_) => address,
        })
    }

    /// The client of a request. Proxies append to `X-Forwarded-For`, so it is read from its
    /// end, as far as the proxies are ours; what stands before may be anybody's invention.
    #[must_use]
    pub fn of(peer: SocketAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Self {
        let trusted = |address: IpAddr| {
            proxies
                .iter()
                .any(|proxy| proxy.contains(&address.to_canonical()))
        };
        let mut client = peer.ip();
        if !trusted(client) {
            return Self::at(client);
        }
        let forwarded = headers
            .get_all("x-forwarded-for")
            .iter()
            .rev()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.rsplit(','));
        for text in forwarded {
            let Some(address) = address_of(text.trim()) else {
                break;
            };
            client = address;
            if !trusted(client) {
                break;
            }
        }
        Self::at(client)
    }
}

impl std::fmt::Display for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// An address, with or without a port.
fn address_of(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let proxies: Vec<IpNet> = proxies.iter().map(|net| net.parse().unwrap()).collect();
        Client::of(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_proxies_of_ours_are_believed() {
        let ours = &["10.0.0.0/8", "::1/128"][..];
        for (peer, forwarded, proxies, expected) in [
            ("192.0.2.1:1", &["198.51.100.7"][..], &[][..], "192.0.2.1"),
            ("192.0.2.1:1", &["198.51.100.7"], ours, "192.0.2.1"),
            ("10.0.0.1:1", &["198.51.100.7"], ours, "198.51.100.7"),
            // The client wrote the first part itself.
            (
                "10.0.0.1:1",
                &["6.6.6.6, 198.51.100.7"],
                ours,
                "198.51.100.7",
            ),
            (
                "10.0.0.1:1",
                &["6.6.6.6", "198.51.100.7, 10.1.2.3"],
                ours,
                "198.51.100.7",
            ),
            ("10.0.0.1:1", &["198.51.100.7:4711"], ours, "198.51.100.7"),
            ("10.0.0.1:1", &["nonsense"], ours, "10.0.0.1"),
            ("10.0.0.1:1", &[], ours, "10.0.0.1"),
            ("[::1]:1", &["2001:db8:1:2:3:4:5:6"], ours, "2001:db8:1:2::"),
            (
                "[::ffff:10.0.0.1]:1",
                &["198.51.100.7"],
                ours,
                "198.51.100.7",
            ),
        ] {
            assert_eq!(
                client(peer, forwarded, proxies),
                expected,
                "{peer} {forwarded:?}"
            );
        }
    }
}
