//! Before bytes: who has it, what its pieces hash to, what of it lies on disk already.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::file::ContentInfo;
use protocol::hash::PieceHash;
use protocol::peer::Outcome as Report;
use protocol::pieces::{FileHasher, FileHashes, PieceLayout, PieceSet};

use super::super::job::{Job, Verdict};
use super::super::scheduler::SourceKey;
use super::super::source::{Fault, Place, blocking};
use super::super::store::place::place;
use super::super::store::{Store, StoreError};
use super::super::verify::{check_list, list_of_root};
use super::{Follower, Halt, Open, Runner};
use crate::index_client::IndexError;

type OnDisk = Option<(PathBuf, FileHashes)>;

impl Runner {
    /// Asks the index who has it.
    pub(super) async fn look(&mut self) -> Result<(), Halt> {
        let holders = self.shared.holders.clone();
        let hash = self.task.hash;
        let answer = self
            .while_obeying(async move { holders.content(hash).await })
            .await?;
        self.looked_at = Some(Instant::now());
        self.wants_look = false;
        let content = match answer {
            Ok(Some(content)) => content,
            Ok(None) => return Err(Halt::NoSource("nobody shares it now".to_owned())),
            Err(IndexError::Unreachable { .. }) => {
                let reason = "the index does not answer, so nobody knows who has it";
                return Err(Halt::NoSource(reason.to_owned()));
            }
            Err(error) => return Err(Halt::NoSource(error.to_string())),
        };
        if content.size != self.layout.size_bytes() && self.open.is_none() {
            self.layout = PieceLayout::of_size(content.size);
            self.job = Job::new(
                self.layout,
                self.shared.holders.own_id(),
                self.shared.timing.failure,
                rand::random(),
            );
        }
        self.learn(&content);
        match self.job.verdict(Instant::now()) {
            Verdict::NoSource(reason) => Err(Halt::NoSource(reason)),
            Verdict::Go | Verdict::Wait(_) => Ok(()),
        }
    }

    /// The question to the index for more sources, where it is due: the last one is `wait` ago, or
    /// somebody wants it. It may be away meanwhile.
    pub(super) fn look_if_due(
        &mut self,
        wait: Duration,
        now: Instant,
    ) -> Option<impl Future<Output = Option<Box<ContentInfo>>> + use<>> {
        let is_due = (self.looked_at).is_none_or(|at| now.saturating_duration_since(at) >= wait);
        if !is_due && !self.wants_look {
            return None;
        }
        self.wants_look = false;
        self.looked_at = Some(now);
        let (holders, hash) = (self.shared.holders.clone(), self.task.hash);
        Some(async move { holders.content(hash).await.ok().flatten().map(Box::new) })
    }

    pub(super) fn learn(&mut self, content: &ContentInfo) {
        if content.size == self.layout.size_bytes() {
            let refused = self.shared.refused.clone();
            self.job.learn(content, |peer| refused.contains(peer));
        }
    }

    /// The checked piece hashes from whoever has them; `None` when nobody knows pieces.
    pub(super) async fn piece_list(&mut self) -> Result<Option<Arc<[PieceHash]>>, Halt> {
        if let Some(open) = &self.open {
            return Ok(Some(open.hashes.clone()));
        }
        if let Some(list) = self.list.take() {
            return Ok(Some(list));
        }
        loop {
            let Some(root) = self.job.root() else {
                return Ok(None);
            };
            if let Some(list) = list_of_root(self.layout, root) {
                return Ok(Some(list.into()));
            }
            let mut all_lack_it = true;
            for key in self.job.askable(Instant::now()) {
                let Some(place) = self.place_of(key) else {
                    continue;
                };
                self.job.asking(key);
                let (http, layout) = (self.shared.http.clone(), self.layout);
                let asked = async move { http.pieces(&place, layout).await };
                let fault = match self.while_obeying(asked).await? {
                    Ok(bytes) => match check_list(self.layout, root, &bytes) {
                        Some(list) => {
                            self.job.ended(key, Ok(()), Instant::now());
                            return Ok(Some(list.into()));
                        }
                        None => Fault::Lied(
                            "sent piece hashes that are not those of its root".to_owned(),
                        ),
                    },
                    // It may still have the bytes.
                    Err(Fault::Gone(_)) => {
                        self.job.lacks_list(key, Instant::now());
                        continue;
                    }
                    Err(fault) => fault,
                };
                all_lack_it = false;
                self.take_fault(key, &fault);
            }
            if all_lack_it && !self.job.askable(Instant::now()).is_empty() {
                return Ok(None);
            }
            self.wait_for_source().await?;
        }
    }

    /// Waits until some source may be asked.
    pub(super) async fn wait_for_source(&mut self) -> Result<(), Halt> {
        match self.job.verdict(Instant::now()) {
            Verdict::Go => Ok(()),
            Verdict::Wait(at) => {
                self.while_obeying(tokio::time::sleep_until(at.into()))
                    .await
            }
            Verdict::NoSource(reason) => Err(Halt::NoSource(reason)),
        }
    }

    pub(super) fn place_of(&self, key: SourceKey) -> Option<Place> {
        let candidate = self.job.candidate(key)?;
        Some(Place {
            key,
            address: candidate.address,
            hash: self.task.hash,
            limit: self.shared.http.limit_of(candidate.peer()),
        })
    }

