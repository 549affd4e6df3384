//! The facts that are journalled. A record carries all that applying it needs (time, ids, chosen
//! values), so that replay gives the same world without a clock or a rule.
//!
//! Stored as one version byte and postcard. A field or variant is never moved or removed: what
//! changes its meaning gets a new version byte.

use compact_str::CompactString;
use jiff::Timestamp;
use protocol::category::Category;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use serde::{Deserialize, Serialize};

use crate::catalog::{FileEntry, RecordName};
use crate::peers::{PeerFacts, PeerState, Session, Stance};

const VERSION: u8 = 1;

/// A moment in whole milliseconds since 1970, as records keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment(i64);

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(at.as_millisecond())
    }
}

impl From<Moment> for Timestamp {
    fn from(at: Moment) -> Self {
        // A garbled moment must not stop a replay.
        Self::from_millisecond(at.0).unwrap_or(Self::UNIX_EPOCH)
    }
}

impl Moment {
    /// The moment `milliseconds` after 1970.
    pub const fn from_millis(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment so many seconds later.
    #[must_use]
    pub const fn plus_secs(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

/// One change of one owner's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileOp {
    /// The record is there with these facts, and `name` is its last one.
    Put(Box<PutFile>),
    /// The record loses a name, and goes with its last one.
    Unname {
        /// The record.
        id: FileId,
        /// The name.
        path: CompactString,
    },
    /// The record goes.
    Remove(FileId),
}

/// What a registration says of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutFile {
    /// Of owner and hash; stored so that replay need not hash.
    pub id: FileId,
    /// Content.
    pub hash: ContentHash,
    /// Merkle root.
    pub pieces_root: Option<PiecesRoot>,
    /// Bytes.
    pub size_bytes: u64,
    /// Kind.
    pub category: Category,
    /// Words.
    pub tags: Vec<CompactString>,
    /// The name registered.
    pub name: RecordName,
    /// An unfinished download.
    pub is_partial: bool,
}

/// A whole record of a file, for snapshots; the owner stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldFile {
    id: FileId,
    hash: ContentHash,
    pieces_root: Option<PiecesRoot>,
    size_bytes: u64,
    category: Category,
    tags: Vec<CompactString>,
    names: Vec<RecordName>,
    uploaded_at: Moment,
    is_partial: bool,
    downloads: u64,
    rating_sum: u64,
    rating_votes: u64,
}

impl HeldFile {
    /// The stored form of `entry`.
    pub fn of(entry: FileEntry) -> Self {
        Self {
            id: entry.id,
            hash: entry.hash,
            pieces_root: entry.pieces_root,
            size_bytes: entry.size_bytes,
            category: entry.category,
            tags: entry.tags,
            names: entry.names,
            uploaded_at: entry.uploaded_at.into(),
            is_partial: entry.is_partial,
            downloads: entry.downloads,
            rating_sum: entry.rating_sum,
            rating_votes: entry.rating_votes,
        }
    }

    /// The record as `owner` has it.
    pub fn into_entry(self, owner: PeerId) -> FileEntry {
        FileEntry {
            id: self.id,
            owner,
            hash: self.hash,
            pieces_root: self.pieces_root,
            size_bytes: self.size_bytes,
            category: self.category,
            tags: self.tags,
            names: self.names,
            uploaded_at: self.uploaded_at.into(),
            is_partial: self.is_partial,
            downloads: self.downloads,
            rating_sum: self.rating_sum,
            rating_votes: self.rating_votes,
        }
    }
}

