//! Where webhooks may lead: to the public internet, and nowhere that only this machine or its
//! network can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use url::{Host, Url};

use crate::error::{Error, Result};

/// Longest address, in bytes.
const LONGEST: usize = 2048;

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// Not public (IANA special-purpose registry, RFC 6890 and its successors).
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // Metadata of most clouds among them.
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast and reserved, up to broadcast.
    v4(224, 0, 0, 0, 3),
    // Public by number, but a cloud's own services to its machines.
    v4(168, 63, 129, 16, 32),
];

/// Of IPv6 only what is given out as public; the rest is private, local or not given out.
const PUBLIC_V6: Ipv6Net = v6(0x2000, 0, 3);

/// Not public within that: protocol assignments and tunnels, documentation.
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),
    v6(0x2001, 0x0db8, 32),
    v6(0x2002, 0, 16),
    v6(0x3fff, 0, 20),
];

/// IPv4 addresses as networks with only IPv6 spell them.
const TRANSLATED: Ipv6Net = v6(0x0064, 0xff9b, 96);

/// Checks the address of a webhook as it is written. What a name stands for is checked when it
/// is connected to, each time.
///
/// # Errors
/// [`Error::BadInput`], with what was expected.
pub fn check(text: &str, allow_loopback: bool) -> Result<Url> {
    let refused = |why: &str| Error::BadInput(format!("the webhook's address {why}"));
    if text.len() > LONGEST {
        return Err(refused(&format!("is longer than {LONGEST} bytes")));
    }
    let url = Url::parse(text).map_err(|_| refused("is none, expected https://HOST/PATH"))?;
    let Some(host) = url.host() else {
        return Err(refused("names no host, expected https://HOST/PATH"));
    };
    let literal = match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
    };
    let local = match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        _ => literal.is_some_and(|address| address.is_loopback()),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && local && allow_loopback) {
        return Err(refused("must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must not contain a user name or password"));
    }
    let allowed = match literal {
        Some(address) => is_allowed(address, allow_loopback),
        None => !local || allow_loopback,
    };
    if !allowed {
        return Err(refused("is not on the public internet"));
    }
    Ok(url)
}

/// Whether a webhook may be sent to this address: it is public, or this machine's own where that
/// is allowed.
#[must_use]
pub fn is_allowed(address: IpAddr, allow_loopback: bool) -> bool {
    let address = address.to_canonical();
    (allow_loopback && address.is_loopback())
        || match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if TRANSLATED.contains(&address) {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    PUBLIC_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_allowed() {
        for (address, allowed) in [
            ("93.184.215.14", true),
            ("172.15.255.255", true),
            ("172.32.0.1", true),
            ("100.63.255.255", true),
            ("2606:4700::1111", true),
            ("::ffff:93.184.215.14", true),
            ("64:ff9b::5db8:d70e", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("168.63.129.16", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.168.0.1", false),
            ("198.19.0.1", false),
            ("203.0.113.9", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b:1::1", false),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("2002:7f00:1::", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("ff02::1", false),
        ] {
            let parsed = address.parse().unwrap();
            assert_eq!(is_allowed(parsed, false), allowed, "{address}");
        }
    }

    #[test]
    fn this_machine_is_allowed_where_it_is_told_so_and_nothing_else_with_it() {
        for (address, allowed) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
            ("169.254.169.254", false),
        ] {
            let parsed = address.parse().unwrap();
            assert_eq!(is_allowed(parsed, true), allowed, "{address}");
        }
    }

    #[test]
    fn an_address_is_https_without_a_password_to_a_public_host() {
        for (url, allowed) in [
            ("https://example.org/hook?key=1", true),
            ("https://example.org:8443/", true),
            ("https://93.184.215.14/", true),
            ("http://example.org/", false),
            ("ftp://example.org/", false),
            ("example.org", false),
            ("https://", false),
            ("https://me:secret@example.org/", false),
            ("https://me@example.org/", false),
            ("https://localhost/", false),
            ("https://localhost./", false),
            ("https://a.localhost/", false),
            ("http://127.0.0.1/", false),
            ("https://127.1/", false),
            ("https://0x7f000001/", false),
            ("https://2130706433/", false),
            ("https://[::1]/", false),
            ("https://[::ffff:10.0.0.1]/", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("data:text/plain,x", false),
        ] {
            assert_eq!(check(url, false).is_ok(), allowed, "{url}");
        }
        assert!(check(&format!("https://a.org/{}", "x".repeat(2048)), false).is_err());
    }

    #[test]
    fn only_this_machine_is_sent_to_in_the_clear() {
        for (url, allowed) in [
            ("http://127.0.0.1:9000/", true),
            ("http://localhost/", true),
            ("http://[::1]/", true),
            ("http://example.org/", false),
            ("http://10.0.0.1/", false),
            ("https://10.0.0.1/", false),
        ] {
            assert_eq!(check(url, true).is_ok(), allowed, "{url}");
        }
    }
}
