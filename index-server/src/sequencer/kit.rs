//! Test kit: a sequencer over a journal in memory, and a watcher who writes down what was published.

use std::sync::Mutex;

use protocol::ids::PeerId;
use protocol::query::Query;
use protocol::search::SearchParams;

use super::*;
use crate::journal::kit::FlakyJournal;

const DAY: Duration = Duration::from_hours(24);

/// Remembers what was published, as one line each.
#[derive(Clone, Default)]
pub(super) struct Watcher(Arc<Mutex<Vec<String>>>);

impl Publish for Watcher {
    fn publish(&self, _at: Timestamp, changes: Vec<Change>) {
        let mut lines = self.0.lock().expect("no test panicked with it");
        lines.extend(changes.iter().map(line));
    }
}

impl Watcher {
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no test panicked with it"))
    }

    /// All but the figures.
    pub(super) fn take_events(&self) -> Vec<String> {
        let mut lines = self.take();
        lines.retain(|line| !line.starts_with("stats"));
        lines
    }
}

pub(super) fn line(change: &Change) -> String {
    match change {
        Change::PeerRegistered(peer) => format!("registered {}", peer.name),
        Change::PeerOnline(peer) => format!("online {}", peer.name),
        Change::PeerOffline(peer) => format!("offline {}", peer.name),
        Change::PeerLeft(peer) => format!("left {}", peer.name),
        Change::FileRegistered(news) => format!(
            "file {} of {} with {} sources",
            news.entry.names.last().expect("a name").path,
            news.owner.name,
            news.sources
        ),
        Change::FileRemoved(news) => {
            format!("no file {}", news.entry.names.last().expect("a name").path)
        }
        Change::FilesChanged {
            added,
            updated,
            removed,
            sample,
            ..
        } => format!("files +{added} ~{updated} -{removed} ({})", sample.len()),
        Change::Download(news) => format!("download {}", news.entry.downloads),
        Change::Stats(stats) => format!(
            "stats {}/{} peers {} files",
            stats.online_peers, stats.total_peers, stats.total_files
        ),
    }
}

pub(super) struct House {
    pub(super) index: Index,
    pub(super) stopper: Stopper,
    pub(super) watcher: Watcher,
    pub(super) journal: Arc<FlakyJournal>,
}

impl House {
    pub(super) fn parts(journal: Arc<dyn Journal>, watcher: Watcher) -> Parts {
        Parts {
            journal,
            shelf: None,
            feed: Box::new(watcher),
            metrics: Metrics::new(),
            clock: Clock::default(),
            settings: Settings {
                forget_after: DAY,
                ..Settings::from(&Config::in_folder("unused".into()))
            },
        }
    }

    pub(super) async fn on(journal: Arc<FlakyJournal>) -> Self {
        let watcher = Watcher::default();
        let parts = Self::parts(Arc::clone(&journal) as Arc<dyn Journal>, watcher.clone());
        let (index, stopper) = Index::start(parts).await.expect("starts");
        Self {
            index,
            stopper,
            watcher,
            journal,
        }
    }

    pub(super) async fn new() -> Self {
        Self::on(Arc::default()).await
    }

    pub(super) async fn ok(&self, command: Command) -> Answer {
        self.index.ask(command).await.expect("carried out")
    }

    pub(super) async fn refused(&self, command: Command) -> Slug {
        self.index.ask(command).await.expect_err("refused").slug
    }

    pub(super) fn is_online(&self, id: PeerId) -> Option<bool> {
        self.index.view().peers.get(&id).map(|peer| peer.is_online)
    }

    pub(super) fn found(&self) -> Vec<String> {
        let params = SearchParams::default();
        let view = self.index.view();
        let page = view.catalog.search(&Query::default(), &params);
        let mut paths: Vec<String> = page
            .expect("no cursor")
            .hits
            .iter()
            .map(|hit| hit.path().to_text().to_string())
            .collect();
        paths.sort();
        paths
    }
}

/// A journal that holds what `journal` held, as after a restart.
pub(super) fn rewound(journal: &FlakyJournal) -> Arc<FlakyJournal> {
    let copy = FlakyJournal::default();
    let records = journal.held();
    copy.append(crate::journal::Position::default(), &records)
        .expect("copied");
    Arc::new(copy)
}

/// Lets time pass as it does, in steps that no timer is skipped in.
pub(super) async fn pass(secs: u64) {
    // house: allow sleep, on the paused clock it takes no time
    tokio::time::sleep(Duration::from_secs(secs)).await;
}
