//! Which addresses may be told to others: the class rule that keeps the index from sending clients
//! at machines that did not ask for it.
//!
//! Pure; whether a claimed address was proven is for the caller to see to.

use std::net::IpAddr;

pub use protocol::address::{AddressClass, class_of};
use protocol::problem::Slug;

use crate::command::Refusal;
use crate::view::PeerAddress;

/// How `claimed` may be published for a client seen at `observed`. Where nothing was claimed, ask
/// with `observed` twice; another address must also have answered the proof.
///
/// # Errors
/// `forbidden-address` for an address that is never published, or not for a client seen there.
pub fn may_publish(observed: IpAddr, claimed: IpAddr) -> Result<PeerAddress, Refusal> {
    let (observed, claimed) = (observed.to_canonical(), claimed.to_canonical());
    let refuse = |reason: &str| {
        let detail = format!(
            "the address {claimed} is never published: {reason}; leave `address` out to be \
             published under the address of your connection, or give one at which other machines \
             of the network reach this peer"
        );
        Err(Refusal::new(Slug::ForbiddenAddress, detail).at("/address"))
    };
    match (class_of(observed), class_of(claimed)) {
        (_, AddressClass::Never(reason)) => refuse(reason),
        (AddressClass::Loopback, AddressClass::Loopback) => Ok(PeerAddress::SameMachine(claimed)),
        (_, AddressClass::Loopback) => {
            refuse("it is loopback, and the connection came from another machine")
        }
        (AddressClass::Global, AddressClass::Local) => {
            refuse("it is private, and the connection came from the Internet")
        }
        (_, AddressClass::Local | AddressClass::Global) => Ok(PeerAddress::At(claimed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(observed: &str, claimed: &str, expected: Option<PeerAddress>) {
        let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
        let answer = may_publish(parse(observed), parse(claimed));
        if let Some(address) = expected {
            assert_eq!(answer, Ok(address), "{observed} claims {claimed}");
        } else {
            let refusal = answer.expect_err(claimed);
            assert_eq!(refusal.slug, Slug::ForbiddenAddress, "{claimed}");
            assert_eq!(refusal.pointer.as_deref(), Some("/address"));
        }
    }

    fn at(text: &str) -> Option<PeerAddress> {
        text.parse().ok().map(PeerAddress::At)
    }

    fn here(text: &str) -> Option<PeerAddress> {
        text.parse().ok().map(PeerAddress::SameMachine)
    }

    #[test]
    fn addresses_are_published_only_within_their_class() {
        check("127.0.0.1", "127.0.0.1", here("127.0.0.1"));
        check("::1", "127.0.0.2", here("127.0.0.2"));
        check("::ffff:127.0.0.1", "::1", here("::1"));
        check("127.0.0.1", "192.168.1.4", at("192.168.1.4"));
        check("192.168.1.4", "192.168.1.4", at("192.168.1.4"));
        check("::ffff:192.168.1.4", "::ffff:10.0.0.9", at("10.0.0.9"));
        check("192.168.1.4", "100.64.0.7", at("100.64.0.7"));
        check("192.168.1.4", "fd12:3456::1", at("fd12:3456::1"));
        check("192.168.1.4", "8.8.8.8", at("8.8.8.8"));
        check("172.31.255.255", "172.16.0.1", at("172.16.0.1"));
        check("8.8.8.8", "9.9.9.9", at("9.9.9.9"));
        check("2600::1", "2600::1", at("2600::1"));
        check("8.8.8.8", "192.168.1.4", None);
        check("8.8.8.8", "fd12:3456::1", None);
        check("8.8.8.8", "100.127.0.1", None);
        check("8.8.8.8", "172.32.0.1", at("172.32.0.1"));
        check("192.168.1.4", "127.0.0.1", None);
        check("192.168.1.4", "::ffff:127.0.0.1", None);
        check("fd12:3456::1", "::1", None);
    }

    #[test]
    fn some_addresses_are_never_published_whoever_asks() {
        for never in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "224.0.0.251",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "64:ff9b::a9fe:a9fe",
            "::169.254.169.254",
            "2002:a9fe:a9fe::1",
        ] {
            for observed in ["127.0.0.1", "192.168.1.4", "8.8.8.8", never] {
                check(observed, never, None);
            }
        }
    }
}
