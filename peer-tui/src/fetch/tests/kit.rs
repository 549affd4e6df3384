//! A network on loopback: an index that is a table, peers that behave as told, a download folder.

mod server;
mod together;
mod way;
mod wrong;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use protocol::file::{ContentInfo, Source};
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::peer::{Outcome, TransferReport};
use protocol::pieces::{FileHasher, FileHashes};
use tokio::sync::broadcast;

use super::super::handle::{FetchConfig, FetchEvent, Finished};
use super::super::limits::Timing;
use super::super::*;
use crate::index_client::IndexError;
use server::{Peer, Shared};
pub(super) use way::{Way, Wrong};

/// A content of the network.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) name: String,
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) hash: ContentHash,
    pub(super) hashes: FileHashes,
}

impl Content {
    fn new(name: &str, length: usize) -> Self {
        let mut state = 0x9e37_79b9_u64 + length as u64;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .take(length)
        .collect();
        let mut tree = FileHasher::new(length as u64);
        tree.update(&bytes);
        let hashes = tree.finish().expect("as long as announced");
        Self {
            name: name.to_owned(),
            hash: hashes.hash,
            hashes,
            bytes: Arc::new(bytes),
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn wish(&self) -> Wish {
        Wish {
            hash: self.hash,
            size_bytes: self.len(),
            path: self.name.clone(),
            save_as: None,
        }
    }
}

#[derive(Default)]
struct Index {
    contents: Mutex<HashMap<ContentHash, ContentInfo>>,
    /// Whoever asks for it finds a defect.
    trap: Mutex<Option<ContentHash>>,
    reports: Mutex<Vec<(PeerId, Outcome)>>,
}

impl Holders for Index {
    fn content(&self, hash: ContentHash) -> BoxFuture<'_, Result<Option<ContentInfo>, IndexError>> {
        let trap = *self.trap.lock().unwrap();
        assert_ne!(trap, Some(hash), "a defect");
        Box::pin(async move { Ok(self.contents.lock().unwrap().get(&hash).cloned()) })
    }

    fn report(&self, peer: PeerId, report: TransferReport) -> BoxFuture<'_, ()> {
        self.reports.lock().unwrap().push((peer, report.outcome));
        Box::pin(async {})
    }

    fn own_id(&self) -> PeerId {
        PeerId::from_bytes([0xff; 32])
    }
}

pub(super) struct Network {
    pub(super) fetch: Fetch,
    index: Arc<Index>,
    peers: Vec<Peer>,
    config: FetchConfig,
    events: broadcast::Receiver<FetchEvent>,
    runtime: Option<tokio::runtime::Runtime>,
    _folder: tempfile::TempDir,
}

impl Network {
    pub(super) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// Waits so long for the first byte of an answer.
    pub(super) async fn waiting_for(first_byte: Duration) -> Self {
        Self::with(|timing| timing.first_byte = first_byte).await
    }

    /// The times of tests, but for what `change` does to them.
    pub(super) async fn with(change: impl FnOnce(&mut Timing)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config =
            FetchConfig::in_folders(folder.path().join("downloads"), folder.path().join("data"));
        config.timing = Timing {
            connect: Duration::from_secs(1),
            first_byte: Duration::from_millis(400),
            slow_window: Duration::from_millis(300),
            look_again: Duration::from_millis(500),
            failure: Duration::from_millis(50),
            undo: Duration::from_millis(400),
            no_source_min: Duration::from_secs(20),
            ..Timing::default()
        };
        change(&mut config.timing);
        let index = Arc::new(Index::default());
        // In a runtime of its own, so that a test can kill it without any goodbye.
        let (runtime, fetch) = start_fetch(&config, &index).await;
        let events = fetch.events();
        Self {
            fetch,
            index,
            peers: Vec::new(),
            config,
            events,
            runtime: Some(runtime),
            _folder: folder,
        }
    }

    pub(super) fn downloads(&self) -> PathBuf {
        self.config.downloads.clone()
    }

    /// Asks for a content under this name in the download folder and nowhere else.
    pub(super) async fn enqueue_at(&self, content: &Content, name: &str) -> DownloadId {
        let wish = Wish {
            save_as: Some(self.downloads().join(name)),
            ..content.wish()
        };
        self.fetch.enqueue(wish).await.unwrap()
    }

    /// Ends fetching cleanly and starts it anew.
    pub(super) async fn restart(&mut self) {
        self.fetch.stop().await;
        self.kill().await;
    }

    /// Ends fetching cleanly and starts it anew with another download folder; yields it.
    pub(super) async fn move_downloads(&mut self, name: &str) -> PathBuf {
        self.fetch.stop().await;
        self.config.downloads.set_file_name(name);
        self.kill().await;
        self.downloads()
    }

    /// Ends fetching as a kill would.
    pub(super) fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Ends fetching as a kill would, unless it has ended, and starts it anew.
    pub(super) async fn kill(&mut self) {
        self.end();
        let (runtime, fetch) = start_fetch(&self.config, &self.index).await;
        self.events = fetch.events();
        self.fetch = fetch;
        self.runtime = Some(runtime);
    }

    /// A new peer that behaves so; yields its number.
    pub(super) async fn peer(&mut self, way: Way) -> usize {
        self.peers.push(Peer::start(way).await);
        self.peers.len() - 1
    }

