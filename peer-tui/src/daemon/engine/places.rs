//! Priorities and places of downloads: changed, and what has changed said in words.

use std::cmp::Reverse;
use std::mem::discriminant;
use std::sync::Arc;

use super::Engine;
use super::downloads::{done_with, told};
use crate::daemon::command::Action;
use crate::daemon::sections::last_part;
use crate::daemon::state::Reply;
use crate::fetch::{DownloadId, DownloadStatus, FetchError, Move};

impl Engine {
    /// Sets the priority of these; undone where all of them had the same.
    pub(super) async fn set_priority(
        &self,
        ids: Vec<DownloadId>,
        priority: i8,
    ) -> Result<Reply, FetchError> {
        let before = self.statuses(&ids).into_iter().map(|one| one.priority);
        let mut before: Vec<i8> = before.collect();
        before.dedup();
        self.0.fetch.set_priority(&ids, priority).await?;
        let (mut note, mut undo) = (self.priority_in_words(&ids), None);
        if let [before] = *before {
            if before == priority {
                note += " already";
            } else {
                note = format!("{note} now (was {})", word(before));
                undo = Some(Action::SetPriority {
                    ids: ids.clone(),
                    priority: before,
                });
            }
        }
        Ok(told(note, undo, ids))
    }

    /// Moves these; the answer says where they are.
    pub(super) async fn reorder(
        &self,
        ids: Vec<DownloadId>,
        to: Move,
    ) -> Result<Reply, FetchError> {
        let known = self.statuses(&ids);
        if let (true, Some(unknown)) = (known.is_empty(), ids.first()) {
            return Err(FetchError::Unknown(*unknown));
        }
        let order = self.0.fetch.reorder(&ids, to).await?;
        if order.is_empty() {
            return Ok(done_with("already there:", ids, |_| None));
        }
        let way = match to {
            Move::Top => "to the top",
            Move::Up => "up",
            Move::Down => "down",
            Move::Bottom => "to the bottom",
        };
        let note = match known.as_slice() {
            [one] => {
                let (place, count) = self.place_of(one);
                let name = last_part(&one.name);
                format!("moved {name} {way}: number {place} of {count}")
            }
            several => format!("moved {} downloads {way}", several.len()),
        };
        Ok(told(note, Some(Action::Arrange { order }), ids))
    }

    /// `boat.raw: priority high`.
    pub(super) fn priority_in_words(&self, ids: &[DownloadId]) -> String {
        let statuses = self.statuses(ids);
        let mut priorities: Vec<String> = statuses.iter().map(|one| word(one.priority)).collect();
        priorities.sort();
        priorities.dedup();
        let priorities = priorities.join(", ");
        match statuses.as_slice() {
            [one] => format!("{}: priority {priorities}", last_part(&one.name)),
            several => format!("{} downloads: priority {priorities}", several.len()),
        }
    }

    fn statuses(&self, ids: &[DownloadId]) -> Vec<Arc<DownloadStatus>> {
        let view = self.0.fetch.view();
        let mine = view.downloads.iter().filter(|one| ids.contains(&one.id));
        mine.cloned().collect()
    }

    /// The place of a download, from 1, among those that it is moved among, and how many they are.
    fn place_of(&self, moved: &DownloadStatus) -> (usize, usize) {
        let view = self.0.fetch.view();
        let beside = view.downloads.iter().filter(|one| {
            one.priority == moved.priority && discriminant(&one.state) == discriminant(&moved.state)
        });
        let mut beside: Vec<_> = beside.collect();
        beside.sort_by_key(|one| (Reverse(one.priority), one.place, one.id));
        let place = beside.iter().position(|one| one.id == moved.id);
        (place.map_or(1, |place| place + 1), beside.len())
    }
}

fn word(priority: i8) -> String {
    match priority {
        1 => "high".to_owned(),
        0 => "normal".to_owned(),
        -1 => "low".to_owned(),
        other => format!("{other:+}"),
    }
}
