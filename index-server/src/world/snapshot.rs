//! A world as the shortest list of records that rebuilds it.

use std::collections::HashMap;

use protocol::ids::{FileId, PeerId};

use super::{Files, World};
use crate::catalog::FileEntry;
use crate::record::{HeldFile, Record};

/// Files in one record of a snapshot: some 50 KB, so that none is large and few are needed.
const FILES_A_RECORD_COUNT: usize = 256;

/// Votes in one record of a snapshot.
const VOTES_A_RECORD_COUNT: usize = 1024;

impl<F: Files> World<F> {
    /// Records that rebuild this world when applied in order to an empty one. The same world gives
    /// the same records. Holds one id a file in memory meanwhile, the records come one by one.
    pub fn snapshot(&self) -> impl Iterator<Item = Record> + '_ {
        let mut peers: Vec<PeerId> = self.peers.keys().copied().collect();
        peers.sort_unstable();
        let peers = peers.into_iter().filter_map(|id| {
            let state = Box::new((**self.peers.get(&id)?).clone());
            Some(Record::Peer { id, state })
        });
        let mut rated: Vec<FileId> = self.votes.keys().copied().collect();
        rated.sort_unstable();
        let votes = rated.into_iter().flat_map(|file| self.votes_for(file));
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
            let chunks: Vec<Vec<FileId>> = ids
                .chunks(FILES_A_RECORD_COUNT)
                .map(<[FileId]>::to_vec)
                .collect();
            chunks.into_iter().map(move |ids| Record::Holdings {
                owner,
                files: ids
                    .iter()
                    .filter_map(|id| self.files.get(id).map(HeldFile::of))
                    .collect(),
            })
        })
    }

    fn votes_for(&self, file: FileId) -> impl Iterator<Item = Record> + '_ {
        let votes = self.votes.get(&file).map_or(&[][..], Vec::as_slice);
        votes
            .chunks(VOTES_A_RECORD_COUNT)
            .map(move |votes| Record::Votes {
                file,
                votes: votes.to_vec(),
            })
    }
}
