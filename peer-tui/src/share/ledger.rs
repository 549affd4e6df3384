//! What is known of every file below the share folders, and what follows from a look at them.
//!
//! Pure: looks and hashes are told with the time they were made at; what comes out are files to
//! hash, times to look again, and changes for others.

pub mod job;
pub mod known;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::PeerId;

pub use self::job::{HashJob, Outcome};
pub use self::known::{Known, RootId, RootState, State};
use super::cache::Entry;
use super::describe::{describe, share_path};
use super::scan::{Found, Looked};
use super::settle::{Settling, Verdict};
use super::shelf::Shelf;
use super::{ShareChange, SharedFile};

/// A file that is gone under one name is known by its inode for so long: a rename that is seen in
/// two looks costs no hashing.
const DEPARTED_KEPT: Duration = Duration::from_mins(1);

/// How much of a share folder a look was at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    All,
    /// One path and what is below it.
    Below(PathBuf),
}

/// When something was seen.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Since a fixed start.
    pub now: Duration,
    /// The clock of modification times, nanoseconds since 1970.
    pub wall_ns: i128,
}

/// A look that succeeded.
#[derive(Debug)]
pub struct Look {
    /// At which share folder.
    pub root: RootId,
    /// At how much of it.
    pub scope: Scope,
    /// What was seen.
    pub looked: Looked,
    /// What the cache knows of files in their present state.
    pub hits: HashMap<OsString, Entry>,
}

type Inode = (u64, u64);

/// All that is known.
#[derive(Debug)]
pub struct Ledger {
    owner: PeerId,
    roots: BTreeMap<RootId, RootState>,
    next_root: RootId,
    shelf: Shelf,
    by_inode: HashMap<Inode, Arc<SharedFile>>,
    departed: VecDeque<(Duration, Inode)>,
    changes: Vec<ShareChange>,
    queue: VecDeque<HashJob>,
    timers: BTreeSet<(Duration, RootId, OsString)>,
    waiting_files: u64,
    waiting_bytes: u64,
}

impl Ledger {
    /// Nothing is known.
    pub fn new(owner: PeerId) -> Self {
        Self {
            owner,
            roots: BTreeMap::new(),
            next_root: 0,
            shelf: Shelf::default(),
            by_inode: HashMap::new(),
            departed: VecDeque::new(),
            changes: Vec::new(),
            queue: VecDeque::new(),
            timers: BTreeSet::new(),
            waiting_files: 0,
            waiting_bytes: 0,
        }
    }

    /// One more share folder.
    pub fn add_root(&mut self, path: PathBuf) -> RootId {
        let id = self.next_root;
        self.next_root += 1;
        self.roots.insert(id, RootState::new(path));
        id
    }

    /// Forgets a share folder and all in it.
    pub fn remove_root(&mut self, id: RootId, now: Duration) {
        self.hide_root(id, now);
        self.roots.remove(&id);
    }

    /// A share folder that is gone: its files are not there either.
    pub fn hide_root(&mut self, id: RootId, now: Duration) {
        let Some(root) = self.roots.get_mut(&id) else {
            return;
        };
        root.clear_troubles();
        let all: Vec<OsString> = root.files.keys().cloned().collect();
        for key in all {
            self.forget(id, &key, now);
        }
    }

    /// Files in every order, for the view.
    pub const fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// The changes since the last call.
    pub fn take_changes(&mut self) -> Vec<ShareChange> {
        std::mem::take(&mut self.changes)
    }

    /// Whether there are changes to take.
    pub const fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The share folders.
    pub const fn roots(&self) -> &BTreeMap<RootId, RootState> {
        &self.roots
    }

    /// Files known, shared or not.
    pub fn found_files(&self) -> u64 {
        self.roots
            .values()
            .map(|root| root.files.len() as u64)
            .sum()
    }

    /// Files and bytes that wait to be still or hashed.
    pub const fn waiting(&self) -> (u64, u64) {
        (self.waiting_files, self.waiting_bytes)
    }

