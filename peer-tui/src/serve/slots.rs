//! Upload slots: so many in all, so many a client, so that one downloader cannot take them all. A
//! request that finds none waits a little in a row of bounded length; who is next stands in `table`.
//!
//! A [`Slot`] gives its place back when dropped, and the next of the row has it at once.

pub mod table;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use self::table::{Asked, SlotTable, Ticket};

/// A slot is waited for so long: less than a downloader's patience for a first byte, which is ten
/// seconds of our own.
pub const SLOT_WAIT: Duration = Duration::from_secs(3);

#[derive(Debug)]
struct Row {
    table: SlotTable,
    waiting: HashMap<Ticket, oneshot::Sender<Slot>>,
}

/// Slots that many requests share; cheap to clone.
#[derive(Debug, Clone)]
pub struct Slots {
    row: Arc<Mutex<Row>>,
    wait: Duration,
}

/// A slot that is held.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    client: IpAddr,
}

/// How a request came by its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One was free.
    AtOnce,
    /// It waited.
    Waited,
}

impl Slots {
    /// See [`SlotTable::new`]; a request waits for `wait` at most.
    pub fn new(total: usize, per_client: usize, wait: Duration) -> Self {
        let row = Row {
            table: SlotTable::new(total, per_client),
            waiting: HashMap::new(),
        };
        Self {
            row: Arc::new(Mutex::new(row)),
            wait,
        }
    }

    /// A slot for `client`, to send what `holders` others are known to have; `None` when it would
    /// have to wait too long, or too many wait.
    ///
    /// # Cancel safety
    /// A request that is dropped leaves the row; a slot that it was just given goes to the next.
    pub async fn take(&self, client: IpAddr, holders: u32) -> Option<(Slot, Way)> {
        let (tell, told) = oneshot::channel();
        let place = match self.ask(client, holders, tell) {
            Asked::Granted => return Some((self.slot(client), Way::AtOnce)),
            Asked::Refused => return None,
            Asked::Waits { ticket, .. } => Place {
                slots: self,
                ticket,
            },
        };
        let slot = timeout(self.wait, told).await;
        drop(place);
        slot.ok()?.ok().map(|slot| (slot, Way::Waited))
    }

    fn ask(&self, client: IpAddr, holders: u32, tell: oneshot::Sender<Slot>) -> Asked {
        let mut row = self.lock();
        let asked = row.table.ask(client, holders, Instant::now());
        if let Asked::Waits { ticket, instead_of } = asked {
            row.waiting.insert(ticket, tell);
            // Whoever waits there hears that nobody will call.
            instead_of.map(|out| row.waiting.remove(&out));
        }
        asked
    }

    /// Slots in use and in all.
    pub fn usage(&self) -> (usize, usize) {
        self.lock().table.usage()
    }

    fn slot(&self, client: IpAddr) -> Slot {
        Slot {
            slots: self.clone(),
            client,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Row> {
        // Counts are whole after every step, so a panic elsewhere leaves them usable.
        self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Bytes were sent: they count when somebody else wants a slot, too.
    pub fn count(&self, bytes: u64) {
        let mut row = self.slots.lock();
        row.table.sent(self.client, bytes, Instant::now());
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut row = self.slots.lock();
        row.table.give_back(self.client);
        let mut next = Vec::new();
        while let Some((ticket, client)) = row.table.grant(Instant::now()) {
            next.push((row.waiting.remove(&ticket), client));
        }
        drop(row);
        for (tell, client) in next {
            let slot = self.slots.slot(client);
            // Whoever has gone meanwhile hands it on by dropping it.
            let _ = tell.map(|tell| tell.send(slot));
        }
    }
}

/// A place in the row; left when dropped.
struct Place<'a> {
    slots: &'a Slots,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut row = self.slots.lock();
        row.table.withdraw(self.ticket);
        row.waiting.remove(&self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_slot_waits_for_the_next_and_not_for_ever() {
        let slots = Slots::new(1, 1, SLOT_WAIT);
        let (slot, way) = slots.take(client(1), 0).await.unwrap();
        assert_eq!(way, Way::AtOnce);
        assert!(
            slots.take(client(2), 0).await.is_none(),
            "three seconds are over"
        );
        let waiting = slots.take(client(2), 0);
        let free = async { drop(slot) };
        let (waited, ()) = tokio::join!(waiting, free);
        let (slot, way) = waited.unwrap();
        assert_eq!((way, slots.usage()), (Way::Waited, (1, 1)));
        drop(slot);
        assert_eq!(slots.usage(), (0, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_slot_goes_to_whom_was_sent_least_then_to_the_rarest_piece() {
        let slots = Slots::new(2, 2, SLOT_WAIT);
        let (greedy, _) = slots.take(client(1), 0).await.unwrap();
        let (other, _) = slots.take(client(1), 0).await.unwrap();
        greedy.count(50 << 20);
        let order = Mutex::new(Vec::new());
        let wants = async |name, number, holders| {
            let (slot, _) = slots.take(client(number), holders).await.unwrap();
            order.lock().unwrap().push(name);
            slot.count(4 << 20);
            tokio::task::yield_now().await;
        };
        let free = async { drop(other) };
        tokio::join!(
            wants("much already", 1, 0),
            wants("common", 2, 9),
            wants("rare", 3, 1),
            free
        );
        assert_eq!(*order.lock().unwrap(), ["rare", "common", "much already"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_given_to_somebody_who_has_gone_goes_to_the_next() {
        let slots = Slots::new(1, 1, SLOT_WAIT);
        let (slot, _) = slots.take(client(1), 0).await.unwrap();
        let mut gone = Box::pin(slots.take(client(2), 0));
        assert!(futures::poll!(&mut gone).is_pending());
        let mut there = Box::pin(slots.take(client(3), 1));
        assert!(futures::poll!(&mut there).is_pending());
        drop(slot);
        drop(gone);
        assert!(there.await.is_some());
        assert_eq!(slots.usage(), (0, 1));
    }
}
