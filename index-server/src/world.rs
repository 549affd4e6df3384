//! The state that all records add up to: peers, files, votes and sums.
//!
//! Changed only by [`World::apply`], which is total and deterministic: live traffic, replay and a
//! copy elsewhere that apply the same records hold the same world. Knows no I/O and no clock.

pub mod apply;
pub mod files;
#[cfg(test)]
mod model;
#[cfg(test)]
mod model_tests;
pub mod names;
pub mod snapshot;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use jiff::Timestamp;
use protocol::ids::{FileId, PeerId};

pub use apply::Ground;
pub use files::{Files, PlainFiles};

use crate::catalog::{Catalog, FileEntry, OwnerFacts};
use crate::peers::{Credential, PeerState};
use crate::record::Record;
use crate::view::PeerEntry;
use names::NameCounts;

/// The state; `F` holds the files: the searchable [`Catalog`], or [`PlainFiles`] where nobody
/// searches.
#[derive(Debug, Default)]
pub struct World<F = Catalog> {
    peers: HashMap<PeerId, Arc<PeerState>>,
    online_count: u64,
    /// How many peers registered from where.
    hosts: HashMap<IpAddr, usize>,
    files: F,
    names: NameCounts,
    votes: HashMap<FileId, Vec<(PeerId, u8)>>,
    downloads: u64,
}

impl<F: Files> World<F> {
    /// Makes the world what it is with one more fact.
    pub fn apply(&mut self, record: Record) {
        apply::apply(self, record);
    }

    /// Everybody known.
    pub fn peers(&self) -> impl Iterator<Item = (&PeerId, &Arc<PeerState>)> {
        self.peers.iter()
    }

    /// What is known of a peer.
    pub fn peer_state(&self, id: &PeerId) -> Option<&Arc<PeerState>> {
        self.peers.get(id)
    }

    /// How many peers are known.
    pub fn peer_count(&self) -> u64 {
        self.peers.len() as u64
    }

    /// How many of them are online.
    pub fn online_count(&self) -> u64 {
        self.online_count
    }

    /// How many peers registered from `host`.
    pub fn count_from(&self, host: IpAddr) -> usize {
        self.hosts.get(&host).copied().unwrap_or(0)
    }

    /// Redirects given since the index was made.
    pub fn download_count(&self) -> u64 {
        self.downloads
    }

    /// How many facts a snapshot of it would tell ([`Record::fact_count`]).
    pub fn fact_count(&self) -> u64 {
        let votes: usize = self.votes.values().map(Vec::len).sum();
        // The sum of redirects is one more.
        (self.peers.len() + self.names.total() + votes + 1) as u64
    }

    /// The files.
    pub fn files(&self) -> &F {
        &self.files
    }

    /// The files, for making a view of them; records change them, nobody else.
    pub fn files_mut(&mut self) -> &mut F {
        &mut self.files
    }

    /// A peer as readers see it, `heard_at` when that was after what is journalled.
    pub fn peer_entry(&self, id: &PeerId, heard_at: Option<Timestamp>) -> Option<PeerEntry> {
        let peer = self.peers.get(id)?;
        let totals = self.files.totals(id);
        let journalled = Timestamp::from(peer.last_seen);
        let facts = &peer.facts;
        Some(PeerEntry {
            id: *id,
            name: facts.name.clone(),
            address: facts.address,
            port: facts.port,
            region: facts.region.clone(),
            version: facts.version.clone(),
            is_online: peer.is_online,
            is_verified: facts.is_keyed,
            last_seen: heard_at.map_or(journalled, |heard_at| heard_at.max(journalled)),
            reputation: peer.standing.reputation(),
            shared_files: totals.files,
            shared_bytes: totals.bytes,
        })
    }

    /// All votes for a record, by voter.
    pub fn votes_of(&self, file: &FileId) -> &[(PeerId, u8)] {
        self.votes.get(file).map_or(&[], Vec::as_slice)
    }

    /// What callers who act as a peer are measured against.
    pub fn credential(&self, id: &PeerId) -> Option<Credential> {
        self.peers.get(id).map(|peer| Credential::from(&**peer))
    }

    /// How many names the records of `owner` have together.
    pub fn name_count(&self, owner: &PeerId) -> usize {
        self.names.of(owner)
    }

