//! The world with the records of one batch on top, none of them durable yet. Dropping it forgets
//! them, so the world never holds more than the journal.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use protocol::file::CatalogDigest;
use protocol::ids::{FileId, PeerId};

use crate::catalog::FileEntry;
use crate::peers::PeerState;
use crate::record::Record;
use crate::world::apply::{Ground, apply};
use crate::world::{Files, World};

/// A world that is written on a sheet above the real one.
#[derive(Debug)]
pub struct Draft<'w, F> {
    world: &'w World<F>,
    /// `None`: dropped in this batch.
    peers: HashMap<PeerId, Option<Arc<PeerState>>>,
    /// Dropped in this batch at some time: what the world has of them no longer counts.
    dropped: HashSet<PeerId>,
    files: HashMap<FileId, Option<FileEntry>>,
    /// Whose files changed in this batch.
    changed: HashSet<PeerId>,
    /// By how much the names of an owner became more or fewer.
    names_added: HashMap<PeerId, isize>,
    votes: HashMap<(FileId, PeerId), u8>,
    /// Removed in this batch at some time: the votes that the world has no longer count.
    removed: HashSet<FileId>,
}

impl<'w, F: Files> Draft<'w, F> {
    /// A draft that says what `world` says.
    pub fn on(world: &'w World<F>) -> Self {
        Self {
            world,
            peers: HashMap::new(),
            dropped: HashSet::new(),
            files: HashMap::new(),
            changed: HashSet::new(),
            names_added: HashMap::new(),
            votes: HashMap::new(),
            removed: HashSet::new(),
        }
    }

    /// Makes room for so many more changes of files.
    pub fn reserve(&mut self, count: usize) {
        self.files.reserve(count);
    }

    /// Puts a record on.
    pub fn apply(&mut self, record: &Record) {
        apply(self, record.clone());
    }

    /// How many names the records of `owner` have together.
    pub fn name_count(&self, owner: &PeerId) -> usize {
        let stored = if self.dropped.contains(owner) {
            0
        } else {
            self.world.name_count(owner)
        };
        let added = self.names_added.get(owner).copied().unwrap_or(0);
        stored.saturating_add_signed(added)
    }

    /// The digest over the complete records of `owner`.
    pub fn digest(&self, owner: &PeerId) -> CatalogDigest {
        let mut digest = if self.dropped.contains(owner) {
            CatalogDigest::default()
        } else {
            self.world.files().totals(owner).digest
        };
        if !self.changed.contains(owner) {
            return digest;
        }
        for (id, drafted) in &self.files {
            let stored = self.stored_file(id);
            for entry in [stored.as_ref(), drafted.as_ref()].into_iter().flatten() {
                if entry.owner == *owner && !entry.is_partial {
                    for name in &entry.names {
                        digest.toggle(&name.path, &entry.hash);
                    }
                }
            }
        }
        digest
    }

    /// How many complete records `owner` has.
    pub fn file_count(&self, owner: &PeerId) -> u64 {
        if self.dropped.contains(owner) || self.changed.contains(owner) {
            let files = self.files_of(owner);
            return files.iter().filter(|entry| !entry.is_partial).count() as u64;
        }
        self.world.files().totals(owner).files
    }

    /// All records of `owner`, in no particular order.
    pub fn files_of(&self, owner: &PeerId) -> Vec<FileEntry> {
        let is_stored = !self.dropped.contains(owner);
        let mut files = if is_stored {
            self.world.files().entries_of(owner)
        } else {
            Vec::new()
        };
        files.retain(|entry| !self.files.contains_key(&entry.id));
        let drafted = self.files.values().flatten();
        files.extend(drafted.filter(|entry| entry.owner == *owner).cloned());
        files
    }

    /// At least as many peers as registered from `host`.
    pub fn count_from_at_most(&self, host: IpAddr) -> usize {
        let drafted = self.peers.values().flatten();
        let drafted = drafted.filter(|peer| peer.facts.remote == host).count();
        self.world.count_from(host) + drafted
    }

    /// Every known peer.
    pub fn peers(&self) -> impl Iterator<Item = (PeerId, &Arc<PeerState>)> {
        let stored = self
            .world
            .peers()
            .filter(|(id, _)| !self.peers.contains_key(*id))
            .map(|(id, peer)| (*id, peer));
        let drafted = self
            .peers
            .iter()
            .filter_map(|(id, peer)| Some((*id, peer.as_ref()?)));
        stored.chain(drafted)
    }

    /// What the world has of a file, unless its owner was dropped in this batch.
    fn stored_file(&self, id: &FileId) -> Option<FileEntry> {
        stored_file(self.world, &self.dropped, id)
    }

    /// A record as it now stands, looked up in the world once for the whole batch.
    pub fn fetch(&mut self, id: &FileId) -> Option<&FileEntry> {
        let (world, dropped) = (self.world, &self.dropped);
        let drafted = self.files.entry(*id);
        let drafted = drafted.or_insert_with(|| stored_file(world, dropped, id));
        drafted.as_ref()
    }

