//! What others get from downloads: finished files are shared without being hashed again, unfinished
//! ones are published while they last.

use protocol::names::SharePath;
use tokio::sync::broadcast::error::RecvError;

use super::Engine;
use crate::fetch::FetchEvent;
use crate::index_client::PartialFile;

/// Follows the events of fetching until the engine stops.
pub async fn follow(engine: Engine) {
    let mut events = engine.0.fetch.events();
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = engine.stopped() => return,
        };
        match event {
            Ok(event) => take(&engine, event).await,
            // What was missed is found by the next full look at the download folder.
            Err(RecvError::Lagged(_)) => engine.0.share.rescan().await,
            Err(RecvError::Closed) => return,
        }
    }
}

async fn take(engine: &Engine, event: FetchEvent) {
    let is_shared = engine.0.config.share_downloads;
    match event {
        FetchEvent::Finished(finished) => {
            tracing::info!("finished {}", finished.destination.display());
            let hashes = finished.hashes.clone();
            engine.0.share.adopt(&finished.destination, hashes).await;
        }
        FetchEvent::PartialStarted {
            hash,
            size_bytes,
            root,
            name,
        } => {
            if let (true, Some(index), Ok(path)) =
                (is_shared, engine.0.index.get(), SharePath::new(&name))
            {
                let file = PartialFile {
                    hash,
                    size_bytes,
                    root,
                    path,
                };
                index.publish_partial(file).await;
            }
        }
        FetchEvent::PartialGone { hash } => {
            if let Some(index) = engine.0.index.get() {
                index.withdraw_partial(hash).await;
            }
        }
    }
}
