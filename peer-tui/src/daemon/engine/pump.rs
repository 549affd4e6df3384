//! Brings transfers and shares to the board: a change of what there is at once, figures once a
//! second and only while something moves.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash as _, Hasher as _};
use std::mem::discriminant;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use protocol::ids::PeerId;
use tokio::time::Instant;

use super::Engine;
use crate::daemon::board::Transfers;
use crate::daemon::state::{SPEED_MAX_COUNT, TransferRow};
use crate::fetch::FetchView;
use crate::rate::CalmRate;
use crate::serve::{ServeStatus, UploadStatus};

/// Between figures.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// Samples taken after the last movement, so that the little graph ends in zeros.
const REST_COUNT: u32 = 8;
/// Between looks at a share that is being hashed.
const SHARES_EVERY: Duration = Duration::from_millis(250);
/// The same for a share so large that folding its tree takes a tenth of a second.
const LARGE_SHARES_EVERY: Duration = Duration::from_secs(1);
/// What counts as large.
const LARGE_SHARE_COUNT: usize = 20_000;

/// Follows the share until the engine stops.
pub async fn follow_share(engine: Engine) {
    let mut revision = engine.0.share.watch();
    loop {
        tokio::select! {
            changed = revision.changed() => if changed.is_err() { return },
            () = engine.stopped() => return,
        }
        revision.mark_unchanged();
        engine.board().bump(|parts| parts.shares += 1);
        let is_large = engine.share_view().count() > LARGE_SHARE_COUNT;
        tokio::time::sleep(if is_large {
            LARGE_SHARES_EVERY
        } else {
            SHARES_EVERY
        })
        .await;
    }
}

/// Follows the log until the engine stops.
pub async fn follow_log(engine: Engine) {
    let mut lines = engine.board().log().watch();
    loop {
        tokio::select! {
            changed = lines.changed() => if changed.is_err() { return },
            () = engine.stopped() => return,
        }
        engine.board().bump(|parts| parts.log += 1);
    }
}

/// Follows downloads and uploads until the engine stops.
pub async fn follow_transfers(engine: Engine) {
    let (mut fetched, mut served) = (engine.0.fetch.watch(), engine.0.serve.watch());
    let mut pump = Pump::default();
    pump.show(&engine);
    loop {
        tokio::select! {
            changed = fetched.changed() => if changed.is_err() { return },
            changed = served.changed() => if changed.is_err() { return },
            () = wait_until(pump.sample_at) => pump.sample(&engine),
            () = engine.stopped() => return,
        }
        fetched.mark_unchanged();
        served.mark_unchanged();
        pump.look(&engine);
    }
}

async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[derive(Default)]
struct Pump {
    /// What there was when it was shown last.
    shape: u64,
    sample_at: Option<Instant>,
    sampled_at: Option<Instant>,
    /// What had come in short runs at the last sample.
    short_bytes: u64,
    /// What was told of the speeds, in and out.
    calm: (CalmRate, CalmRate),
    rested: u32,
}

impl Pump {
    /// Shows a change of what there is at once; a change of figures waits for the next sample.
    fn look(&mut self, engine: &Engine) {
        let (fetch, serve) = (engine.0.fetch.view(), engine.0.serve.status());
        if shape(&fetch, &serve) != self.shape {
            self.show(engine);
        }
        self.rested = 0;
        if self.sample_at.is_none() {
            self.sample_at = Some(Instant::now() + SAMPLE_EVERY);
        }
    }

    /// Takes a sample of the speed and shows the newest figures.
    fn sample(&mut self, engine: &Engine) {
        let now = Instant::now();
        let (fetch, serve) = (engine.0.fetch.view(), engine.0.serve.status());
        let short_bytes = fetch.short_bytes - self.short_bytes;
        self.short_bytes = fetch.short_bytes;
        // What was over before this look has no rate any more.
        let speed = (fetch.down_rate.max(short_bytes), serve.rate_bytes);
        // Seconds in which nothing was sampled are seconds in which nothing moved.
        let quiet_secs = self
            .sampled_at
            .map_or(0, |at| now.duration_since(at).as_secs().saturating_sub(1));
        for _ in 0..quiet_secs.min(SPEED_MAX_COUNT as u64) {
            engine.board().add_speed((0, 0));
        }
        let (down, up) = &mut self.calm;
        engine
            .board()
            .add_speed((down.take(speed.0), up.take(speed.1)));
        self.sampled_at = Some(now);
        self.show(engine);
        let is_moving = speed != (0, 0) || fetch.active_count > 0 || !serve.active.is_empty();
        self.rested = if is_moving { 0 } else { self.rested + 1 };
        if self.rested == REST_COUNT {
            let remembering = engine.clone();
            engine
                .0
                .tasks
                .spawn(async move { remembering.remember_uploads().await });
        }
        self.sample_at = (self.rested <= REST_COUNT).then_some(now + SAMPLE_EVERY);
    }

