//! The files of one peer as they are read from the index, page by page, while a screen walks through
//! its folders.

use std::time::Duration;

use protocol::file::FileInfo;
use protocol::ids::PeerId;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::daemon::command::BrowseWatch;
use crate::daemon::engine::Engine;
use crate::daemon::sections::browse::below;

/// Records of one peer that are held for one screen: 300 MiB of them would be too much, this is 60.
const FILES_MAX_COUNT: usize = 200_000;
/// Between readings because of events.
const REFRESH_EVERY: Duration = Duration::from_secs(3);

/// What has been read of one folder and everything below it.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Whose.
    pub peer: PeerId,
    /// Where it starts.
    pub folder: String,
    /// Records, by path.
    pub files: Vec<FileInfo>,
    /// Still being read.
    pub is_loading: bool,
    /// Why it could not be read to its end.
    pub trouble: Option<String>,
}

enum Page {
    Files(Vec<FileInfo>),
    End(Option<String>),
}

/// The browser of one screen.
#[derive(Default)]
pub struct Browser {
    watch: Option<BrowseWatch>,
    listing: Option<Listing>,
    running: Option<(AbortHandle, mpsc::Receiver<Page>)>,
    /// Read anew since an event; takes the place of `listing` when it is whole.
    fresh: Option<Listing>,
    refresh_at: Option<Instant>,
    rested_until: Option<Instant>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Browser {
    /// Takes what a screen asks for from now on; a folder below one that was read is there at once.
    pub fn set(&mut self, engine: &Engine, watch: Option<BrowseWatch>) {
        self.watch = watch;
        let Some(watch) = &self.watch else {
            self.stop();
            self.listing = None;
            return;
        };
        let is_read = self.listing.as_ref().is_some_and(|listing| {
            let is_below =
                watch.folder == listing.folder || below(&watch.folder, &listing.folder).is_some();
            listing.peer == watch.peer && is_below
        });
        if !is_read {
            let (peer, folder) = (watch.peer, watch.folder.clone());
            self.stop();
            self.listing = Some(Listing {
                peer,
                folder: folder.clone(),
                files: Vec::new(),
                is_loading: true,
                trouble: None,
            });
            self.read(engine, peer, folder);
        }
    }

    /// What is asked for and what is known of it.
    pub fn shown(&self) -> Option<(&BrowseWatch, &Listing)> {
        Some((self.watch.as_ref()?, self.listing.as_ref()?))
    }

    /// Something changed on the network that may change the listing.
    pub fn note_event(&mut self, now: Instant) {
        if self.watch.is_some() && self.refresh_at.is_none() {
            self.refresh_at = Some(self.rested_until.unwrap_or(now).max(now));
        }
    }

    /// Waits for the next thing that happens; true when rows may have changed.
    ///
    /// # Cancel safety
    /// Nothing is lost when this is dropped.
    pub async fn next(&mut self, engine: &Engine) -> bool {
        let refresh_at = self.refresh_at.filter(|_| self.running.is_none());
        let page = async {
            match &mut self.running {
                Some((_, pages)) => pages.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            page = page => self.take(page),
            () = async {
                match refresh_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            } => {
                self.refresh_at = None;
                if let Some(listing) = &self.listing {
                    let (peer, folder) = (listing.peer, listing.folder.clone());
                    self.fresh = Some(Listing { files: Vec::new(), trouble: None, ..listing.clone() });
                    self.read(engine, peer, folder);
                }
                false
            }
        }
    }

    fn take(&mut self, page: Option<Page>) -> bool {
        let is_refresh = self.fresh.is_some();
        let Some(listing) = self.fresh.as_mut().or(self.listing.as_mut()) else {
            return false;
        };
        match page {
            Some(Page::Files(files)) => {
                listing.files.extend(files);
                return !is_refresh;
            }
            Some(Page::End(trouble)) => listing.trouble = trouble,
            None => {}
        }
        listing.is_loading = false;
        self.stop_reading();
        self.rested_until = Some(Instant::now() + REFRESH_EVERY);
        if let Some(fresh) = self.fresh.take() {
            self.listing = Some(fresh);
        }
        true
    }

    fn read(&mut self, engine: &Engine, peer: PeerId, folder: String) {
        let (to_session, pages) = mpsc::channel(4);
        let engine = engine.clone();
        let task = tokio::spawn(async move {
            let mut cursor = None;
            let mut count = 0;
            let end = loop {
                match engine.peer_files(&peer, &folder, cursor).await {
                    Ok(page) => {
                        count += page.files.len();
                        if to_session.send(Page::Files(page.files)).await.is_err() {
                            return;
                        }
                        cursor = page.next_cursor;
                        if cursor.is_none() {
                            break None;
                        }
                        if count >= FILES_MAX_COUNT {
                            break Some(format!(
                                "only the first {count} files are shown: open a folder"
                            ));
                        }
                    }
                    Err(error) => break Some(error.to_string()),
                }
            };
            let _ = to_session.send(Page::End(end)).await;
        });
        self.running = Some((task.abort_handle(), pages));
    }

    fn stop_reading(&mut self) {
        if let Some((task, _)) = self.running.take() {
            task.abort();
        }
    }

    fn stop(&mut self) {
        self.stop_reading();
        self.fresh = None;
        self.refresh_at = None;
    }
}
