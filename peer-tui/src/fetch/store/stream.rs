//! An unfinished download that comes from the front on, from those who know no pieces: what lies on
//! disk without a gap is where it goes on.
//!
//! Nobody vouches for those bytes before the hash of the whole file does.

use std::path::Path;

use protocol::hash::ContentHash;
use protocol::pieces::PieceLayout;
use rustix::fs::SeekFrom;

use super::{Store, StoreError};

impl Store {
    /// Opens or makes the file of `hash` in `folder`; yields how many bytes lie in it without a gap.
    /// It grows as bytes come, so that its length says how far it is where the file system knows no
    /// gaps.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_stream(
        folder: &Path,
        hash: &ContentHash,
        layout: PieceLayout,
    ) -> Result<(Self, u64), StoreError> {
        // The map, if there is one, knows pieces only, and is no longer true once others are written.
        let (store, _map) = Self::open_file(folder, hash, layout)?;
        let length = store.length()?;
        if length > layout.size_bytes() {
            store.cut()?;
            return Ok((store, 0));
        }
        let gap = match rustix::fs::seek(&*store.file, SeekFrom::Hole(0)) {
            Ok(gap) => gap.min(length),
            // The file system cannot tell, or the file is empty.
            Err(_) => length,
        };
        Ok((store, gap))
    }

    /// Takes away all bytes of a stream.
    ///
    /// # Errors
    /// When the file cannot be cut.
    pub fn cut(&self) -> Result<(), StoreError> {
        self.set_length(0)
    }
}
