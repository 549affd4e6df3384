//! One peer as a source of one job: what it holds, how it behaves, whether it may be asked.
//!
//! Pure: time is an argument.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use protocol::file::Source;
use protocol::hash::PiecesRoot;
use protocol::pieces::{PieceLayout, PieceSet};

use super::super::source::{Fault, is_allowed};
use super::super::{SourceState, SourceStatus};
use super::FAILURES_MAX_COUNT;
use crate::rate::RateMeter;

/// Runs of one source under way at most: the second one is asked for before the first has ended.
const RUNS_MAX_COUNT: u8 = 2;
/// The next run is asked for when what is left of the last one takes a tenth of a second: more than
/// a round trip.
const AHEAD_PARTS_OF_SEC: u64 = 10;
/// Though not more than this: who is so fast is near.
const AHEAD_MAX_BYTES: u64 = 8 * 1024 * 1024;
/// The same when there are few pieces left, so that none of them waits behind another.
const AHEAD_AT_END_PARTS_OF_SEC: u64 = 40;

/// A source that is busy is waited for as long as so many first waits after a failure (30 s), while
/// nobody else is there; then the whole download waits and leaves its place to others.
const BUSY_WAITS_COUNT: u32 = 30;

/// Which pieces a source holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// All.
    All,
    /// Not asked yet.
    Unknown,
    /// These, when it was asked last.
    Some {
        /// Which.
        pieces: PieceSet,
        /// When.
        asked_at: Instant,
    },
}

impl Holding {
    pub(super) fn pieces(&self, layout: PieceLayout) -> PieceSet {
        match self {
            Self::All => PieceSet::all(layout.count()),
            Self::Unknown => PieceSet::none(layout.count()),
            Self::Some { pieces, .. } => pieces.clone(),
        }
    }

    /// Whether it is time to ask, `pause` after the last answer; yields how many pieces are known.
    pub(super) fn due(&self, now: Instant, pause: Duration) -> Option<u32> {
        match self {
            Self::All => None,
            Self::Unknown => Some(0),
            Self::Some { pieces, asked_at } => {
                let is_due = now.saturating_duration_since(*asked_at) >= pause;
                (is_due && !pieces.is_complete()).then(|| pieces.held())
            }
        }
    }
}

/// Whether a source may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Now.
    Ready,
    /// It is at work.
    Running,
    /// Not before this time.
    Later(Instant, SourceState),
    /// Not again; after [`SourceState::Failed`], [`SourceState::Offline`] the index may bring it back.
    Out(SourceState),
}

/// One peer as a source of one job.
#[derive(Debug)]
pub struct Candidate {
    pub(super) source: Source,
    /// Where it is connected to.
    pub address: SocketAddr,
    pub(super) root: Option<PiecesRoot>,
    /// It was asked for the piece list since the index named it, and has none.
    pub(super) lacks_list: bool,
    pub(super) standing: Standing,
    pub(super) holding: Holding,
    pub(super) is_scheduled: bool,
    pub(super) rate: RateMeter,
    /// As it was when it got its last run.
    pub(super) rate_bytes: u64,
    run_count: u8,
    /// Bytes that its runs still have to bring.
    pub(super) left_bytes: u64,
    /// It is being asked what it holds.
    pub(super) is_hearing: bool,
    pub(super) gave_bytes: u64,
    pub(super) errors: u32,
    /// In a row.
    pub(super) failures: u32,
    /// What was said of its last fault.
    pub(super) said: Option<String>,
    /// It has had no room for us since then.
    busy_since: Option<Instant>,
}

impl Candidate {
    pub(super) fn new(source: &Source, layout: PieceLayout) -> Option<Self> {
        let address = source
            .address
            .parse()
            .ok()
            .filter(|address| is_allowed(*address))?;
        let is_partial = source.partial && layout.count() > 1;
        Some(Self {
            source: source.clone(),
            address,
            root: source.pieces_root,
            lacks_list: false,
            standing: Standing::Ready,
            holding: if is_partial {
                Holding::Unknown
            } else {
                Holding::All
            },
            is_scheduled: false,
            rate: RateMeter::default(),
            rate_bytes: 0,
            run_count: 0,
            left_bytes: 0,
            is_hearing: false,
            gave_bytes: 0,
            errors: 0,
            failures: 0,
            said: None,
            busy_since: None,
        })
    }

