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
    if listening.ip().is_unspecified() {
        for address in own_addresses() {
            let address = SocketAddr::new(address, port);
            lines.push(format!("from other machines:  peer-tui http://{address}"));
        }
    }
    lines
}

/// Addresses of this machine in the networks around it, the most usual first.
pub fn own_addresses() -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for destination in DESTINATIONS {
        let destination = destination.parse().ok();
        let Some(address) = destination.and_then(own_address_towards) else {
            continue;
        };
        let is_useful = is_neighbour(address) && !address.is_loopback();
        if is_useful && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
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
        assert_eq!(everywhere.len(), 1 + own_addresses().len());
        let one = lines("192.168.1.7:7070".parse().unwrap());
        assert_eq!(
            one,
            ["on this machine:      peer-tui http://192.168.1.7:7070"]
        );
        assert!(lines("127.0.0.1:1".parse().unwrap())[1].contains("not reachable"));
    }
}
