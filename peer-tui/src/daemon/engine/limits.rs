//! How many bytes a second may come and go: in all, and from and to one peer.
//!
//! Knows what is remembered and what is in force; how bytes are held back stands in `rate`.

use std::time::Duration;

use protocol::byte_size::format_bytes;
use protocol::ids::PeerId;

use super::Engine;
use super::act::{done, not_found};
use crate::daemon::command::{Action, LimitChange};
use crate::daemon::memory::{Limits, Remembered};
use crate::daemon::peers::PeerBook;
use crate::daemon::state::{Failure, Reply};

/// How long limits stay lifted: long enough for what is wanted now, not for ever.
const LIFTED_FOR: Duration = Duration::from_hours(1);

impl Engine {
    pub(super) async fn set_limits(&self, limits: Limits) -> Reply {
        let before = self.board().limits();
        self.apply_limits(limits);
        self.0
            .recall
            .change(move |all| all.limits = Some(limits))
            .await;
        let undo = Action::SetLimits {
            down: before.down,
            up: before.up,
        };
        let note = if limits == Limits::default() {
            "no limit".to_owned()
        } else {
            let (down, up) = (in_words(limits.down), in_words(limits.up));
            format!("limits: down {down}, up {up}")
        };
        done(note, Some(undo))
    }

    fn apply_limits(&self, limits: Limits) {
        self.0.fetch.set_down_limit(limits.down);
        self.0.serve.set_up_limit(limits.up);
        self.board().show_limits(limits);
    }

    /// What was set before is still what is remembered, so a daemon that is started meanwhile has it
    /// again.
    pub(super) fn lift_limits(&self) -> Reply {
        let before = self.board().limits();
        if before == Limits::default() {
            return done("there are no limits".to_owned(), None);
        }
        self.apply_limits(Limits::default());
        let engine = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LIFTED_FOR).await;
            // Whoever has set others meanwhile wants those.
            if engine.board().limits() == Limits::default() {
                engine.apply_limits(before);
            }
        });
        let undo = Action::SetLimits {
            down: before.down,
            up: before.up,
        };
        done("no limits for an hour".to_owned(), Some(undo))
    }

    /// Limits of one peer, from now on and at the next start.
    pub(super) async fn limit_peer(
        &self,
        peer: &str,
        down: LimitChange,
        up: LimitChange,
    ) -> Result<Reply, Failure> {
        let found = self.board().read_peers(|book| book.find(peer));
        let id = found.map_err(not_found)?;
        let before = self.0.recall.read(|all| all.peer_limits.get(&id).copied());
        let before = before.unwrap_or_default();
        let limits = Limits {
            down: down.of(before.down),
            up: up.of(before.up),
        };
        let remember = move |all: &mut Remembered| {
            if limits == Limits::default() {
                all.peer_limits.remove(&id);
            } else {
                all.peer_limits.insert(id, limits);
            }
        };
        self.0.recall.change(remember).await;
        self.show_peer_limits();
        self.remember_limited().await;
        let undo = Action::LimitPeer {
            peer: id.to_string(),
            down: LimitChange::to(before.down),
            up: LimitChange::to(before.up),
        };
        Ok(done(self.limits_in_words(&id, limits), Some(undo)))
    }

    /// Brings what is remembered of peers into force, and onto the board.
    pub(super) fn show_peer_limits(&self) {
        let limits = self.0.recall.read(|all| all.peer_limits.clone());
        let down = limits.iter().map(|(peer, limits)| (*peer, limits.down));
        let down: Vec<_> = down
            .filter_map(|(peer, limit)| Some((peer, limit?)))
            .collect();
        self.0.fetch.set_peer_limits(down);
        let last_at = self.0.recall.read(|all| all.limited_at.clone());
        self.board()
            .change_peers(|book| book.set_limits(limits, last_at));
        self.apply_client_limits();
    }

    /// Remembers where limited peers are, so that limits hold after a restart without the index.
    pub(super) async fn remember_limited(&self) {
        let now = self.board().read_peers(PeerBook::limited_at);
        if self.0.recall.read(|all| all.limited_at != now) {
            self.0.recall.change(|all| all.limited_at = now).await;
        }
    }

    /// Uploads know addresses only: those of the limited peers, as the index tells them now or told
    /// them last.
    pub(super) fn apply_client_limits(&self) {
        let limits = self.board().read_peers(PeerBook::client_limits);
        self.0.serve.set_client_limits(limits);
    }

    fn limits_in_words(&self, peer: &PeerId, limits: Limits) -> String {
        let name = self.name_of(peer);
        if limits == Limits::default() {
            return format!("no limits of its own for {name}");
        }
        let others = match limits.up {
            Some(_) => self.board().read_peers(|book| book.others_beside(peer)),
            None => 0,
        };
        let shared = match others {
            0 => String::new(),
            1 => "; up is shared with another peer at its address".to_owned(),
            count => format!("; up is shared with {count} others at its address"),
        };
        format!(
            "limits of {name}: down {}, up {}{shared}",
            in_words(limits.down),
            in_words(limits.up)
        )
    }
}

fn in_words(limit: Option<u64>) -> String {
    limit.map_or_else(
        || "none".to_owned(),
        |limit| format!("{}/s", format_bytes(limit)),
    )
}
