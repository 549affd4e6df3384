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

/// Between questions to an unfinished download about what it holds.
const HOLDING_EVERY: Duration = Duration::from_secs(3);

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

    /// Whether it is time to ask; takes note that it is asked.
    pub(super) fn ask(&mut self, now: Instant) -> bool {
        match self {
            Self::All => false,
            Self::Unknown => true,
            Self::Some { pieces, asked_at } => {
                let is_due = now.saturating_duration_since(*asked_at) >= HOLDING_EVERY;
                let is_due = is_due && !pieces.is_complete();
                if is_due {
                    *asked_at = now;
                }
                is_due
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
    pub(super) standing: Standing,
    pub(super) holding: Holding,
    pub(super) is_scheduled: bool,
    pub(super) rate: RateMeter,
    pub(super) gave_bytes: u64,
    pub(super) errors: u32,
    /// In a row.
    pub(super) failures: u32,
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
            standing: Standing::Ready,
            holding: if is_partial {
                Holding::Unknown
            } else {
                Holding::All
            },
            is_scheduled: false,
            rate: RateMeter::default(),
            gave_bytes: 0,
            errors: 0,
            failures: 0,
        })
    }

    /// Who.
    pub const fn peer(&self) -> protocol::ids::PeerId {
        self.source.peer
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
        self.source = source.clone();
        if matches!(
            self.standing,
            Standing::Out(SourceState::Failed | SourceState::Offline)
        ) {
            self.standing = Standing::Ready;
            self.failures = 0;
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
                None
            }
            Fault::NotHeld => {
                self.errors -= 1;
                if self.holding == Holding::All {
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
            Fault::Gone(said) => {
                self.standing = Standing::Out(SourceState::Failed);
                Some(said.clone())
            }
            Fault::Broken(said) => {
                self.failures += 1;
                if self.failures >= FAILURES_MAX_COUNT {
                    self.standing = Standing::Out(SourceState::Failed);
                    return Some(format!("{said}, {} times in a row", self.failures));
                }
                let wait = first_wait * (1 << (self.failures - 1));
                self.standing = Standing::Later(now + wait, SourceState::Failed);
                Some(said.clone())
            }
            Fault::Lied(said) => {
                self.standing = Standing::Out(SourceState::Corrupt);
                Some(format!("{said}: never asked again"))
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

    pub(super) fn status(&mut self, layout: PieceLayout, now: Instant) -> SourceStatus {
        let rate_bytes = self.rate.rate(now);
        let held = match &self.holding {
            Holding::All => layout.count(),
            Holding::Unknown => 0,
            Holding::Some { pieces, .. } => pieces.held(),
        };
        SourceStatus {
            peer: self.source.peer,
            name: self.source.name.clone(),
            state: match self.standing {
                Standing::Ready => SourceState::Idle,
                Standing::Running if rate_bytes == 0 => SourceState::Connecting,
                Standing::Running => SourceState::Sending,
                Standing::Later(at, _) if at <= now => SourceState::Idle,
                Standing::Later(_, state) | Standing::Out(state) => state,
            },
            rate_bytes,
            has_pieces: (held, layout.count()),
            gave_bytes: self.gave_bytes,
            errors: self.errors,
            reputation: self.source.reputation,
        }
    }
}
