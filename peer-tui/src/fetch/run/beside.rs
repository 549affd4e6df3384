//! Beside a stream: asks the index for other holders, and those who tell pieces for the list of
//! them, so that a stream that stands still is left for something better.
//!
//! The stream goes on until the list is there and checked. Knows none of its bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use protocol::file::ContentInfo;
use protocol::hash::PiecesRoot;
use tokio::task::JoinSet;

use super::super::job::Verdict;
use super::super::scheduler::SourceKey;
use super::super::source::Fault;
use super::super::verify::{check_list, list_of_root};
use super::{Halt, Runner};

/// Between looks at clocks and figures.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// What was asked.
pub(super) enum Told {
    Content(Option<Box<ContentInfo>>),
    List(SourceKey, PiecesRoot, Result<Vec<u8>, Fault>),
}

/// The questions of one stream; ended when it is dropped.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) questions: JoinSet<Told>,
    is_looking: bool,
    is_asking_list: bool,
    /// Somebody could take over from the source of the stream.
    pub(super) has_others: Arc<AtomicBool>,
}

impl Runner {
    /// Asks what is to be asked now, while the source of the stream, where there is one, has been
    /// silent for so long.
    pub(super) fn ask_beside(&mut self, beside: &mut Beside, from: Option<(SourceKey, Duration)>) {
        let now = Instant::now();
        let better = from.is_some_and(|(key, _)| self.job.has_better(key, now));
        beside.has_others.store(better, Ordering::Relaxed);
        self.ask_list(beside, now);
        let timing = self.shared.timing;
        let is_silent = from.is_some_and(|(_, silence)| silence >= timing.slow_window);
        let wait = if is_silent {
            timing.look_again.min(timing.slow_window)
        } else {
            timing.look_again
        };
        let look = (!beside.is_looking).then(|| self.look_if_due(wait, now));
        if let Some(look) = look.flatten() {
            beside.is_looking = true;
            beside
                .questions
                .spawn(async move { Told::Content(look.await) });
        }
    }

    fn ask_list(&mut self, beside: &mut Beside, now: Instant) {
        let Some(root) = self.job.root().filter(|_| self.list.is_none()) else {
            return;
        };
        self.list = list_of_root(self.layout, root).map(Into::into);
        if self.list.is_some() || beside.is_asking_list {
            return;
        }
        let teller = self.job.list_teller(now);
        let Some(place) = teller.and_then(|key| self.place_of(key)) else {
            return;
        };
        beside.is_asking_list = true;
        self.job.asking(place.key);
        let (http, layout) = (self.shared.http.clone(), self.layout);
        beside
            .questions
            .spawn(async move { Told::List(place.key, root, http.pieces(&place, layout).await) });
    }

    pub(super) fn take_beside(&mut self, beside: &mut Beside, told: Told) {
        match told {
            Told::Content(content) => {
                beside.is_looking = false;
                if let Some(content) = content {
                    self.learn(&content);
                }
            }
            Told::List(key, root, answer) => {
                beside.is_asking_list = false;
                self.take_list(key, root, answer);
            }
        }
    }

    fn take_list(&mut self, key: SourceKey, root: PiecesRoot, answer: Result<Vec<u8>, Fault>) {
        let now = Instant::now();
        match answer.map(|bytes| check_list(self.layout, root, &bytes)) {
            Ok(Some(list)) => {
                self.job.ended(key, Ok(()), now);
                // Others may have told another root meanwhile.
                if self.job.root() == Some(root) {
                    self.list = Some(list.into());
                }
            }
            Ok(None) => {
                let said = "sent piece hashes that are not those of its root";
                self.take_fault(key, &Fault::Lied(said.to_owned()));
            }
            Err(Fault::Gone(_)) => self.job.lacks_list(key, now),
            Err(fault) => self.take_fault(key, &fault),
        }
    }

    /// Waits until there may be somebody to ask for the rest of a stream.
    pub(super) async fn wait_beside(&mut self, beside: &mut Beside) -> Result<(), Halt> {
        let now = Instant::now();
        let soon = now + TICK;
        let until = match self.job.verdict(now) {
            // A look may bring somebody: its answer is waited for.
            Verdict::NoSource(_) if beside.is_looking || self.wants_look => soon,
            Verdict::NoSource(reason) => return Err(Halt::NoSource(reason)),
            Verdict::Wait(at) => at.min(soon),
            Verdict::Go => soon,
        };
        self.ask_beside(beside, None);
        tokio::select! {
            Some(told) = beside.questions.join_next() => {
                if let Ok(told) = told {
                    self.take_beside(beside, told);
                }
            }
            order = self.task.orders.recv() => self.obey(order)?,
            () = tokio::time::sleep_until(until.into()) => {}
        }
        Ok(())
    }
}
