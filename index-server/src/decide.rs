//! Every business rule: (command, state, now) to records, answer and news, or to a refusal.
//!
//! Pure: decided on a [`Draft`], which is the world with the records of the same batch on top. On a
//! refusal the draft is as it was. Knows no I/O and no clock.

pub mod draft;
pub mod files;
#[cfg(test)]
pub(crate) mod kit;
pub mod registration;
pub mod sweep;
pub mod votes;

use jiff::Timestamp;
use protocol::ids::PeerId;

pub use draft::Draft;

use crate::catalog::FileEntry;
use crate::command::{Actor, Answer, Command, Refusal};
use crate::peers::{Credential, unknown_peer};
use crate::record::{Moment, Record};
use crate::world::{Files, Ground};

/// Figures that the rules go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Names of files that one peer may have: at 350 bytes each, 1.4 GB for the largest archive.
    pub names_per_peer_max_count: usize,
    /// Peers that may be here from one address at a time.
    pub peers_per_address_max_count: usize,
    /// Whether that holds for loopback too.
    pub limits_loopback: bool,
    /// Votes kept for one file: 33 bytes each, 3.3 MB for the most popular one.
    pub votes_per_file_max_count: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            names_per_peer_max_count: 4_000_000,
            peers_per_address_max_count: 16,
            limits_loopback: false,
            votes_per_file_max_count: 100_000,
        }
    }
}

/// What watchers are told once a decision is durable.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "each becomes the change of the feed with that name"
)]
pub enum News {
    PeerRegistered(PeerId),
    PeerOnline(PeerId),
    PeerOffline(PeerId),
    PeerLeft(PeerId),
    FileRegistered(FileEntry),
    FileRemoved(FileEntry),
    FilesChanged {
        owner: PeerId,
        added: u64,
        updated: u64,
        removed: u64,
        sample: Vec<FileEntry>,
    },
    Download(FileEntry),
}

/// What became of a command; its records are already on the draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// To be made durable, in order; may be none.
    pub records: Vec<Record>,
    /// For the caller, once they are.
    pub answer: Answer,
    /// For watchers, once they are.
    pub news: Vec<News>,
    /// The peer that has shown to be alive by this.
    pub alive: Option<PeerId>,
}

impl Decision {
    fn new(answer: Answer) -> Self {
        Self {
            records: Vec::new(),
            answer,
            news: Vec::new(),
            alive: None,
        }
    }

    fn with(mut self, record: Record) -> Self {
        self.records.push(record);
        self
    }

    fn telling(mut self, news: News) -> Self {
        self.news.push(news);
        self
    }

    fn showing_alive(mut self, peer: PeerId) -> Self {
        self.alive = Some(peer);
        self
    }
}

/// Who has been silent for too long, for a sweep to judge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overdue {
    /// Past the heartbeat deadline, with when they were heard last.
    pub silent: Vec<(PeerId, Moment)>,
    /// Offline for so long that they are to be dropped.
    pub stale: Vec<PeerId>,
}

/// Decides a command and puts its records on the draft. `overdue` is asked for by a sweep only.
///
/// # Errors
/// The [`Refusal`] of the rule that the command breaks; nothing has changed then.
pub fn decide<F: Files>(
    command: Command,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
    rules: &Rules,
    overdue: impl FnOnce() -> Overdue,
) -> Result<Decision, Refusal> {
    match command {
        Command::Register(register) => registration::register(&register, draft, now, rules),
        Command::Heartbeat(actor) => registration::heartbeat(&actor, draft, now),
        Command::Leave { actor, id } => registration::leave(&actor, id, draft, now),
        Command::ChangeFiles {
            actor,
            changes,
            is_long,
        } => files::change(&actor, changes, is_long, draft, now, rules),
        Command::Report { actor, report } => votes::report(&actor, &report, draft, now),
        Command::Rate { actor, file, stars } => votes::rate(&actor, file, stars, draft, now, rules),
        Command::CountDownload { file } => files::count_download(file, draft, now),
        Command::Sweep => Ok(sweep::sweep(&overdue(), draft, now)),
    }
}

/// Checks that a caller may act as the peer it claims to be.
fn check_actor<F: Files>(
    actor: &Actor,
    draft: &Draft<'_, F>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let peer = draft.peer(&actor.peer).ok_or_else(unknown_peer)?;
    Credential::from(&*peer).check(actor, now)
}

#[cfg(test)]
mod tests;
