//! A row of results, borrowed from the view: what is shown of it is read where it lies.

use jiff::Timestamp;
use protocol::category::Category;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};

use super::FileEntry;
use super::columns::{Rest, Row};
use super::layer::Layer;
use super::owners::Owners;
use super::paths::PathText;
use super::segment::Doc;

/// A row of results.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'v> {
    /// The name that was found, of the record shown (with `collapse`, the best online one of its
    /// content).
    row: Row<'v>,
    /// Whose.
    pub owner: PeerId,
    /// Online complete holders of its content.
    pub sources: u64,
}

impl<'v> Hit<'v> {
    /// A document of a layer; none once its owner is gone.
    pub(super) fn of(layer: &'v Layer, doc: Doc, owners: &Owners, sources: u64) -> Option<Self> {
        let row = layer.segment.row(doc);
        Some(Self {
            owner: owners.id_of(row.scan.owner)?,
            row,
            sources,
        })
    }

    /// The record's id.
    pub fn id(&self) -> FileId {
        self.row.detail.id
    }

    /// Which bytes.
    pub fn hash(&self) -> ContentHash {
        self.row.detail.hash
    }

    /// Merkle root, where told.
    pub fn pieces_root(&self) -> Option<PiecesRoot> {
        self.row.pieces_root
    }

    /// Bytes.
    pub fn size_bytes(&self) -> u64 {
        self.row.scan.size_bytes
    }

    /// Kind.
    pub fn category(&self) -> Category {
        self.row.scan.category
    }

    /// The path that was found.
    pub fn path(&self) -> PathText<'v> {
        self.row.path()
    }

    /// Its file name.
    pub fn filename(&self) -> &'v str {
        self.row.filename()
    }

    /// Lower-case words.
    pub fn tags(&self) -> Vec<&'v str> {
        Rest::tags(self.row.rest)
    }

    /// When it was registered last.
    pub fn uploaded_at(&self) -> Timestamp {
        self.row.detail.uploaded_at()
    }

    /// Redirects given.
    pub fn downloads(&self) -> u64 {
        self.row.tally.downloads
    }

    /// Mean of the votes.
    pub fn rating(&self) -> f64 {
        self.row.tally.rating()
    }

    /// The whole record.
    pub fn entry(&self) -> FileEntry {
        self.row.entry(self.owner)
    }
}