    pub(super) async fn share(&mut self, name: &str, length: usize, ways: &[Way]) -> Content {
        let mut peers = Vec::new();
        for way in ways {
            peers.push(self.peer(*way).await);
        }
        self.share_by(name, length, &peers)
    }

    pub(super) fn share_by(&mut self, name: &str, length: usize, peers: &[usize]) -> Content {
        let content = Content::new(name, length);
        let info = ContentInfo {
            hash: content.hash,
            size: content.len(),
            pieces_root: Some(content.hashes.root),
            names: vec![name.to_owned()],
            sources: Vec::new(),
        };
        self.index
            .contents
            .lock()
            .unwrap()
            .entry(content.hash)
            .or_insert(info);
        for peer in peers {
            self.hold(&content, *peer);
        }
        content
    }

    pub(super) async fn add_holder(&mut self, content: &Content, way: Way) -> usize {
        let peer = self.peer(way).await;
        self.hold(content, peer);
        peer
    }

    fn hold(&self, content: &Content, number: usize) {
        let peer = &self.peers[number];
        let (told, shared) = Shared::of(content, peer.way);
        peer.state
            .contents
            .lock()
            .unwrap()
            .insert(content.hash, shared);
        let id = id_of(number);
        let source = Source {
            peer: id,
            name: format!("peer {number}"),
            address: peer.address.to_string(),
            file_id: FileId::of(&id, &content.hash),
            pieces_root: told,
            partial: peer.way.is_partial(),
            is_online: true,
            reputation: 50,
        };
        let mut contents = self.index.contents.lock().unwrap();
        if let Some(info) = contents.get_mut(&content.hash) {
            info.sources.push(source);
        }
    }

    /// A peer is offline from now on.
    pub(super) fn silence(&self, peer: usize) {
        let mut contents = self.index.contents.lock().unwrap();
        let sources = contents.values_mut().flat_map(|info| &mut info.sources);
        for source in sources.filter(|source| source.peer == id_of(peer)) {
            source.is_online = false;
        }
    }

    /// Asking for this content is a defect from now on; `None`: there is none any more.
    pub(super) fn trap(&self, hash: Option<ContentHash>) {
        *self.index.trap.lock().unwrap() = hash;
    }

    /// Whether the index was told this of a peer.
    pub(super) fn is_reported(&self, peer: usize, outcome: Outcome) -> bool {
        let reports = self.index.reports.lock().unwrap();
        reports.contains(&(id_of(peer), outcome))
    }

    /// Requests for bytes that a peer got.
    pub(super) fn asked(&self, peer: usize) -> usize {
        self.peers[peer].state.asked.load(Ordering::SeqCst)
    }

    /// Bytes of contents that a peer sent.
    pub(super) fn sent_bytes(&self, peer: usize) -> u64 {
        self.peers[peer].state.sent_bytes.load(Ordering::SeqCst)
    }

    /// All bytes that a peer sent, heads too.
    pub(super) fn wire_bytes(&self, peer: usize) -> u64 {
        self.peers[peer].state.wire_bytes.load(Ordering::SeqCst)
    }

    /// Bytes that the download folder takes on the disk.
    pub(super) fn disk_bytes(&self) -> u64 {
        use std::os::unix::fs::MetadataExt as _;
        let mut folders = vec![self.downloads()];
        let mut bytes = 0;
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for entry in entries {
                match entry.metadata() {
                    Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                    Ok(metadata) => bytes += metadata.blocks() * 512,
                    // Gone meanwhile.
                    Err(_) => {}
                }
            }
        }
        bytes
    }

    pub(super) fn status(&self, id: DownloadId) -> DownloadStatus {
        let view = self.fetch.view();
        let found = view.downloads.iter().find(|one| one.id == id);
        found
            .map(|one| one.as_ref().clone())
            .expect("it is in the queue")
    }

    pub(super) async fn wait(&self, is_so: impl Fn(&Self) -> bool) {
        let mut changes = self.fetch.watch();
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            while !is_so(self) {
                // The deadline of what is no change of the view, like a file that goes.
                let _ = tokio::time::timeout(Duration::from_millis(50), changes.changed()).await;
            }
        });
        assert!(waited.await.is_ok(), "in time: {:#?}", self.fetch.view());
    }

    /// Until nothing runs any more, as after a pause.
    pub(super) async fn at_rest(&self) {
        self.wait(|network| network.fetch.view().active_count == 0)
            .await;
    }

    pub(super) async fn until(
        &self,
        id: DownloadId,
        is_so: impl Fn(&DownloadStatus) -> bool,
    ) -> DownloadStatus {
        self.wait(|network| is_so(&network.status(id))).await;
        self.status(id)
    }

    pub(super) async fn done(&self, id: DownloadId) -> DownloadStatus {
        self.until(id, |one| one.state == DownloadState::Done).await
    }

    pub(super) async fn finished(&mut self) -> Arc<Finished> {
        loop {
            if let FetchEvent::Finished(finished) = self.events.recv().await.unwrap() {
                return finished;
            }
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The id of a peer.
pub(super) fn id_of(number: usize) -> PeerId {
    PeerId::from_bytes([u8::try_from(number).unwrap(); 32])
}

async fn start_fetch(config: &FetchConfig, index: &Arc<Index>) -> (tokio::runtime::Runtime, Fetch) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (config, index) = (config.clone(), index.clone());
    let fetch = runtime.spawn(async move { Fetch::start(config, index).await.unwrap() });
    let fetch = fetch.await.unwrap();
    (runtime, fetch)
}