    /// Who.
    pub const fn peer(&self) -> protocol::ids::PeerId {
        self.source.peer
    }

    /// Its name and the beginning of its id, for the log.
    pub fn in_words(&self) -> String {
        let name = protocol::text::clean(&self.source.name).text;
        format!("{name} ({})", self.source.peer.short())
    }

    /// It brought something good.
    pub(super) const fn gave(&mut self, bytes: u64) {
        self.gave_bytes += bytes;
        self.failures = 0;
        self.busy_since = None;
    }

    /// Until when a source that has no room for us is waited for, where it has none.
    pub(super) fn busy_until(&self, first_wait: Duration) -> Option<Instant> {
        let is_busy = matches!(self.standing, Standing::Later(_, SourceState::Busy));
        let since = self.busy_since.filter(|_| is_busy)?;
        Some(since + first_wait * BUSY_WAITS_COUNT)
    }

    /// Verified bytes from it.
    pub const fn gave_bytes(&self) -> u64 {
        self.gave_bytes
    }

    /// The index names it again.
    pub(super) fn renew(&mut self, source: &Source) {
        if let Ok(address) = source.address.parse()
            && is_allowed(address)
        {
            self.address = address;
        }
        if !source.partial && self.holding != Holding::All {
            self.holding = Holding::All;
            self.is_scheduled = false;
        }
        // Its pieces were not known when it was seen first.
        self.root = self.root.or(source.pieces_root);
        self.lacks_list = false;
        self.source = source.clone();
        if matches!(
            self.standing,
            Standing::Out(SourceState::Failed | SourceState::Offline)
        ) {
            self.standing = Standing::Ready;
            self.failures = 0;
            self.forget_runs();
        }
    }

    pub(super) const fn is_out(&self) -> bool {
        matches!(self.standing, Standing::Out(_))
    }

    pub(super) fn is_running(&self) -> bool {
        self.standing == Standing::Running
    }

    pub(super) fn is_ready(&self, now: Instant) -> bool {
        match self.standing {
            Standing::Ready => true,
            Standing::Later(at, _) => at <= now,
            Standing::Running | Standing::Out(_) => false,
        }
    }

    /// Whether it should get its next run before the last one has ended. One that has not given a
    /// good piece yet has one run: if it lies, no more than that is wasted.
    pub(super) fn is_nearly_done(&self, is_ending: bool, piece_bytes: u64) -> bool {
        let ahead_bytes = if is_ending {
            self.rate_bytes / AHEAD_AT_END_PARTS_OF_SEC
        } else {
            let ahead_bytes = self.rate_bytes / AHEAD_PARTS_OF_SEC;
            ahead_bytes.min(AHEAD_MAX_BYTES).max(piece_bytes)
        };
        matches!(self.standing, Standing::Running)
            && self.run_count > 0
            && self.run_count < RUNS_MAX_COUNT
            && self.gave_bytes > 0
            && self.left_bytes <= ahead_bytes
    }

    pub(super) fn start_run(&mut self, bytes: u64) {
        self.standing = Standing::Running;
        self.run_count += 1;
        self.left_bytes += bytes;
    }

    pub(super) const fn end_run(&mut self) {
        self.run_count = self.run_count.saturating_sub(1);
        if self.run_count == 0 {
            self.left_bytes = 0;
        }
    }

    /// Nothing that it was asked for is under way any more.
    pub(super) fn forget_runs(&mut self) {
        (self.run_count, self.left_bytes, self.is_hearing) = (0, 0, false);
        self.end_well();
    }

    /// What it was asked for has come.
    pub(super) fn end_well(&mut self) {
        if self.run_count == 0 && self.standing == Standing::Running {
            self.standing = Standing::Ready;
        }
    }

    /// Whether it has failed and is left alone for now, or for good.
    pub(super) fn is_resting(&self, now: Instant) -> bool {
        self.is_out() || self.ready_at(now).is_some()
    }

