//! A world as the shortest list of records that rebuilds it: of a [`World`] that is folded for it,
//! or of a [`Still`], which a running index leaves behind and goes on.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::ids::{FileId, PeerId};

use super::names::NameCounts;
use super::{Files, World};
use crate::catalog::stored::{Part, Token};
use crate::catalog::{Catalog, CatalogView, FileEntry, OwnerTotals};
use crate::peers::PeerState;
use crate::record::{HeldFile, Record};

/// Files in one record of a snapshot: some 50 KB, so that none is large and few are needed.
const FILES_A_RECORD_COUNT: usize = 256;

/// Votes in one record of a snapshot.
const VOTES_A_RECORD_COUNT: usize = 1024;

/// All votes for a file, by voter.
type Votes = Vec<(PeerId, u8)>;

impl<F: Files> World<F> {
    /// Records that rebuild this world when applied in order to an empty one. The same world gives
    /// the same records. Holds one id a file in memory meanwhile, the records come one by one.
    pub fn snapshot(&self) -> impl Iterator<Item = Record> + '_ {
        let mut peers: Vec<PeerId> = self.peers.keys().copied().collect();
        peers.sort_unstable();
        let peers = peers.into_iter().filter_map(|id| {
            let state = self.peers.get(&id)?;
            Some(peer(id, state))
        });
        let mut rated: Vec<FileId> = self.votes.keys().copied().collect();
        rated.sort_unstable();
        let votes = rated.into_iter().flat_map(|file| {
            let votes = self.votes.get(&file).map_or(&[][..], Vec::as_slice);
            votes_for(file, votes)
        });
        let totals = Record::Totals {
            downloads: self.downloads,
        };
        peers
            .chain(self.holdings())
            .chain(votes)
            .chain(std::iter::once(totals))
    }

    fn holdings(&self) -> impl Iterator<Item = Record> + '_ {
        let mut by_owner: HashMap<PeerId, Vec<FileId>> = HashMap::new();
        for FileEntry { id, owner, .. } in self.files.entries() {
            by_owner.entry(owner).or_default().push(id);
        }
        let mut owners: Vec<(PeerId, Vec<FileId>)> = by_owner.into_iter().collect();
        owners.sort_unstable_by_key(|(owner, _)| *owner);
        owners.into_iter().flat_map(move |(owner, mut ids)| {
            ids.sort_unstable();
            let entries = ids.into_iter().filter_map(|id| self.files.get(&id));
            holdings_of(owner, entries)
        })
    }
}

impl World<Catalog> {
    /// The world of a [`Still`] whose files were put down as these, before what stands beside them is
    /// applied ([`Still::records_beside_files`]); with what tells the segment of each part.
    pub fn restore(
        slots: Vec<Option<PeerId>>,
        totals: Vec<OwnerTotals>,
        parts: Vec<Part>,
    ) -> (Self, Vec<Token>) {
        let mut names = NameCounts::default();
        let (files, tokens) = Catalog::restore(slots, totals, parts);
        for (owner, count) in files.name_counts() {
            names.add(&owner, count);
        }
        let world = Self {
            files,
            names,
            ..Self::default()
        };
        (world, tokens)
    }

    /// The world as it is now, to be written down elsewhere while this one goes on. Costs a pointer
    /// a peer and a copy of the votes; the files are shared with the readers of the view.
    pub fn still(&mut self) -> Still {
        let mut peers: Vec<_> = self
            .peers
            .iter()
            .map(|(id, peer)| (*id, peer.clone()))
            .collect();
        peers.sort_unstable_by_key(|(id, _)| *id);
        let mut votes: Vec<_> = self
            .votes
            .iter()
            .map(|(id, all)| (*id, all.clone()))
            .collect();
        votes.sort_unstable_by_key(|(id, _)| *id);
        Still {
            peers,
            files: self.files.view(),
            totals: self.files.all_totals().to_vec(),
            votes,
            downloads: self.downloads,
        }
    }
}

/// One state of a world, for ever.
#[derive(Debug)]
pub struct Still {
    peers: Vec<(PeerId, Arc<PeerState>)>,
    files: Arc<CatalogView>,
    /// By the number of the owner.
    totals: Vec<OwnerTotals>,
    votes: Vec<(FileId, Votes)>,
    downloads: u64,
}

impl Still {
    /// Records that rebuild it when applied in order to an empty world; they come one by one.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let owners = self.peers.iter().map(|(id, _)| id);
        let holdings = owners.flat_map(|id| holdings_of(*id, self.files.entries_of(id)));
        self.peer_records()
            .chain(holdings)
            .chain(self.vote_records())
    }

    /// The same without the files, which are put down as [`Self::files`] and [`Self::totals`].
    pub fn records_beside_files(&self) -> impl Iterator<Item = Record> + '_ {
        self.peer_records().chain(self.vote_records())
    }

    /// The files.
    pub fn files(&self) -> &CatalogView {
        &self.files
    }

    /// Sums over files, by the number of their owner.
    pub fn totals(&self) -> &[OwnerTotals] {
        &self.totals
    }

    fn peer_records(&self) -> impl Iterator<Item = Record> + '_ {
        self.peers.iter().map(|(id, state)| peer(*id, state))
    }

    fn vote_records(&self) -> impl Iterator<Item = Record> + '_ {
        let votes = self.votes.iter();
        let votes = votes.flat_map(|(file, votes)| votes_for(*file, votes));
        votes.chain(std::iter::once(Record::Totals {
            downloads: self.downloads,
        }))
    }
}

fn peer(id: PeerId, state: &Arc<PeerState>) -> Record {
    let state = Box::new((**state).clone());
    Record::Peer { id, state }
}

/// An owner's files, some a record.
fn holdings_of(
    owner: PeerId,
    mut entries: impl Iterator<Item = FileEntry>,
) -> impl Iterator<Item = Record> {
    std::iter::from_fn(move || {
        let some = entries.by_ref().take(FILES_A_RECORD_COUNT);
        let files: Vec<HeldFile> = some.map(HeldFile::of).collect();
        (!files.is_empty()).then_some(Record::Holdings { owner, files })
    })
}

fn votes_for(file: FileId, votes: &[(PeerId, u8)]) -> impl Iterator<Item = Record> + '_ {
    let chunks = votes.chunks(VOTES_A_RECORD_COUNT);
    chunks.map(move |votes| Record::Votes {
        file,
        votes: votes.to_vec(),
    })
}
