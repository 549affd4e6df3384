//! What is known of other peers: what the index tells, what was measured, what was exchanged.
//!
//! Pure: times and measurements are handed in.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use protocol::ids::PeerId;
use protocol::peer::Peer;

use super::memory::Limits;
use super::state::{PeerLimit, PeerRow};
use crate::index_client::PeerTable;

/// Round trips kept for each peer.
const LATENCIES_MAX_COUNT: usize = 20;

/// All known peers, with what only this peer knows of them.
#[derive(Debug)]
pub struct PeerBook {
    me: PeerId,
    table: Arc<PeerTable>,
    latencies_ms: HashMap<PeerId, VecDeque<Option<u32>>>,
    blocked: BTreeSet<PeerId>,
    limits: BTreeMap<PeerId, Limits>,
    /// Where limited peers were when the index told last.
    limited_at: BTreeMap<PeerId, IpAddr>,
    got_bytes: Arc<HashMap<PeerId, u64>>,
    gave_bytes: HashMap<PeerId, u64>,
}

impl PeerBook {
    /// An empty book with what is remembered.
    pub fn new(me: PeerId, blocked: BTreeSet<PeerId>) -> Self {
        Self {
            me,
            table: Arc::default(),
            latencies_ms: HashMap::new(),
            blocked,
            limits: BTreeMap::new(),
            limited_at: BTreeMap::new(),
            got_bytes: Arc::default(),
            gave_bytes: HashMap::new(),
        }
    }

    /// Takes what the index tells now; measurements of peers that are gone from it are forgotten.
    /// True when it is news.
    pub fn show(&mut self, table: Arc<PeerTable>) -> bool {
        if Arc::ptr_eq(&self.table, &table) {
            return false;
        }
        self.latencies_ms.retain(|id, _| table.get(id).is_some());
        self.table = table;
        self.limited_at = self.limited_at();
        true
    }

    /// The state of the list: grows with each one that the index tells.
    pub fn revision(&self) -> u64 {
        self.table.revision()
    }

    /// Takes a measured round trip, `None` for a failed one.
    pub fn add_latency(&mut self, id: &PeerId, latency_ms: Option<u32>) {
        if self.table.get(id).is_none() {
            return;
        }
        let latencies = self.latencies_ms.entry(*id).or_default();
        if latencies.len() == LATENCIES_MAX_COUNT {
            latencies.pop_front();
        }
        latencies.push_back(latency_ms);
    }

    /// The last round trip that succeeded.
    pub fn latency_ms(&self, id: &PeerId) -> Option<u32> {
        self.latencies_ms
            .get(id)?
            .iter()
            .rev()
            .find_map(|latency| *latency)
    }

    /// Its reputation.
    pub fn reputation(&self, id: &PeerId) -> Option<u8> {
        Some(self.table.get(id)?.reputation)
    }

    /// Its facts.
    pub fn get(&self, id: &PeerId) -> Option<&Arc<Peer>> {
        self.table.get(id)
    }

    /// The peer that a person means by `text`: an id, the start of one (at least 7 characters), or a
    /// name that only one has (or only one that is online).
    ///
    /// # Errors
    /// When none or several are meant, in words.
    pub fn find(&self, text: &str) -> Result<PeerId, String> {
        if let Ok(id) = text.parse::<PeerId>() {
            return Ok(id);
        }
        let is_meant = |peer: &&Arc<Peer>| {
            peer.name == text || (text.len() >= 7 && peer.id.to_string().starts_with(text))
        };
        let matching: Vec<&Arc<Peer>> = self.table.iter().filter(is_meant).collect();
        let online: Vec<&Arc<Peer>> = matching
            .iter()
            .copied()
            .filter(|peer| peer.is_online)
            .collect();
        match (matching.as_slice(), online.as_slice()) {
            ([only], _) | (_, [only]) => Ok(only.id),
            ([], _) => Err(format!("no peer of this network is called `{text}`")),
            (several, _) => Err(format!(
                "{} peers are called `{text}`: give an id, {}",
                several.len(),
                several
                    .iter()
                    .map(|peer| peer.id.short())
                    .collect::<Vec<_>>()
                    .join(" or ")
            )),
        }
    }

    /// The only online peer at this address, for naming a client.
    pub fn at_address(&self, address: IpAddr) -> Option<&Arc<Peer>> {
        let text = address.to_canonical().to_string();
        let mut there = self.online().filter(|peer| peer.address == text);
        match (there.next(), there.next()) {
            (Some(peer), None) => Some(peer),
            _ => None,
        }
    }

    /// The peer that a client at this address says it is, else the only online one there.
    pub fn client(&self, address: IpAddr, told: Option<PeerId>) -> Option<&Arc<Peer>> {
        let told = told
            .filter(|id| *id != self.me)
            .and_then(|id| self.get(&id));
        told.or_else(|| self.at_address(address))
    }

