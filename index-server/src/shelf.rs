//! Bytes put down beside the journal, so that a start is quick: parts that are written once, and a
//! list that says which of them belong together. All of it may be lost or torn at any time; what is
//! read is what was written, or nothing.
//!
//! Must not know what the bytes mean.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const FOLDER: &str = "shelf";
const LIST: &str = "list";
const FRESH_LIST: &str = "list.new";
const FRESH_PART: &str = "fresh.part";
const LIST_MAGIC: &[u8; 16] = b"peerdex list v1\n";
const CHECKSUM_BYTES: usize = 32;
/// Bytes written between two waits for the disk: the journal's own waits are not held up by more.
const STEP_BYTES: usize = 4 * 1024 * 1024;

/// Which bytes a part has: its name on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PartName([u8; CHECKSUM_BYTES]);

impl PartName {
    fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    fn file(&self) -> String {
        format!("{}.part", HEXLOWER.encode(&self.0[..16]))
    }
}

/// What was tried with a file, and what the file system said.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {}: {source}", path.display())]
pub struct ShelfError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// A folder for parts and their list, made when something is first put down.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The shelf in a data folder.
    pub fn in_folder(data: &Path) -> Self {
        Self {
            folder: data.join(FOLDER),
        }
    }

    /// When the list was put down; none where there is none.
    pub fn put_down_at(&self) -> Option<SystemTime> {
        fs::metadata(self.folder.join(LIST)).ok()?.modified().ok()
    }

    /// The list that was put down last; none where there is none or it is torn.
    pub fn list(&self) -> Option<Vec<u8>> {
        let stored = fs::read(self.folder.join(LIST)).ok()?;
        let rest = stored.strip_prefix(LIST_MAGIC)?;
        let (checksum, list) = rest.split_at_checked(CHECKSUM_BYTES)?;
        (PartName::of(list).0 == checksum).then(|| list.to_vec())
    }

    /// A part; none where it is gone or torn.
    pub fn part(&self, name: &PartName) -> Option<Vec<u8>> {
        let bytes = fs::read(self.folder.join(name.file())).ok()?;
        (PartName::of(&bytes) == *name).then_some(bytes)
    }

    /// Puts down what `write` writes, which is never in memory whole; it counts once a list names
    /// it.
    ///
    /// # Errors
    /// [`ShelfError`] when it is not on the disk.
    pub fn put_part(
        &self,
        write: impl FnOnce(&mut Steps) -> io::Result<()>,
    ) -> Result<PartName, ShelfError> {
        crate::identity::make_private_folder(&self.folder)
            .map_err(|error| self.error("make the folder", "")(io::Error::other(error)))?;
        let fresh = FRESH_PART;
        let path = self.folder.join(fresh);
        let mut steps = Steps::into(File::create(&path).map_err(self.error("make", fresh))?);
        let written = write(&mut steps)
            .and_then(|()| steps.finish())
            .map_err(self.error("write", fresh));
        let named = written.and_then(|name| {
            fs::rename(path, self.folder.join(name.file())).map_err(self.error("name", fresh))?;
            Ok(name)
        });
        // On a full disk the journal needs the room.
        named.inspect_err(|_| self.remove_unfinished())
    }

    /// Puts a list down in place of the one before, and takes away all parts but those in `kept`.
    ///
    /// # Errors
    /// [`ShelfError`] when it is not on the disk; the list before then still counts.
    pub fn put_list(&self, list: &[u8], kept: &[PartName]) -> Result<(), ShelfError> {
        crate::identity::make_private_folder(&self.folder)
            .map_err(|error| self.error("make the folder", "")(io::Error::other(error)))?;
        let fresh = FRESH_LIST;
        self.write(fresh, &[LIST_MAGIC, &PartName::of(list).0, list])
            .inspect_err(|_| self.remove_unfinished())?;
        fs::rename(self.folder.join(fresh), self.folder.join(LIST))
            .map_err(self.error("replace", LIST))?;
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(self.error("make safe", ""))?;
        self.sweep(kept);
        Ok(())
    }

    /// Takes away what was not written to its end, by this process or an earlier one.
    pub fn remove_unfinished(&self) {
        for name in [FRESH_PART, FRESH_LIST] {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }

    /// Takes away what no list names; what cannot be taken away now goes the next time.
    fn sweep(&self, kept: &[PartName]) {
        let kept: HashSet<String> = kept.iter().map(PartName::file).collect();
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for file in files {
            let name = file.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".part") && !kept.contains(&*name) {
                let _ = fs::remove_file(file.path());
            }
        }
    }

    fn write(&self, name: &str, pieces: &[&[u8]]) -> Result<(), ShelfError> {
        let path = self.folder.join(name);
        let mut steps = Steps::into(File::create(&path).map_err(self.error("make", name))?);
        let written = pieces.iter().try_for_each(|piece| steps.write_all(piece));
        written
            .and_then(|()| steps.finish())
            .map_err(self.error("write", name))?;
        Ok(())
    }

    fn error(&self, operation: &'static str, name: &str) -> impl Fn(io::Error) -> ShelfError {
        let path = self.folder.join(name);
        move |source| ShelfError {
            operation,
            path: path.clone(),
            source,
        }
    }
}

/// A file that is written step by step, with a wait for the disk and a sum of the bytes.
#[derive(Debug)]
pub struct Steps {
    file: File,
    step: Vec<u8>,
    sum: Sha256,
}

impl Steps {
    fn into(file: File) -> Self {
        Self {
            file,
            step: Vec::with_capacity(STEP_BYTES),
            sum: Sha256::new(),
        }
    }

    /// Writes the last step; yields the name of all bytes.
    fn finish(mut self) -> io::Result<PartName> {
        self.flush()?;
        self.file.sync_all()?;
        Ok(PartName(self.sum.finalize().into()))
    }
}

impl Write for Steps {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() < STEP_BYTES - self.step.len() {
            self.step.extend_from_slice(bytes);
            return Ok(());
        }
        for part in bytes.chunks(STEP_BYTES) {
            self.flush()?;
            self.step.extend_from_slice(part);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.step.is_empty() {
            self.sum.update(&self.step);
            self.file.write_all(&self.step)?;
            self.file.sync_data()?;
            self.step.clear();
        }
        Ok(())
    }
}
