//! Whether a download that is known is the one that is wanted now.

use std::path::Path;

use super::super::DownloadState;
use super::Entry;

/// What a known download of a content is to a wish for the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// It is what is wanted, and goes on.
    Same,
    /// It is done, and that will do.
    There,
    /// It failed on its way to another place, and may go to this one.
    Free,
    /// It has a place and an end of its own.
    Other,
}

impl Match {
    /// What `known` is to `wanted`.
    pub(super) fn of(known: &Entry, wanted: &Entry, is_there: impl Fn(&Path, u64) -> bool) -> Self {
        let is_of_folder = |entry: &Entry| entry.wish.save_as.is_none() && entry.name.contains('/');
        let is_same_place = known.wish.save_as == wanted.wish.save_as
            && (!is_of_folder(wanted) || known.name == wanted.name);
        // Where a person named a place, only a look at the file tells whether it lies there.
        let will_do = wanted.wish.save_as.is_none() && (is_same_place || !is_of_folder(wanted));
        match known.state {
            DownloadState::Done if wanted.wish.save_as.is_some() && is_same_place => Self::Same,
            DownloadState::Done if will_do && is_there(&known.destination, known.size_bytes) => {
                Self::There
            }
            DownloadState::Done => Self::Other,
            _ if is_same_place => Self::Same,
            DownloadState::Failed { .. } if !is_of_folder(known) && !is_of_folder(wanted) => {
                Self::Free
            }
            _ => Self::Other,
        }
    }
}

impl Entry {
    /// Somebody asks for it again: what stood goes on, what is done is looked at once more.
    pub(super) fn take_up(&mut self) {
        match self.state {
            DownloadState::Done => {
                self.finished_at = None;
                self.done_bytes = 0;
            }
            DownloadState::Paused
            | DownloadState::Failed { .. }
            | DownloadState::Cancelled { .. } => {}
            _ => return,
        }
        self.state = DownloadState::Queued;
    }

    /// It goes where `wanted` goes, with what has come.
    pub(super) fn go_elsewhere(&mut self, wanted: Self) {
        self.wish = wanted.wish;
        self.name = wanted.name;
        self.destination = self.target().path();
        self.take_up();
    }
}
