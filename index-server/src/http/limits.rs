//! Calls per address: how often one client may ask for what is dear. Pure but for the lock: time
//! comes in from the one place that reads it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use protocol::problem::Slug;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::command::Refusal;

/// Addresses kept in one limiter: 65,536 entries of 40 bytes are under 4 MiB.
const ADDRESSES_MAX_COUNT: usize = 65_536;

/// The limits of the index, one for each kind of dear call.
#[derive(Debug)]
pub struct Limits {
    /// Registrations: 10 a minute, 20 at once (an office behind one address starts its day).
    pub register: Limiter,
    /// Searches: 20 a second, 100 at once (typing, a script that pages through results).
    pub search: Limiter,
    /// Redirects: 50 a second, 500 at once (a download manager with a folder).
    pub redirect: Limiter,
}

impl Limits {
    /// The defaults; loopback is not counted.
    pub fn sparing_loopback() -> Self {
        Self::new(Scope::SparesLoopback)
    }

    /// The defaults for every address.
    pub fn for_all() -> Self {
        Self::new(Scope::CountsAll)
    }

    fn new(scope: Scope) -> Self {
        Self {
            register: Limiter::new(scope, Duration::from_secs(6), 20),
            search: Limiter::new(scope, Duration::from_millis(50), 100),
            redirect: Limiter::new(scope, Duration::from_millis(20), 500),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    SparesLoopback,
    CountsAll,
}

/// One rate per address (generic cell rate algorithm): a call every `interval`, `burst` at once.
#[derive(Debug)]
pub struct Limiter {
    scope: Scope,
    interval: Duration,
    burst: u32,
    clock: Clock,
    /// When each address will have nothing against it any more.
    clear_at: Mutex<HashMap<IpAddr, Instant>>,
}

impl Limiter {
    fn new(scope: Scope, interval: Duration, burst: u32) -> Self {
        Self {
            scope,
            interval,
            burst,
            clock: Clock::default(),
            clear_at: Mutex::default(),
        }
    }

    /// Counts a call of `remote`.
    ///
    /// # Errors
    /// `rate-limited` when it calls too often.
    pub fn take(&self, remote: IpAddr) -> Result<(), Refusal> {
        if self.scope == Scope::SparesLoopback && remote.is_loopback() {
            return Ok(());
        }
        let Err(wait) = self.admit(remote, self.clock.instant()) else {
            return Ok(());
        };
        let detail = format!(
            "too many calls of this kind from {remote}: {} at once, then one every {} ms",
            self.burst,
            self.interval.as_millis()
        );
        Err(Refusal::new(Slug::RateLimited, detail).after(wait))
    }

    /// Counts a call, or tells how long to wait for the next one.
    fn admit(&self, remote: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut clear_at = self.clear_at.lock().unwrap_or_else(PoisonError::into_inner);
        let key = network_of(remote);
        if clear_at.len() >= ADDRESSES_MAX_COUNT && !clear_at.contains_key(&key) {
            clear_at.retain(|_, at| *at > now);
            if clear_at.len() >= ADDRESSES_MAX_COUNT {
                let soonest = clear_at.values().min();
                return Err(soonest.map_or(self.interval, |at| *at - now));
            }
        }
        let clear = clear_at.entry(key).or_insert(now);
        let next = (*clear).max(now) + self.interval;
        let latest = now + self.interval * self.burst;
        if next > latest {
            return Err(next - latest);
        }
        *clear = next;
        Ok(())
    }
}

/// One IPv4 address, or the /64 in which an IPv6 host chooses its addresses as it likes; both
/// addresses of `localhost` are one.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) => {
            let bits = address.to_bits() & (u128::MAX << 64);
            Ipv6Addr::from_bits(bits).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_is_let_through_then_one_call_an_interval() {
        let limiter = Limiter::new(Scope::CountsAll, Duration::from_secs(6), 20);
        let start = Instant::now();
        let count = |now: Instant, from: &str| {
            let from = address(from);
            (0..100)
                .filter(|_| limiter.admit(from, now).is_ok())
                .count()
        };
        assert_eq!(count(start, "10.0.0.1"), 20);
        assert_eq!(count(start, "10.0.0.2"), 20, "another address has its own");
        assert_eq!(count(start + Duration::from_secs(18), "10.0.0.1"), 3);
        assert_eq!(count(start + Duration::from_hours(1), "10.0.0.1"), 20);
    }

    #[test]
    fn an_ipv6_host_cannot_get_around_it_by_another_address_of_its_network() {
        let limiter = Limiter::new(Scope::CountsAll, Duration::from_secs(6), 1);
        let now = Instant::now();
        assert!(limiter.admit(address("fd00::1"), now).is_ok());
        assert!(limiter.admit(address("fd00::2:1"), now).is_err());
        assert!(limiter.admit(address("fd00:0:0:1::1"), now).is_ok());
    }

    #[test]
    fn who_calls_too_often_is_told_when_the_next_call_is_let_through() {
        let limiter = Limiter::new(Scope::CountsAll, Duration::from_millis(20), 500);
        let (from, start) = (address("10.0.0.1"), Instant::now());
        let wait = (0..501).find_map(|_| limiter.admit(from, start).err());
        let wait = wait.expect("a refusal");
        assert_eq!(wait, Duration::from_millis(20));
        assert!(limiter.admit(from, start + wait / 2).is_err());
        assert!(limiter.admit(from, start + wait).is_ok());
        let after = |wait| Refusal::new(Slug::RateLimited, "").after(wait);
        assert_eq!(after(wait).retry_after_secs, Some(1));
        assert_eq!(
            after(Duration::from_millis(5_001)).retry_after_secs,
            Some(6)
        );
        assert_eq!(after(Duration::from_secs(6)).retry_after_secs, Some(6));
    }

    #[test]
    fn localhost_is_one_host_and_the_rest_of_loopback_is_many() {
        assert_eq!(network_of(address("::1")), network_of(address("127.0.0.1")));
        assert_ne!(
            network_of(address("127.0.0.2")),
            network_of(address("127.0.0.1"))
        );
    }

    #[test]
    fn loopback_counts_only_when_it_is_told_to() {
        let here = address("127.0.0.1");
        let spared = Limits::sparing_loopback();
        let counted = Limits::for_all();
        assert!((0..1_000).all(|_| spared.register.take(here).is_ok()));
        let refusal = (0..1_000).find_map(|_| counted.register.take(here).err());
        assert_eq!(refusal.unwrap().slug, Slug::RateLimited);
    }
}