    fn show(&mut self, engine: &Engine) {
        let (fetch, serve) = (engine.0.fetch.view(), engine.0.serve.status());
        self.shape = shape(&fetch, &serve);
        Self::count_gave(engine, &serve);
        engine
            .board()
            .change_peers(|book| book.set_got(fetch.got_bytes.clone()));
        let uploads = serve
            .active
            .iter()
            .map(|upload| row(engine, upload))
            .collect();
        engine.board().show_transfers(&Transfers {
            fetch,
            uploads,
            serve,
            disk_free_bytes: free_bytes(&engine.0.config.downloads),
        });
    }

    /// Takes what went to each peer that is served now.
    fn count_gave(engine: &Engine, serve: &ServeStatus) {
        let clients: HashSet<(IpAddr, Option<PeerId>)> = serve
            .active
            .iter()
            .map(|upload| (upload.client.ip(), upload.told))
            .collect();
        engine.board().change_peers(|book| {
            let mut gave: HashMap<PeerId, u64> = HashMap::new();
            for (address, told) in clients {
                let Some(id) = book.client(address, told).map(|peer| peer.id) else {
                    continue;
                };
                // What went there before it said who it is counts, where that is sure.
                let is_alone = book.at_address(address).is_some_and(|peer| peer.id == id);
                let sent = |told| engine.0.serve.sent_to(address, told);
                let unnamed = if is_alone { sent(None) } else { 0 };
                gave.insert(id, sent(Some(id)) + unnamed);
            }
            let mut is_changed = false;
            for (id, bytes) in gave {
                is_changed |= book.set_gave(&id, bytes);
            }
            is_changed
        });
    }
}

/// A number that differs when rows come, go or change their state.
fn shape(fetch: &FetchView, serve: &ServeStatus) -> u64 {
    let mut hasher = DefaultHasher::new();
    for download in &fetch.downloads {
        (
            download.id,
            discriminant(&download.state),
            download.priority,
            download.place,
            download.limit_bytes,
        )
            .hash(&mut hasher);
    }
    for upload in &serve.active {
        (upload.client, upload.told, upload.hash).hash(&mut hasher);
    }
    hasher.finish()
}

fn row(engine: &Engine, upload: &UploadStatus) -> TransferRow {
    let ip = upload.client.ip();
    let name = engine
        .board()
        .read_peers(|book| book.client(ip, upload.told).map(|peer| peer.name.clone()));
    TransferRow::Up {
        hash: upload.hash,
        name: upload.name.clone(),
        client: name.unwrap_or_else(|| ip.to_canonical().to_string()),
        clients: 1,
        size_bytes: upload.size_bytes,
        sent_bytes: upload.sent_bytes,
        rate_bytes: upload.rate_bytes,
    }
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use jiff::Timestamp;
    use protocol::hash::ContentHash;

    use super::*;
    use crate::fetch::{DownloadId, DownloadState, DownloadStatus};

    fn shape_after(change: impl FnOnce(&mut DownloadStatus)) -> u64 {
        let mut download = DownloadStatus {
            id: DownloadId(1),
            hash: ContentHash::of(b"x"),
            name: "x".to_owned(),
            destination: PathBuf::from("x"),
            size_bytes: 200,
            done_bytes: 50,
            rate_bytes: 10,
            state: DownloadState::Queued,
            priority: 0,
            place: 1,
            limit_bytes: None,
            added_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            sources: (0, 0),
        };
        change(&mut download);
        let fetch = FetchView {
            downloads: vec![Arc::new(download)],
            ..FetchView::default()
        };
        shape(&fetch, &ServeStatus::default())
    }

    #[test]
    fn what_a_person_did_is_shown_at_once_and_figures_wait() {
        let before = shape_after(|_| ());
        assert_ne!(before, shape_after(|one| one.place = 2));
        assert_ne!(before, shape_after(|one| one.priority = 1));
        assert_ne!(before, shape_after(|one| one.limit_bytes = Some(1)));
        assert_ne!(before, shape_after(|one| one.state = DownloadState::Paused));
        let moving = shape_after(|one| (one.done_bytes, one.rate_bytes) = (60, 11));
        assert_eq!(before, moving);
    }
}