    /// Whether it may be asked what it holds.
    pub(super) fn may_hear(&self, now: Instant) -> bool {
        !self.is_hearing && !self.is_resting(now)
    }

    /// When it may be asked, where that is not now.
    pub(super) fn ready_at(&self, now: Instant) -> Option<Instant> {
        match self.standing {
            Standing::Later(at, _) if at > now => Some(at),
            _ => None,
        }
    }

    /// Takes note of a fault; yields what to say of it.
    pub(super) fn fault(
        &mut self,
        fault: &Fault,
        now: Instant,
        first_wait: Duration,
    ) -> Option<String> {
        self.errors += 1;
        match fault {
            Fault::Busy(wait) => {
                self.errors -= 1;
                self.standing = Standing::Later(now + *wait, SourceState::Busy);
                let is_news = self.busy_since.is_none();
                self.busy_since.get_or_insert(now);
                is_news.then(|| "is busy: asked again later".to_owned())
            }
            Fault::NotHeld => {
                self.failures += 1;
                if self.holding == Holding::All || self.failures >= FAILURES_MAX_COUNT {
                    self.standing = Standing::Out(SourceState::Failed);
                    return Some("does not hold what it said".to_owned());
                }
                self.holding = Holding::Unknown;
                self.standing = Standing::Later(now + first_wait, SourceState::Idle);
                None
            }
            Fault::Unreachable(said) => {
                self.standing = Standing::Out(SourceState::Offline);
                Some(said.clone())
            }
            // An unfinished download may be on its way to its place.
            Fault::Gone(said) if self.holding != Holding::All => {
                Some(self.broken(said, now, first_wait))
            }
            Fault::Gone(said) => {
                self.standing = Standing::Out(SourceState::Failed);
                Some(said.clone())
            }
            Fault::Broken(said) => Some(self.broken(said, now, first_wait)),
            Fault::Lied(said) => {
                self.standing = Standing::Out(SourceState::Corrupt);
                Some(format!("{said}: never asked again"))
            }
            Fault::OtherFile => {
                self.standing = Standing::Out(SourceState::Corrupt);
                Some("sent a file that is not what its hash says: never asked again".to_owned())
            }
            Fault::Corrupt(piece) => {
                self.standing = Standing::Out(SourceState::Corrupt);
                Some(format!(
                    "sent wrong bytes for piece {}: never asked again",
                    piece.as_u32()
                ))
            }
            Fault::Disk(_) => {
                self.errors -= 1;
                self.standing = Standing::Ready;
                None
            }
        }
    }

    fn broken(&mut self, said: &str, now: Instant, first_wait: Duration) -> String {
        self.failures += 1;
        if self.failures >= FAILURES_MAX_COUNT {
            self.standing = Standing::Out(SourceState::Failed);
            return format!("{said}, {} times in a row", self.failures);
        }
        let wait = first_wait * (1 << (self.failures - 1));
        self.standing = Standing::Later(now + wait, SourceState::Failed);
        said.to_owned()
    }

    pub(super) fn status(&mut self, layout: PieceLayout, now: Instant) -> SourceStatus {
        let rate_bytes = self.rate.rate(now);
        let held = match &self.holding {
            Holding::All => layout.count(),
            Holding::Unknown => 0,
            Holding::Some { pieces, .. } => pieces.held(),
        };
        let state = match self.standing {
            Standing::Ready => SourceState::Idle,
            Standing::Running if rate_bytes == 0 => SourceState::Connecting,
            Standing::Running => SourceState::Sending,
            Standing::Later(at, _) if at <= now => SourceState::Idle,
            Standing::Later(_, state) | Standing::Out(state) => state,
        };
        let is_dropped = matches!(
            state,
            SourceState::Failed | SourceState::Corrupt | SourceState::Offline
        );
        SourceStatus {
            peer: self.source.peer,
            name: self.source.name.clone(),
            state,
            rate_bytes,
            has_pieces: (held, layout.count()),
            gave_bytes: self.gave_bytes,
            errors: self.errors,
            reputation: self.source.reputation,
            reason: self.said.clone().filter(|_| is_dropped),
        }
    }
}
