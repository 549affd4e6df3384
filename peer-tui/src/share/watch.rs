//! Hints from the operating system that something changed in a share folder.
//!
//! A hint means look, nothing more: it may come late, twice, for nothing or never. Knows no files.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode, CreateKind};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Hints on their way; when it is full, everything is looked at instead.
const HINTS_MAX_COUNT: usize = 4_096;
/// Hidden folders that have just appeared.
const HIDDEN_MAX_COUNT: usize = 64;

/// The watcher of all share folders; its calls may block for as long as a walk through the folder.
#[derive(Debug)]
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    trouble: Option<String>,
    /// What is watched with all below it; one may be hidden below another one.
    roots: BTreeSet<PathBuf>,
}

/// Where hints arrive.
#[derive(Debug)]
pub struct Hints {
    /// Paths to look at.
    pub paths: mpsc::Receiver<PathBuf>,
    /// Hidden folders that appeared: nothing in them is ever looked at.
    pub hidden: mpsc::Receiver<PathBuf>,
    /// Set when hints were lost: look at everything.
    pub lost: Arc<AtomicBool>,
}

impl Watch {
    /// A watcher of nothing so far. Where the system has none, it says so for each folder.
    pub fn new() -> (Self, Hints) {
        let (sender, paths) = mpsc::channel(HINTS_MAX_COUNT);
        let (hidden_sender, hidden) = mpsc::channel(HIDDEN_MAX_COUNT);
        let lost = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&lost);
        let handler = move |event: notify::Result<Event>| {
            if let Ok(event) = &event {
                tell_hidden(event, &hidden_sender);
            }
            hand_on(event, &sender, &flag);
        };
        let config = Config::default().with_follow_symlinks(false);
        let (watcher, trouble) = match RecommendedWatcher::new(handler, config) {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(explain(&error))),
        };
        let hints = Hints {
            paths,
            hidden,
            lost,
        };
        let watch = Self {
            watcher,
            trouble,
            roots: BTreeSet::new(),
        };
        (watch, hints)
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
            .map_err(|error| explain(&error))?;
        self.roots.insert(root.to_owned());
        // What is fetched at this moment makes five events a file in there.
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        for entry in entries {
            if is_hidden(&entry.file_name()) {
                self.leave_out(&entry.path());
            }
        }
        Ok(())
    }

    /// Watches a folder below a watched one no more, unless a watched one lies in it.
    pub fn leave_out(&mut self, folder: &Path) {
        if !self.roots.iter().any(|root| root.starts_with(folder)) {
            self.unwatch(folder);
        }
    }

    /// Watches a folder no more.
    pub fn unwatch(&mut self, root: &Path) {
        self.roots.remove(root);
        if let Some(watcher) = &mut self.watcher {
            // It may be gone by itself.
            let _ = watcher.unwatch(root);
        }
    }
}

/// Says which hidden folder has appeared; one that finds no room stays watched, which costs time only.
fn tell_hidden(event: &Event, sender: &mpsc::Sender<PathBuf>) {
    if event.kind != EventKind::Create(CreateKind::Folder) {
        return;
    }
    let hidden = event
        .paths
        .iter()
        .filter(|path| path.file_name().is_some_and(is_hidden));
    for path in hidden {
        let _ = sender.try_send(path.clone());
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
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
