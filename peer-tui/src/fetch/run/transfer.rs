//! Bytes: every free source has a run of pieces to fetch until all are there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use protocol::file::ContentInfo;
use protocol::pieces::{PieceIndex, PieceSet};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::super::DownloadState;
use super::super::handle::{FetchEvent, Unfinished};
use super::super::job::Verdict;
use super::super::keeper::{Keeper, Threads};
use super::super::scheduler::{Run, SourceKey};
use super::super::source::{Fault, Keep, RunNote, fetch_run};
use super::{Halt, Runner};
use crate::serve::PartialContent;

/// Notes that may wait: whoever has one waits for room, so sources are read as fast as their bytes
/// are worked off.
const NOTES_QUEUE_COUNT: usize = 64;
/// Between looks at clocks and figures.
const TICK: Duration = Duration::from_millis(250);
/// Between the first looks for more sources, so that those who begin at the same moment soon know
/// each other; then the waits double up to the usual one.
const EARLY_LOOK: Duration = Duration::from_millis(250);
const EARLY_LOOKS_COUNT: u32 = 4;
/// Sources that are there but have nothing that is missing are waited for so long.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// What is being asked besides runs.
enum Told {
    Holds(SourceKey, Result<PieceSet, Fault>),
    Content(Option<Box<ContentInfo>>),
}

/// The requests of one transfer; ended when it is dropped.
struct Traffic {
    runs: JoinSet<()>,
    running: Vec<(SourceKey, Run, AbortHandle)>,
    questions: JoinSet<Told>,
    is_looking: bool,
    look_wait: Duration,
    look_count: u32,
    notes_in: mpsc::Sender<RunNote>,
    notes: mpsc::Receiver<RunNote>,
    keep: Keep,
    /// Of the keeper.
    threads: Threads,
    arrived: watch::Sender<Arc<PieceSet>>,
    /// How many hold each piece, for those who serve what is there.
    holders: watch::Sender<Arc<[u32]>>,
    idle_since: Option<Instant>,
}

impl Traffic {
    /// All pieces are there: ends what is still under way, and waits until nothing more is written.
    async fn end(mut self) {
        self.runs.shutdown().await;
        self.notes.close();
        drop(self.keep);
        self.threads.ended().await;
    }
}

impl Runner {
    /// Fetches all pieces.
    pub(super) async fn transfer(&mut self) -> Result<(), Halt> {
        let Some(mut traffic) = self.traffic() else {
            return Ok(());
        };
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.follow(&traffic).await?;
        let mut may_ask = true;
        loop {
            if traffic.arrived.borrow().is_complete() {
                traffic.end().await;
                return Ok(());
            }
            if std::mem::replace(&mut may_ask, true) {
                self.ask(&mut traffic)?;
            }
            tokio::select! {
                Some(note) = traffic.notes.recv() => {
                    may_ask = self.take_note(&mut traffic, note).await?;
                }
                Some(told) = traffic.questions.join_next() => {
                    if let Ok(told) = told {
                        self.take_told(&mut traffic, told);
                    }
                }
                order = self.task.orders.recv() => {
                    self.obey(order)?;
                    self.cut_off(&mut traffic);
                }
                _ = tick.tick() => {
                    self.show(DownloadState::Downloading);
                    self.show_holders(&traffic);
                }
            }
            while traffic.runs.try_join_next().is_some() {}
        }
    }

    fn traffic(&self) -> Option<Traffic> {
        let open = self.open.as_ref()?;
        let scheduler = self.job.scheduler()?;
        let (have, holders) = (scheduler.have().clone(), scheduler.holders().into());
        let (arrived, arrivals) = watch::channel(Arc::new(have));
        let (notes_in, notes) = mpsc::channel(NOTES_QUEUE_COUNT);
        let (store, hashes) = (open.store.clone(), open.hashes.clone());
        let (keeper, threads) =
            Keeper::start(store, hashes, open.follower.whole(), notes_in.clone());
        let traffic = Traffic {
            runs: JoinSet::new(),
            running: Vec::new(),
            questions: JoinSet::new(),
            is_looking: false,
            look_wait: EARLY_LOOK,
            look_count: 0,
            notes_in,
            notes,
            keep: Keep {
                layout: self.layout,
                keeper,
                has_others: Arc::new(AtomicBool::new(false)),
                arrived: arrivals,
            },
            threads,
            arrived,
            holders: watch::Sender::new(holders),
            idle_since: None,
        };
        if traffic.arrived.borrow().held() > 0 {
            self.show_partial(&traffic);
        } else {
            self.hide_partial();
        }
        Some(traffic)
    }

    /// Makes all requests that can be made now.
    fn ask(&mut self, traffic: &mut Traffic) -> Result<(), Halt> {
        let now = Instant::now();
        for (key, since) in self.job.unknown_holdings(now) {
            let Some(place) = self.place_of(key) else {
                continue;
            };
            let (http, layout) = (self.shared.http.clone(), self.layout);
            traffic
                .questions
                .spawn(async move { Told::Holds(key, http.have(&place, layout, since).await) });
        }
        for (key, run) in self.job.assign(now) {
            let Some(place) = self.place_of(key) else {
                continue;
            };
            let (http, keep) = (self.shared.http.clone(), traffic.keep.clone());
            let notes = traffic.notes_in.clone();
            let work = fetch_run(http, place, run.clone(), keep, notes);
            let handle = traffic.runs.spawn(work);
            traffic.running.push((key, run, handle));
        }
        let has_others = self.job.has_others(now);
        traffic.keep.has_others.store(has_others, Ordering::Relaxed);
        let halt = self.give_up(traffic, now);
        self.look_again(traffic, now);
        halt.map_or(Ok(()), Err)
    }

