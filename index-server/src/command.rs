//! All that may be asked to change: commands, their answers and their refusals.
//!
//! Plain values between the HTTP side and the sequencer; knows neither.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use protocol::door::Denied;
use protocol::file::RatingResponse;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::peer::{CatalogState, Outcome};
use protocol::problem::Slug;
use protocol::registration::CheckedFile;
use serde::{Deserialize, Serialize};

use crate::view::PeerAddress;

/// Who acts: the peer that a call claims to act for, and what stands behind the claim.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The claimed id.
    pub peer: PeerId,
    /// Address seen on the connection (IPv4-mapped already as IPv4).
    pub remote: IpAddr,
    /// Bearer token, where one was sent.
    pub token: Option<String>,
}

/// A registration whose shape, signature and address were checked by the HTTP side.
#[derive(Debug, Clone)]
pub struct Register {
    /// The id of the verified key; or the id that a client without a key says it had.
    pub id: Option<PeerId>,
    /// Whether a signature by the key behind `id` was verified, on a nonce of ours used up now.
    pub is_keyed: bool,
    /// For a client without a key: the id to give when `id` is absent, unknown or not its own.
    pub fresh_id: PeerId,
    /// Name; made from the id where absent.
    pub name: Option<String>,
    /// The address to publish: seen, or proven.
    pub address: PeerAddress,
    /// Address seen on the connection: calls without a key must come from it.
    pub remote: IpAddr,
    /// Port it serves on.
    pub port: u16,
    /// Free text.
    pub region: String,
    /// Free text.
    pub version: String,
    /// 32 hex digits.
    pub catalog_digest: Option<String>,
    /// SHA-256 of the session token that the HTTP side made and will answer.
    pub token_sha256: [u8; 32],
}

/// Answer to [`Register`].
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// The id to speak as.
    pub id: PeerId,
    /// Present when a digest was told.
    pub catalog: Option<CatalogState>,
    /// Whether the peer was not known before.
    pub is_new: bool,
}

/// One change of a peer's files.
#[derive(Debug, Clone, PartialEq)]
pub enum FileChange {
    /// Register or update.
    Add(CheckedFile),
    /// Withdraw, or only this name.
    Remove {
        /// The record.
        id: FileId,
        /// Only this name of it.
        path: Option<String>,
    },
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq)]
pub enum FileChanged {
    /// A new record.
    Added(FileId),
    /// The record was there.
    Updated(FileId),
    /// Record or name withdrawn.
    Removed,
    /// Not taken, the others of the request are.
    Refused(Refusal),
}

/// What a peer says of a transfer from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Of whom.
    pub about: PeerId,
    /// Of which content.
    pub content: ContentHash,
    /// How it went.
    pub outcome: Outcome,
    /// Verified bytes; more than the content has count as all of it.
    pub bytes: u64,
}

/// Why a command was not carried out: a slug, a sentence that helps, and the bad field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// Which kind; decides the status.
    #[serde(with = "slug_text")]
    pub slug: Slug,
    /// What happened and what to do.
    pub detail: String,
    /// JSON pointer.
    pub pointer: Option<String>,
    /// Seconds after which it may be tried again, where that is known.
    #[serde(default)]
    pub retry_after_secs: Option<u64>,
}

impl Refusal {
    /// A refusal without a pointer.
    pub fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self {
            slug,
            detail: detail.into(),
            pointer: None,
            retry_after_secs: None,
        }
    }

    /// The same, for a call that may be tried again after `wait`: rounded up to whole seconds.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.retry_after_secs = Some(secs.max(1));
        self
    }

    /// The same, pointing at the bad field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::new(denied.slug, denied.detail)
    }
}

/// Any change, as the sequencer takes it.
#[derive(Debug, Clone)]
pub enum Command {
    /// A peer registers.
    Register(Register),
    /// A peer is alive.
    Heartbeat(Actor),
    /// A peer leaves.
    Leave {
        /// Who says so.
        actor: Actor,
        /// Who leaves; must be the actor.
        id: PeerId,
    },
    /// Files of the actor change.
    ChangeFiles {
        /// The owner.
        actor: Actor,
        /// In order.
        changes: Vec<FileChange>,
        /// They are a portion of a request that changes more: watchers are told of it by counts
        /// alone, however few changed in this portion.
        is_long: bool,
    },
    /// A transfer is reported.
    Report {
        /// Who says so.
        actor: Actor,
        /// What.
        report: Report,
    },
    /// A vote.
    Rate {
        /// Who votes.
        actor: Actor,
        /// For which record.
        file: FileId,
        /// 1 to 5.
        stars: u8,
    },
    /// A redirect is about to be given.
    CountDownload {
        /// Of which record.
        file: FileId,
    },
    /// Look for peers that have been silent for too long.
    Sweep,
}

/// Answer of a command that was carried out; its records are durable.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each answers the command of the same name")]
pub enum Answer {
    Registered(Registered),
    Alive,
    Left,
    FilesChanged(Vec<FileChanged>),
    Reported,
    Rated(RatingResponse),
    Counted {
        downloads: u64,
    },
    Swept {
        offline_count: usize,
        forgotten_count: usize,
    },
}

/// When something was decided; part of every record, so that replay needs no clock.
pub type At = Timestamp;

mod slug_text {
    //! A slug as its text.
    use protocol::problem::Slug;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature that serde asks for"
    )]
    pub(super) fn serialize<S: Serializer>(slug: &Slug, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(slug.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Slug, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
