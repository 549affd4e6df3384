//! Finds an index where nobody named one: on this machine, then on the local network.
//!
//! Knows addresses; registers nowhere.

use std::net::IpAddr;
use std::time::Duration;

use mdns_sd::{ServiceDaemon, ServiceEvent};
use protocol::routes;
use protocol::stats::NetworkStats;

use tokio::time::Instant;

use crate::host::{SERVICE_TYPE, local_index};

/// Where an index listens when nobody says otherwise.
const LOCAL_URL: &str = "http://127.0.0.1:7070";
/// An index of this machine answers at once.
const LOCAL_TIMEOUT: Duration = Duration::from_millis(500);
/// One of the local network may have to wake up.
const REMOTE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long neighbours are listened for: an answer to mDNS comes within a tenth of that.
const BROWSE_FOR: Duration = Duration::from_millis(1500);

/// An index that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its URL.
    pub url: String,
    /// Where it was found, for the log: `on this machine`, `on the local network`.
    pub place: &'static str,
}

/// Looks on this machine, then on the local network; takes at most a few seconds.
pub async fn find() -> Option<Found> {
    if let Some(found) = on_this_machine().await {
        return Some(found);
    }
    on_the_network().await
}

async fn on_this_machine() -> Option<Found> {
    let told = tokio::task::spawn_blocking(local_index)
        .await
        .ok()
        .flatten();
    let candidates = std::iter::once(LOCAL_URL.to_owned()).chain(told);
    for url in candidates {
        if answers(&url, LOCAL_TIMEOUT).await {
            return Some(Found {
                url,
                place: "on this machine",
            });
        }
    }
    None
}

async fn on_the_network() -> Option<Found> {
    let daemon = match ServiceDaemon::new() {
        Ok(daemon) => daemon,
        Err(error) => {
            tracing::info!("the local network cannot be asked for an index: {error}");
            return None;
        }
    };
    let found = browse(&daemon).await;
    // Its thread ends by itself; there is nothing to wait for.
    let _ = daemon.shutdown();
    found
}

async fn browse(daemon: &ServiceDaemon) -> Option<Found> {
    let events = daemon.browse(SERVICE_TYPE).ok()?;
    let until = Instant::now() + BROWSE_FOR;
    while let Ok(Ok(event)) = tokio::time::timeout_at(until, events.recv_async()).await {
        let ServiceEvent::ServiceResolved(service) = event else {
            continue;
        };
        let mut addresses: Vec<IpAddr> = service
            .get_addresses()
            .iter()
            .map(mdns_sd::ScopedIp::to_ip_addr)
            .filter(is_reachable_as_written)
            .collect();
        addresses.sort_by_key(IpAddr::is_ipv6);
        for address in addresses {
            let socket = std::net::SocketAddr::new(address, service.get_port());
            let url = format!("http://{socket}");
            if answers(&url, REMOTE_TIMEOUT).await {
                return Some(Found {
                    url,
                    place: "on the local network",
                });
            }
        }
    }
    None
}

/// A link-local IPv6 address means nothing without the name of an interface.
fn is_reachable_as_written(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_unspecified() && !v6.is_unicast_link_local(),
    }
}

/// Whether an index answers there: a peer has other figures at that path, and a web server none.
pub async fn answers(url: &str, timeout: Duration) -> bool {
    let ask = async {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .ok()?;
        let answer = client
            .get(format!("{url}{}", routes::STATS))
            .send()
            .await
            .ok()?;
        answer.json::<NetworkStats>().await.ok()
    };
    ask.await.is_some()
}