    /// Takes what looks saw: first what is gone, then what is there, so that a file that moved is
    /// taken away before it is added.
    pub fn take_looks(&mut self, looks: Vec<Look>, moment: Moment) {
        self.forget_departed(moment.now);
        for look in &looks {
            let gone = match self.roots.get_mut(&look.root) {
                Some(root) => root.take_look(&look.scope, &look.looked),
                None => continue,
            };
            for key in gone {
                self.forget(look.root, &key, moment.now);
            }
        }
        for look in looks {
            if !self.roots.contains_key(&look.root) {
                continue;
            }
            for found in look.looked.files {
                let hit = look.hits.get(found.relative.as_os_str());
                self.see(look.root, found, hit, moment);
            }
        }
    }

    fn see(&mut self, root: RootId, found: Found, hit: Option<&Entry>, moment: Moment) {
        let key = found.relative.as_os_str();
        let known = self.roots.get(&root).and_then(|root| root.files.get(key));
        if let Some(known) = known {
            let is_same = known.state.stamp() == found.stamp && known.device == found.device;
            match &known.state {
                State::Shared(_) | State::Queued(_) if is_same => return,
                State::Failed(_) if is_same => {
                    self.enqueue(root, found);
                    return;
                }
                State::Settling(settling, at) => {
                    let timer = (*at, root, key.to_owned());
                    let settling = *settling;
                    self.timers.remove(&timer);
                    self.settle(root, found, settling, moment);
                    return;
                }
                State::Shared(_) | State::Queued(_) | State::Failed(_) => {
                    let key = key.to_owned();
                    if known.state.stamp().inode == found.stamp.inode {
                        // Written to: under another name it is not what was hashed either.
                        self.by_inode.remove(&(found.device, found.stamp.inode));
                    }
                    self.forget(root, &key, moment.now);
                }
            }
        }
        let twin = self.twin(root, &found);
        let hashes = match (twin, hit) {
            (Some(twin), _) => Some((twin.hash, twin.pieces_root)),
            (_, Some(hit)) if hit.stamp == found.stamp => Some((hit.hash, hit.pieces_root)),
            _ => None,
        };
        if let Some(hashes) = hashes {
            self.share(root, found, hashes);
        } else {
            let settling = Settling::new(found.stamp, moment.now);
            self.settle(root, found, settling, moment);
        }
    }

    /// What was hashed of this inode: in the very state that was found, or under another name that
    /// is gone (a rename shows in the change time, as a write does).
    fn twin(&self, root: RootId, found: &Found) -> Option<&SharedFile> {
        let twin = self.by_inode.get(&(found.device, found.stamp.inode))?;
        if twin.stamp == found.stamp {
            return Some(twin);
        }
        let root = self.roots.get(&root)?;
        let is_elsewhere = twin.root != *root.path || twin.relative != found.relative;
        let is_renamed =
            is_elsewhere && twin.stamp.is_same_but_changed(&found.stamp) && !self.is_there(twin);
        is_renamed.then_some(&**twin)
    }

    fn is_there(&self, file: &Arc<SharedFile>) -> bool {
        let mut there = self.shelf.at_path(&file.root, file.path.as_str());
        there.any(|there| Arc::ptr_eq(there, file))
    }

    fn settle(&mut self, root: RootId, found: Found, mut settling: Settling, moment: Moment) {
        match settling.look(found.stamp, moment.now, moment.wall_ns) {
            Verdict::Still => self.enqueue(root, found),
            Verdict::Wait(wait) => {
                let at = moment.now + wait;
                let key = found.relative.into_os_string();
                self.timers.insert((at, root, key.clone()));
                let state = State::Settling(settling, at);
                self.set(root, key, found.device, state);
            }
        }
    }

    fn enqueue(&mut self, root: RootId, found: Found) {
        let Some(folder) = self.roots.get(&root) else {
            return;
        };
        self.queue.push_back(HashJob {
            root,
            folder: Arc::clone(&folder.path),
            relative: found.relative.clone(),
            device: found.device,
            stamp: found.stamp,
        });
        let key = found.relative.into_os_string();
        self.set(root, key, found.device, State::Queued(found.stamp));
    }

