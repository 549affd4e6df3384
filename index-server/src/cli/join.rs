//! How others join: the addresses under which this machine is known to its neighbours.

use std::net::{IpAddr, SocketAddr};

use protocol::address::is_neighbour;

use crate::http::listener::socket::own_address_towards;

/// One destination in each kind of private network, and one anywhere: the system's own routing
/// tells the address that it would use towards it. Nothing is sent.
const DESTINATIONS: [&str; 6] = [
    "192.0.2.1",
    "192.168.255.254",
    "10.255.255.254",
    "172.31.255.254",
    "100.127.255.254",
    "2001:db8::1",
];

/// Ways to join that are told at most: a machine may have a bridge for each of its containers.
const LINES_MAX_COUNT: usize = 6;

/// What is printed below the line that the server is ready.
pub(super) fn lines(listening: SocketAddr) -> Vec<String> {
    let port = listening.port();
    let here = if listening.ip().is_unspecified() {
        SocketAddr::new([127, 0, 0, 1].into(), port)
    } else {
        listening
    };
    let mut lines = vec![format!("on this machine:      peer-tui http://{here}")];
    if listening.ip().is_loopback() {
        lines.push("from other machines:  not reachable; listen at [::] for that".to_owned());
        return lines;
    }
    let from_elsewhere = if listening.ip().is_unspecified() {
        own_addresses()
    } else {
        vec![listening.ip()]
    };
    for address in from_elsewhere.into_iter().take(LINES_MAX_COUNT) {
        let address = SocketAddr::new(address, port);
        lines.push(format!("from other machines:  peer-tui http://{address}"));
    }
    lines
}

/// Addresses of this machine in the networks around it, the most usual first: those that its routes
/// lead out from, then all others that it has.
pub fn own_addresses() -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    let routed = DESTINATIONS.iter().filter_map(|destination| {
        let destination = destination.parse().ok()?;
        own_address_towards(destination)
    });
    for address in routed.chain(addresses_of_interfaces()) {
        let is_useful = is_neighbour(address) && !address.is_loopback();
        if is_useful && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// What the interfaces have that are up; what holds on one link alone needs its name to be of use.
fn addresses_of_interfaces() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let usable = |interface: &if_addrs::Interface| !interface.is_link_local();
    let usable = interfaces.into_iter().filter(usable);
    usable.map(|interface| interface.ip()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_to_join_from_here_and_from_elsewhere() {
        let everywhere = lines("[::]:7070".parse().unwrap());
        assert_eq!(
            everywhere[0],
            "on this machine:      peer-tui http://127.0.0.1:7070"
        );
        let count = own_addresses().len().min(LINES_MAX_COUNT);
        assert_eq!(everywhere.len(), 1 + count);
        let one = lines("192.168.1.7:7070".parse().unwrap());
        assert_eq!(
            one,
            [
                "on this machine:      peer-tui http://192.168.1.7:7070",
                "from other machines:  peer-tui http://192.168.1.7:7070",
            ]
        );
        assert!(lines("127.0.0.1:1".parse().unwrap())[1].contains("not reachable"));
    }
}
