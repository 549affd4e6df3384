//! How programs nearby find this index: mDNS for the local network, a small file for the same
//! machine. Both are a help, never a condition: failures are a log line.

pub mod local;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use mdns_sd::{ServiceDaemon, ServiceInfo};
use protocol::ids::PeerId;
use tracing::{debug, warn};

pub use local::{LocalIndex, LocalNotice, find_local, local_index_file, publish_local};

use crate::http::machine_name;

/// The service type on the local network.
pub const SERVICE_TYPE: &str = "_peerdex._tcp.local.";

/// What is announced; taken back when dropped.
pub struct Announcement {
    _local: Option<LocalNotice>,
    network: Option<(ServiceDaemon, String)>,
}

impl Announcement {
    /// Announces an index that listens at `address`.
    pub fn make(address: SocketAddr, index_id: &PeerId) -> Self {
        let host = match address.ip() {
            host if host.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            host => host,
        };
        let url = format!("http://{}", SocketAddr::new(host, address.port()));
        let local = publish_local(&url).map_err(|error| {
            warn!(%error, "tell programs of this machine where the index is");
        });
        let network = if address.ip().is_loopback() {
            Ok(None)
        } else {
            announce(address, index_id).map(Some)
        };
        let network = network.unwrap_or_else(|error| {
            warn!(%error, "announce the index on the local network");
            None
        });
        Self {
            _local: local.ok(),
            network,
        }
    }
}

impl std::fmt::Debug for Announcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.network.as_ref().map(|(_, name)| name);
        f.debug_tuple("Announcement").field(&name).finish()
    }
}

fn announce(
    address: SocketAddr,
    index_id: &PeerId,
) -> Result<(ServiceDaemon, String), mdns_sd::Error> {
    let machine = machine_name();
    let short = machine.split('.').next().unwrap_or("index");
    let name = format!("{} {}", cut(short, 50), index_id.short());
    let properties = HashMap::from([
        ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("id".to_owned(), index_id.to_string()),
    ]);
    let host = format!("{}.local.", cut(short, 50));
    let port = address.port();
    let service = if address.ip().is_unspecified() {
        ServiceInfo::new(SERVICE_TYPE, &name, &host, (), port, properties)?.enable_addr_auto()
    } else {
        ServiceInfo::new(SERVICE_TYPE, &name, &host, address.ip(), port, properties)?
    };
    let full_name = service.get_fullname().to_owned();
    let daemon = ServiceDaemon::new()?;
    daemon.register(service)?;
    debug!(service = full_name, "announced on the local network");
    Ok((daemon, full_name))
}

/// A label of DNS has at most 63 bytes.
fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..max_bytes).unwrap_or(text)
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Some((daemon, full_name)) = &self.network {
            let _ = daemon.unregister(full_name);
            let _ = daemon.shutdown();
        }
    }
}
