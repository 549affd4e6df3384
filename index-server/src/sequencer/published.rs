//! What readers see, made so that a small change of a large map costs little: two copies take turns,
//! and the one that no reader holds any more is brought up to date.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::ids::PeerId;

use crate::peers::Credential;
use crate::view::View;

/// Everything that is swapped in as one.
#[derive(Debug)]
pub(super) struct Published {
    /// For readers.
    pub(super) view: Arc<View>,
    /// For checks of callers.
    pub(super) credentials: Arc<HashMap<PeerId, Credential>>,
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
