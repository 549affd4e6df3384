//! Makes the sections that changed, and remembers what was sent, so that nothing is sent twice.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use protocol::hash::ContentHash;
use protocol::ids::PeerId;

use super::browser::Browser;
use super::holders::Holders;
use super::live_search::LiveSearch;
use crate::daemon::board::Board;
use crate::daemon::command::{BrowseWatch, SearchWatch, SharesWatch, TransfersWatch, Watch};
use crate::daemon::engine::Engine;
use crate::daemon::peers::PeerBook;
use crate::daemon::sections::results::Knowledge;
use crate::daemon::sections::{self, browse, dock, peers, results, shares, transfers, uploads};
use crate::daemon::state::{Browse, Results, Shares, Stuck, Transfers, Update};
use crate::fetch::DownloadDetail;
use crate::share::ShareView;

/// Sections that may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dirty(u16);

impl Dirty {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(u16::MAX);
    pub const HEADER: Self = Self(1);
    const DOCK: Self = Self(1 << 1);
    pub const RESULTS: Self = Self(1 << 2);
    const TRANSFERS: Self = Self(1 << 3);
    const TRANSFER: Self = Self(1 << 4);
    const SHARES: Self = Self(1 << 5);
    pub const PEERS: Self = Self(1 << 6);
    pub const LOG: Self = Self(1 << 7);
    pub const BROWSE: Self = Self(1 << 8);
    pub const CONTENT: Self = Self(1 << 9);
    /// What shows something of transfers.
    pub const OF_TRANSFERS: Self = Self::HEADER
        .with(Self::DOCK)
        .with(Self::RESULTS)
        .with(Self::TRANSFERS)
        .with(Self::TRANSFER)
        .with(Self::BROWSE);
    /// What shows something of shares.
    pub const OF_SHARES: Self = Self::HEADER
        .with(Self::RESULTS)
        .with(Self::SHARES)
        .with(Self::BROWSE);
    /// What shows something of peers.
    pub const OF_PEERS: Self = Self::RESULTS.with(Self::PEERS).with(Self::BROWSE);

    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What this peer knows, seen at one moment.
struct Known<'a> {
    view: &'a ShareView,
    peers: &'a PeerBook,
}

impl Knowledge for Known<'_> {
    fn is_shared(&self, hash: &ContentHash) -> bool {
        self.view.by_hash(hash).is_some()
    }
    fn is_kept(&self, file: &Path) -> bool {
        file.symlink_metadata().is_ok()
    }
    fn latency_ms(&self, peer: &PeerId) -> Option<u32> {
        self.peers.latency_ms(peer)
    }
    fn reputation(&self, peer: &PeerId) -> Option<u8> {
        self.peers.reputation(peer)
    }
}

/// What is followed for one screen beside the board.
pub struct Parts<'a> {
    pub search: &'a LiveSearch,
    pub browser: &'a Browser,
    pub holders: &'a Holders,
    /// The transfer that is looked at closely.
    pub detail: Option<Box<DownloadDetail>>,
}

/// What was sent last, section by section.
pub struct Composer {
    sent: Update,
    /// How many downloads had got stuck by then.
    stuck_count: u64,
}

impl Composer {
    /// Nothing was sent yet; what got stuck before is no news.
    pub fn new(board: &Board) -> Self {
        Self {
            sent: Update::default(),
            stuck_count: board.stuck().map_or(0, |stuck| stuck.number),
        }
    }

    /// Sections that are watched again later are sent again then.
    pub fn forget_unwatched(&mut self, watch: &Watch) {
        let sent = &mut self.sent;
        forget(&mut sent.dock, watch.dock_rows > 0);
        forget(&mut sent.results, watch.search.is_some());
        forget(&mut sent.transfers, watch.transfers.is_some());
        forget(&mut sent.transfer, watch.transfer.is_some());
        forget(&mut sent.shares, watch.shares.is_some());
        forget(&mut sent.peers, watch.peers.is_some());
        forget(&mut sent.log, watch.log.is_some());
        forget(&mut sent.browse, watch.browse.is_some());
        forget(&mut sent.content, watch.content.is_some());
    }

