//! What was counted of records that a request takes away: those that it brings back live on with it,
//! as a rename (a remove with the old path, then an add with the new one) asks for.
//!
//! In one command only: portions of a long batch do not know of each other.

use std::collections::BTreeMap;

use protocol::ids::{FileId, PeerId};

use crate::catalog::FileEntry;
use crate::decide::Draft;
use crate::record::{HeldFile, Record};
use crate::world::{Files, Ground};

/// Votes in one record of the journal.
const VOTES_A_RECORD_COUNT: usize = 1024;

/// Downloads and votes, by record.
#[derive(Debug, Default)]
pub(super) struct Kept {
    counted: BTreeMap<FileId, Counted>,
}

#[derive(Debug)]
struct Counted {
    downloads: u64,
    rating_sum: u64,
    votes: Vec<(PeerId, u8)>,
}

impl Kept {
    /// Takes note of a record that is about to go. One that came in the same request has nothing
    /// counted, so the first note of a record is the one that stays.
    pub(super) fn note<F: Files>(&mut self, entry: &FileEntry, draft: &Draft<'_, F>) {
        if entry.downloads == 0 && entry.rating_votes == 0 {
            return;
        }
        let counted = Counted {
            downloads: entry.downloads,
            rating_sum: entry.rating_sum,
            votes: draft.votes_of(entry),
        };
        self.counted.entry(entry.id).or_insert(counted);
    }

    /// What gives the records that are back what was counted of them.
    pub(super) fn into_records<F: Files>(self, owner: PeerId, draft: &Draft<'_, F>) -> Vec<Record> {
        let mut files = Vec::new();
        let mut votes = Vec::new();
        for (file, counted) in self.counted {
            let Some(mut entry) = draft.file(&file) else {
                continue;
            };
            entry.downloads = counted.downloads;
            entry.rating_sum = counted.rating_sum;
            entry.rating_votes = counted.votes.len() as u64;
            files.push(HeldFile::of(entry));
            let chunks = counted.votes.chunks(VOTES_A_RECORD_COUNT);
            votes.extend(chunks.map(|votes| Record::Votes {
                file,
                votes: votes.to_vec(),
            }));
        }
        let mut records = Vec::with_capacity(votes.len() + 1);
        if !files.is_empty() {
            records.push(Record::Holdings { owner, files });
            records.append(&mut votes);
        }
        records
    }
}
