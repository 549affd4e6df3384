//! A note beside the journal of where it stood when something was acknowledged last. It is not
//! waited for on the disk and may be lost; where it is there, a journal that ends before it has lost
//! what was acknowledged.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::journal::{Position, frame};

const FILE: &str = "journal.last";

/// The note of one journal.
#[derive(Debug)]
pub(super) struct Note {
    /// None where it could not be made; then nothing is noted.
    file: Option<File>,
}

impl Note {
    /// The note in a data folder.
    pub(super) fn in_folder(folder: &Path) -> Self {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        Self {
            file: options.open(folder.join(FILE)).ok(),
        }
    }

    /// Of nothing.
    pub(super) fn none() -> Self {
        Self { file: None }
    }

    /// What was noted last; none where nothing was or it is torn.
    pub(super) fn read(&self) -> Option<Position> {
        let mut framed = [0; 16];
        self.file.as_ref()?.read_exact_at(&mut framed, 0).ok()?;
        let noted = frame::open(&framed)?.first_chunk()?;
        Some(Position(u64::from_le_bytes(*noted)))
    }

    /// Notes a position.
    pub(super) fn write(&self, position: Position) {
        if let Some(file) = &self.file {
            // Without it less can be told after a crash; nothing else hangs on it.
            let _ = file.write_all_at(&frame::seal(&position.0.to_le_bytes()), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_last_is_read_and_nothing_that_is_torn() {
        let folder = tempfile::tempdir().expect("temporary folder");
        assert_eq!(Note::in_folder(folder.path()).read(), None);
        Note::in_folder(folder.path()).write(Position(7));
        let note = Note::in_folder(folder.path());
        note.write(Position(1 << 40));
        assert_eq!(note.read(), Some(Position(1 << 40)));
        let path = folder.path().join(FILE);
        std::fs::write(&path, [1; 16]).expect("torn");
        assert_eq!(note.read(), None);
    }
}
