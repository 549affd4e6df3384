//! Peers that are not fetched from: blocked by a person, or caught twice in this session.
//!
//! A table that running downloads and their owner share; knows neither of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::ids::PeerId;

/// Files with wrong bytes from one peer after which it is not asked for any.
const STRIKES_MAX_COUNT: u32 = 2;
/// Peers remembered for their wrong bytes; when there are more, the count starts again.
const STRUCK_MAX_COUNT: usize = 10_000;

#[derive(Debug, Default)]
struct Table {
    blocked: HashSet<PeerId>,
    strikes: HashMap<PeerId, u32>,
}

/// Peers that are not fetched from; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    table: Arc<Mutex<Table>>,
}

impl Refused {
    /// These are blocked from the start.
    pub fn new(blocked: impl IntoIterator<Item = PeerId>) -> Self {
        let refused = Self::default();
        refused.lock().blocked.extend(blocked);
        refused
    }

    /// Whether a peer is not to be asked.
    pub fn contains(&self, peer: &PeerId) -> bool {
        let table = self.lock();
        let strikes = table.strikes.get(peer).copied().unwrap_or(0);
        strikes >= STRIKES_MAX_COUNT || table.blocked.contains(peer)
    }

    /// Never asks this peer again.
    pub fn block(&self, peer: PeerId) {
        self.lock().blocked.insert(peer);
    }

    /// Asks it again, whatever it did.
    pub fn unblock(&self, peer: &PeerId) {
        let mut table = self.lock();
        table.blocked.remove(peer);
        table.strikes.remove(peer);
    }

    /// A peer sent wrong bytes for a file.
    pub fn strike(&self, peer: PeerId) {
        let mut table = self.lock();
        if table.strikes.len() >= STRUCK_MAX_COUNT {
            table.strikes.clear();
        }
        *table.strikes.entry(peer).or_default() += 1;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        // Every change is whole in one step, so a panic elsewhere leaves it usable.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
