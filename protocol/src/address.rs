//! What kind of network an address belongs to: whom open mode serves, which addresses are told to
//! others, and which may be connected to because somebody else named them.
//!
//! Pure; whether a claimed address was proven is for the caller to see to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of network an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// This machine.
    Loopback,
    /// Private (RFC 1918), unique local (RFC 4193) or shared (100.64/10, RFC 6598).
    Local,
    /// Anything on the Internet.
    Global,
    /// Never published: the reason.
    Never(&'static str),
}

/// The class of an address; IPv4-mapped IPv6 counts as its IPv4.
pub fn class_of(address: IpAddr) -> AddressClass {
    match address.to_canonical() {
        IpAddr::V4(address) => class_of_v4(address),
        IpAddr::V6(address) => class_of_v6(address),
    }
}

fn class_of_v4(address: Ipv4Addr) -> AddressClass {
    use AddressClass::{Global, Local, Loopback, Never};
    match address.octets() {
        [0, ..] => Never("it is unspecified"),
        [127, ..] => Loopback,
        // Link-local, and with it the metadata service of most clouds.
        [169, 254, ..] => Never("it is link-local"),
        // Metadata services of Alibaba, Azure and Oracle.
        [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => {
            Never("it is a cloud metadata service")
        }
        [10, ..] | [192, 168, ..] => Local,
        [172, second, ..] if (16..32).contains(&second) => Local,
        [100, second, ..] if (64..128).contains(&second) => Local,
        [224..=239, ..] => Never("it is multicast"),
        [255, 255, 255, 255] => Never("it is broadcast"),
        [240..=255, ..] => Never("it is reserved"),
        _ => Global,
    }
}

fn class_of_v6(address: Ipv6Addr) -> AddressClass {
    use AddressClass::{Global, Local, Loopback, Never};
    if address.is_loopback() {
        return Loopback;
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Never("it is unspecified"),
        // These reach an IPv4 machine that the IPv4 rule might refuse.
        [0, 0, 0, 0, 0, 0, _, _] | [0x64, 0xff9b, ..] | [0x2002, ..] => {
            Never("it stands for an IPv4 address; give that one")
        }
        [first, ..] if first & 0xff00 == 0xff00 => Never("it is multicast"),
        [first, ..] if first & 0xffc0 == 0xfe80 => Never("it is link-local"),
        [first, ..] if first & 0xffc0 == 0xfec0 => Never("it is reserved"),
        // Metadata services of Amazon and Google.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => {
            Never("it is a cloud metadata service")
        }
        [first, ..] if first & 0xfe00 == 0xfc00 => Local,
        _ => Global,
    }
}

/// Loopback, private, unique-local, shared (100.64/10) and link-local addresses.
pub fn is_neighbour(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, is_never: bool, is_near: bool) {
        let address: IpAddr = text.parse().unwrap();
        let class = class_of(address);
        assert_eq!(
            matches!(class, AddressClass::Never(_)),
            is_never,
            "{text}: {class:?}"
        );
        assert_eq!(is_neighbour(address), is_near, "{text}");
    }

    #[test]
    fn addresses_have_their_class_however_they_are_written() {
        for near in [
            "127.0.0.1",
            "::1",
            "10.9.8.7",
            "172.31.0.1",
            "100.64.0.1",
            "fd12::1",
        ] {
            check(near, false, true);
        }
        for far in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2600::1"] {
            check(far, false, false);
        }
        // A neighbour without a router may call; nobody is sent there.
        for link_local in ["169.254.7.7", "fe80::1", "::ffff:169.254.169.254"] {
            check(link_local, true, true);
        }
        for never in [
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "64:ff9b::1",
        ] {
            check(never, true, false);
        }
    }
}
