//! A content opened for reading: a shared file that is still what was hashed, or the verified
//! pieces of an unfinished download.

use std::sync::Arc;

use protocol::byte_range::ByteRange;
use protocol::hash::ContentHash;
use protocol::pieces::{PieceLayout, PieceSet};
use protocol::problem::{Problem, Slug};

use super::PartialContent;
use super::open_files::{OpenContent, OpenFiles};
use crate::share::{FileStamp, Share, SharedFile};

/// An open content.
#[derive(Debug)]
pub struct Opened {
    /// Which.
    pub hash: ContentHash,
    /// Its name here, for the download.
    pub name: String,
    /// Bytes of the whole.
    pub size_bytes: u64,
    /// The descriptor.
    pub content: OpenContent,
    /// The shared file, where it is one.
    pub shared: Option<Arc<SharedFile>>,
    pieces: Option<(PieceLayout, Arc<PieceSet>)>,
    holders: Option<Arc<[u32]>>,
}

impl Opened {
    /// Opens a shared file below its folder, whatever its name.
    ///
    /// # Errors
    /// `file-changed` when it is not there any more or no longer what was hashed; it is looked at
    /// again then.
    pub async fn shared(
        files: &OpenFiles,
        share: &Share,
        shared: Arc<SharedFile>,
    ) -> Result<Self, Problem> {
        let Ok(content) = files.shared(&shared).await else {
            share.recheck(&shared).await;
            let detail = "the file on this peer's disk is no longer the one that was hashed; \
                          it is being looked at again";
            return Err(Problem::new(Slug::FileChanged, detail));
        };
        Ok(Self {
            hash: shared.hash,
            name: shared.path.file_name().to_owned(),
            size_bytes: shared.stamp.size_bytes,
            content,
            shared: Some(shared),
            pieces: None,
            holders: None,
        })
    }

    /// Opens an unfinished download.
    ///
    /// # Errors
    /// `unknown-content` when it has just been taken away.
    pub async fn partial(
        files: &OpenFiles,
        hash: ContentHash,
        partial: PartialContent,
    ) -> Result<Self, Problem> {
        let held = Arc::clone(&partial.held.borrow());
        let holders = Arc::clone(&partial.holders.borrow());
        let opening = files.partial(hash, partial.path).await;
        let content = opening.map_err(|_| super::bytes::unknown_content())?;
        Ok(Self {
            hash,
            name: partial.name,
            size_bytes: partial.layout.size_bytes(),
            content,
            shared: None,
            pieces: Some((partial.layout, held)),
            holders: Some(holders),
        })
    }

    /// The pieces that can be read, where not all can.
    pub fn held(&self) -> Option<(PieceLayout, &PieceSet)> {
        self.pieces
            .as_ref()
            .map(|(layout, held)| (*layout, &**held))
    }

    /// How many others are known to hold the first piece of `range`; `None` where that is not known.
    pub fn holders_of(&self, layout: PieceLayout, range: ByteRange) -> Option<u32> {
        let first = layout.pieces_of(range).next()?;
        self.holders.as_ref()?.get(first.as_usize()).copied()
    }

    /// What a shared file must still be when its last byte goes out.
    pub fn stamp(&self) -> Option<FileStamp> {
        self.shared.as_ref().map(|file| file.stamp)
    }
}
