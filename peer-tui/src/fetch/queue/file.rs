//! The queue on disk: one JSON document, written beside and renamed, so that there is always a whole
//! one. A damaged one, or one of a newer program, is put aside and said in the log.
//!
//! Blocking: called on blocking threads.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use protocol::ids::PeerId;
use serde::{Deserialize, Serialize};

use super::super::handle::FetchError;
use super::entry::Entry;

/// Name of the file in the data folder.
pub const QUEUE_FILE: &str = "queue.json";
/// Version of the file that this program writes, and the newest that it reads.
const VERSION: u32 = 1;

/// What is kept of all downloads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    pub(in crate::fetch) version: u32,
    /// The id that the next download gets.
    pub next_id: u64,
    /// Files finished, ever.
    pub finished_count: u64,
    /// Verified bytes fetched, ever.
    pub fetched_bytes: u64,
    /// Verified bytes from each peer, ever.
    pub got_bytes: BTreeMap<PeerId, u64>,
    /// All downloads.
    pub downloads: Vec<Entry>,
}

impl Saved {
    /// The document.
    pub fn encode(mut self) -> Vec<u8> {
        self.version = VERSION;
        // Plain data of our own always serialises; paths are texts (see `Wish`).
        serde_json::to_vec(&self).unwrap_or_default()
    }
}

/// Writes the document: new file, made safe, renamed, folder made safe.
///
/// # Errors
/// When the disk is full or fails; the old document is then still there.
pub fn write(folder: &Path, document: &[u8]) -> Result<(), FetchError> {
    let path = folder.join(QUEUE_FILE);
    let beside = folder.join(format!("{QUEUE_FILE}.new"));
    let written = (|| -> io::Result<()> {
        if document.is_empty() {
            return Err(io::Error::other("a path is not UTF-8"));
        }
        let mut file = File::create(&beside)?;
        file.write_all(document)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(folder)?.sync_all()
    })();
    written.map_err(|error| failed("write queue", &path, &error))
}

/// Reads the document; an empty queue when there is none.
///
/// # Errors
/// When the file is there and cannot be read or put aside.
pub fn read(folder: &Path) -> Result<Saved, FetchError> {
    let path = folder.join(QUEUE_FILE);
    let document = match fs::read(&path) {
        Ok(document) => document,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Saved::default()),
        Err(error) => return Err(failed("read queue", &path, &error)),
    };
    let reason = match serde_json::from_slice::<Saved>(&document) {
        Ok(saved) if saved.version <= VERSION => return Ok(saved),
        Ok(saved) => format!("it is of a newer program (version {})", saved.version),
        Err(error) => format!("it is damaged ({error})"),
    };
    let aside = free_name(folder);
    fs::rename(&path, &aside).map_err(|error| failed("put aside queue", &path, &error))?;
    tracing::error!(
        file = %path.display(),
        aside = %aside.display(),
        %reason,
        "the queue of downloads cannot be used and was put aside; starting with an empty one"
    );
    Ok(Saved::default())
}

fn free_name(folder: &Path) -> PathBuf {
    let name = |number: u32| folder.join(format!("{QUEUE_FILE}.aside-{number}"));
    let mut numbers = 1..1_000;
    let free = numbers.find(|number| fs::symlink_metadata(name(*number)).is_err());
    // After a thousand the last one is overwritten.
    name(free.unwrap_or(1_000))
}

fn failed(operation: &'static str, path: &Path, error: &io::Error) -> FetchError {
    FetchError::Io {
        operation,
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_or_newer_queue_is_put_aside_whole() {
        let folder = tempfile::tempdir().unwrap();
        let good = Saved::default().encode();
        write(folder.path(), &good).unwrap();
        assert_eq!(read(folder.path()).unwrap().downloads, []);
        let damages = [&b""[..], b"{", b"{\"version\":2}", &good[..good.len() - 1]];
        for (number, damage) in (1..).zip(damages) {
            fs::write(folder.path().join(QUEUE_FILE), damage).unwrap();
            assert_eq!(read(folder.path()).unwrap(), Saved::default());
            let aside = folder.path().join(format!("{QUEUE_FILE}.aside-{number}"));
            assert_eq!(fs::read(aside).unwrap(), damage);
        }
    }
}
