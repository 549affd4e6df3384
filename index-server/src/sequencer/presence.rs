//! What is known of peers beyond the journal: when each was heard last, and until when it may be
//! silent. Deadlines are on the monotonic clock, so that a clock set wrong calls nobody offline.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use protocol::ids::PeerId;
use tokio::time::Instant;

use super::Settings;
use crate::decide::Overdue;
use crate::health::Deadlines;
use crate::peers::PeerState;
use crate::world::World;

/// A gap between two looks at the clock, beyond the usual one, that tells that the process stood
/// still (stopped, or the machine starved) and could not hear anybody.
const STANDSTILL: Duration = Duration::from_secs(30);

/// A peer that was offline at the start is kept at least this long, in case the clock is wrong.
const KEPT_AFTER_START: Duration = Duration::from_hours(1);

/// Who was heard when.
#[derive(Debug)]
pub(super) struct Presence {
    /// Of those online: when they become offline.
    silence: Deadlines,
    /// Of those offline: when they are dropped.
    oblivion: Deadlines,
    /// Of those heard since the start.
    heard_at: HashMap<PeerId, Timestamp>,
    /// Heard since the view was made.
    fresh: HashSet<PeerId>,
    /// Last look at the clock.
    awake_at: Instant,
    settings: Settings,
}

impl Presence {
    /// Everybody counts as heard at the start: deadlines are counted anew.
    pub(super) fn at_start(
        world: &World,
        settings: Settings,
        now: Timestamp,
        instant: Instant,
    ) -> Self {
        let mut presence = Self {
            silence: Deadlines::default(),
            oblivion: Deadlines::default(),
            heard_at: HashMap::new(),
            fresh: HashSet::new(),
            awake_at: instant,
            settings,
        };
        for (id, peer) in world.peers() {
            if peer.is_online {
                presence.silence.set(*id, instant + settings.offline_after);
            } else {
                let kept = presence.kept_for(peer, now);
                presence.oblivion.set(*id, instant + kept);
            }
        }
        presence
    }

    /// How long an offline peer is still kept.
    fn kept_for(&self, peer: &PeerState, now: Timestamp) -> Duration {
        let silent_for: SignedDuration = now.duration_since(peer.last_seen.into());
        let silent_for = Duration::try_from(silent_for).unwrap_or_default();
        let forget_after = self.settings.forget_after;
        forget_after
            .saturating_sub(silent_for)
            .max(KEPT_AFTER_START.min(forget_after))
    }

    /// A peer is alive.
    pub(super) fn heard(&mut self, id: PeerId, now: Timestamp, instant: Instant) {
        self.silence.set(id, instant + self.settings.offline_after);
        self.heard_at.insert(id, now);
        self.fresh.insert(id);
    }

    /// Brings the deadlines of a peer in line with what the world now says of it.
    pub(super) fn settle(&mut self, id: PeerId, peer: Option<&PeerState>, instant: Instant) {
        match peer {
            Some(peer) if peer.is_online => {
                self.oblivion.remove(&id);
                self.silence
                    .set_if_none(id, instant + self.settings.offline_after);
            }
            Some(_) => {
                self.silence.remove(&id);
                self.oblivion
                    .set_if_none(id, instant + self.settings.forget_after);
                self.heard_at.remove(&id);
            }
            None => {
                self.silence.remove(&id);
                self.oblivion.remove(&id);
                self.heard_at.remove(&id);
            }
        }
    }

    /// When a peer was heard last, where that is newer than the journal.
    pub(super) fn heard_at(&self, id: &PeerId) -> Option<Timestamp> {
        self.heard_at.get(id).copied()
    }

    /// Whether somebody was heard that the view does not tell of yet.
    pub(super) fn is_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Who was heard since this was asked last.
    pub(super) fn take_fresh(&mut self) -> HashSet<PeerId> {
        std::mem::take(&mut self.fresh)
    }

    /// Who is past a deadline at `instant`.
    pub(super) fn overdue(&self, world: &World, instant: Instant) -> Overdue {
        let last_seen = |id: PeerId| {
            let journalled = world.peer_state(&id)?.last_seen;
            let heard = self.heard_at(&id).map(Into::into);
            Some((id, heard.map_or(journalled, |at| journalled.max(at))))
        };
        Overdue {
            silent: self
                .silence
                .overdue(instant)
                .filter_map(last_seen)
                .collect(),
            stale: self.oblivion.overdue(instant).collect(),
        }
    }

    /// Looks at the clock. After a standstill nobody could be heard, so everybody gets one more
    /// heartbeat period, and some time for it to arrive; yields whether it was so.
    pub(super) fn look(&mut self, instant: Instant) -> bool {
        let gap = instant.saturating_duration_since(self.awake_at);
        self.awake_at = instant;
        let stood_still = gap > self.settings.sweep_every + STANDSTILL;
        if stood_still {
            let grace = self.settings.heartbeat_interval * 3 / 2;
            self.silence
                .put_off(instant + grace.min(self.settings.offline_after));
        }
        stood_still
    }
}
