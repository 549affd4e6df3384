//! From durable records to what readers see: the world at once, the view, the watchers and the answers
//! while the next batch is on its way to the disk.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use protocol::ids::PeerId;

use super::{Task, doing};
use crate::catalog::CatalogView;
use crate::command::{Answer, Refusal};
use crate::decide::News;
use crate::feed::Change;
use crate::record::Record;
use crate::sequencer::collected::Caller;
use crate::sequencer::telling::{change_of, figures};
use crate::view::View;

/// A batch that is durable and in the world, and that readers do not see yet.
pub(super) struct Applied {
    /// Peers whose entries are others now.
    touched: HashSet<PeerId>,
    /// Peers whose credentials are.
    registered: Vec<PeerId>,
    news: Vec<News>,
    now: Timestamp,
    callers: Vec<Caller>,
    outcomes: Vec<Result<Answer, Refusal>>,
}

impl Task {
    /// Makes durable records count for what is decided next, and has them shown; what changed nothing
    /// is answered at once.
    pub(super) fn apply(
        &mut self,
        records: Vec<Record>,
        news: Vec<News>,
        callers: Vec<Caller>,
        outcomes: Vec<Result<Answer, Refusal>>,
    ) {
        if records.is_empty() {
            self.answer(callers, outcomes);
            return;
        }
        let instant = self.clock.instant();
        let mut touched: HashSet<PeerId> = self.presence.take_fresh();
        touched.extend(records.iter().filter_map(Record::subject));
        let registered: Vec<PeerId> = records.iter().filter_map(registered).collect();
        for record in records {
            self.world.apply(record);
        }
        for id in &touched {
            let peer = self.world.peer_state(id).map(|peer| &**peer);
            self.presence.settle(*id, peer, instant);
        }
        self.rest.note(doing(&self.world), instant);
        self.applied = Some(Applied {
            touched,
            registered,
            news,
            now: self.clock.now(),
            callers,
            outcomes,
        });
    }

    /// Brings the batch that was applied last to the view, the watchers and those who asked, in this
    /// order, where that was not done yet.
    pub(super) fn show_applied(&mut self) {
        let Some(applied) = self.applied.take() else {
            return;
        };
        let Applied { news, now, .. } = applied;
        let before = self.readers.view();
        self.readers
            .refresh(&self.world, &self.presence, applied.touched);
        self.readers
            .refresh_credentials(&self.world, applied.registered);
        let catalog = self.world.files_mut().view();
        let after = self.swap(catalog, now);
        let changes = news
            .into_iter()
            .filter_map(|news| change_of(news, &before, &after));
        let mut changes: Vec<Change> = changes.collect();
        let instant = self.clock.instant();
        if !changes.is_empty() && self.tidy_at().is_some_and(|at| at <= instant) {
            // Figures that are due anyway go along: each reader is woken once, not twice.
            self.tidied_at = Some(instant);
            changes.extend(self.fresh_figures());
        }
        self.publish(now, changes);
        self.answer(applied.callers, applied.outcomes);
    }

    /// Tells those who asked what became of it.
    pub(super) fn answer(&self, callers: Vec<Caller>, outcomes: Vec<Result<Answer, Refusal>>) {
        for (caller, outcome) in callers.into_iter().zip(outcomes) {
            self.count(caller.kind, &outcome);
            if let Some(reply) = caller.reply {
                // Nobody waits any more: the command is carried out all the same.
                let _ = reply.send(outcome);
            }
        }
    }

    /// Swaps in what is now true.
    pub(super) fn swap(&self, catalog: Arc<CatalogView>, now: Timestamp) -> Arc<View> {
        let before = self.readers.view();
        let mut stats = figures(&self.world, &catalog, now);
        if stats.is_same(&before.stats) {
            stats.last_updated = before.stats.last_updated;
        }
        let view = self.readers.swap(catalog, stats);
        self.show_figures();
        view
    }

    pub(super) fn publish(&self, now: Timestamp, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.metrics.events_published.inc_by(changes.len() as u64);
            self.feed.publish(now, changes);
        }
    }

    fn count(&self, kind: &'static str, outcome: &Result<Answer, Refusal>) {
        let label = match outcome {
            Ok(_) => "ok",
            Err(refusal) => refusal.slug.as_str(),
        };
        self.metrics.count_command(kind, label);
        match outcome {
            Ok(Answer::Alive) => self.metrics.heartbeats.inc(),
            Ok(Answer::Counted { .. }) => self.metrics.downloads.inc(),
            Ok(Answer::Swept { .. }) => self.metrics.sweeps.inc(),
            _ => 0,
        };
    }
}

/// The peer whose credential a record changes.
fn registered(record: &Record) -> Option<PeerId> {
    match record {
        Record::PeerRegistered { id, .. }
        | Record::PeerLeft { id, .. }
        | Record::PeerForgotten { id, .. } => Some(*id),
        _ => None,
    }
}