    /// The peers that stand in what was sent: how far they are is worth measuring.
    pub fn shown_peers(&self) -> HashSet<PeerId> {
        let sent = &self.sent;
        let results = sent.results.iter().flat_map(|results| &results.rows);
        let peers = sent.peers.iter().flat_map(|peers| &peers.rows);
        let holders = sent.content.iter().flat_map(|content| &content.sources);
        let details = sent.transfer.iter().flat_map(|detail| &detail.sources);
        results
            .map(|row| row.owner)
            .chain(peers.map(|row| row.id))
            .chain(holders.map(|source| source.peer))
            .chain(details.map(|source| source.peer))
            .chain(sent.browse.iter().map(|browse| browse.peer))
            .collect()
    }

    /// The watched sections among the dirty ones that really changed.
    pub fn compose(
        &mut self,
        engine: &Engine,
        watch: &Watch,
        dirty: Dirty,
        parts: &Parts<'_>,
    ) -> Update {
        let mut update = Update::default();
        if dirty.has(Dirty::HEADER) {
            update.header = Some(engine.header());
        }
        if dirty.has(Dirty::DOCK) && watch.dock_rows > 0 {
            let now = engine.board().transfers();
            let uploads = uploads::by_file(&now.uploads);
            let downloads = &now.fetch.downloads;
            update.dock = Some(dock::dock(downloads, &uploads, watch.dock_rows));
        }
        if dirty.has(Dirty::DOCK) {
            update.stuck = self.newly_stuck(engine.board());
        }
        if dirty.has(Dirty::RESULTS) {
            update.results = results_section(engine, parts.search);
        }
        if let Some(watch) = watch
            .transfers
            .as_ref()
            .filter(|_| dirty.has(Dirty::TRANSFERS))
        {
            update.transfers = Some(transfers_section(engine, watch));
        }
        if dirty.has(Dirty::TRANSFER) {
            update.transfer.clone_from(&parts.detail);
        }
        if let Some(watch) = watch.shares.as_ref().filter(|_| dirty.has(Dirty::SHARES)) {
            update.shares = Some(shares_section(engine, watch));
        }
        if let Some(watch) = watch.peers.as_ref().filter(|_| dirty.has(Dirty::PEERS)) {
            let rows = engine.board().read_peers(PeerBook::rows);
            update.peers = Some(peers::peers(rows, watch));
        }
        if let Some(watch) = watch.log.as_ref().filter(|_| dirty.has(Dirty::LOG)) {
            let log = engine.board().log();
            update.log = Some(log.read(|lines| sections::log::log(lines.iter(), watch)));
        }
        if dirty.has(Dirty::BROWSE) {
            update.browse = browse_section(engine, parts.browser);
        }
        if dirty.has(Dirty::CONTENT) {
            update.content = parts.holders.info().cloned();
        }
        let mut update = self.keep_changed(update);
        let of_peers = Dirty::PEERS.with(Dirty::TRANSFER).with(Dirty::CONTENT);
        if dirty.has(of_peers) {
            let latencies = engine.board().read_peers(|book| self.latencies(book));
            if !latencies.is_empty() || self.sent.latencies.is_some() {
                update.latencies = Some(latencies);
                keep(&mut update.latencies, &mut self.sent.latencies);
            }
        }
        update
    }

    /// How far those are who give or could give what is looked at closely.
    fn latencies(&self, book: &PeerBook) -> BTreeMap<PeerId, u32> {
        let holders = self.sent.content.iter().flat_map(|all| &all.sources);
        let sources = self.sent.transfer.iter().flat_map(|all| &all.sources);
        holders
            .map(|holder| holder.peer)
            .chain(sources.map(|source| source.peer))
            .filter_map(|peer| Some((peer, book.latency_ms(&peer)?)))
            .collect()
    }

    /// The download that got stuck last, if that was after the last time.
    fn newly_stuck(&mut self, board: &Board) -> Option<Stuck> {
        let mut stuck = board.stuck()?;
        let before = std::mem::replace(&mut self.stuck_count, stuck.number);
        stuck.others = stuck.number.checked_sub(before + 1)?;
        Some(stuck)
    }

