//! How many connections may be open, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::limits::network_of;
use crate::http::proxies::Proxies;
use crate::metrics::Metrics;

/// Connections in all: 10,000 watchers and room for everybody else.
pub const ALL_MAX_COUNT: usize = 12_000;
/// From one address: browsers open six, a busy peer a dozen.
pub const ADDRESS_MAX_COUNT: usize = 64;

/// Open connections of each address.
type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Hands out permits; cheap to clone.
#[derive(Debug, Clone)]
pub struct Permits {
    all: Arc<Semaphore>,
    by_address: Counts,
    counts_loopback: bool,
    proxies: Proxies,
}

/// The right to one open connection; whoever holds the connection holds this.
#[derive(Debug)]
pub struct Permit {
    _one: OwnedSemaphorePermit,
    _share: Option<Share>,
    metrics: Arc<Metrics>,
}

/// One of those that an address may have at once.
#[derive(Debug)]
pub struct Share {
    counts: Counts,
    address: IpAddr,
}

/// Who has too many connections for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowd {
    /// All together.
    All,
    /// This address.
    OfAddress,
}

impl Permits {
    /// The defaults; connections over loopback are not counted by address.
    pub fn sparing_loopback() -> Self {
        Self::new(false)
    }

    /// The defaults for every address.
    pub fn for_all() -> Self {
        Self::new(true)
    }

    fn new(counts_loopback: bool) -> Self {
        Self {
            all: Arc::new(Semaphore::new(ALL_MAX_COUNT)),
            by_address: Arc::default(),
            counts_loopback,
            proxies: Proxies::default(),
        }
    }

    /// The same; connections of these proxies are not counted by address, but each request of
    /// their clients is, while it runs.
    #[must_use]
    pub fn behind(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// The same for so many connections in all, which a test can have.
    #[cfg(test)]
    #[must_use]
    pub fn of_all(mut self, max_count: usize) -> Self {
        self.all = Arc::new(Semaphore::new(max_count));
        self
    }

    /// Waits until a connection may be taken.
    pub async fn wait_for_room(&self) {
        // Given back at once: only the accept loop takes permits, so it is still there then.
        let _ = self.all.acquire().await;
    }

    /// A permit for a connection from `remote`.
    ///
    /// # Errors
    /// When there are too many of them.
    pub fn take(&self, remote: IpAddr, metrics: &Arc<Metrics>) -> Result<Permit, Crowd> {
        let one = Arc::clone(&self.all).try_acquire_owned();
        let one = one.map_err(|_| Crowd::All)?;
        let remote = remote.to_canonical();
        let share = if self.proxies.trusts(remote) {
            None
        } else {
            self.share(remote).ok_or(Crowd::OfAddress)?
        };
        metrics.connections.inc();
        metrics.connections_accepted.inc();
        Ok(Permit {
            _one: one,
            _share: share,
            metrics: Arc::clone(metrics),
        })
    }

    /// Counts one more of `remote`: `None` when it has as many as it may have, nothing in it where
    /// that address is not counted.
    pub fn share(&self, remote: IpAddr) -> Option<Option<Share>> {
        if remote.is_loopback() && !self.counts_loopback {
            return Some(None);
        }
        let address = network_of(remote);
        let mut counts = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= ADDRESS_MAX_COUNT {
            return None;
        }
        *count += 1;
        Some(Some(Share {
            counts: Arc::clone(&self.by_address),
            address,
        }))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.metrics.connections.dec();
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_gets_them_back() {
        let permits = Permits::sparing_loopback();
        let metrics = Metrics::new();
        let far: IpAddr = "10.0.0.1".parse().unwrap();
        let held: Vec<_> = (0..100)
            .filter_map(|_| permits.take(far, &metrics).ok())
            .collect();
        assert_eq!(held.len(), ADDRESS_MAX_COUNT);
        assert!(permits.take("10.0.0.2".parse().unwrap(), &metrics).is_ok());
        let refused = permits.take(far, &metrics);
        assert_eq!(refused.unwrap_err(), Crowd::OfAddress);
        drop(held);
        assert!(permits.by_address.lock().unwrap().is_empty());
        assert!(permits.take(far, &metrics).is_ok());
    }

    #[test]
    fn a_proxy_has_as_many_as_it_needs_and_each_of_its_clients_its_share() {
        let metrics = Metrics::new();
        let (proxy, client): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let permits =
            Permits::sparing_loopback().behind(Proxies::new(vec!["10.0.0.1/32".parse().unwrap()]));
        let connections: Vec<_> = (0..100)
            .filter_map(|_| permits.take(proxy, &metrics).ok())
            .collect();
        assert_eq!(connections.len(), 100);
        let shares: Vec<_> = (0..100).filter_map(|_| permits.share(client)).collect();
        assert_eq!(shares.len(), ADDRESS_MAX_COUNT);
        drop(shares);
        assert!(permits.share(client).is_some());
    }

    #[test]
    fn loopback_is_counted_only_on_demand() {
        let metrics = Metrics::new();
        let near: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        let count = |permits: Permits| {
            let held: Vec<_> = (0..100)
                .filter_map(|_| permits.take(near, &metrics).ok())
                .collect();
            held.len()
        };
        assert_eq!(count(Permits::sparing_loopback()), 100);
        assert_eq!(count(Permits::for_all()), ADDRESS_MAX_COUNT);
    }
}
