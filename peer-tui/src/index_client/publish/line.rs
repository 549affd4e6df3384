//! One line of a batch: a file to register or a name to withdraw, kept small until it is sent.
//!
//! Pure: from shared files to lines, and from two lists to their difference.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::file::{BatchLine, FileInfo, FileRegistration};
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};

use super::super::PartialFile;
use crate::share::{ShareChange, SharedFile};

/// A line that waits to be sent.
#[derive(Debug, Clone)]
pub(super) enum Line {
    /// Register a whole file.
    Add(Arc<SharedFile>),
    /// Withdraw a name.
    Remove { id: FileId, path: String },
    /// Register an unfinished download.
    AddPartial(Arc<PartialFile>),
    /// Withdraw a record whole.
    RemoveRecord(FileId),
}

impl Line {
    /// What a person knows it by.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Add(file) => file.path.to_string(),
            Self::Remove { path, .. } => path.clone(),
            Self::AddPartial(file) => file.path.to_string(),
            Self::RemoveRecord(id) => id.to_string(),
        }
    }

    /// Whether it registers something.
    pub(super) fn is_add(&self) -> bool {
        matches!(self, Self::Add(_) | Self::AddPartial(_))
    }

    /// Whether it takes something away.
    pub(super) fn is_removal(&self) -> bool {
        !self.is_add()
    }

    /// The line of JSON, ended.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let line = match self {
            Self::Add(file) => BatchLine::Add(FileRegistration {
                filename: file.path.file_name().to_owned(),
                path: Some(file.path.as_str().to_owned()),
                size: file.stamp.size_bytes,
                hash: file.hash,
                pieces_root: Some(file.pieces_root),
                category: Some(file.category),
                tags: Some(file.tags.clone()),
                owner: None,
                peer_address: None,
                partial: false,
            }),
            Self::AddPartial(file) => BatchLine::Add(FileRegistration {
                filename: file.path.file_name().to_owned(),
                path: Some(file.path.as_str().to_owned()),
                size: file.size_bytes,
                hash: file.hash,
                pieces_root: Some(file.root),
                category: None,
                tags: None,
                owner: None,
                peer_address: None,
                partial: true,
            }),
            Self::Remove { id, path } => BatchLine::Remove {
                id: *id,
                path: Some(path.clone()),
            },
            Self::RemoveRecord(id) => BatchLine::Remove {
                id: *id,
                path: None,
            },
        };
        // The contract's own types always serialise; an empty line would be refused, not lost.
        let mut json = serde_json::to_vec(&line).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

impl From<ShareChange> for Line {
    fn from(change: ShareChange) -> Self {
        match change {
            ShareChange::Added(file) => Self::Add(file),
            ShareChange::Removed { id, path } => Self::Remove {
                id,
                path: path.as_str().to_owned(),
            },
        }
    }
}

/// What the index holds of us, gathered page by page: every name of every content.
#[derive(Debug, Default)]
pub(super) struct Listed(BTreeSet<(String, ContentHash)>);

impl Listed {
    /// Takes a row of the index's list.
    pub(super) fn insert(&mut self, file: FileInfo) {
        self.0.insert((file.path, file.hash));
    }

    /// The lines that make the index hold `files` and nothing else: withdrawals first.
    pub(super) fn difference(mut self, owner: &PeerId, files: &[Arc<SharedFile>]) -> Vec<Line> {
        let mut adds = Vec::new();
        for file in files {
            if !self.0.remove(&(file.path.to_string(), file.hash)) {
                adds.push(Line::Add(file.clone()));
            }
        }
        let mut lines: Vec<Line> = (self.0.into_iter())
            .map(|(path, hash)| Line::Remove {
                id: FileId::of(owner, &hash),
                path,
            })
            .collect();
        lines.extend(adds);
        lines
    }
}