    /// Shares a file whose hashes are known.
    fn share(&mut self, root: RootId, found: Found, hashes: (ContentHash, PiecesRoot)) {
        let Some(folder) = self.roots.get(&root).map(|root| Arc::clone(&root.path)) else {
            return;
        };
        // A look only yields names that can be published.
        let Ok(path) = share_path(&found.relative) else {
            return;
        };
        let key = found.relative.clone().into_os_string();
        let place = (path, found.relative);
        let file = describe(&self.owner, &folder, place, found.stamp, hashes);
        let inode = (found.device, found.stamp.inode);
        self.by_inode.insert(inode, Arc::clone(&file));
        self.changes.extend(self.shelf.insert(&file));
        self.set(root, key, found.device, State::Shared(file));
    }

    /// A finished download whose hashes are known already.
    pub fn adopt(
        &mut self,
        root: RootId,
        found: Found,
        hashes: (ContentHash, PiecesRoot),
        now: Duration,
    ) {
        self.forget(root, found.relative.as_os_str(), now);
        self.share(root, found, hashes);
    }

    /// The share folder at exactly this path.
    pub fn root_of(&self, path: &Path) -> Option<RootId> {
        let mut roots = self.roots.iter();
        roots.find_map(|(id, root)| (*root.path == *path).then_some(*id))
    }

    /// Paths whose time to be looked at again has come.
    pub fn due(&mut self, now: Duration) -> Vec<(RootId, PathBuf)> {
        let mut due = Vec::new();
        while self.timers.first().is_some_and(|(at, ..)| *at <= now) {
            if let Some((_, root, key)) = self.timers.pop_first() {
                due.push((root, PathBuf::from(key)));
            }
        }
        due
    }

    /// When the next path is due.
    pub fn next_due(&self) -> Option<Duration> {
        self.timers.first().map(|(at, ..)| *at)
    }

    /// The one place where a state changes, so that the sums stay right.
    fn set(&mut self, root: RootId, key: OsString, device: u64, state: State) {
        let Some(root) = self.roots.get_mut(&root) else {
            return;
        };
        if !matches!(state, State::Failed(_)) {
            root.failures.remove(&key);
        }
        if let Some(bytes) = state.waiting_bytes() {
            self.waiting_files += 1;
            self.waiting_bytes += bytes;
        }
        let before = root.files.insert(key, Known { device, state });
        self.subtract(before.as_ref());
    }

    fn forget(&mut self, root: RootId, key: &OsStr, now: Duration) {
        let Some(folder) = self.roots.get_mut(&root) else {
            return;
        };
        folder.failures.remove(key);
        let Some(known) = folder.files.remove(key) else {
            return;
        };
        self.subtract(Some(&known));
        match &known.state {
            State::Shared(file) => {
                let roots = self.roots.values().map(|root| &*root.path);
                self.changes.extend(self.shelf.remove(file, roots));
                let inode = (known.device, file.stamp.inode);
                self.departed.push_back((now, inode));
            }
            State::Settling(_, at) => {
                self.timers.remove(&(*at, root, key.to_owned()));
            }
            State::Queued(_) | State::Failed(_) => {}
        }
    }

    fn subtract(&mut self, known: Option<&Known>) {
        if let Some(bytes) = known.and_then(|known| known.state.waiting_bytes()) {
            self.waiting_files -= 1;
            self.waiting_bytes -= bytes;
        }
    }

    fn forget_departed(&mut self, now: Duration) {
        while let Some((at, inode)) = self.departed.front().copied() {
            if now.saturating_sub(at) < DEPARTED_KEPT {
                return;
            }
            self.departed.pop_front();
            let file = self.by_inode.get(&inode);
            if !file.is_some_and(|file| self.is_there(file)) {
                self.by_inode.remove(&inode);
            }
        }
    }
}

#[cfg(test)]
mod tests;
