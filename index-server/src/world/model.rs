//! The rules once more, as naively as they can be written: lists that are searched from end to end.

use std::collections::BTreeMap;

use protocol::ids::{FileId, PeerId};

use crate::catalog::FileEntry;
use crate::command::{Answer, Command, FileChange, FileChanged, Refusal};
use crate::decide::Overdue;
use crate::world::{Files, World};

/// One record: names in order, and what was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    owner: PeerId,
    names: Vec<String>,
    is_partial: bool,
    downloads: u64,
    votes: BTreeMap<PeerId, u8>,
}

/// Peers by whether they are online, and records.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) peers: BTreeMap<PeerId, bool>,
    pub(super) files: BTreeMap<FileId, Held>,
    downloads: u64,
}

impl Model {
    /// Does what was answered to `command`.
    pub(super) fn follow(
        &mut self,
        command: &Command,
        overdue: &Overdue,
        answer: &Result<Answer, Refusal>,
    ) {
        let Ok(answer) = answer else {
            return;
        };
        match (command, answer) {
            (Command::Register(_), Answer::Registered(told)) => {
                assert_eq!(told.is_new, !self.peers.contains_key(&told.id));
                self.peers.insert(told.id, true);
            }
            (Command::Heartbeat(actor), _) => {
                self.peers.insert(actor.peer, true);
            }
            (Command::Leave { id, .. }, _) => {
                self.peers.insert(*id, false);
            }
            (Command::ChangeFiles { actor, changes, .. }, Answer::FilesChanged(outcomes)) => {
                let before = self.files.clone();
                for (change, outcome) in changes.iter().zip(outcomes) {
                    self.change(actor.peer, change, outcome);
                }
                // What was there before and is there after has lived on.
                for (id, held) in &mut self.files {
                    if let Some(before) = before.get(id) {
                        held.downloads = before.downloads;
                        held.votes.clone_from(&before.votes);
                    }
                }
            }
            (Command::Rate { actor, file, stars }, Answer::Rated(told)) => {
                let held = self.files.get_mut(file).expect("rated, so there");
                held.votes.insert(actor.peer, *stars);
                assert_eq!(told.votes, held.votes.len() as u64);
                let sum: u64 = held.votes.values().map(|stars| u64::from(*stars)).sum();
                let mean = sum as f64 / told.votes as f64;
                assert!((told.rating - mean).abs() < 1e-9);
            }
            (Command::CountDownload { file }, Answer::Counted { downloads }) => {
                let held = self.files.get_mut(file).expect("counted, so there");
                held.downloads += 1;
                assert_eq!(held.downloads, *downloads);
                self.downloads += 1;
            }
            (Command::Sweep, Answer::Swept { .. }) => self.sweep(overdue),
            (Command::Report { .. }, _) => {}
            other => panic!("an answer to something else: {other:?}"),
        }
    }

    fn change(&mut self, owner: PeerId, change: &FileChange, outcome: &FileChanged) {
        match change {
            FileChange::Add(file) => {
                let id = FileId::of(&owner, &file.hash);
                let path = file.path.as_str().to_owned();
                let was_there = self.files.contains_key(&id);
                let expected = matches!(
                    (outcome, was_there),
                    (FileChanged::Added(_), false) | (FileChanged::Updated(_), true)
                );
                assert!(expected, "{outcome:?}");
                let held = self.files.entry(id).or_insert(Held {
                    owner,
                    names: Vec::new(),
                    is_partial: true,
                    downloads: 0,
                    votes: BTreeMap::new(),
                });
                held.names.retain(|name| *name != path);
                held.names.push(path);
                held.is_partial &= file.is_partial;
            }
            FileChange::Remove { id, path } => {
                let held = self.files.get_mut(id).filter(|held| held.owner == owner);
                let has = held
                    .as_ref()
                    .is_some_and(|held| path.as_ref().is_none_or(|path| held.names.contains(path)));
                assert_eq!(*outcome == FileChanged::Removed, has, "{outcome:?}");
                if let Some(held) = held.filter(|_| has) {
                    held.names
                        .retain(|name| path.as_ref().is_some_and(|path| name != path));
                }
            }
        }
        self.files.retain(|_, held| !held.names.is_empty());
    }

    /// Names of all records.
    pub(super) fn name_count(&self) -> usize {
        self.files.values().map(|held| held.names.len()).sum()
    }

    fn sweep(&mut self, overdue: &Overdue) {
        for (id, _) in &overdue.silent {
            if let Some(is_online) = self.peers.get_mut(id) {
                *is_online = false;
            }
        }
        for id in &overdue.stale {
            if self.peers.get(id) == Some(&false) {
                self.peers.remove(id);
                self.files.retain(|_, held| held.owner != *id);
            }
        }
    }

    /// The same of a world, to be compared.
    pub(super) fn of<F: Files>(world: &World<F>) -> Self {
        let peers = world.peers().map(|(id, peer)| (*id, peer.is_online));
        let files = world.files().entries().map(|entry| {
            let votes = world.votes.get(&entry.id).cloned().unwrap_or_default();
            let sum: u64 = votes.iter().map(|(_, stars)| u64::from(*stars)).sum();
            assert_eq!(
                (entry.rating_sum, entry.rating_votes),
                (sum, votes.len() as u64)
            );
            (entry.id, held(&entry, votes))
        });
        Self {
            peers: peers.collect(),
            files: files.collect(),
            downloads: world.download_count(),
        }
    }
}

fn held(entry: &FileEntry, votes: Vec<(PeerId, u8)>) -> Held {
    Held {
        owner: entry.owner,
        names: entry
            .names
            .iter()
            .map(|name| name.path.to_string())
            .collect(),
        is_partial: entry.is_partial,
        downloads: entry.downloads,
        votes: votes.into_iter().collect(),
    }
}
