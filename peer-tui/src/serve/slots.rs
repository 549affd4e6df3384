//! Upload slots: so many in all, so many a client, so that one downloader cannot take them all.
//!
//! [`SlotTable`] is pure; [`Slots`] shares one, and a [`Slot`] gives its place back when dropped.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Who holds how many slots.
#[derive(Debug)]
pub struct SlotTable {
    total: usize,
    per_client: usize,
    used: usize,
    by_client: HashMap<IpAddr, usize>,
}

impl SlotTable {
    /// `total` slots, at most `per_client` of them for one client (at least one of each).
    pub fn new(total: usize, per_client: usize) -> Self {
        Self {
            total: total.max(1),
            per_client: per_client.max(1),
            used: 0,
            by_client: HashMap::new(),
        }
    }

    /// Takes a slot for `client`; false when it, or everybody together, has as many as there are.
    pub fn take(&mut self, client: IpAddr) -> bool {
        let held = self.by_client.get(&client).copied().unwrap_or(0);
        if self.used >= self.total || held >= self.per_client {
            return false;
        }
        self.used += 1;
        self.by_client.insert(client, held + 1);
        true
    }

    /// Gives a slot of `client` back.
    pub fn give_back(&mut self, client: IpAddr) {
        let Some(held) = self.by_client.get_mut(&client) else {
            return;
        };
        self.used -= 1;
        *held -= 1;
        if *held == 0 {
            self.by_client.remove(&client);
        }
    }

    /// Slots in use and in all.
    pub const fn usage(&self) -> (usize, usize) {
        (self.used, self.total)
    }
}

/// A slot table that many requests share; cheap to clone.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Mutex<SlotTable>>);

/// A slot that is held.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    client: IpAddr,
}

impl Slots {
    /// See [`SlotTable::new`].
    pub fn new(total: usize, per_client: usize) -> Self {
        Self(Arc::new(Mutex::new(SlotTable::new(total, per_client))))
    }

    /// A slot for `client`, if there is one.
    pub fn take(&self, client: IpAddr) -> Option<Slot> {
        self.lock().take(client).then(|| Slot {
            slots: self.clone(),
            client,
        })
    }

    /// Slots in use and in all.
    pub fn usage(&self) -> (usize, usize) {
        self.lock().usage()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SlotTable> {
        // Counts are whole after every step, so a panic elsewhere leaves them usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.lock().give_back(self.client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_client_and_nobody_together_exceeds_the_slots(
            steps in proptest::collection::vec((0_u8..5, any::<bool>()), 1..200),
            total in 1_usize..20,
            per_client in 1_usize..8,
        ) {
            let mut table = SlotTable::new(total, per_client);
            let mut model = [0_usize; 5];
            for (client, takes) in steps {
                let address = IpAddr::from([10, 0, 0, client]);
                let held = &mut model[usize::from(client)];
                if takes {
                    let was = *held;
                    *held += usize::from(table.take(address));
                    let sum: usize = model.iter().sum();
                    let is_refused = model[usize::from(client)] == was;
                    prop_assert_eq!(is_refused, was == per_client || sum == total && is_refused);
                } else if *held > 0 {
                    *held -= 1;
                    table.give_back(address);
                }
                let sum: usize = model.iter().sum();
                prop_assert!(sum <= total && model.iter().all(|held| *held <= per_client));
                prop_assert_eq!(table.usage(), (sum, total));
            }
        }
    }

    #[test]
    fn a_dropped_slot_is_free_again() {
        let slots = Slots::new(2, 1);
        let client = IpAddr::from([10, 0, 0, 1]);
        let slot = slots.take(client).unwrap();
        assert!(slots.take(client).is_none(), "one a client");
        drop(slot);
        assert_eq!(slots.usage(), (0, 2));
        assert!(slots.take(client).is_some());
    }
}
