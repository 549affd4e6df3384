//! Who gets the next upload slot: the downloader that was sent least lately, and among equals the
//! one whose piece the fewest have.
//!
//! Pure: time is an argument, requests are numbers.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// What was sent so long ago counts half.
const HALF_LIFE: Duration = Duration::from_secs(10);
/// Bytes by which shares are told apart; a slot that is held counts as so many, for what it has yet
/// to send.
const STEP_BYTES: f64 = 1024.0 * 1024.0;
/// As many requests may wait as there are slots, and at least so many.
pub const ROW_MIN_COUNT: usize = 16;
/// When so many clients are known, those that hold nothing and got nothing lately are forgotten.
const TIDY_COUNT: usize = 1_000;

/// A request that waits for a slot; an earlier one has a smaller number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What comes of asking for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is taken.
    Granted,
    /// It waits.
    Waits {
        /// Its place in the row.
        ticket: Ticket,
        /// Who has left the row for it: the one that would have come last.
        instead_of: Option<Ticket>,
    },
    /// The row is full of others that come first.
    Refused,
}

#[derive(Debug)]
struct Client {
    held: usize,
    waiting: usize,
    sent_bytes: f64,
    counted_at: Instant,
}

impl Client {
    /// Bytes sent lately, older ones for less.
    fn sent_lately(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.counted_at);
        let halvings = passed.as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.sent_bytes * 0.5_f64.powf(halvings)
    }

    /// Its share, in steps.
    fn share(&self, now: Instant) -> f64 {
        (self.sent_lately(now) / STEP_BYTES).floor() + self.held as f64
    }
}

#[derive(Debug)]
struct Waiting {
    client: IpAddr,
    /// Known holders of what it asks for.
    holders: u32,
}

/// Who holds how many slots, and who waits for one.
#[derive(Debug)]
pub struct SlotTable {
    total: usize,
    per_client: usize,
    used: usize,
    clients: HashMap<IpAddr, Client>,
    row: BTreeMap<Ticket, Waiting>,
    next_ticket: u64,
}

impl SlotTable {
    /// `total` slots, at most `per_client` of them for one client (at least one of each). As many
    /// requests may wait as there are slots (at least [`ROW_MIN_COUNT`]), and as many of one client
    /// as it may have slots.
    pub fn new(total: usize, per_client: usize) -> Self {
        Self {
            total: total.max(1),
            per_client: per_client.max(1),
            used: 0,
            clients: HashMap::new(),
            row: BTreeMap::new(),
            next_ticket: 0,
        }
    }

    /// `client` asks for a slot to send what `holders` others are known to have.
    pub fn ask(&mut self, client: IpAddr, holders: u32, now: Instant) -> Asked {
        self.tidy(now);
        let (is_free, per_client) = (self.used < self.total, self.per_client);
        let known = self.clients.entry(client).or_insert(Client {
            held: 0,
            waiting: 0,
            sent_bytes: 0.0,
            counted_at: now,
        });
        if is_free && known.held < per_client {
            known.held += 1;
            self.used += 1;
            return Asked::Granted;
        }
        if known.waiting >= per_client {
            return Asked::Refused;
        }
        known.waiting += 1;
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.row.insert(ticket, Waiting { client, holders });
        let instead_of = if self.row.len() > self.total.max(ROW_MIN_COUNT) {
            self.last(now)
        } else {
            None
        };
        if let Some(out) = instead_of {
            self.withdraw(out);
        }
        if instead_of == Some(ticket) {
            return Asked::Refused;
        }
        Asked::Waits { ticket, instead_of }
    }

    /// Gives the free slot to the first of the row, if there are both.
    pub fn grant(&mut self, now: Instant) -> Option<(Ticket, IpAddr)> {
        if self.used >= self.total {
            return None;
        }
        let able = self.row.iter().filter(|(_, waiting)| {
            self.clients
                .get(&waiting.client)
                .is_some_and(|client| client.held < self.per_client)
        });
        let first = able.min_by(|one, other| self.order(*one, *other, now));
        let (ticket, client) = first.map(|(ticket, waiting)| (*ticket, waiting.client))?;
        self.withdraw(ticket);
        if let Some(client) = self.clients.get_mut(&client) {
            client.held += 1;
            self.used += 1;
        }
        Some((ticket, client))
    }

    /// A request waits no longer; nothing happens where it has its slot.
    pub fn withdraw(&mut self, ticket: Ticket) {
        if let Some(waiting) = self.row.remove(&ticket)
            && let Some(client) = self.clients.get_mut(&waiting.client)
        {
            client.waiting -= 1;
        }
    }

    /// Bytes were sent to `client`.
    pub fn sent(&mut self, client: IpAddr, bytes: u64, now: Instant) {
        if let Some(client) = self.clients.get_mut(&client) {
            client.sent_bytes = client.sent_lately(now) + bytes as f64;
            client.counted_at = now;
        }
    }

    /// Gives a slot of `client` back.
    pub fn give_back(&mut self, client: IpAddr) {
        if let Some(client) = self.clients.get_mut(&client)
            && client.held > 0
        {
            client.held -= 1;
            self.used -= 1;
        }
    }

    /// Slots in use and in all.
    pub const fn usage(&self) -> (usize, usize) {
        (self.used, self.total)
    }

    /// Who would get a slot last.
    fn last(&self, now: Instant) -> Option<Ticket> {
        let last = self
            .row
            .iter()
            .max_by(|one, other| self.order(*one, *other, now));
        last.map(|(ticket, _)| *ticket)
    }

    fn order(
        &self,
        one: (&Ticket, &Waiting),
        other: (&Ticket, &Waiting),
        now: Instant,
    ) -> Ordering {
        let share_of = |waiting: &Waiting| {
            let client = self.clients.get(&waiting.client);
            client.map_or(0.0, |client| client.share(now))
        };
        let shares = share_of(one.1).total_cmp(&share_of(other.1));
        shares.then_with(|| (one.1.holders, one.0).cmp(&(other.1.holders, other.0)))
    }

    fn tidy(&mut self, now: Instant) {
        if self.clients.len() >= TIDY_COUNT {
            self.clients.retain(|_, client| {
                let is_here = client.held + client.waiting > 0;
                is_here || client.sent_lately(now) >= STEP_BYTES
            });
        }
    }
}

#[cfg(test)]
mod tests;
