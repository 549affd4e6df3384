//! What the owner of the session makes of the feed.

use std::sync::Arc;
use std::time::Instant;

use protocol::event::{Envelope, Event, Resync};

use super::Owner;

impl Owner {
    /// Takes note of an event and passes it on; a gap is told as a `resync`.
    pub(super) fn take_event(&mut self, envelope: Envelope) {
        let is_gap = match &envelope.event {
            Event::Hello(hello) => self.last_seq.is_some_and(|seq| seq != hello.seq),
            Event::Resync(_) | Event::Goodbye(_) => false,
            _ => self
                .last_seq
                .is_some_and(|seq| envelope.seq > seq.saturating_add(1)),
        };
        match &envelope.event {
            Event::Hello(hello) => {
                self.last_seq = Some(hello.seq);
                self.take_stats(hello.stats.clone());
            }
            Event::Goodbye(_) => {}
            Event::NetworkStats(stats) => self.take_stats(stats.clone()),
            Event::PeerOffline(peer) | Event::PeerLeft(peer)
                if peer.id == self.config.identity.id() && self.session.is_live() =>
            {
                self.session.feed_lost(Instant::now(), 0.0);
            }
            _ => {}
        }
        if !matches!(envelope.event, Event::Hello(_)) {
            self.last_seq = Some(envelope.seq);
        }
        if self.peers.apply(&envelope.event) {
            self.show_peers_soon();
        }
        let is_fresh = matches!(envelope.event, Event::Hello(_) | Event::Resync(_));
        if is_fresh || is_gap {
            self.tasks.refresh_peers();
        }
        let (seq, at) = (envelope.seq, envelope.at);
        // Nobody may be listening.
        let _ = self.outlets.events.send(Arc::new(envelope));
        if is_gap {
            let event = Event::Resync(Resync { missed: None });
            let _ = self
                .outlets
                .events
                .send(Arc::new(Envelope { seq, event, at }));
        }
    }
}
