//! What a daemon remembers between starts of its own accord: the index, folders added and taken
//! away, blocked peers, limits, what was sent.
//!
//! Knows one file; knows nothing of who changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use protocol::ids::PeerId;
use serde::{Deserialize, Serialize};

/// Name of the file in the data folder.
pub const MEMORY_FILE: &str = "remembered.json";

/// All that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// URL of the index.
    pub index: Option<String>,
    /// Folders shared besides those of the settings.
    pub added_shares: BTreeSet<PathBuf>,
    /// Folders of the settings that are not shared.
    pub removed_shares: BTreeSet<PathBuf>,
    /// Peers that are never fetched from.
    pub blocked: BTreeSet<PeerId>,
    /// Limits that were set on the screen.
    pub limits: Option<Limits>,
    /// Limits of peers, each for itself.
    pub peer_limits: BTreeMap<PeerId, Limits>,
    /// Where peers were whose uploads are limited, for as long as the index is away.
    pub limited_at: BTreeMap<PeerId, IpAddr>,
    /// Answers with bytes and bytes sent, ever.
    pub uploads: (u64, u64),
}

/// Bytes a second; `None` for no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// In.
    pub down: Option<u64>,
    /// Out.
    pub up: Option<u64>,
}

/// Why something is not remembered.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {}: {reason}", .path.display())]
pub struct MemoryError {
    operation: &'static str,
    path: PathBuf,
    reason: std::io::Error,
}

/// The file and what it holds.
#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    remembered: Remembered,
}

impl Memory {
    /// Reads the file in `folder`. A damaged one is moved aside and said so: losing a limit is better
    /// than a peer that does not start.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn open(folder: &Path) -> Result<Self, MemoryError> {
        let path = folder.join(MEMORY_FILE);
        let failed = |reason| MemoryError {
            operation: "read remembered settings",
            path: path.clone(),
            reason,
        };
        let remembered = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                let aside = path.with_extension("damaged");
                tracing::warn!(
                    "remembered settings are damaged ({error}) and start anew; the old ones are in {}",
                    aside.display()
                );
                let _ = fs::rename(&path, aside);
                Remembered::default()
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Remembered::default(),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { path, remembered })
    }

    /// What is remembered now.
    pub const fn get(&self) -> &Remembered {
        &self.remembered
    }

    /// Changes it and writes it, durable before this returns; nothing is written when nothing
    /// changed.
    ///
    /// # Errors
    /// When it cannot be written; it is changed in memory all the same.
    pub fn change(&mut self, change: impl FnOnce(&mut Remembered)) -> Result<(), MemoryError> {
        let before = self.remembered.clone();
        change(&mut self.remembered);
        if before == self.remembered {
            return Ok(());
        }
        self.write().map_err(|reason| MemoryError {
            operation: "write remembered settings",
            path: self.path.clone(),
            reason,
        })
    }

    fn write(&self) -> std::io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        let text = serde_json::to_vec_pretty(&self.remembered)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        match self.path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Remembered {
    /// The folders to share: those of the settings without the removed ones, then the added ones.
    pub fn shares(&self, settings: &[PathBuf]) -> Vec<PathBuf> {
        let mut shares: Vec<PathBuf> = Vec::new();
        let kept = settings
            .iter()
            .filter(|folder| !self.removed_shares.contains(*folder));
        for folder in kept.chain(&self.added_shares) {
            if !shares.contains(folder) {
                shares.push(folder.clone());
            }
        }
        shares
    }

    /// From now on `folder` is shared.
    pub fn add_share(&mut self, folder: &Path, settings: &[PathBuf]) {
        self.removed_shares.remove(folder);
        if !settings.iter().any(|set| set == folder) {
            self.added_shares.insert(folder.to_owned());
        }
    }

    /// From now on `folder` is not shared.
    pub fn remove_share(&mut self, folder: &Path, settings: &[PathBuf]) {
        self.added_shares.remove(folder);
        if settings.iter().any(|set| set == folder) {
            self.removed_shares.insert(folder.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let settings = [PathBuf::from("/a"), PathBuf::from("/b")];
        let mut memory = Memory::open(folder.path()).unwrap();
        memory
            .change(|all| {
                all.index = Some("http://nas:7070".to_owned());
                all.blocked.insert(PeerId::from_bytes([7; 32]));
                let limits = Limits {
                    down: Some(5),
                    up: None,
                };
                let peer = PeerId::from_bytes([8; 32]);
                all.peer_limits.insert(peer, limits);
                all.limited_at.insert(peer, "10.0.0.8".parse().unwrap());
                all.add_share(Path::new("/c"), &settings);
                all.remove_share(Path::new("/a"), &settings);
            })
            .unwrap();
        let again = Memory::open(folder.path()).unwrap();
        assert_eq!(again.get(), memory.get());
        assert_eq!(
            again.get().shares(&settings),
            [Path::new("/b"), Path::new("/c")]
        );
        memory
            .change(|all| {
                all.add_share(Path::new("/a"), &settings);
                all.remove_share(Path::new("/c"), &settings);
            })
            .unwrap();
        assert_eq!(memory.get().shares(&settings), settings);
    }

    #[test]
    fn a_damaged_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MEMORY_FILE), b"{").unwrap();
        let memory = Memory::open(folder.path()).unwrap();
        assert_eq!(memory.get(), &Remembered::default());
        assert!(folder.path().join("remembered.damaged").is_file());
    }
}
