//! What readers see, made so that a small change of a large map costs little: two copies take turns,
//! and the one that no reader holds any more is brought up to date.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use protocol::ids::PeerId;
use protocol::stats::NetworkStats;

use super::presence::Presence;
use crate::catalog::CatalogView;
use crate::peers::Credential;
use crate::view::{PeerEntry, View};
use crate::world::World;

/// Everything that is swapped in as one.
#[derive(Debug)]
pub(super) struct Published {
    /// For readers.
    pub(super) view: Arc<View>,
    /// For checks of callers.
    pub(super) credentials: Arc<HashMap<PeerId, Credential>>,
}

/// The readers' side of the world, as its owner keeps it.
pub(super) struct Readers {
    peers: Table<Arc<PeerEntry>>,
    credentials: Table<Credential>,
    published: Arc<ArcSwap<Published>>,
}

impl Readers {
    /// Readers see `world` as it is.
    pub(super) fn new(
        world: &World,
        presence: &Presence,
        catalog: Arc<CatalogView>,
        stats: NetworkStats,
    ) -> Self {
        let peers = Table::new(entries(world, presence));
        let credentials = Table::new(credentials(world));
        let published = Published {
            view: Arc::new(View {
                peers: peers.current(),
                catalog,
                stats,
            }),
            credentials: credentials.current(),
        };
        Self {
            peers,
            credentials,
            published: Arc::new(ArcSwap::from_pointee(published)),
        }
    }

    /// What readers load from.
    pub(super) fn published(&self) -> Arc<ArcSwap<Published>> {
        Arc::clone(&self.published)
    }

    /// What readers see now.
    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.published.load().view)
    }

    /// Takes everything from another world; readers see it after the next swap.
    pub(super) fn renew(&mut self, world: &World, presence: &Presence) {
        self.peers = Table::new(entries(world, presence));
        self.credentials = Table::new(credentials(world));
    }

    /// Brings the entries of some peers up to date; readers see them after the next swap.
    pub(super) fn refresh(
        &mut self,
        world: &World,
        presence: &Presence,
        touched: impl IntoIterator<Item = PeerId>,
    ) {
        let edits = touched.into_iter().map(|id| {
            let entry = world.peer_entry(&id, presence.heard_at(&id));
            (id, entry.map(Arc::new))
        });
        self.peers.edit(edits.collect());
    }

    /// Brings the credentials of some peers up to date; they count after the next swap.
    pub(super) fn refresh_credentials(
        &mut self,
        world: &World,
        touched: impl IntoIterator<Item = PeerId>,
    ) {
        let edits = touched.into_iter().map(|id| (id, world.credential(&id)));
        self.credentials.edit(edits.collect());
    }

    /// Shows readers what is now true.
    pub(super) fn swap(&self, catalog: Arc<CatalogView>, stats: NetworkStats) -> Arc<View> {
        let view = Arc::new(View {
            peers: self.peers.current(),
            catalog,
            stats,
        });
        self.published.store(Arc::new(Published {
            view: Arc::clone(&view),
            credentials: self.credentials.current(),
        }));
        view
    }
}

fn entries(world: &World, presence: &Presence) -> HashMap<PeerId, Arc<PeerEntry>> {
    let entry = |id: &PeerId| world.peer_entry(id, presence.heard_at(id));
    world
        .peers()
        .filter_map(|(id, _)| Some((*id, Arc::new(entry(id)?))))
        .collect()
}

fn credentials(world: &World) -> HashMap<PeerId, Credential> {
    world
        .peers()
        .map(|(id, peer)| (*id, Credential::from(&**peer)))
        .collect()
}

/// A map by peer whose states are shared with readers.
#[derive(Debug)]
pub(super) struct Table<V> {
    current: Arc<HashMap<PeerId, V>>,
    spare: Option<Spare<V>>,
}

/// The state before, and what has changed since.
type Spare<V> = (Arc<HashMap<PeerId, V>>, Vec<Edit<V>>);

/// A peer's new value, or none.
pub(super) type Edit<V> = (PeerId, Option<V>);

impl<V: Clone> Table<V> {
    /// A table that holds `map`.
    pub(super) fn new(map: HashMap<PeerId, V>) -> Self {
        Self {
            current: Arc::new(map),
            spare: None,
        }
    }

    /// The state as it stands.
    pub(super) fn current(&self) -> Arc<HashMap<PeerId, V>> {
        Arc::clone(&self.current)
    }

    /// Makes the next state. It costs what changed if the readers of the state before last are
    /// done, a copy otherwise.
    pub(super) fn edit(&mut self, edits: Vec<Edit<V>>) {
        if edits.is_empty() {
            return;
        }
        let (mut next, missed) = match self.spare.take() {
            Some((spare, missed)) if Arc::strong_count(&spare) == 1 => (spare, missed),
            _ => (Arc::new((*self.current).clone()), Vec::new()),
        };
        let map = Arc::make_mut(&mut next);
        for (id, value) in missed.into_iter().chain(edits.iter().cloned()) {
            match value {
                Some(value) => map.insert(id, value),
                None => map.remove(&id),
            };
        }
        let before = std::mem::replace(&mut self.current, next);
        self.spare = Some((before, edits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_stay_as_they_were_for_whoever_holds_them() {
        let peer = |number: u8| PeerId::from_bytes([number; 32]);
        let mut table = Table::new(HashMap::new());
        let mut model = HashMap::new();
        let mut held = Vec::new();
        for step in 0..200u16 {
            let id = peer(u8::try_from(step % 7).expect("small"));
            let value = (step % 3 != 0).then_some(step);
            table.edit(vec![(id, value)]);
            match value {
                Some(value) => model.insert(id, value),
                None => model.remove(&id),
            };
            assert_eq!(*table.current(), model, "step {step}");
            // Every fifth state finds a reader who keeps it.
            if step % 5 == 0 {
                held.push((table.current(), model.clone()));
            }
        }
        for (state, then) in held {
            assert_eq!(*state, then);
        }
    }
}
