//! Limits of many, each with its own: of peers, of addresses.
//!
//! Whoever moves bytes asks once for the limit of the one it moves them for; what is set later holds
//! for it too.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::RateLimit;

/// When there are so many, those that nobody uses and that limit nothing are forgotten.
const TIDY_COUNT: usize = 1_000;

/// A limit for each of many; cheap to clone.
#[derive(Debug)]
pub struct RateLimits<K>(Arc<Mutex<HashMap<K, RateLimit>>>);

impl<K> Clone for RateLimits<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for RateLimits<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> RateLimits<K> {
    /// The limit of one, which follows what is set later.
    pub fn of(&self, key: K) -> RateLimit {
        let mut all = self.lock();
        if all.len() >= TIDY_COUNT && !all.contains_key(&key) {
            all.retain(|_, limit| limit.bytes_per_sec().is_some() || limit.is_in_use());
        }
        let limit = all.entry(key).or_insert_with(|| RateLimit::new(None));
        limit.clone()
    }

    /// These are limited from now on (bytes a second), and nobody else. One whose limit stays the
    /// same keeps the debt that it has.
    pub fn set_all(&self, limits: impl IntoIterator<Item = (K, u64)>) {
        let limits: HashMap<K, u64> = limits.into_iter().collect();
        let mut all = self.lock();
        for (key, limit) in all.iter() {
            let wanted = limits.get(key).copied();
            if limit.bytes_per_sec() != wanted {
                limit.set(wanted);
            }
        }
        for (key, bytes_per_sec) in limits {
            all.entry(key)
                .or_insert_with(|| RateLimit::new(Some(bytes_per_sec)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, RateLimit>> {
        // Every change is whole in one step, so a panic elsewhere leaves it usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_set_later_holds_for_whoever_asked_before() {
        let limits = RateLimits::default();
        let (one, other) = (limits.of(1), limits.of(2));
        assert!(one.take(1 << 30).is_zero() && other.take(1 << 30).is_zero());
        limits.set_all([(1, 1_000), (3, 5)]);
        assert!(!one.take(3_600_000).is_zero());
        assert!(other.take(1 << 30).is_zero(), "only the one that was meant");
        assert_eq!(limits.of(3).bytes_per_sec(), Some(5));
        limits.set_all([(1, 1_000)]);
        assert!(!one.take(0).is_zero(), "the same limit forgives nothing");
        limits.set_all([]);
        assert!(one.take(1 << 30).is_zero());
        assert_eq!(limits.of(3).bytes_per_sec(), None);
    }

    #[test]
    fn many_that_came_by_once_are_forgotten_and_limits_are_not() {
        let limits = RateLimits::default();
        limits.set_all([(0, 7)]);
        let used = limits.of(1);
        for key in 2..5 * TIDY_COUNT {
            limits.of(key);
        }
        assert!(limits.lock().len() <= TIDY_COUNT);
        limits.set_all([(0, 7), (1, 9)]);
        assert_eq!(used.bytes_per_sec(), Some(9));
    }
}
