//! All peers that the index knows, kept from its list and from the feed.
//!
//! Knows peers as values; knows no socket.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::event::Event;
use protocol::ids::PeerId;
use protocol::peer::Peer;

/// One state of all known peers; cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerTable {
    peers: HashMap<PeerId, Arc<Peer>>,
    revision: u64,
}

impl PeerTable {
    /// Grows with each change.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The peer with this id.
    pub fn get(&self, id: &PeerId) -> Option<&Arc<Peer>> {
        self.peers.get(id)
    }

    /// All known peers, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Peer>> {
        self.peers.values()
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// How many of them are online.
    pub fn online_count(&self) -> usize {
        self.iter().filter(|peer| peer.is_online).count()
    }

    /// Takes a whole list in place of what was known.
    pub fn replace(&mut self, peers: impl IntoIterator<Item = Peer>) {
        self.peers = peers
            .into_iter()
            .map(|peer| (peer.id, Arc::new(peer)))
            .collect();
        self.revision += 1;
    }

    /// Takes what an event of the feed says of a peer; tells whether it said anything new.
    pub fn apply(&mut self, event: &Event) -> bool {
        let (Event::PeerRegistered(peer)
        | Event::PeerOnline(peer)
        | Event::PeerOffline(peer)
        | Event::PeerLeft(peer)) = event
        else {
            return false;
        };
        if self
            .peers
            .get(&peer.id)
            .is_some_and(|known| **known == *peer)
        {
            return false;
        }
        self.peers.insert(peer.id, Arc::new(peer.clone()));
        self.revision += 1;
        true
    }
}
