//! What others read of downloads that do not run: found at the start, hidden while they are
//! cancelled, gone when their bytes go.

use protocol::hash::ContentHash;
use protocol::pieces::PieceLayout;

use super::super::DownloadId;
use super::super::DownloadState;
use super::super::handle::{FetchEvent, Unfinished};
use super::super::partial::{Partials, Resting};
use super::super::queue::Entry;
use super::super::store::resting::AtRest;
use super::Owner;

/// Shows what lies on disk of the unfinished ones among `entries`. Blocking.
pub(super) fn show_resting(entries: &[Entry], partials: &Partials) {
    for entry in entries.iter().filter(|entry| is_unfinished(entry)) {
        let layout = PieceLayout::of_size(entry.size_bytes);
        let hash = entry.wish.hash;
        let at_rest =
            (layout.count() > 1).then(|| AtRest::read(&entry.unfinished(), &hash, layout));
        if let Some(at_rest) = at_rest.flatten() {
            let resting = Resting {
                name: entry.name.clone(),
                path: at_rest.path,
                layout,
                root: at_rest.root,
                pieces: at_rest.pieces.into(),
                held: at_rest.held,
            };
            partials.rest(hash, resting);
        }
    }
}

fn is_unfinished(entry: &Entry) -> bool {
    let is_open = crate::daemon::state::is_open(&entry.state);
    is_open && entry.done_bytes > 0
}

impl Owner {
    /// Hides what others read of a download that is cancelled and does not run, or shows it again.
    pub(super) fn conceal_cancelled(&self, id: DownloadId) {
        let Some(entry) = self.queue.get(id) else {
            return;
        };
        let hash = entry.wish.hash;
        let is_cancelled = matches!(entry.state, DownloadState::Cancelled { .. });
        if is_cancelled && self.queue.is_wanted_elsewhere(&hash, id) {
            return;
        }
        if let Some(content) = self.outlets.partials.conceal(&hash, is_cancelled) {
            let event = if is_cancelled {
                FetchEvent::PartialGone { hash }
            } else {
                FetchEvent::PartialStarted(Unfinished::of(hash, &content))
            };
            // Nobody may be listening.
            let _ = self.outlets.events.send(event);
        }
    }

    /// The bytes are about to go.
    pub(super) fn remove_partial(&self, hash: ContentHash) {
        if self.outlets.partials.remove(&hash) {
            // Nobody may be listening.
            let _ = self.outlets.events.send(FetchEvent::PartialGone { hash });
        }
    }
}
