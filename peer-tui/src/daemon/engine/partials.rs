//! What others get from downloads: finished files are shared without being hashed again, unfinished
//! ones are published while they last.

use std::sync::Arc;

use protocol::names::SharePath;
use tokio::sync::broadcast::error::RecvError;

use super::Engine;
use crate::fetch::{FetchEvent, Finished, Unfinished};
use crate::index_client::PartialFile;

/// Finished files that are shared in one step.
const FINISHED_MAX_COUNT: usize = 1_000;

/// Follows the events of fetching until the engine stops.
pub async fn follow(engine: Engine) {
    let mut events = engine.0.fetch.events();
    publish_all(&engine).await;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = engine.stopped() => return,
        };
        match event {
            Ok(FetchEvent::Finished(first)) => {
                // Small files finish in groups, and are shared in groups.
                let mut finished = vec![first];
                let mut other = None;
                while finished.len() < FINISHED_MAX_COUNT && other.is_none() {
                    match events.try_recv() {
                        Ok(FetchEvent::Finished(next)) => finished.push(next),
                        Ok(event) => other = Some(event),
                        // What was missed is said by the next receive.
                        Err(_) => break,
                    }
                }
                share(&engine, &finished).await;
                if let Some(event) = other {
                    take(&engine, event).await;
                }
            }
            Ok(event) => take(&engine, event).await,
            // What was missed is found by the next full look at the download folder.
            Err(RecvError::Lagged(_)) => engine.0.share.rescan().await,
            Err(RecvError::Closed) => return,
        }
    }
}

/// Shares what has just been fetched.
async fn share(engine: &Engine, finished: &[Arc<Finished>]) {
    match finished {
        [one] => tracing::info!("finished {}", one.destination.display()),
        [.., last] => tracing::info!(
            "finished {} files, the last one {}",
            finished.len(),
            last.destination.display()
        ),
        [] => return,
    }
    let files = finished
        .iter()
        .map(|one| (one.destination.clone(), one.hashes.clone()));
    engine.0.share.adopt_all(files.collect()).await;
}

async fn take(engine: &Engine, event: FetchEvent) {
    match event {
        FetchEvent::Finished(finished) => share(engine, &[finished]).await,
        FetchEvent::PartialStarted(unfinished) => publish(engine, unfinished).await,
        FetchEvent::PartialGone { hash } => {
            if let Some(index) = engine.0.index.get() {
                index.withdraw_partial(hash).await;
            }
        }
    }
}

/// Publishes what others may read already: what lay there at the start, or came before the index was
/// found.
pub async fn publish_all(engine: &Engine) {
    for unfinished in engine.0.fetch.unfinished() {
        publish(engine, unfinished).await;
    }
}

async fn publish(engine: &Engine, unfinished: Unfinished) {
    let is_shared = engine.0.config.share_downloads;
    let (index, path) = (engine.0.index.get(), SharePath::new(&unfinished.name));
    if let (true, Some(index), Ok(path)) = (is_shared, index, path) {
        let file = PartialFile {
            hash: unfinished.hash,
            size_bytes: unfinished.size_bytes,
            root: unfinished.root,
            path,
        };
        index.publish_partial(file).await;
    }
}