    /// Takes the bytes that went to a peer since the start; true when that is news.
    pub fn set_gave(&mut self, id: &PeerId, bytes: u64) -> bool {
        self.gave_bytes.insert(*id, bytes) != Some(bytes)
    }

    /// Takes the verified bytes that came from each peer, ever; true when that is news.
    pub fn set_got(&mut self, got_bytes: Arc<HashMap<PeerId, u64>>) -> bool {
        let is_news = !Arc::ptr_eq(&self.got_bytes, &got_bytes);
        self.got_bytes = got_bytes;
        is_news
    }

    /// Takes who is blocked from now on.
    pub fn set_blocked(&mut self, blocked: BTreeSet<PeerId>) {
        self.blocked = blocked;
    }

    /// Takes what is limited from now on, and where those peers were last; true when the limits are
    /// news.
    pub fn set_limits(
        &mut self,
        limits: BTreeMap<PeerId, Limits>,
        last_at: BTreeMap<PeerId, IpAddr>,
    ) -> bool {
        let is_news = self.limits != limits;
        self.limits = limits;
        self.limited_at = last_at;
        self.limited_at = self.limited_at();
        is_news
    }

    /// Where each peer is whose uploads are limited: as the index tells, or told last.
    pub fn limited_at(&self) -> BTreeMap<PeerId, IpAddr> {
        let limited = self.limits.iter().filter(|(_, limits)| limits.up.is_some());
        let at = |peer: &PeerId| {
            let told = self.get(peer).and_then(|known| known.address.parse().ok());
            told.or_else(|| self.limited_at.get(peer).copied())
        };
        limited
            .filter_map(|(peer, _)| Some((*peer, at(peer)?)))
            .collect()
    }

    /// Peers with limits of their own.
    pub fn limits(&self) -> Vec<PeerLimit> {
        let all = self.limits.iter().map(|(peer, limits)| PeerLimit {
            peer: *peer,
            name: self
                .get(peer)
                .map_or_else(String::new, |known| known.name.clone()),
            down: limits.down,
            up: limits.up,
        });
        all.collect()
    }

    /// What may go to each address where a limited peer is; the smallest where several are.
    pub fn client_limits(&self) -> HashMap<IpAddr, u64> {
        let mut by_address = HashMap::new();
        for (peer, address) in self.limited_at() {
            if let Some(up) = self.limits.get(&peer).and_then(|limits| limits.up) {
                let limit = by_address.entry(address).or_insert(up);
                *limit = up.min(*limit);
            }
        }
        by_address
    }

    /// Other online peers at the address of this one.
    pub fn others_beside(&self, id: &PeerId) -> usize {
        let address = self.get(id).map(|peer| peer.address.as_str());
        self.online()
            .filter(|peer| peer.id != *id && Some(peer.address.as_str()) == address)
            .count()
    }

    /// Online peers other than this one.
    pub fn online(&self) -> impl Iterator<Item = &Arc<Peer>> {
        self.table
            .iter()
            .filter(|peer| peer.is_online && peer.id != self.me)
    }

    /// All peers as rows.
    pub fn rows(&self) -> Vec<PeerRow> {
        self.table.iter().map(|peer| self.row(peer)).collect()
    }

    fn row(&self, peer: &Peer) -> PeerRow {
        let latencies = self.latencies_ms.get(&peer.id);
        let limits = self.limits.get(&peer.id).copied().unwrap_or_default();
        PeerRow {
            id: peer.id,
            name: peer.name.clone(),
            address: address_text(peer),
            is_online: peer.is_online,
            is_me: peer.id == self.me,
            is_verified: peer.is_verified,
            is_blocked: self.blocked.contains(&peer.id),
            last_seen: peer.last_seen,
            latency_ms: latencies.and_then(|all| all.back().copied().flatten()),
            latencies_ms: latencies.into_iter().flatten().copied().collect(),
            reputation: peer.reputation,
            shared_files: peer.shared_files,
            shared_bytes: peer.shared_bytes,
            got_bytes: self.got_bytes.get(&peer.id).copied().unwrap_or_default(),
            gave_bytes: self.gave_bytes.get(&peer.id).copied().unwrap_or_default(),
            version: peer.version.clone(),
            region: peer.region.clone(),
            down_limit: limits.down,
            up_limit: limits.up,
        }
    }
}