/// One fact. The order of variants is part of the stored form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Record {
    /// A peer is here, for the first time or again.
    PeerRegistered {
        at: Moment,
        id: PeerId,
        facts: PeerFacts,
        session: Session,
    },
    /// A known peer was heard again.
    PeerOnline { at: Moment, id: PeerId },
    /// A peer has been silent for too long.
    PeerOffline {
        at: Moment,
        id: PeerId,
        last_seen: Moment,
    },
    /// A peer said goodbye; its session ends.
    PeerLeft { at: Moment, id: PeerId },
    /// A peer is dropped with its records.
    PeerForgotten { at: Moment, id: PeerId },
    /// Files of one owner changed.
    FilesChanged {
        at: Moment,
        owner: PeerId,
        ops: Vec<FileOp>,
    },
    /// A redirect was given; `downloads` is the record's new count.
    Downloaded {
        at: Moment,
        owner: PeerId,
        file: FileId,
        downloads: u64,
    },
    /// A peer voted.
    Rated {
        at: Moment,
        owner: PeerId,
        file: FileId,
        voter: PeerId,
        stars: u8,
    },
    /// A report moved what `reporter` ([`reporter_of`](crate::peers::reporter_of)) holds of `about`.
    Reported {
        at: Moment,
        about: PeerId,
        reporter: PeerId,
        stance: Stance,
    },
    /// Snapshot: a whole peer.
    Peer { id: PeerId, state: Box<PeerState> },
    /// Snapshot: some of an owner's files. In live traffic: those that one request took away and
    /// brought back, with what was counted of them.
    Holdings { owner: PeerId, files: Vec<HeldFile> },
    /// Some of the votes for a file that was put by the kind above.
    Votes {
        file: FileId,
        votes: Vec<(PeerId, u8)>,
    },
    /// Snapshot: sums that follow from no other record any more.
    Totals { downloads: u64 },
}

/// Why stored bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// No bytes at all.
    #[error("the record is empty")]
    Empty,
    /// Written by a program that came later.
    #[error("the record is of version {0}, written by a newer program")]
    Newer(u8),
    /// Does not decode.
    #[error("the record does not decode: {0}")]
    Garbled(String),
}

impl Record {
    /// The stored form.
    ///
    /// # Errors
    /// [`RecordError::Garbled`] when it cannot be written; no record of ours is like that.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut stored = Stored(Vec::with_capacity(self.stored_bytes()));
        stored.0.push(VERSION);
        postcard::serialize_with_flavor(self, stored)
            .map_err(|error| RecordError::Garbled(error.to_string()))
    }

    /// About as many bytes as its stored form has, or a few more.
    fn stored_bytes(&self) -> usize {
        const FEW_BYTES: usize = 256;
        const FILE_BYTES: usize = 320;
        let file_count = match self {
            Self::FilesChanged { ops, .. } => ops.len(),
            Self::Holdings { files, .. } => files.len(),
            _ => 0,
        };
        FEW_BYTES + file_count * FILE_BYTES
    }

    /// The record stored as `bytes`.
    ///
    /// # Errors
    /// [`RecordError`] when they are not exactly one record of a version known here.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let (version, body) = bytes.split_first().ok_or(RecordError::Empty)?;
        if *version > VERSION {
            return Err(RecordError::Newer(*version));
        }
        if *version == 0 {
            return Err(RecordError::Garbled("version 0 was never written".into()));
        }
        match postcard::take_from_bytes(body) {
            Ok((record, [])) => Ok(record),
            Ok((_, rest)) => {
                let detail = format!("{} bytes are left over", rest.len());
                Err(RecordError::Garbled(detail))
            }
            Err(error) => Err(RecordError::Garbled(error.to_string())),
        }
    }

    /// How many facts it tells: names of files, votes, or the one that it is about.
    pub fn fact_count(&self) -> u64 {
        let count = match self {
            Self::FilesChanged { ops, .. } => ops.len(),
            Self::Holdings { files, .. } => files.iter().map(|file| file.names.len()).sum(),
            Self::Votes { votes, .. } => votes.len(),
            _ => 1,
        };
        count as u64
    }

    /// The peer whose entry readers see changed by it.
    pub fn subject(&self) -> Option<PeerId> {
        match self {
            Self::PeerRegistered { id, .. }
            | Self::PeerOnline { id, .. }
            | Self::PeerOffline { id, .. }
            | Self::PeerLeft { id, .. }
            | Self::PeerForgotten { id, .. }
            | Self::Peer { id, .. } => Some(*id),
            Self::FilesChanged { owner, .. } | Self::Holdings { owner, .. } => Some(*owner),
            Self::Reported { about, .. } => Some(*about),
            Self::Downloaded { .. }
            | Self::Rated { .. }
            | Self::Votes { .. }
            | Self::Totals { .. } => None,
        }
    }
}

/// Takes the bytes of a record in pieces as long as they come; hashes and ids come byte by byte.
struct Stored(Vec<u8>);

impl postcard::ser_flavors::Flavor for Stored {
    type Output = Vec<u8>;

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests;