    fn keep_changed(&mut self, mut update: Update) -> Update {
        let sent = &mut self.sent;
        keep(&mut update.header, &mut sent.header);
        keep(&mut update.dock, &mut sent.dock);
        keep(&mut update.results, &mut sent.results);
        keep(&mut update.transfers, &mut sent.transfers);
        keep(&mut update.transfer, &mut sent.transfer);
        keep(&mut update.shares, &mut sent.shares);
        keep(&mut update.peers, &mut sent.peers);
        keep(&mut update.log, &mut sent.log);
        keep(&mut update.browse, &mut sent.browse);
        keep(&mut update.content, &mut sent.content);
        update
    }
}

/// Leaves `new` only where it differs from what was sent.
fn keep<T: PartialEq + Clone>(new: &mut Option<T>, sent: &mut Option<T>) {
    if new.is_some() {
        if new == sent {
            *new = None;
        } else {
            sent.clone_from(new);
        }
    }
}

fn forget<T>(sent: &mut Option<T>, is_watched: bool) {
    if !is_watched {
        *sent = None;
    }
}

fn results_section(engine: &Engine, search: &LiveSearch) -> Option<Results> {
    let watch: &SearchWatch = search.watch()?;
    let found = search
        .found()
        .filter(|found| found.generation == watch.generation)?;
    let first = sections::start(found.files.len(), watch.window);
    let end = first
        .saturating_add(watch.window.count)
        .min(found.files.len());
    let view = engine.share_view();
    let transfers = engine.board().transfers();
    let rows = engine.board().read_peers(|peers| {
        let known = Known { view: &view, peers };
        results::rows(&found.files[first..end], &transfers.fetch.downloads, &known)
    });
    Some(Results {
        generation: found.generation,
        first,
        rows,
        total: found.total,
        total_is_exact: found.total_is_exact,
        corrected: found.corrected.clone(),
        is_cut: found.is_cut,
        took_us: found.took_us,
        trouble: found.trouble.clone(),
    })
}

fn transfers_section(engine: &Engine, watch: &TransfersWatch) -> Transfers {
    let now = engine.board().transfers();
    let uploads = if watch.is_by_file {
        Cow::Owned(uploads::by_file(&now.uploads))
    } else {
        Cow::Borrowed(&now.uploads)
    };
    let (first, rows, total) = transfers::rows(&now.fetch.downloads, &uploads, watch);
    Transfers {
        first,
        rows,
        total,
        counts: transfers::counts(&now.fetch.downloads, &uploads),
        speed: watch
            .with_speed
            .then(|| engine.board().read_speed(Clone::clone)),
        disk_free_bytes: now.disk_free_bytes,
        slots: now.serve.slots,
    }
}

fn browse_section(engine: &Engine, browser: &Browser) -> Option<Browse> {
    let (watch, listing): (&BrowseWatch, _) = browser.shown()?;
    let view = engine.share_view();
    let transfers = engine.board().transfers();
    let board = engine.board();
    let (peer_name, (first, rows, total)) = board.read_peers(|peers| {
        let known = Known { view: &view, peers };
        let name = peers.get(&watch.peer).map(|peer| peer.name.clone());
        let shown = browse::rows(
            &listing.files,
            &watch.folder,
            watch.window,
            &transfers.fetch.downloads,
            &known,
        );
        (name, shown)
    });
    let owner_name = || listing.files.first().map(|file| file.owner_name.clone());
    Some(Browse {
        peer: watch.peer,
        peer_name: peer_name
            .or_else(owner_name)
            .unwrap_or_else(|| watch.peer.short()),
        folder: watch.folder.clone(),
        first,
        rows,
        total,
        is_loading: listing.is_loading,
        trouble: listing.trouble.clone(),
    })
}

fn shares_section(engine: &Engine, watch: &SharesWatch) -> Shares {
    let view = engine.share_view();
    let (first, rows, total) = shares::rows(&*view, watch);
    let progress = view.progress();
    Shares {
        first,
        rows,
        total,
        files: view.count() as u64,
        bytes: view.total_bytes(),
        found_files: progress.found_files,
        hashing_files: progress.pending_files,
        hashing_bytes: progress.pending_bytes,
        hash_rate: progress.rate_bytes,
        uploads: engine.board().transfers().uploads.len(),
        troubles: view
            .troubles()
            .iter()
            .map(|trouble| (trouble.path.clone(), trouble.reason.clone()))
            .collect(),
    }
}
