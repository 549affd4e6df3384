//! Owners by a small number: what records refer to, so that a peer that goes offline changes one
//! flag and not a million records.
//!
//! Knows nothing of records.

use std::sync::Arc;

use compact_str::CompactString;
use data_encoding::BASE32_NOPAD;
use hashbrown::HashMap;
use protocol::ids::PeerId;
use protocol::query;

use super::{OwnerFacts, rank};

/// Number of an owner; given anew once the owner is gone.
pub type OwnerIndex = u32;

/// What ranks an owner's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Whether its records stand in default results.
    pub is_online: bool,
    /// 0 to 100.
    pub reputation: u8,
    /// For [`super::rank::draw`].
    pub lot: u64,
}

#[derive(Debug, Clone)]
struct OwnerName {
    id: PeerId,
    given: CompactString,
    folded: CompactString,
}

#[derive(Debug, Clone, Default)]
struct Names {
    by_index: Vec<Option<OwnerName>>,
    by_id: HashMap<PeerId, OwnerIndex>,
}

/// All owners. A clone is two pointers; a change after a clone copies what it touches.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    names: Arc<Names>,
    standings: Arc<Vec<Standing>>,
}

impl Owners {
    /// The number of `id`.
    pub fn index_of(&self, id: &PeerId) -> Option<OwnerIndex> {
        self.names.by_id.get(id).copied()
    }

    /// The id behind a number.
    pub fn id_of(&self, index: OwnerIndex) -> Option<PeerId> {
        let slot = self.names.by_index.get(index as usize)?;
        slot.as_ref().map(|name| name.id)
    }

    /// Whether it is online, and its reputation; of a number that is free: offline.
    pub fn standing(&self, index: OwnerIndex) -> Standing {
        self.standings
            .get(index as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Whether its records stand in default results.
    pub fn is_online(&self, index: OwnerIndex) -> bool {
        self.standing(index).is_online
    }

    /// Owners whose folded name holds `text` or whose id starts with it.
    pub fn named(&self, text: &str) -> Vec<OwnerIndex> {
        let owners = (0..).zip(&self.names.by_index);
        owners
            .filter_map(|(index, name)| Some((index, name.as_ref()?)))
            .filter(|(_, name)| name.folded.contains(text) || id_starts_with(&name.id, text))
            .map(|(index, _)| index)
            .collect()
    }

    /// Ids by number; none where a number is free.
    pub fn slots(&self) -> Vec<Option<PeerId>> {
        let ids = self.names.by_index.iter();
        ids.map(|name| name.as_ref().map(|name| name.id)).collect()
    }

    /// Owners with these numbers: offline, and without a name until they are put in.
    pub fn from_slots(slots: Vec<Option<PeerId>>) -> Self {
        let name = |id| OwnerName {
            id,
            given: CompactString::default(),
            folded: CompactString::default(),
        };
        let ids = (0..).zip(&slots);
        let by_id = ids.filter_map(|(index, id)| Some(((*id)?, index)));
        Self {
            standings: Arc::new(vec![Standing::default(); slots.len()]),
            names: Arc::new(Names {
                by_id: by_id.collect(),
                by_index: slots.into_iter().map(|id| id.map(name)).collect(),
            }),
        }
    }

    /// How many numbers are given or free.
    pub fn slot_count(&self) -> usize {
        self.standings.len()
    }

    /// Puts an owner in or changes it; yields its number.
    pub fn put(&mut self, id: PeerId, facts: OwnerFacts) -> OwnerIndex {
        let index = self.number(id);
        let slot = index as usize;
        let standing = Standing {
            is_online: facts.is_online,
            reputation: facts.reputation,
            lot: rank::lot(id.as_bytes()),
        };
        let known = self.names.by_index[slot].as_ref();
        if known.is_none_or(|name| name.given != facts.name) {
            Arc::make_mut(&mut self.names).by_index[slot] = Some(OwnerName {
                id,
                folded: query::fold(&facts.name),
                given: facts.name,
            });
        }
        if self.standings[slot] != standing {
            Arc::make_mut(&mut self.standings)[slot] = standing;
        }
        index
    }

    /// The number of `id`, given now where it had none: an owner that is not described yet is
    /// offline and has no name.
    pub fn number(&mut self, id: PeerId) -> OwnerIndex {
        if let Some(index) = self.index_of(&id) {
            return index;
        }
        let names = Arc::make_mut(&mut self.names);
        let name = OwnerName {
            id,
            given: CompactString::default(),
            folded: CompactString::default(),
        };
        let slot = if let Some(free) = names.by_index.iter().position(Option::is_none) {
            names.by_index[free] = Some(name);
            free
        } else {
            names.by_index.push(Some(name));
            Arc::make_mut(&mut self.standings).push(Standing::default());
            names.by_index.len() - 1
        };
        Arc::make_mut(&mut self.standings)[slot].lot = rank::lot(id.as_bytes());
        let index = OwnerIndex::try_from(slot).unwrap_or(OwnerIndex::MAX);
        names.by_id.insert(id, index);
        index
    }

    /// Frees the number of an owner whose records are all gone.
    pub fn free(&mut self, id: &PeerId) {
        let Some(index) = self.index_of(id) else {
            return;
        };
        let names = Arc::make_mut(&mut self.names);
        names.by_id.remove(id);
        names.by_index[index as usize] = None;
        Arc::make_mut(&mut self.standings)[index as usize] = Standing::default();
    }
}

/// Whether the text of `id` starts with `text`, which must be as much of it as is shown to people:
/// fewer letters are of a name. Writes out only as much of the id as needed.
fn id_starts_with(id: &PeerId, text: &str) -> bool {
    if !(PeerId::SHORT_CHARS..=52).contains(&text.len()) {
        return false;
    }
    let needed = (text.len() * 5).div_ceil(8).min(32);
    let shown = BASE32_NOPAD.encode(&id.as_bytes()[..needed]);
    shown
        .get(..text.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(text))
}