    /// All votes for a record that is there, by voter.
    pub fn votes_of(&self, entry: &FileEntry) -> Vec<(PeerId, u8)> {
        if entry.rating_votes == 0 {
            return Vec::new();
        }
        let is_stored = !self.removed.contains(&entry.id) && self.stored_file(&entry.id).is_some();
        let stored = is_stored.then(|| self.world.votes_of(&entry.id));
        let mut votes: BTreeMap<PeerId, u8> = stored.into_iter().flatten().copied().collect();
        let drafted = self.votes.iter().filter(|((file, _), _)| *file == entry.id);
        votes.extend(drafted.map(|((_, voter), stars)| (*voter, *stars)));
        votes.into_iter().collect()
    }

    /// A record goes, and what was voted on it in this batch.
    fn forget_file(&mut self, id: FileId) {
        self.files.insert(id, None);
        self.removed.insert(id);
        if !self.votes.is_empty() {
            self.votes.retain(|(file, _), _| *file != id);
        }
    }

    fn change_file(&mut self, id: &FileId, change: impl FnOnce(&mut FileEntry)) {
        if let Some(mut entry) = self.file(id) {
            change(&mut entry);
            self.files.insert(*id, Some(entry));
        }
    }
}

/// What `world` has of a file, unless its owner is among those `dropped`.
fn stored_file<F: Files>(
    world: &World<F>,
    dropped: &HashSet<PeerId>,
    id: &FileId,
) -> Option<FileEntry> {
    let entry = world.files().get(id)?;
    (!dropped.contains(&entry.owner)).then_some(entry)
}

impl<F: Files> Ground for Draft<'_, F> {
    fn peer(&self, id: &PeerId) -> Option<Arc<PeerState>> {
        match self.peers.get(id) {
            Some(drafted) => drafted.clone(),
            None => self.world.peer_state(id).cloned(),
        }
    }

    fn put_peer(&mut self, id: PeerId, peer: Arc<PeerState>) {
        self.peers.insert(id, Some(peer));
    }

    fn drop_peer(&mut self, id: &PeerId) {
        self.peers.insert(*id, None);
        self.dropped.insert(*id);
        let votes = &mut self.votes;
        self.files.retain(|file, entry| {
            let is_theirs = entry.as_ref().is_some_and(|entry| entry.owner == *id);
            if is_theirs {
                votes.retain(|(voted, _), _| voted != file);
            }
            !is_theirs
        });
        self.names_added.remove(id);
    }

    fn file(&self, id: &FileId) -> Option<FileEntry> {
        match self.files.get(id) {
            Some(drafted) => drafted.clone(),
            None => self.stored_file(id),
        }
    }

    fn put_file(&mut self, entry: FileEntry) {
        self.changed.insert(entry.owner);
        self.files.insert(entry.id, Some(entry));
    }

    fn name_file(&mut self, newer: FileEntry) -> bool {
        let (id, owner) = (newer.id, newer.owner);
        self.fetch(&id);
        let is_new = match self.files.get_mut(&id).and_then(Option::as_mut) {
            Some(entry) if entry.owner == owner => entry.renew(newer),
            Some(_) => return false,
            None => {
                self.files.insert(id, Some(newer));
                true
            }
        };
        self.changed.insert(owner);
        is_new
    }

    fn unname_file(&mut self, owner: &PeerId, id: &FileId, path: &str) -> bool {
        self.fetch(id);
        let entry = self.files.get_mut(id).and_then(Option::as_mut);
        let Some(entry) = entry.filter(|entry| entry.owner == *owner) else {
            return false;
        };
        if !entry.unname(path) {
            return false;
        }
        let is_gone = entry.names.is_empty();
        self.changed.insert(*owner);
        if is_gone {
            self.forget_file(*id);
        }
        true
    }

    fn remove_file(&mut self, entry: &FileEntry) {
        self.changed.insert(entry.owner);
        self.forget_file(entry.id);
    }

    fn add_names(&mut self, owner: &PeerId, count: usize) {
        let added = self.names_added.entry(*owner).or_default();
        *added = added.saturating_add_unsigned(count);
    }

    fn take_names(&mut self, owner: &PeerId, count: usize) {
        let added = self.names_added.entry(*owner).or_default();
        *added = added.saturating_sub_unsigned(count);
    }

    fn vote(&self, file: &FileId, voter: &PeerId) -> Option<u8> {
        if let Some(stars) = self.votes.get(&(*file, *voter)) {
            return Some(*stars);
        }
        // Votes of a record that went in this batch went with it.
        if self.removed.contains(file) || self.stored_file(file).is_none() {
            return None;
        }
        self.world.vote(file, voter)
    }

    fn put_vote(&mut self, file: FileId, voter: PeerId, stars: u8) {
        self.votes.insert((file, voter), stars);
    }

    fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64) {
        self.change_file(id, |entry| {
            entry.rating_sum = sum;
            entry.rating_votes = votes;
        });
    }

    fn set_downloads(&mut self, id: &FileId, downloads: u64) {
        self.change_file(id, |entry| entry.downloads = downloads);
    }

    fn add_downloads(&mut self, _count: u64) {}
}
