//! What each record does. Written once, over any [`Ground`]: the world itself, and the draft in
//! which a batch is decided before it is durable.
//!
//! Total: a record about something that is not there does nothing.

use std::sync::Arc;

use protocol::ids::{FileId, PeerId};

use crate::catalog::FileEntry;
use crate::peers::{PeerState, Stance, Standing};
use crate::record::{FileOp, Moment, PutFile, Record};

/// State that records can be applied to.
#[expect(
    missing_docs,
    reason = "plain reads and writes, named for what they do"
)]
pub trait Ground {
    fn peer(&self, id: &PeerId) -> Option<Arc<PeerState>>;
    fn put_peer(&mut self, id: PeerId, peer: Arc<PeerState>);
    /// With all its files.
    fn drop_peer(&mut self, id: &PeerId);
    fn file(&self, id: &FileId) -> Option<FileEntry>;
    fn put_file(&mut self, entry: FileEntry);
    /// By one name, which is its last one where it is there already. Yields whether it is a new one.
    fn name_file(&mut self, entry: FileEntry) -> bool;
    /// The record goes with its last name. Yields whether it had this one.
    fn unname_file(&mut self, owner: &PeerId, id: &FileId, path: &str) -> bool;
    fn remove_file(&mut self, entry: &FileEntry);
    /// Which no record of the owner had.
    fn add_names(&mut self, owner: &PeerId, count: usize);
    /// Which a record of the owner had.
    fn take_names(&mut self, owner: &PeerId, count: usize);
    fn vote(&self, file: &FileId, voter: &PeerId) -> Option<u8>;
    fn put_vote(&mut self, file: FileId, voter: PeerId, stars: u8);
    fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64);
    fn set_downloads(&mut self, id: &FileId, downloads: u64);
    fn add_downloads(&mut self, count: u64);
}

/// Applies one record.
pub fn apply(ground: &mut impl Ground, record: Record) {
    match record {
        Record::PeerRegistered {
            at,
            id,
            facts,
            session,
        } => {
            let standing = match ground.peer(&id) {
                Some(earlier) => earlier.standing.clone(),
                None => Standing::default(),
            };
            let state = PeerState {
                facts,
                is_online: true,
                last_seen: at,
                session: Some(session),
                standing,
            };
            ground.put_peer(id, Arc::new(state));
        }
        Record::PeerOnline { at, id } => set_online(ground, &id, at),
        Record::PeerOffline { id, last_seen, .. } => set_offline(ground, &id, last_seen),
        Record::PeerLeft { at, id } => {
            set_offline(ground, &id, at);
            change_peer(ground, &id, |peer| peer.session = None);
        }
        Record::PeerForgotten { id, .. } => ground.drop_peer(&id),
        Record::FilesChanged { at, owner, ops } => {
            for op in ops {
                apply_file_op(ground, &owner, at, op);
            }
        }
        Record::Downloaded {
            file, downloads, ..
        } => {
            if ground.file(&file).is_some() {
                ground.set_downloads(&file, downloads);
            }
            ground.add_downloads(1);
        }
        Record::Rated {
            file, voter, stars, ..
        } => rate(ground, file, voter, stars),
        Record::Reported {
            about,
            reporter,
            stance,
            ..
        } => report(ground, &about, reporter, stance),
        Record::Peer { .. }
        | Record::Holdings { .. }
        | Record::Votes { .. }
        | Record::Totals { .. } => restore(ground, record),
    }
}

/// Applies what tells of a whole state, as snapshots do.
fn restore(ground: &mut impl Ground, record: Record) {
    match record {
        Record::Peer { id, state } => ground.put_peer(id, Arc::new(*state)),
        Record::Holdings { owner, files } if ground.peer(&owner).is_some() => {
            for held in files {
                let entry = held.into_entry(owner);
                if let Some(earlier) = ground.file(&entry.id) {
                    ground.take_names(&earlier.owner, earlier.names.len());
                }
                ground.add_names(&owner, entry.names.len());
                ground.put_file(entry);
            }
        }
        Record::Votes { file, votes } if ground.file(&file).is_some() => {
            for (voter, stars) in votes {
                ground.put_vote(file, voter, stars);
            }
        }
        Record::Totals { downloads } => ground.add_downloads(downloads),
        _ => {}
    }
}

/// Applies one change of `owner`'s files.
pub fn apply_file_op(ground: &mut impl Ground, owner: &PeerId, at: Moment, op: FileOp) {
    match op {
        FileOp::Put(put) => put_file(ground, owner, at, *put),
        FileOp::Unname { id, path } => {
            if ground.unname_file(owner, &id, &path) {
                ground.take_names(owner, 1);
            }
        }
        FileOp::Remove(id) => {
            let entry = ground.file(&id);
            let Some(entry) = entry.filter(|entry| entry.owner == *owner) else {
                return;
            };
            ground.take_names(owner, entry.names.len());
            ground.remove_file(&entry);
        }
    }
}

/// Applies what a registration says of a file of `owner`.
pub fn put_file(ground: &mut impl Ground, owner: &PeerId, at: Moment, put: PutFile) {
    if ground.peer(owner).is_none() {
        return;
    }
    let is_new = ground.name_file(FileEntry {
        id: put.id,
        owner: *owner,
        hash: put.hash,
        pieces_root: put.pieces_root,
        size_bytes: put.size_bytes,
        category: put.category,
        tags: put.tags,
        names: vec![put.name],
        uploaded_at: at.into(),
        is_partial: put.is_partial,
        downloads: 0,
        rating_sum: 0,
        rating_votes: 0,
    });
    if is_new {
        ground.add_names(owner, 1);
    }
}

fn rate(ground: &mut impl Ground, file: FileId, voter: PeerId, stars: u8) {
    let Some(entry) = ground.file(&file) else {
        return;
    };
    let earlier = ground.vote(&file, &voter);
    let others = entry.rating_sum.saturating_sub(earlier.unwrap_or(0).into());
    let sum = others.saturating_add(stars.into());
    let count = entry.rating_votes.saturating_add(earlier.is_none().into());
    ground.put_vote(file, voter, stars);
    ground.set_rating(&file, sum, count);
}

fn report(ground: &mut impl Ground, about: &PeerId, reporter: PeerId, stance: Stance) {
    change_peer(ground, about, |peer| peer.standing.put(reporter, stance));
}

fn set_online(ground: &mut impl Ground, id: &PeerId, at: Moment) {
    change_peer(ground, id, |peer| {
        peer.is_online = true;
        peer.last_seen = peer.last_seen.max(at);
    });
}

fn set_offline(ground: &mut impl Ground, id: &PeerId, last_seen: Moment) {
    change_peer(ground, id, |peer| {
        peer.is_online = false;
        peer.last_seen = peer.last_seen.max(last_seen);
    });
}

fn change_peer(ground: &mut impl Ground, id: &PeerId, change: impl FnOnce(&mut PeerState)) {
    if let Some(mut peer) = ground.peer(id) {
        change(Arc::make_mut(&mut peer));
        ground.put_peer(*id, peer);
    }
}
