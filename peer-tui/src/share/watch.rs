//! Hints from the operating system that something changed in a share folder.
//!
//! A hint means look, nothing more: it may come late, twice, for nothing or never. Knows no files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Hints on their way; when it is full, everything is looked at instead.
const HINTS_MAX_COUNT: usize = 4_096;

/// The watcher of all share folders; its calls may block for as long as a walk through the folder.
#[derive(Debug)]
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    trouble: Option<String>,
}

/// Where hints arrive.
#[derive(Debug)]
pub struct Hints {
    /// Paths to look at.
    pub paths: mpsc::Receiver<PathBuf>,
    /// Set when hints were lost: look at everything.
    pub lost: Arc<AtomicBool>,
}

impl Watch {
    /// A watcher of nothing so far. Where the system has none, it says so for each folder.
    pub fn new() -> (Self, Hints) {
        let (sender, paths) = mpsc::channel(HINTS_MAX_COUNT);
        let lost = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&lost);
        let handler = move |event: notify::Result<Event>| hand_on(event, &sender, &flag);
        let config = Config::default().with_follow_symlinks(false);
        let (watcher, trouble) = match RecommendedWatcher::new(handler, config) {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(explain(&error))),
        };
        (Self { watcher, trouble }, Hints { paths, lost })
    }

    /// Watches a folder and all below it, anew when it was watched before.
    ///
    /// # Errors
    /// Why changes in it (or in part of it) will not be hinted at, in words for a person.
    pub fn watch(&mut self, root: &Path) -> Result<(), String> {
        let Some(watcher) = &mut self.watcher else {
            return Err(self.trouble.clone().unwrap_or_default());
        };
        // Fails when it was not watched, which is as good.
        let _ = watcher.unwatch(root);
        watcher
            .watch(root, RecursiveMode::Recursive)
            .map_err(|error| explain(&error))
    }

    /// Watches a folder no more.
    pub fn unwatch(&mut self, root: &Path) {
        if let Some(watcher) = &mut self.watcher {
            // It may be gone by itself.
            let _ = watcher.unwatch(root);
        }
    }
}

fn hand_on(event: notify::Result<Event>, sender: &mpsc::Sender<PathBuf>, lost: &AtomicBool) {
    let event = match event {
        Ok(event) => event,
        Err(error) => {
            tracing::debug!(%error, "watch share folders");
            lost.store(true, Ordering::Relaxed);
            return;
        }
    };
    if event.need_rescan() {
        lost.store(true, Ordering::Relaxed);
    }
    // Reading a file, as hashing and serving do, changes nothing.
    let is_change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    if !is_change {
        return;
    }
    for path in event.paths {
        if sender.try_send(path).is_err() {
            lost.store(true, Ordering::Relaxed);
        }
    }
}

fn explain(error: &notify::Error) -> String {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system's limit of watched folders is reached, so some changes are only seen at \
             the next full look; raise fs.inotify.max_user_watches"
                .to_owned()
        }
        _ => format!(
            "the system does not tell of changes here ({error}), so they are only seen at the \
             next full look"
        ),
    }
}