/// `ip:port`, an IPv6 address in brackets.
pub fn address_text(peer: &Peer) -> String {
    if peer.address.contains(':') {
        format!("[{}]:{}", peer.address, peer.port)
    } else {
        format!("{}:{}", peer.address, peer.port)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn peer(number: u8, name: &str, is_online: bool) -> Peer {
        Peer {
            id: PeerId::from_bytes([number; 32]),
            name: name.to_owned(),
            address: format!("10.0.0.{number}"),
            port: 7071,
            region: String::new(),
            is_online,
            is_verified: true,
            last_seen: Timestamp::UNIX_EPOCH,
            reputation: 50,
            shared_files: 0,
            shared_bytes: 0,
            version: String::new(),
        }
    }

    fn book() -> PeerBook {
        let mut table = PeerTable::default();
        table.replace([
            peer(1, "me", true),
            peer(2, "nas", true),
            peer(3, "nas", false),
            peer(4, "twin", true),
            peer(5, "twin", true),
        ]);
        let mut book = PeerBook::new(PeerId::from_bytes([1; 32]), BTreeSet::new());
        book.show(Arc::new(table));
        book
    }

    #[test]
    fn a_person_names_a_peer_by_name_or_id() {
        let book = book();
        let nas = PeerId::from_bytes([2; 32]);
        assert_eq!(book.find("nas"), Ok(nas), "the online one");
        assert_eq!(book.find(&nas.to_string()), Ok(nas));
        assert_eq!(book.find(&nas.short()), Ok(nas));
        assert!(book.find("twin").is_err_and(|why| why.contains("2 peers")));
        assert!(book.find("nobody").is_err_and(|why| why.contains("nobody")));
    }

    #[test]
    fn uploads_are_limited_by_address_the_smallest_limit_first() {
        let mut book = book();
        let limits = |down, up| Limits { down, up };
        let id = |number| PeerId::from_bytes([number; 32]);
        let mut table = PeerTable::default();
        let mut twin = peer(6, "nat", true);
        twin.address = "10.0.0.2".to_owned();
        table.replace([peer(2, "nas", true), peer(3, "old", false), twin]);
        book.show(Arc::new(table));
        let all = BTreeMap::from([
            (id(2), limits(Some(1), Some(70))),
            (id(3), limits(None, Some(9))),
            (id(6), limits(None, Some(50))),
            (id(7), limits(Some(7), None)),
            (id(9), limits(Some(4), Some(4))),
        ]);
        let last = ["10.0.0.2", "10.0.0.7", "10.0.0.9"].map(|text| text.parse().unwrap());
        let last_at = BTreeMap::from([(id(3), last[0]), (id(7), last[1]), (id(9), last[2])]);
        assert!(book.set_limits(all.clone(), last_at));
        // What the index tells goes before what it told last.
        let expected = [("10.0.0.2", 50), ("10.0.0.3", 9), ("10.0.0.9", 4)];
        let expected = expected.map(|(address, limit)| (address.parse().unwrap(), limit));
        assert_eq!(book.client_limits(), HashMap::from(expected));
        let mut restarted = PeerBook::new(id(1), BTreeSet::new());
        restarted.set_limits(all, book.limited_at());
        assert_eq!(restarted.client_limits(), HashMap::from(expected));
        assert_eq!(
            (book.others_beside(&id(2)), book.others_beside(&id(3))),
            (1, 0)
        );
        let shown: Vec<_> = book.limits().into_iter().map(|one| one.name).collect();
        assert_eq!(shown, ["nas", "old", "nat", "", ""]);
    }

    #[test]
    fn measurements_are_bounded_and_die_with_their_peer() {
        let mut book = book();
        let nas = PeerId::from_bytes([2; 32]);
        for round in 0..30 {
            book.add_latency(&nas, Some(round));
        }
        book.add_latency(&nas, None);
        book.add_latency(&PeerId::from_bytes([9; 32]), Some(1));
        let row = book.rows().into_iter().find(|row| row.id == nas).unwrap();
        assert_eq!(row.latencies_ms.len(), LATENCIES_MAX_COUNT);
        assert_eq!((row.latency_ms, book.latency_ms(&nas)), (None, Some(29)));
        let mapped: IpAddr = "::ffff:10.0.0.2".parse().unwrap();
        assert_eq!(book.at_address(mapped).map(|peer| peer.id), Some(nas));
        book.show(Arc::default());
        assert_eq!(book.latency_ms(&nas), None);
    }

    #[test]
    fn peers_that_share_an_address_are_told_apart_by_what_they_say() {
        let id = |number| PeerId::from_bytes([number; 32]);
        let mut table = PeerTable::default();
        let mut twins = [peer(4, "one", true), peer(5, "other", true)];
        for twin in &mut twins {
            twin.address = "127.0.0.1".to_owned();
        }
        table.replace(twins);
        let mut book = PeerBook::new(id(1), BTreeSet::new());
        book.show(Arc::new(table));
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let named = |told| book.client(here, told).map(|peer| peer.name.as_str());
        assert_eq!(named(Some(id(4))), Some("one"));
        assert_eq!(named(Some(id(5))), Some("other"));
        assert_eq!(named(Some(id(9))), None, "nobody knows that one");
        assert_eq!(named(None), None);
    }
}