    fn uncount(&mut self, peer: &PeerState) {
        self.online_count -= u64::from(peer.is_online);
        let host = peer.facts.remote;
        if let Some(count) = self.hosts.get_mut(&host) {
            *count -= 1;
            if *count == 0 {
                self.hosts.remove(&host);
            }
        }
    }
}

impl World {
    /// Bytes held for records, by part, for whoever measures; about.
    pub fn memory(&mut self) -> BTreeMap<&'static str, usize> {
        let mut parts = self.files.memory();
        parts.insert("names of owners", self.names.bytes());
        parts
    }
}

impl World<PlainFiles> {
    /// The same world, made ready for searches; takes all cores for a while where it is large.
    pub fn into_searchable(self) -> World {
        let peers = self.peers.iter();
        let owners = peers.map(|(id, peer)| (*id, owner_facts(peer)));
        World {
            files: Catalog::of(owners, self.files.into_entries()),
            peers: self.peers,
            online_count: self.online_count,
            hosts: self.hosts,
            names: self.names,
            votes: self.votes,
            downloads: self.downloads,
        }
    }
}

fn owner_facts(peer: &PeerState) -> OwnerFacts {
    OwnerFacts {
        name: peer.facts.name.clone(),
        is_online: peer.is_online,
        reputation: peer.standing.reputation(),
    }
}

impl<F: Files> Ground for World<F> {
    fn peer(&self, id: &PeerId) -> Option<Arc<PeerState>> {
        self.peers.get(id).cloned()
    }

    fn put_peer(&mut self, id: PeerId, peer: Arc<PeerState>) {
        let facts = owner_facts(&peer);
        self.online_count += u64::from(peer.is_online);
        *self.hosts.entry(peer.facts.remote).or_default() += 1;
        if let Some(earlier) = self.peers.insert(id, peer) {
            self.uncount(&earlier);
        }
        self.files.put_owner(id, facts);
    }

    fn drop_peer(&mut self, id: &PeerId) {
        if let Some(peer) = self.peers.remove(id) {
            self.uncount(&peer);
        }
        let (votes, names) = (&mut self.votes, &mut self.names);
        self.files.drop_owner(id, &mut |file| {
            votes.remove(&file.id);
            names.take(id, file.names.len());
        });
    }

    fn file(&self, id: &FileId) -> Option<FileEntry> {
        self.files.get(id)
    }

    fn put_file(&mut self, entry: FileEntry) {
        self.files.put(entry);
    }

    fn name_file(&mut self, entry: FileEntry) -> bool {
        self.files.name(entry)
    }

    fn unname_file(&mut self, owner: &PeerId, id: &FileId, path: &str) -> bool {
        let left_count = self.files.unname(owner, id, path);
        if left_count == Some(0) {
            self.votes.remove(id);
        }
        left_count.is_some()
    }

    fn remove_file(&mut self, entry: &FileEntry) {
        self.files.remove(&entry.id);
        self.votes.remove(&entry.id);
    }

    fn add_names(&mut self, owner: &PeerId, count: usize) {
        self.names.add(owner, count);
    }

    fn take_names(&mut self, owner: &PeerId, count: usize) {
        self.names.take(owner, count);
    }

    fn vote(&self, file: &FileId, voter: &PeerId) -> Option<u8> {
        let cast = self.votes.get(file)?;
        let index = cast.binary_search_by_key(voter, |(peer, _)| *peer).ok()?;
        cast.get(index).map(|(_, stars)| *stars)
    }

    fn put_vote(&mut self, file: FileId, voter: PeerId, stars: u8) {
        let cast = self.votes.entry(file).or_default();
        match cast.binary_search_by_key(&voter, |(peer, _)| *peer) {
            Ok(index) => cast[index].1 = stars,
            Err(index) => cast.insert(index, (voter, stars)),
        }
    }

    fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64) {
        self.files.set_rating(id, sum, votes);
    }

    fn set_downloads(&mut self, id: &FileId, downloads: u64) {
        self.files.set_downloads(id, downloads);
    }

    fn add_downloads(&mut self, count: u64) {
        self.downloads = self.downloads.saturating_add(count);
    }
}
