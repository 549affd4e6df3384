//! All holders of the one content that a screen looks at closely.

use std::time::Duration;

use protocol::file::ContentInfo;
use protocol::hash::ContentHash;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::daemon::engine::Engine;

/// Between looks because of events.
const REFRESH_EVERY: Duration = Duration::from_secs(1);

/// The content of one screen.
#[derive(Debug)]
pub struct Holders {
    hash: Option<ContentHash>,
    info: Option<ContentInfo>,
    running: Option<AbortHandle>,
    answers: (mpsc::Sender<ContentInfo>, mpsc::Receiver<ContentInfo>),
    refresh_at: Option<Instant>,
    asked_at: Option<Instant>,
}

impl Default for Holders {
    fn default() -> Self {
        Self {
            hash: None,
            info: None,
            running: None,
            answers: mpsc::channel(1),
            refresh_at: None,
            asked_at: None,
        }
    }
}

impl Drop for Holders {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Holders {
    /// Takes what a screen looks at from now on.
    pub fn set(&mut self, engine: &Engine, hash: Option<ContentHash>) {
        if self.hash == hash {
            return;
        }
        self.stop();
        self.hash = hash;
        self.info = None;
        self.ask(engine);
    }

    /// What is known of it.
    pub const fn info(&self) -> Option<&ContentInfo> {
        self.info.as_ref()
    }

    /// Something changed on the network that may change the holders.
    pub fn note_event(&mut self, now: Instant) {
        if self.hash.is_some() && self.refresh_at.is_none() {
            let earliest = self.asked_at.map_or(now, |asked| asked + REFRESH_EVERY);
            self.refresh_at = Some(earliest.max(now));
        }
    }

    /// Waits for the next thing that happens; true when it may have changed.
    ///
    /// # Cancel safety
    /// Nothing is lost when this is dropped.
    pub async fn next(&mut self, engine: &Engine) -> bool {
        let refresh_at = self.refresh_at;
        tokio::select! {
            Some(info) = self.answers.1.recv() => {
                if self.hash == Some(info.hash) {
                    self.info = Some(info);
                    return true;
                }
                false
            }
            () = async {
                match refresh_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            } => {
                self.ask(engine);
                false
            }
        }
    }

    fn ask(&mut self, engine: &Engine) {
        self.stop();
        self.refresh_at = None;
        let Some(hash) = self.hash else { return };
        self.asked_at = Some(Instant::now());
        let engine = engine.clone();
        let answer = self.answers.0.clone();
        let task = tokio::spawn(async move {
            // A content that nobody has any more keeps what was known of it on the screen.
            if let Ok(Some(mut info)) = engine.content(&hash).await {
                info.sources
                    .sort_by_key(|source| (!source.is_online, source.partial));
                let _ = answer.send(info).await;
            }
        });
        self.running = Some(task.abort_handle());
    }

    fn stop(&mut self) {
        if let Some(task) = self.running.take() {
            task.abort();
        }
    }
}
