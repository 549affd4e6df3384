//! What is told of a world and of a change: figures for readers, events for watchers, labels for the
//! instruments. Pure.

use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::stats::NetworkStats;

use crate::catalog::{CatalogView, FileEntry};
use crate::command::Command;
use crate::decide::News;
use crate::feed::{Change, FileNews};
use crate::view::View;
use crate::world::World;

/// The network in numbers.
pub(super) fn figures(world: &World, catalog: &CatalogView, now: Timestamp) -> NetworkStats {
    let (total, online) = (world.peer_count(), world.online_count());
    let health = (online * 100).checked_div(total).unwrap_or(100);
    NetworkStats {
        total_peers: total,
        online_peers: online,
        total_files: catalog.file_count(),
        total_bytes: catalog.byte_count(),
        total_downloads: world.download_count(),
        network_health: u8::try_from(health).unwrap_or(100),
        last_updated: now,
    }
}

/// What watchers are told, with the owner and the sources as they now stand.
pub(super) fn change_of(news: News, before: &View, after: &View) -> Option<Change> {
    let peer = |id: &PeerId| {
        after
            .peers
            .get(id)
            .or_else(|| before.peers.get(id))
            .cloned()
    };
    let file = |entry: FileEntry| {
        Some(FileNews {
            owner: peer(&entry.owner)?,
            sources: after.catalog.sources(&entry.hash),
            entry,
        })
    };
    Some(match news {
        News::PeerRegistered(id) => Change::PeerRegistered(peer(&id)?),
        News::PeerOnline(id) => Change::PeerOnline(peer(&id)?),
        News::PeerOffline(id) => Change::PeerOffline(peer(&id)?),
        News::PeerLeft(id) => Change::PeerLeft(peer(&id)?),
        News::FileRegistered(entry) => Change::FileRegistered(file(entry)?),
        News::FileRemoved(entry) => Change::FileRemoved(file(entry)?),
        News::FilesChanged {
            owner,
            added,
            updated,
            removed,
            sample,
        } => Change::FilesChanged {
            owner,
            added,
            updated,
            removed,
            sample: sample.into_iter().filter_map(file).collect(),
        },
        News::Download(entry) => Change::Download(file(entry)?),
    })
}

/// The label of a command.
pub(super) fn kind_of(command: &Command) -> &'static str {
    match command {
        Command::Register(_) => "register",
        Command::Heartbeat(_) => "heartbeat",
        Command::Leave { .. } => "leave",
        Command::ChangeFiles { .. } => "change_files",
        Command::Report { .. } => "report",
        Command::Rate { .. } => "rate",
        Command::CountDownload { .. } => "count_download",
        Command::Sweep => "sweep",
    }
}
