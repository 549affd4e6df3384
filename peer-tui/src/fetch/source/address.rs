//! Whether an address that a stranger named may be connected to.
//!
//! Knows addresses only: it resolves and opens nothing.

use std::net::SocketAddr;

use protocol::address::{AddressClass, class_of};

/// Whether an address may be connected to at all, whoever names it: never one that an honest index
/// would not publish.
pub fn is_allowed(address: SocketAddr) -> bool {
    address.port() != 0 && !matches!(class_of(address.ip()), AddressClass::Never(_))
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
            "168.63.129.16:80",
            "[64:ff9b::a9fe:a9fe]:80",
            "240.0.0.1:1",
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
