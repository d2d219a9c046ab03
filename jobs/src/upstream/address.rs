//! Which addresses may be spoken to: in the clear only this machine itself.

use std::net::IpAddr;

use reqwest::Url;

/// An address that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{address:?} is no address to ask: expected {expected}")]
pub struct BadAddress {
    pub address: String,
    pub expected: String,
}

/// Reads an address, given the protocols that will do: the secure one of each pair everywhere, the
/// other with this machine itself.
///
/// # Errors
/// When the address is none, or would be spoken to in the clear over a network.
pub(super) fn read(address: &str, protocols: &[(&str, &str)]) -> Result<Url, BadAddress> {
    let url = Url::parse(address).ok().filter(Url::has_host);
    let fine = url.filter(|url| {
        let local = url.host_str().is_some_and(is_loopback);
        protocols
            .iter()
            .any(|(secure, clear)| url.scheme() == *secure || local && url.scheme() == *clear)
    });
    fine.ok_or_else(|| {
        let expected = protocols.iter().map(|(secure, clear)| {
            format!("{secure}://HOST, or {clear}://HOST where that is this machine itself")
        });
        BadAddress {
            address: address.to_owned(),
            expected: expected.collect::<Vec<_>>().join(", or "),
        }
    })
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        let protocols = [("mqtts", "mqtt"), ("wss", "ws")];
        for address in [
            "mqtts://mqtt.openf1.org:8883",
            "wss://mqtt.openf1.org:8084/mqtt",
            "mqtt://localhost:1883",
            "mqtt://127.8.0.1",
            "ws://[::1]:80/mqtt",
        ] {
            assert!(read(address, &protocols).is_ok(), "{address}");
        }
        for address in [
            "mqtt://mqtt.openf1.org:1883",
            "ws://10.0.0.1/mqtt",
            "mqtt://localhost.example.org",
            "mqtt://0.0.0.0",
            "https://mqtt.openf1.org",
            "mqtts:",
            "mqtt.openf1.org",
            "",
        ] {
            let error = read(address, &protocols).unwrap_err().to_string();
            assert!(error.contains("wss://HOST, or ws://HOST"), "{error}");
        }
    }
}
