//! Ten downloads at a steady rate for as long as the demo runs, to look at and to measure.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use protocol::search::SearchParams;

use crate::daemon::engine::Engine;
use crate::fetch::{DownloadState, DownloadStatus, Wish};

/// How many run at once.
pub const DOWNLOADS_COUNT: usize = 10;
/// Bytes a second, each.
pub const RATE_BYTES: u64 = 250 * 1024;
/// Four minutes of one download; mostly holes on the disk of its source.
const FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Between looks for what has finished.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Writes the files that are fetched over and over.
///
/// # Errors
/// When one cannot be written.
pub fn write(share: &Path) -> std::io::Result<()> {
    let folder = share.join("busy");
    fs::create_dir_all(&folder)?;
    for number in 1..=DOWNLOADS_COUNT {
        let mut file = File::create(folder.join(format!("nightly-build-{number:02}.img")))?;
        writeln!(file, "nightly build {number}")?;
        file.set_len(FILE_BYTES)?;
    }
    Ok(())
}

/// Queues all of them, and each again when it has finished, until the engine stops.
pub async fn keep_running(engine: Engine) {
    let params = SearchParams {
        q: "nightly-build".to_owned(),
        ..SearchParams::default()
    };
    let files = loop {
        match engine.search(&params).await {
            Ok(found) if found.results.len() == DOWNLOADS_COUNT => break found.results,
            _ => tokio::time::sleep(LOOK_EVERY / 4).await,
        }
    };
    let wish = |name: &str| {
        let file = files
            .iter()
            .find(|file| name.starts_with(file.filename.trim_end_matches(".img")));
        file.map(|file| Wish {
            hash: file.hash,
            size_bytes: file.size,
            path: file.filename.clone(),
            save_as: None,
        })
    };
    for file in &files {
        if let Some(wish) = wish(&file.filename) {
            let _ = engine.fetch().enqueue(wish).await;
        }
    }
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let view = engine.fetch().view();
        let is_finished =
            |download: &&std::sync::Arc<DownloadStatus>| download.state == DownloadState::Done;
        for done in view.downloads.iter().filter(is_finished) {
            let _ = fs::remove_file(&done.destination);
            let _ = engine.fetch().remove(&[done.id]).await;
            if let Some(wish) = wish(&done.name) {
                let _ = engine.fetch().enqueue(wish).await;
            }
        }
    }
}
