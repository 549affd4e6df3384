//! An embedded index for one-command use and `demo`: the only place of the peer that knows the
//! index's own code.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use index_server::config::{Config, JournalChoice};
use index_server::server::Server;

/// The service type that an index announces itself under on the local network.
pub const SERVICE_TYPE: &str = index_server::announce::SERVICE_TYPE;

/// A port of this very machine answers or refuses at once.
const OWN_ANSWER_WAIT: Duration = Duration::from_millis(200);

/// An index inside this process.
#[derive(Debug)]
pub struct HostedIndex(Server);

impl HostedIndex {
    /// Its URL for this machine.
    pub fn local_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.local_addr().port())
    }

    /// Says goodbye to everybody and closes the journal.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

/// The URL of an index that runs on this machine and told of itself.
pub fn local_index() -> Option<String> {
    index_server::announce::find_local().map(|index| index.url)
}

/// Starts an index for this network whose records are in `folder`: at the usual port, or at a free
/// one where that is taken.
///
/// # Errors
/// When its folder cannot be used or nothing can be listened at.
pub async fn start(folder: &Path) -> anyhow::Result<HostedIndex> {
    let mut config = Config::in_folder(folder.to_owned());
    // Asked before, since an index that fails half-way has its folder locked already.
    if TcpListener::bind(config.listen).is_err() {
        config.listen.set_port(0);
    }
    Server::start(config)
        .await
        .map(HostedIndex)
        .with_context(|| format!("host an index in {}", folder.display()))
}

/// Starts an index that forgets everything and that nobody else hears of, for the demo and tests.
///
/// # Errors
/// When nothing can be listened at.
pub async fn start_private(folder: &Path) -> anyhow::Result<HostedIndex> {
    let mut config = Config::in_folder(folder.to_owned());
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.journal = JournalChoice::Memory;
    config.announce = false;
    Server::start(config).await.map(HostedIndex)
}

/// What somebody on another box types to join, one line: the command with an address of the index
/// that means the same from outside.
pub fn join_hint(index: &str) -> String {
    let Ok(url) = reqwest::Url::parse(index) else {
        return String::new();
    };
    let port = url.port_or_known_default().unwrap_or(7070);
    let host = url.host_str().unwrap_or_default();
    let is_here = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if !is_here {
        return format!("peer-tui {}", index.trim_end_matches('/'));
    }
    lan_address()
        .map(|address| SocketAddr::new(address, port))
        // An index that listens for this machine alone takes nobody from outside.
        .filter(|address| TcpStream::connect_timeout(address, OWN_ANSWER_WAIT).is_ok())
        .map_or_else(String::new, |address| format!("peer-tui http://{address}"))
}

/// The address that this machine has towards others. Nothing is sent: connecting a datagram socket
/// only asks the routing table.
fn lan_address() -> Option<IpAddr> {
    let ask = |bind: &str, towards: &str| -> Option<IpAddr> {
        let socket = UdpSocket::bind(bind).ok()?;
        socket.connect(towards).ok()?;
        let address = socket.local_addr().ok()?.ip();
        (!address.is_loopback() && !address.is_unspecified()).then_some(address)
    };
    // Addresses of the documentation blocks: routed like any other, used by nobody.
    ask("0.0.0.0:0", "192.0.2.1:9").or_else(|| ask("[::]:0", "[2001:db8::1]:9"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_told_an_address_that_means_the_same_to_them() {
        assert_eq!(join_hint("http://nas:7070/"), "peer-tui http://nas:7070");
        assert_eq!(join_hint("what is this"), "");
    }

    #[test]
    fn nobody_is_told_to_join_an_index_of_this_machine_alone() {
        let alone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = alone.local_addr().expect("an address").port();
        assert_eq!(join_hint(&format!("http://127.0.0.1:{port}")), "");
        assert_eq!(join_hint(&format!("http://localhost:{port}/")), "");
    }
}
