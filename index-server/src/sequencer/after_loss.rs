//! What follows when something that was acknowledged is lost: every session ends. Whoever is alive
//! registers again then, learns by its digest that the index holds something else, and sends it; a
//! peer whose heartbeats are answered as ever would never look.

use jiff::Timestamp;

use crate::record::Record;
use crate::world::{Files, World};

/// The end of every session.
pub(super) fn ends_of_sessions<F: Files>(world: &World<F>, now: Timestamp) -> Vec<Record> {
    let peers = world.peers().filter(|(_, peer)| peer.session.is_some());
    let at = now.into();
    peers
        .map(|(id, _)| Record::PeerLeft { at, id: *id })
        .collect()
}