    /// A source failed: the job decides what follows, the index and the session hear of it.
    pub(super) fn take_fault(&mut self, key: SourceKey, fault: &Fault) {
        self.job.ended(key, Err(fault), Instant::now());
        let Some((peer, who)) = self
            .job
            .candidate(key)
            .map(|candidate| (candidate.peer(), candidate.in_words()))
        else {
            return;
        };
        match fault {
            Fault::Corrupt(_) | Fault::OtherFile => {
                tracing::warn!(name = %self.task.name, "{who} sent wrong bytes and is not asked again");
                self.shared.refused.strike(peer);
                self.report(peer, Report::Corrupt);
            }
            Fault::Lied(said) => {
                tracing::warn!(name = %self.task.name, "{who} {said} and is not asked again");
                self.shared.refused.strike(peer);
                self.report(peer, Report::Failed);
            }
            Fault::Unreachable(_) => self.report(peer, Report::Unreachable),
            Fault::Broken(_)
            | Fault::Busy(_)
            | Fault::Gone(_)
            | Fault::NotHeld
            | Fault::Disk(_) => {}
        }
    }

    /// Opens the unfinished file; what nobody vouches for is hashed again.
    pub(super) async fn open(&mut self, hashes: Arc<[PieceHash]>) -> Result<(), Halt> {
        if self.open.is_some() {
            // Begun again with the same pieces: what is there stays.
            return Ok(());
        }
        let (folder, hash, root) = (self.shared.folder.clone(), self.task.hash, self.job.root());
        let (layout, list) = (self.layout, hashes.clone());
        let work = move || -> Result<(Store, PieceSet), StoreError> {
            let opened = Store::open(&folder, &hash, root, layout)?;
            let mut have = opened.verified;
            for piece in opened.doubtful {
                let expected = list.get(piece.as_usize());
                if let Some(expected) = expected
                    && opened.store.verify(piece, expected)?
                {
                    have.insert(piece);
                }
            }
            Ok((opened.store, have))
        };
        let (store, have) = self.while_obeying(blocking(work)).await??;
        let held = self.layout.pieces().filter(|piece| have.contains(*piece));
        self.done_bytes = held.map(|piece| self.layout.range(piece).len()).sum();
        self.job.start(have);
        let follower = Follower::new(store.clone());
        self.open = Some(Open {
            store,
            hashes,
            follower,
        });
        Ok(())
    }

    /// Whether the file lies on this disk already: a copy fetched before, or this very download
    /// when the program ended between its last step and taking note of it.
    pub(super) async fn find_on_disk(&mut self) -> Result<OnDisk, Halt> {
        let hash = self.task.hash;
        if self.task.may_be_there {
            let (path, size) = (self.task.target.path(), self.task.size_bytes);
            let work = move || {
                let file = open_whole(&path, size)?;
                Some((hash_of(file, size, |_, _| Ok(()))?, path))
            };
            if let Some((hashes, path)) = self.while_obeying(blocking(work)).await?
                && hashes.hash == hash
            {
                self.done_bytes = self.task.size_bytes;
                return Ok(Some((path, hashes)));
            }
        }
        let is_empty = self.task.size_bytes == 0 && hash == protocol::hash::ContentHash::of(b"");
        let mut sources = std::mem::take(&mut self.task.local);
        if is_empty {
            sources.push(Path::new("/dev/null").to_owned());
        }
        for source in sources {
            let found = self.copy_from(source).await?;
            if found.is_some() {
                self.done_bytes = self.task.size_bytes;
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Copies what lies at `source`; `None` when that is not the content.
    async fn copy_from(&mut self, source: PathBuf) -> Result<OnDisk, Halt> {
        let hash = self.task.hash;
        let (folder, target, layout) = (
            self.shared.folder.clone(),
            self.task.target.clone(),
            self.layout,
        );
        let work = move || -> Result<OnDisk, StoreError> {
            let size = layout.size_bytes();
            // Before the unfinished file is touched: what has come of it is worth more than a copy
            // that is gone.
            let Some(file) = open_whole(&source, size) else {
                return Ok(None);
            };
            let store = Store::open(&folder, &hash, None, layout)?.store;
            let copied = hash_of(file, size, |offset, bytes| store.write_at(offset, bytes));
            match copied {
                Some(hashes) if hashes.hash == hash => Ok(Some((place(&store, &target)?, hashes))),
                // What of it is right is found when the pieces are known.
                _ => Ok(None),
            }
        };
        Ok(self.while_obeying(blocking(work)).await??)
    }
}

/// A file of so many bytes (or something that is no file, like `/dev/null`), open.
fn open_whole(path: &Path, size_bytes: u64) -> Option<File> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let is_other = metadata.is_dir() || (metadata.is_file() && metadata.len() != size_bytes);
    (!is_other).then_some(file)
}

/// The hashes of a file of `size_bytes`, its bytes handed to `take`; `None` when it cannot be read,
/// has another size or `take` fails.
fn hash_of(
    mut file: File,
    size_bytes: u64,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), StoreError>,
) -> Option<FileHashes> {
    use std::io::Read as _;
    let mut hasher = FileHasher::new(size_bytes);
    let mut buffer = vec![0; 256 * 1024];
    let mut offset = 0;
    loop {
        let count = file.read(&mut buffer).ok()?;
        if count == 0 {
            return hasher.finish();
        }
        take(offset, &buffer[..count]).ok()?;
        hasher.update(&buffer[..count]);
        offset += count as u64;
    }
}
