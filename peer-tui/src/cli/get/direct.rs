//! Fetching without a daemon: a fetcher for the length of one command, that shares nothing and
//! leaves nothing behind but the files.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use protocol::file::ContentInfo;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::peer::TransferReport;
use tokio::signal::unix::{SignalKind, signal};

use super::follow::{Landed, outcome};
use super::progress::Progress;
use crate::cli::trouble::Trouble;
use crate::config::Config;
use crate::daemon::engine::find_peer;
use crate::fetch::{
    DownloadId, DownloadStatus, Fetch, FetchConfig, FetchError, Holders, Timing, Wish,
};
use crate::index_client::{IndexApi, IndexError};

/// Rows of a page of a peer's files.
const PAGE_COUNT: usize = 200;

struct Index(IndexApi);

impl Holders for Index {
    fn content(&self, hash: ContentHash) -> BoxFuture<'_, Result<Option<ContentInfo>, IndexError>> {
        Box::pin(async move { self.0.content(&hash).await })
    }

    /// Only peers are believed, and this is none.
    fn report(&self, _peer: PeerId, _report: TransferReport) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn own_id(&self) -> PeerId {
        nobody()
    }
}

/// The id of no peer.
const fn nobody() -> PeerId {
    PeerId::from_bytes([0; 32])
}

/// All files of a peer at or below `path`.
///
/// # Errors
/// 3 when there is no such peer or folder.
pub async fn folder(api: &IndexApi, peer: &str, path: &str) -> Result<Vec<Wish>, Trouble> {
    let id = find_peer(api, peer).await?.map_err(Trouble::not_found)?;
    let path = path.trim_matches('/');
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("{path}/")
    };
    let mut wishes = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = api
            .peer_files(&id, &prefix, cursor.as_deref(), PAGE_COUNT)
            .await?;
        wishes.extend(page.files.into_iter().map(|file| Wish {
            hash: file.hash,
            size_bytes: file.size,
            path: file.path,
            save_as: None,
        }));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if wishes.is_empty() {
        return Err(Trouble::not_found(format!("{peer} does not share {path}")));
    }
    Ok(wishes)
}

/// Fetches all of them and waits.
///
/// # Errors
/// When one fails; 130 on Ctrl-C, with nothing left behind.
pub fn fetch(
    api: &IndexApi,
    runtime: &tokio::runtime::Runtime,
    config: &Config,
    wishes: Vec<Wish>,
) -> Result<Vec<Landed>, Trouble> {
    let queue = tempfile::tempdir()
        .map_err(|error| Trouble::failed(format!("make a temporary folder: {error}")))?;
    let settings = FetchConfig {
        down_limit: config.down_limit,
        timing: Timing {
            undo: Duration::ZERO,
            ..Timing::default()
        },
        ..FetchConfig::in_folders(config.downloads.clone(), queue.path().to_owned())
    };
    let holders = Arc::new(Index(api.clone()));
    runtime.block_on(async {
        let fetch = Fetch::start(settings, holders).await?;
        let result = run(&fetch, wishes).await;
        fetch.stop().await;
        result
    })
}

async fn run(fetch: &Fetch, wishes: Vec<Wish>) -> Result<Vec<Landed>, Trouble> {
    let mut changed = fetch.watch();
    let ids: Vec<DownloadId> = fetch
        .enqueue_many(wishes)
        .await?
        .into_iter()
        .collect::<Result<_, _>>()?;
    let mut interrupt = signal(SignalKind::interrupt())
        .map_err(|error| Trouble::failed(format!("listen for Ctrl-C: {error}")))?;
    let mut progress = Progress::new();
    loop {
        let view = fetch.view();
        let mine: Vec<DownloadStatus> = view
            .downloads
            .iter()
            .filter(|download| ids.contains(&download.id))
            .map(|download| DownloadStatus::clone(download))
            .collect();
        progress.show(&mine);
        // What was queued just now may not be in the view yet; nobody else takes it off.
        let end = (mine.len() == ids.len())
            .then(|| outcome(&mine, ids.len()))
            .flatten();
        let result = if let Some(result) = end {
            result
        } else {
            tokio::select! {
                _ = changed.changed() => continue,
                _ = interrupt.recv() => Err(Trouble::interrupted()),
            }
        };
        progress.clear();
        if result.is_err() {
            // Nothing half is left in the download folder.
            let _ = fetch.cancel(&ids).await;
        }
        return result;
    }
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        Self::failed(error.to_string())
    }
}
