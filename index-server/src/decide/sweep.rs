//! The rule that turns silence into offline, and long silence into oblivion.

use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::limits::SINGLE_FILE_EVENTS_MAX_COUNT;

use super::{Decision, Draft, News, Overdue};
use crate::command::Answer;
use crate::record::Record;
use crate::world::{Files, Ground};

/// Judges those who are overdue: only who is online goes offline, only who is offline is dropped.
pub(super) fn sweep<F: Files>(
    overdue: &Overdue,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
) -> Decision {
    let at = now.into();
    let mut decision = Decision::new(Answer::Alive);
    let (mut offline_count, mut forgotten_count) = (0, 0);
    for (id, last_seen) in &overdue.silent {
        if draft.peer(id).is_some_and(|peer| peer.is_online) {
            let record = Record::PeerOffline {
                at,
                id: *id,
                last_seen: *last_seen,
            };
            draft.apply(&record);
            decision = decision.with(record).telling(News::PeerOffline(*id));
            offline_count += 1;
        }
    }
    for id in &overdue.stale {
        if draft.peer(id).is_some_and(|peer| !peer.is_online) {
            decision.news.extend(news_of_oblivion(id, draft));
            let record = Record::PeerForgotten { at, id: *id };
            draft.apply(&record);
            decision = decision.with(record);
            forgotten_count += 1;
        }
    }
    decision.answer = Answer::Swept {
        offline_count,
        forgotten_count,
    };
    decision
}

/// What watchers are told of the files of a peer that is about to be dropped: each of few, the count
/// of many.
fn news_of_oblivion<F: Files>(id: &PeerId, draft: &Draft<'_, F>) -> Vec<News> {
    let count = draft.file_count(id);
    if count > SINGLE_FILE_EVENTS_MAX_COUNT as u64 {
        return vec![News::FilesChanged {
            owner: *id,
            added: 0,
            updated: 0,
            removed: count,
            sample: Vec::new(),
        }];
    }
    let files = draft.files_of(id).into_iter();
    let complete = files.filter(|entry| !entry.is_partial);
    complete.map(News::FileRemoved).collect()
}
