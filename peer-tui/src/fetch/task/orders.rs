//! What the owner does with each order.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::super::change::Change;
use super::super::handle::FetchError;
use super::super::queue::Effect;
use super::super::run::closely::pieces_at_rest;
use super::super::run::{Closely, RunOrder};
use super::super::{DownloadDetail, DownloadId, DownloadState, DownloadStatus, Wish};
use super::view::status;
use super::{Order, Owner};
use crate::serve::PartialContent;
use protocol::pieces::{PieceLayout, PieceSet};

/// A running download answers a close look within this time.
const DETAIL_WAIT: Duration = Duration::from_secs(1);

impl Owner {
    pub(super) fn obey(&mut self, order: Order) {
        match order {
            Order::Enqueue(wishes, answer) => {
                let ids = wishes.into_iter().map(|wish| self.enqueue(wish)).collect();
                // Whoever hears the number finds it in the view.
                self.show();
                self.saver.tell_many(ids, answer);
            }
            Order::Change(change, ids, answer) => {
                let changed = self.change(change, &ids);
                self.show();
                // Whoever asked may have gone.
                let _ = answer.send(changed);
            }
            Order::Reorder(ids, to, answer) => {
                let before = self.queue.move_to(&ids, to);
                self.placed(&before);
                let _ = answer.send(before);
            }
            Order::Arrange(order, answer) => {
                self.queue.arrange(&order);
                self.placed(&order);
                let _ = answer.send(());
            }
            Order::Nudge(hash) => {
                for id in self.queue.nudge(hash) {
                    self.shown.changed(id);
                }
                if let Some(hash) = hash {
                    self.tell_runs_of(&hash);
                }
            }
            Order::Block(peer) => {
                self.shared.refused.block(peer);
                for running in self.running.values() {
                    // A full inbox only means that this one finds out when it looks again.
                    let _ = running.orders.try_send(RunOrder::Block(peer));
                }
            }
            Order::Unblock(peer) => self.shared.refused.unblock(&peer),
            Order::Detail(id, answer) => self.detail(id, answer),
            Order::Stop(_) => {}
        }
    }

    fn enqueue(&mut self, wish: Wish) -> Result<DownloadId, FetchError> {
        let now = Timestamp::now();
        let id = self
            .queue
            .enqueue(wish, &self.config.downloads, now, is_there)?;
        self.conceal_cancelled(id);
        self.shown.changed(id);
        Ok(id)
    }

    fn change(&mut self, change: Change, ids: &[DownloadId]) -> Result<(), FetchError> {
        let mut result = Ok(());
        for id in ids {
            let effect = self
                .queue
                .change(change, *id, Timestamp::now(), &self.config.timing);
            let order = match effect {
                Ok(Effect::Stop) => Some(RunOrder::Stop),
                Ok(Effect::LookAgain) => Some(RunOrder::LookAgain),
                Ok(Effect::Limit(limit)) => {
                    if let Some(running) = self.running.get(id) {
                        running.limit.set(limit);
                    }
                    None
                }
                Ok(Effect::Gone(entry)) => {
                    self.shown.gone(*id);
                    self.gone.push(*entry);
                    None
                }
                Ok(Effect::None) => None,
                Err(error) => {
                    result = Err(error);
                    continue;
                }
            };
            self.shown.changed(*id);
            if matches!(change, Change::Cancel | Change::Restore | Change::Resume) {
                self.conceal_cancelled(*id);
            }
            if let (Some(order), Some(running)) = (order, self.running.get(id)) {
                // A full inbox holds orders that come first; a stop then comes with the next change.
                let _ = running.orders.try_send(order);
            }
        }
        self.saver.changed();
        result
    }

    /// These stand at other places.
    fn placed(&mut self, ids: &[DownloadId]) {
        for id in ids {
            self.shown.changed(*id);
        }
        self.saver.changed();
        self.show();
    }

    fn tell_runs_of(&self, hash: &protocol::hash::ContentHash) {
        for id in self.queue.entries_of(hash) {
            if let Some(running) = self.running.get(&id) {
                // A full inbox means that it is busy enough.
                let _ = running.orders.try_send(RunOrder::LookAgain);
            }
        }
    }

    fn detail(&self, id: DownloadId, answer: oneshot::Sender<Option<DownloadDetail>>) {
        let Some(entry) = self.queue.get(id) else {
            // Whoever asked may have gone.
            let _ = answer.send(None);
            return;
        };
        let status = status(entry, self.running.get(&id));
        let orders = self.running.get(&id).map(|running| running.orders.clone());
        let last = self.shown.last_look(id);
        let partial = self.outlets.partials.get(&status.hash);
        tokio::spawn(async move {
            let closely = match orders {
                None => None,
                Some(orders) => {
                    let (ask, told) = oneshot::channel();
                    let asked = async {
                        orders.send(RunOrder::Detail(ask)).await.ok()?;
                        told.await.ok()
                    };
                    tokio::time::timeout(DETAIL_WAIT, asked)
                        .await
                        .ok()
                        .flatten()
                }
            };
            let layout = PieceLayout::of_size(status.size_bytes);
            let Closely {
                pieces,
                sources,
                notes,
            } = match (closely, last) {
                (Some(closely), last) => closely.after(last.as_ref()),
                (None, Some(last)) => last,
                // It has not run since the start of the program.
                (None, None) => Closely {
                    pieces: at_rest(&status, layout, partial),
                    ..Closely::default()
                },
            };
            let detail = DownloadDetail {
                piece_bytes: layout.piece_bytes(),
                status: status.as_ref().clone(),
                pieces,
                sources,
                notes,
            };
            let _ = answer.send(Some(detail));
        });
    }
}

fn at_rest(
    status: &DownloadStatus,
    layout: PieceLayout,
    partial: Option<PartialContent>,
) -> String {
    if status.state == DownloadState::Done {
        return pieces_at_rest(layout, Some(&PieceSet::all(layout.count())), true);
    }
    let held = partial.map(|partial| partial.held.borrow().clone());
    pieces_at_rest(layout, held.as_deref(), true)
}

/// Whether a finished file still lies at its place.
fn is_there(path: &Path, size_bytes: u64) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.size() == size_bytes)
}
