//! Sources that know no pieces: the whole file in one stream, checked at its end.
//!
//! A stream that breaks off goes on with the next source, and after a restart behind what is on
//! disk. Somebody better is looked for meanwhile: another such source for when this one goes silent,
//! or one that knows the pieces, with which what is right of it goes on.
//!
//! When what several gave together is wrong nobody can say whose bytes were, so from then on it
//! begins at the front and each gives all of it alone.

use std::collections::HashMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use protocol::hash::ContentHash;
use protocol::pieces::{FileHasher, FileHashes, PieceLayout};
use tokio::sync::Notify;

use super::super::DownloadState;
use super::super::scheduler::SourceKey;
use super::super::source::{Fault, Http, Place, Rest, blocking};
use super::super::store::place::place;
use super::super::store::{Store, StoreError};
use super::beside::{Beside, TICK};
use super::{Halt, Runner};

/// What came so far.
struct Stream {
    store: Store,
    hasher: FileHasher,
    offset: u64,
    /// Bytes that lay on disk; nobody knows who gave them.
    found_bytes: u64,
    /// Who gave how much, in order.
    givers: Vec<(SourceKey, u64)>,
    /// The offset for whoever looks on.
    came_bytes: Arc<AtomicU64>,
    /// What each source that was asked told as the tag of the file; `None`: it has no tags.
    tags: HashMap<SourceKey, Option<String>>,
}

impl Stream {
    fn new(store: Store, layout: PieceLayout) -> Self {
        Self {
            store,
            hasher: FileHasher::new(layout.size_bytes()),
            offset: 0,
            found_bytes: 0,
            givers: Vec::new(),
            came_bytes: Arc::default(),
            tags: HashMap::new(),
        }
    }

    /// Behind what is on disk. Blocking.
    fn found(store: Store, layout: PieceLayout, found_bytes: u64) -> Result<Self, StoreError> {
        let mut stream = Self::new(store, layout);
        let (store, hasher) = (&stream.store, &mut stream.hasher);
        store.read(0, found_bytes, |bytes| hasher.update(bytes))?;
        stream.came(found_bytes);
        stream.found_bytes = found_bytes;
        Ok(stream)
    }

    /// From the front again, with what is known of the sources. Blocking.
    fn restart(&mut self) -> Result<(), StoreError> {
        self.store.cut()?;
        let anew = Self::new(self.store.clone(), self.store.layout());
        let tags = std::mem::take(&mut self.tags);
        let came_bytes = Arc::clone(&self.came_bytes);
        *self = Self {
            came_bytes,
            tags,
            ..anew
        };
        self.came(0);
        Ok(())
    }

    fn came(&mut self, bytes: u64) {
        self.offset += bytes;
        if let Some((_, gave_bytes)) = self.givers.last_mut() {
            *gave_bytes += bytes;
        }
        self.came_bytes.store(self.offset, Ordering::Relaxed);
    }

    /// Whether there is nothing left to ask for.
    fn is_whole(&self) -> bool {
        let is_begun = self.found_bytes > 0 || !self.givers.is_empty();
        is_begun && self.offset == self.store.layout().size_bytes()
    }

    /// Whether all of it is from this source.
    fn is_of(&self, key: SourceKey) -> bool {
        let mut givers = self.givers.iter().filter(|(_, bytes)| *bytes > 0);
        self.found_bytes == 0 && givers.all(|(giver, _)| *giver == key)
    }

    /// What a source is asked for. The tag of the contract names the content, so a source that has
    /// not told another one has no other file under it.
    fn rest(&self, key: SourceKey, hash: &ContentHash) -> Rest {
        let told = self.tags.get(&key).cloned();
        Rest {
            offset: self.offset,
            if_range: told.unwrap_or_else(|| Some(format!("\"sha256-{hash}\""))),
        }
    }
}

/// How a stream ended.
enum End {
    /// All has come.
    Whole,
    /// It is left for something better.
    Left,
}

impl Runner {
    /// Fetches and places the whole file; `None` when its pieces are known before it is there.
    pub(super) async fn fetch_plain(&mut self) -> Result<Option<(PathBuf, FileHashes)>, Halt> {
        let mut stream = self.open_stream().await?;
        let mut beside = Beside::default();
        let mut is_alone = false;
        loop {
            self.done_bytes = stream.offset;
            self.show(DownloadState::Downloading);
            if self.list.is_some() {
                return Ok(None);
            }
            if !stream.is_whole() {
                let Some(key) = self.job.askable(Instant::now()).first().copied() else {
                    self.wait_beside(&mut beside).await?;
                    continue;
                };
                if is_alone && !stream.is_of(key) {
                    stream.restart()?;
                }
                match self.stream_from(key, &mut stream, &mut beside).await? {
                    Ok(end) => {
                        self.job.ended(key, Ok(()), Instant::now());
                        if matches!(end, End::Left) {
                            continue;
                        }
                    }
                    Err(Fault::Disk(error)) => return Err(error.into()),
                    Err(fault) => {
                        self.take_fault(key, &fault);
                        continue;
                    }
                }
            }
            if let Some(done) = self.finish_stream(&mut stream).await? {
                return Ok(Some(done));
            }
            is_alone = true;
        }
    }

