//! Sources that know no pieces: the whole file in one stream, checked at its end.
//!
//! A stream that breaks off goes on with the next source. When what several gave together is wrong
//! nobody can say whose bytes were, so from then on each gives all of it alone.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use protocol::pieces::{FileHasher, FileHashes, PieceLayout};

use super::super::DownloadState;
use super::super::scheduler::SourceKey;
use super::super::source::{Fault, Http, Place, blocking};
use super::super::store::Store;
use super::super::store::place::place;
use super::{Halt, Runner};

/// What came so far.
struct Stream {
    store: Store,
    hasher: FileHasher,
    offset: u64,
    /// Who gave how much, in order.
    givers: Vec<(SourceKey, u64)>,
}

impl Stream {
    fn new(store: Store, layout: PieceLayout) -> Self {
        Self {
            store,
            hasher: FileHasher::new(layout.size_bytes()),
            offset: 0,
            givers: Vec::new(),
        }
    }
}

impl Runner {
    /// Fetches and places the whole file.
    pub(super) async fn fetch_plain(&mut self) -> Result<Option<(PathBuf, FileHashes)>, Halt> {
        let (folder, hash, layout) = (self.shared.folder.clone(), self.task.hash, self.layout);
        let opened = blocking(move || Store::open(&folder, &hash, None, layout)).await?;
        let mut stream = Stream::new(opened.store.clone(), layout);
        let mut is_alone = false;
        loop {
            self.done_bytes = stream.offset;
            self.show(DownloadState::Downloading);
            let Some(key) = self.job.askable(Instant::now()).first().copied() else {
                self.wait_for_source().await?;
                continue;
            };
            if is_alone && stream.givers.last().is_some_and(|(giver, _)| *giver != key) {
                stream = Stream::new(opened.store.clone(), layout);
            }
            let before = stream.offset;
            let ended = self.stream_from(key, &mut stream).await?;
            stream.givers.push((key, stream.offset - before));
            if let Err(fault) = ended {
                match fault {
                    Fault::Disk(error) => return Err(error.into()),
                    fault => self.take_fault(key, &fault),
                }
                continue;
            }
            self.job.ended(key, Ok(()), Instant::now());
            let Stream { hasher, givers, .. } =
                std::mem::replace(&mut stream, Stream::new(opened.store.clone(), layout));
            if let Some(hashes) = hasher.finish().filter(|hashes| hashes.hash == hash) {
                for (giver, bytes) in givers {
                    self.job.gave(giver, bytes);
                }
                self.done_bytes = layout.size_bytes();
                self.show(DownloadState::Finishing);
                let (store, target) = (opened.store.clone(), self.task.target.clone());
                let destination = blocking(move || place(&store, &target)).await?;
                return Ok(Some((destination, hashes)));
            }
            let is_one = givers
                .iter()
                .all(|(giver, bytes)| *giver == key || *bytes == 0);
            if is_one {
                let wrong = Fault::Lied("sent a file that is not what its hash says".to_owned());
                self.take_fault(key, &wrong);
            }
            is_alone = true;
        }
    }

    async fn stream_from(
        &mut self,
        key: SourceKey,
        stream: &mut Stream,
    ) -> Result<Result<(), Fault>, Halt> {
        let Some(place) = self.place_of(key) else {
            return Ok(Err(Fault::Gone("has no address".to_owned())));
        };
        let has_others = Arc::new(AtomicBool::new(self.job.askable(Instant::now()).len() > 1));
        self.job.asking(key);
        let http = self.shared.http.clone();
        let size = self.layout.size_bytes();
        self.while_obeying(receive(http, place, size, stream, has_others))
            .await
    }
}

async fn receive(
    http: Http,
    place: Place,
    size_bytes: u64,
    stream: &mut Stream,
    has_others: Arc<AtomicBool>,
) -> Result<(), Fault> {
    let mut whole = http
        .whole(&place, size_bytes, stream.offset, has_others)
        .await?;
    while let Some(chunk) = whole.next().await? {
        let (store, at, bytes) = (stream.store.clone(), stream.offset, chunk.clone());
        blocking(move || store.write_at(at, &bytes))
            .await
            .map_err(Fault::Disk)?;
        stream.hasher.update(&chunk);
        stream.offset += chunk.len() as u64;
    }
    Ok(())
}
