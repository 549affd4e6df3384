//! Whether an address that a stranger named may be connected to.
//!
//! Knows addresses only: it resolves and opens nothing.

use std::net::{IpAddr, SocketAddr};

/// Whether an address may be connected to at all, whoever names it.
pub fn is_allowed(address: SocketAddr) -> bool {
    let ip = match address.ip() {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip @ IpAddr::V4(_) => ip,
    };
    let is_metadata = match ip {
        IpAddr::V4(ip) => ip.octets() == [100, 100, 100, 200],
        IpAddr::V6(ip) => ip.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254],
    };
    let is_link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let is_odd = ip.is_unspecified() || ip.is_multicast() || is_link_local || is_metadata;
    address.port() != 0 && !is_odd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_addresses_are_never_connected_to() {
        for text in [
            "0.0.0.0:1",
            "[::]:1",
            "169.254.169.254:80",
            "[fe80::1]:1",
            "224.0.0.1:1",
            "[ff02::1]:1",
            "255.255.255.255:1",
            "[::ffff:169.254.1.1]:1",
            "[::ffff:0.0.0.0]:1",
            "100.100.100.200:80",
            "[fd00:ec2::254]:80",
            "127.0.0.1:0",
        ] {
            assert!(!is_allowed(text.parse().unwrap()), "{text}");
        }
        for text in [
            "127.0.0.1:7071",
            "192.168.1.5:7071",
            "[fd00::1]:7071",
            "[::1]:1",
            "100.64.1.1:1",
        ] {
            assert!(is_allowed(text.parse().unwrap()), "{text}");
        }
    }
}