    /// Why it cannot go on, where that is so. Seen before a look that is due, and whether one is
    /// under way or not: the looks of a download that nobody feeds must not keep it from saying so.
    fn give_up(&self, traffic: &mut Traffic, now: Instant) -> Option<Halt> {
        if !traffic.running.is_empty() || self.job.is_asking_unknown() {
            traffic.idle_since = None;
            return None;
        }
        match self.job.verdict(now) {
            // A look may bring somebody: its answer is waited for.
            Verdict::NoSource(_) if traffic.is_looking || self.wants_look => None,
            Verdict::NoSource(reason) => Some(Halt::NoSource(reason)),
            Verdict::Wait(_) => None,
            Verdict::Go => {
                let since = *traffic.idle_since.get_or_insert(now);
                let reason = "those who are online hold only a part of it";
                (now.saturating_duration_since(since) >= IDLE_MAX)
                    .then(|| Halt::NoSource(reason.to_owned()))
            }
        }
    }

    /// Asks the index for more sources now and then; it may be away meanwhile.
    fn look_again(&mut self, traffic: &mut Traffic, now: Instant) {
        let usual = self.shared.timing.look_again;
        let wait = if self.layout.count() > 1 {
            traffic.look_wait.min(usual)
        } else {
            usual
        };
        let look = (!traffic.is_looking).then(|| self.look_if_due(wait, now));
        let Some(look) = look.flatten() else {
            return;
        };
        traffic.is_looking = true;
        traffic.look_count += 1;
        if traffic.look_count >= EARLY_LOOKS_COUNT {
            traffic.look_wait = wait * 2;
        }
        traffic
            .questions
            .spawn(async move { Told::Content(look.await) });
    }

    /// Tells whether there may be something to ask for now.
    async fn take_note(&mut self, traffic: &mut Traffic, note: RunNote) -> Result<bool, Halt> {
        match note {
            RunNote::Bytes(key, bytes) => {
                self.job.bytes(key, bytes, Instant::now());
                return Ok(self.job.is_nearly_done(key));
            }
            RunNote::Piece(key, piece) => {
                if self.job.piece(key, piece) {
                    self.keep_piece(traffic, piece);
                    self.follow(traffic).await?;
                }
            }
            RunNote::Ended(key, run, result) => {
                let mut running = traffic.running.iter();
                let place = running.position(|(known, of, _)| *known == key && *of == run);
                let Some(place) = place else {
                    return Ok(false);
                };
                traffic.running.swap_remove(place);
                match result {
                    Ok(()) => self.job.run_ended(key, &run),
                    Err(Fault::Disk(error)) => return Err(error.into()),
                    Err(fault) => {
                        self.job.run_failed(key, &run);
                        self.take_fault(key, &fault);
                    }
                }
                self.cut_off(traffic);
            }
        }
        Ok(true)
    }

    /// Ends the requests to sources that are not asked again.
    fn cut_off(&self, traffic: &mut Traffic) {
        let running = &mut traffic.running;
        let of_them = running.extract_if(.., |(of, ..)| self.job.is_out(*of));
        of_them.for_each(|(.., handle)| handle.abort());
    }

    fn keep_piece(&mut self, traffic: &Traffic, piece: PieceIndex) {
        self.done_bytes += self.layout.range(piece).len();
        traffic
            .arrived
            .send_modify(|have| Arc::make_mut(have).insert(piece));
        let have = traffic.arrived.borrow().held();
        if have == 1 && self.layout.count() > 1 {
            self.show_partial(traffic);
        }
    }

    async fn follow(&mut self, traffic: &Traffic) -> Result<(), Halt> {
        let have = traffic.arrived.borrow().clone();
        if let Some(open) = &mut self.open {
            open.follower.advance(&have).await?;
        }
        Ok(())
    }

    fn take_told(&mut self, traffic: &mut Traffic, told: Told) {
        match told {
            Told::Holds(key, Ok(pieces)) => self.job.holds(key, pieces, Instant::now()),
            Told::Holds(key, Err(fault)) => {
                self.job.holds_not_told(key);
                self.take_fault(key, &fault);
                self.cut_off(traffic);
            }
            Told::Content(content) => {
                traffic.is_looking = false;
                if let Some(content) = content {
                    self.learn(&content);
                }
            }
        }
    }

    fn show_holders(&self, traffic: &Traffic) {
        let is_looked_at = traffic.holders.receiver_count() > 0;
        if let Some(scheduler) = self.job.scheduler().filter(|_| is_looked_at) {
            let holders = scheduler.holders();
            traffic.holders.send_if_modified(|shown| {
                let is_news = **shown != *holders;
                if is_news {
                    *shown = holders.into();
                }
                is_news
            });
        }
    }

    /// Lets others read the verified pieces.
    fn show_partial(&self, traffic: &Traffic) {
        let (root, hash) = (self.job.root(), self.task.hash);
        let is_small = self.layout.count() < 2;
        let Some(root) = root.filter(|_| !is_small) else {
            return;
        };
        let Some(open) = &self.open else {
            return;
        };
        let partial = PartialContent {
            name: self.task.name.clone(),
            path: open.store.path().to_owned(),
            layout: self.layout,
            pieces_root: root,
            pieces: open.hashes.clone(),
            held: traffic.arrived.subscribe(),
            holders: traffic.holders.subscribe(),
        };
        // Nobody may be listening.
        let started = FetchEvent::PartialStarted(Unfinished::of(hash, &partial));
        self.shared.partials.insert(hash, partial);
        let _ = self.shared.events.send(started);
    }
}