    /// What came earlier, hashed.
    async fn open_stream(&mut self) -> Result<Stream, Halt> {
        // Nobody vouches for what is there from now on.
        self.hide_partial();
        let (folder, hash, layout) = (self.shared.folder.clone(), self.task.hash, self.layout);
        let opening = blocking(move || -> Result<Stream, StoreError> {
            let (store, found_bytes) = Store::open_stream(&folder, &hash, layout)?;
            Stream::found(store, layout, found_bytes)
        });
        Ok(self.while_obeying(opening).await??)
    }

    /// Gives the file its name; when it is not what its hash says the stream is at the front again.
    async fn finish_stream(
        &mut self,
        stream: &mut Stream,
    ) -> Result<Option<(PathBuf, FileHashes)>, Halt> {
        let of_all = std::mem::replace(&mut stream.hasher, FileHasher::new(0)).finish();
        let Some(hashes) = of_all.filter(|hashes| hashes.hash == self.task.hash) else {
            let last = stream.givers.last().map(|(key, _)| *key);
            if let Some(key) = last.filter(|key| stream.is_of(*key)) {
                self.take_fault(key, &Fault::OtherFile);
            }
            stream.restart()?;
            return Ok(None);
        };
        for (giver, bytes) in &stream.givers {
            self.job.gave(*giver, *bytes);
        }
        self.done_bytes = self.layout.size_bytes();
        self.show(DownloadState::Finishing);
        let (store, target) = (stream.store.clone(), self.task.target.clone());
        let destination = blocking(move || place(&store, &target)).await?;
        Ok(Some((destination, hashes)))
    }

    async fn stream_from(
        &mut self,
        key: SourceKey,
        stream: &mut Stream,
        beside: &mut Beside,
    ) -> Result<Result<End, Fault>, Halt> {
        let Some(place) = self.place_of(key) else {
            return Ok(Err(Fault::Gone("has no address".to_owned())));
        };
        self.job.asking(key);
        self.ask_beside(beside, Some((key, Duration::ZERO)));
        let (http, leave) = (self.shared.http.clone(), Arc::new(Notify::new()));
        let came_bytes = Arc::clone(&stream.came_bytes);
        let others = Arc::clone(&beside.has_others);
        let mut receiving = pin!(receive(http, place, stream, others, Arc::clone(&leave)));
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut came_at = Instant::now();
        loop {
            let obeyed = tokio::select! {
                ended = &mut receiving => return Ok(ended),
                order = self.task.orders.recv() => self.obey(order),
                Some(told) = beside.questions.join_next() => {
                    if let Ok(told) = told {
                        self.take_beside(beside, told);
                    }
                    Ok(())
                }
                _ = tick.tick() => {
                    self.show(DownloadState::Downloading);
                    Ok(())
                }
            };
            let (came_bytes, now) = (came_bytes.load(Ordering::Relaxed), Instant::now());
            if came_bytes != self.done_bytes {
                came_at = now;
            }
            let new_bytes = came_bytes.saturating_sub(self.done_bytes);
            self.job.bytes(key, new_bytes, now);
            self.done_bytes = came_bytes;
            if obeyed.is_err() || self.list.is_some() || self.job.is_out(key) {
                // What is being written is waited for: whoever goes on must not find it change.
                leave.notify_one();
                let ended = receiving.await;
                return obeyed.map(|()| ended);
            }
            self.ask_beside(beside, Some((key, now.saturating_duration_since(came_at))));
        }
    }
}

/// Takes what comes until it is whole, or the stream is to be left.
async fn receive(
    http: Http,
    place: Place,
    stream: &mut Stream,
    has_others: Arc<AtomicBool>,
    leave: Arc<Notify>,
) -> Result<End, Fault> {
    let size_bytes = stream.store.layout().size_bytes();
    let rest = stream.rest(place.key, &place.hash);
    let mut whole = tokio::select! {
        whole = http.whole(&place, size_bytes, &rest, has_others) => whole?,
        () = leave.notified() => return Ok(End::Left),
    };
    if whole.starts_at < stream.offset {
        stream.restart().map_err(Fault::Disk)?;
    }
    stream.tags.insert(place.key, whole.tag.clone());
    stream.givers.push((place.key, 0));
    loop {
        let next = tokio::select! {
            next = whole.next() => next?,
            () = leave.notified() => return Ok(End::Left),
        };
        let Some(chunk) = next else {
            return Ok(End::Whole);
        };
        let (store, at, bytes) = (stream.store.clone(), stream.offset, chunk.clone());
        blocking(move || store.write_at(at, &bytes))
            .await
            .map_err(Fault::Disk)?;
        stream.hasher.update(&chunk);
        stream.came(chunk.len() as u64);
    }
}
