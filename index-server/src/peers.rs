//! Who is here: what is known of a peer, what a caller must bring to act as it, and where it may be
//! published.
//!
//! Pure: state and time come in as arguments.

pub mod address;
pub mod standing;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use compact_str::CompactString;
use jiff::Timestamp;
use protocol::problem::Slug;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use address::{AddressClass, class_of, may_publish};
pub use standing::{Stance, Standing, reporter_of};

use crate::command::{Actor, Refusal};
use crate::record::Moment;
use crate::view::PeerAddress;

/// How long a session token is good for; a registration makes a new one.
pub const SESSION_LIFE_SECS: i64 = 24 * 3600;

/// What a registration says of a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerFacts {
    /// Name to show.
    pub name: CompactString,
    /// Where it is reached.
    pub address: PeerAddress,
    /// TCP port it serves on.
    pub port: u16,
    /// Free text.
    pub region: CompactString,
    /// Free text.
    pub version: CompactString,
    /// Whether its id is that of a key that signed.
    pub is_keyed: bool,
    /// Where the registration came from.
    pub remote: IpAddr,
}

/// The token that stands for a keyed peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The token itself is kept nowhere.
    pub token_sha256: [u8; 32],
    /// From then on it is refused.
    pub expires_at: Moment,
}

/// All that is journalled of a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerState {
    /// Told at its last registration.
    pub facts: PeerFacts,
    /// Within its deadline.
    pub is_online: bool,
    /// Last time heard that is journalled; heartbeats since then are known in memory only.
    pub last_seen: Moment,
    /// Ends when the peer leaves.
    pub session: Option<Session>,
    /// What others report of it.
    pub standing: Standing,
}

/// What a caller is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    is_keyed: bool,
    remote: IpAddr,
    session: Option<Session>,
}

impl From<&PeerState> for Credential {
    fn from(peer: &PeerState) -> Self {
        Self {
            is_keyed: peer.facts.is_keyed,
            remote: peer.facts.remote,
            session: peer.session,
        }
    }
}

impl Credential {
    /// Whether `actor` is the peer that this is the credential of.
    ///
    /// # Errors
    /// A keyed peer's token: `missing-token`, `invalid-token`; for others `wrong-address`.
    pub fn check(&self, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
        if self.is_keyed {
            self.check_token(actor.token.as_deref(), now)
        } else if is_same_host(self.remote, actor.remote) {
            Ok(())
        } else {
            Err(Refusal::new(
                Slug::WrongAddress,
                "this peer registered without a key from another address; call from there, or \
                 register again from here for a new id",
            ))
        }
    }

    fn check_token(&self, token: Option<&str>, now: Timestamp) -> Result<(), Refusal> {
        let token = token.ok_or_else(|| {
            Refusal::new(
                Slug::MissingToken,
                "this id belongs to a key: send `Authorization: Bearer` with the session token \
                 from its registration",
            )
        })?;
        let sent: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let is_good = self.session.is_some_and(|session| {
            bool::from(session.token_sha256.ct_eq(&sent)) && Moment::from(now) < session.expires_at
        });
        if is_good {
            Ok(())
        } else {
            Err(Refusal::new(
                Slug::InvalidToken,
                "the session token is not the one of this peer's last registration, or older than \
                 a day; register again",
            ))
        }
    }
}

/// Refusal of a call for a peer that is not known.
pub fn unknown_peer() -> Refusal {
    Refusal::new(
        Slug::UnknownPeer,
        "this peer is not registered; POST /api/v1/peers/register first",
    )
}

/// Whether both are one address, or the two that `localhost` is resolved to. The other addresses
/// of loopback are each one of their own.
pub fn is_same_host(one: IpAddr, other: IpAddr) -> bool {
    let (one, other) = (one.to_canonical(), other.to_canonical());
    one == other || (is_localhost(one) && is_localhost(other))
}

fn is_localhost(address: IpAddr) -> bool {
    address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::PeerId;

    fn check(credential: Credential, remote: &str, token: Option<&str>, expected: Option<Slug>) {
        let actor = Actor {
            peer: PeerId::from_bytes([1; 32]),
            remote: remote.parse().expect("an address"),
            token: token.map(str::to_owned),
        };
        let now = Timestamp::from_second(1_000).expect("in range");
        let answer = credential
            .check(&actor, now)
            .map_err(|refusal| refusal.slug);
        assert_eq!(answer.err(), expected, "{remote} {token:?}");
    }

    #[test]
    fn a_key_needs_its_token_and_an_unkeyed_peer_its_address() {
        let session = |expires_at: i64| Session {
            token_sha256: Sha256::digest(b"good").into(),
            expires_at: Moment::from_millis(expires_at),
        };
        let keyed = Credential {
            is_keyed: true,
            remote: "10.0.0.1".parse().expect("an address"),
            session: Some(session(1_000_001)),
        };
        check(keyed, "10.0.0.1", Some("good"), None);
        check(keyed, "10.9.9.9", Some("good"), None);
        check(keyed, "10.0.0.1", None, Some(Slug::MissingToken));
        check(keyed, "10.0.0.1", Some("bad"), Some(Slug::InvalidToken));
        let expired = Credential {
            session: Some(session(1_000_000)),
            ..keyed
        };
        check(expired, "10.0.0.1", Some("good"), Some(Slug::InvalidToken));
        let left = Credential {
            session: None,
            ..keyed
        };
        check(left, "10.0.0.1", Some("good"), Some(Slug::InvalidToken));

        let unkeyed = Credential {
            is_keyed: false,
            ..keyed
        };
        check(unkeyed, "10.0.0.1", None, None);
        check(unkeyed, "::ffff:10.0.0.1", None, None);
        check(unkeyed, "10.0.0.2", Some("good"), Some(Slug::WrongAddress));
        let local = Credential {
            remote: "::1".parse().expect("an address"),
            ..unkeyed
        };
        check(local, "127.0.0.1", None, None);
        check(local, "::ffff:127.0.0.1", None, None);
        check(local, "10.0.0.1", None, Some(Slug::WrongAddress));
        check(local, "127.0.0.2", None, Some(Slug::WrongAddress));
    }
}
