//! What documents of a segment share: folders, tallies, roots and rests, each stored once and known
//! to the documents by a number.

use hashbrown::HashMap;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::search::Sort;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::catalog::columns::{self, Row, Tally};
use crate::catalog::exact;
use crate::catalog::texts::{Texts, TextsWriter};

/// Stands for a record whose root was not told.
const NO_ROOT: u32 = u32::MAX;
/// Stands for the content's own hash: the root of a file of at most one block is its SHA-256.
const OWN_HASH: u32 = u32::MAX - 1;

/// A rest of so many bytes is not looked for by its bytes again and again.
const LONG_REST_MIN_BYTES: usize = 1024;

/// What is shared.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Shared {
    /// Folders, folded.
    folders: Texts,
    /// As given; empty where that is the same.
    given_folders: Texts,
    #[serde(with = "crate::catalog::stored::whole")]
    tallies: Box<[Tally]>,
    #[serde(with = "crate::catalog::stored::whole")]
    roots: Box<[PiecesRoot]>,
    #[serde(with = "crate::catalog::stored::bytes")]
    rests: Box<[u8]>,
}

impl Shared {
    /// A folder, folded.
    pub fn folder(&self, folder: u32) -> &str {
        self.folders.at(folder as usize)
    }

    /// All folders, folded, by number.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter()
    }

    /// A folder as given.
    pub fn given_folder(&self, folder: u32) -> &str {
        match self.given_folders.at(folder as usize) {
            "" => self.folder(folder),
            given => given,
        }
    }

    /// A tally.
    pub fn tally(&self, tally: u32) -> Tally {
        self.tallies[tally as usize]
    }

    /// Whether what a sort by downloads or rating compares is the same for all records; never said of
    /// other sorts.
    pub fn is_all_alike(&self, sort: Sort) -> bool {
        let mut tallies = self.tallies.iter();
        let Some(first) = tallies.next() else {
            return false;
        };
        match sort {
            Sort::Downloads => tallies.all(|tally| tally.downloads == first.downloads),
            Sort::Rating => {
                tallies.all(|tally| tally.rating().to_bits() == first.rating().to_bits())
            }
            _ => false,
        }
    }

    /// The root of a record of the content `hash`.
    pub fn root(&self, root: u32, hash: &ContentHash) -> Option<PiecesRoot> {
        match root {
            NO_ROOT => None,
            OWN_HASH => Some(PiecesRoot::from_bytes(*hash.as_bytes())),
            stored => Some(self.roots[stored as usize]),
        }
    }

    /// A packed rest; its length stands before it.
    pub fn rest(&self, at: u32) -> &[u8] {
        let (len, after) = self.rests[at as usize..].split_at(4);
        let len = len
            .iter()
            .rev()
            .fold(0, |len, byte| len << 8 | usize::from(*byte));
        &after[..len]
    }

    /// Reads a little of what tells where the folder of a document lies, and of its root and rest,
    /// so that they are in the caches.
    pub fn touch_places(&self, folder: u32, root: u32, rest_at: u32) -> u8 {
        let folder = folder as usize;
        let places = self.folders.touch_place(folder) ^ self.given_folders.touch_place(folder);
        let root = self.roots.get(root as usize);
        let rest = self.rests.get(rest_at as usize);
        places ^ root.map_or(0, |root| root.as_bytes()[0]) ^ rest.copied().unwrap_or_default()
    }

    /// Bytes of the longest column that is reached by position.
    pub fn arena_bytes(&self) -> usize {
        let folders = self.folders.letter_bytes() + self.given_folders.letter_bytes();
        folders.max(self.rests.len())
    }

    /// Bytes held, by part.
    pub fn memory(&self) -> [(&'static str, usize); 4] {
        [
            ("folders", self.folders.bytes() + self.given_folders.bytes()),
            ("tallies", size_of_val(&*self.tallies)),
            ("roots", size_of_val(&*self.roots)),
            ("rests", self.rests.len()),
        ]
    }
}

/// A number that is not given yet.
const NOT_GIVEN: u32 = u32::MAX;

/// What of one source is known already, by its number there.
#[derive(Debug)]
struct Source {
    folders: Vec<u32>,
    tallies: Vec<u32>,
    rests: FxHashMap<u32, u32>,
}

/// Gathers what rows share.
#[derive(Debug, Default)]
pub struct SharedWriter<'r> {
    /// By segment that rows come from.
    sources: Vec<Source>,
    folders: TextsWriter,
    given_folders: TextsWriter,
    folder_numbers: HashMap<&'r str, u32>,
    tallies: Vec<Tally>,
    tally_numbers: HashMap<Tally, u32>,
    roots: Vec<PiecesRoot>,
    rests: Vec<u8>,
    rest_places: HashMap<&'r [u8], u32>,
    /// The same for long ones, by where they lay: rows of a record with many names share one.
    long_rests: FxHashMap<usize, u32>,
}

impl<'r> SharedWriter<'r> {
    /// For rows of segments that share these.
    pub fn of_sources<'s>(sources: impl Iterator<Item = &'s Shared>) -> Self {
        let source = |shared: &Shared| Source {
            folders: vec![NOT_GIVEN; shared.folders.len()],
            tallies: vec![NOT_GIVEN; shared.tallies.len()],
            rests: FxHashMap::default(),
        };
        Self {
            sources: sources.map(source).collect(),
            ..Self::default()
        }
    }

    /// The numbers of the folder and the tally and the place of the rest of a row of a source. What
    /// has a number there is looked for among all others once.
    pub fn of_source(&mut self, source: usize, row: &Row<'r>) -> (u32, u32, u32) {
        let (folder, tally, rest) = (row.scan.folder, row.detail.tally, row.detail.rest_at);
        let known = &self.sources[source];
        let mut own = (
            known.folders[folder as usize],
            known.tallies[tally as usize],
            known.rests.get(&rest).copied().unwrap_or(NOT_GIVEN),
        );
        if own.0 == NOT_GIVEN {
            own.0 = self.folder(row);
            self.sources[source].folders[folder as usize] = own.0;
        }
        if own.1 == NOT_GIVEN {
            own.1 = self.tally(row);
            self.sources[source].tallies[tally as usize] = own.1;
        }
        if own.2 == NOT_GIVEN {
            own.2 = self.rest(row);
            self.sources[source].rests.insert(rest, own.2);
        }
        own
    }

    /// The number of a row's folder.
    pub fn folder(&mut self, row: &Row<'r>) -> u32 {
        let (given, folded) = row.folder;
        if let Some(number) = self.folder_numbers.get(given) {
            return *number;
        }
        let number = position(self.folders.len());
        let made = folded.is_none().then(|| columns::fold(given));
        let folded = folded.or(made.as_deref()).unwrap_or_default();
        self.folders.push(folded);
        self.given_folders
            .push(if folded == given { "" } else { given });
        self.folder_numbers.insert(given, number);
        number
    }

    /// The number of a row's tally.
    pub fn tally(&mut self, row: &Row<'r>) -> u32 {
        let number = self.tally_numbers.entry(row.tally).or_insert_with(|| {
            self.tallies.push(row.tally);
            position(self.tallies.len() - 1)
        });
        *number
    }

    /// The number of a row's root.
    pub fn root(&mut self, row: &Row<'r>) -> u32 {
        match row.pieces_root {
            None => NO_ROOT,
            Some(root) if root.as_bytes() == row.detail.hash.as_bytes() => OWN_HASH,
            Some(root) => {
                self.roots.push(root);
                position(self.roots.len() - 1)
            }
        }
    }

    /// The place of a row's rest.
    pub fn rest(&mut self, row: &Row<'r>) -> u32 {
        let is_long = row.rest.len() >= LONG_REST_MIN_BYTES;
        if is_long && let Some(place) = self.long_rests.get(&row.rest.as_ptr().addr()) {
            return *place;
        }
        let rests = &mut self.rests;
        let place = self.rest_places.entry(row.rest).or_insert_with(|| {
            let at = position(rests.len());
            rests.extend_from_slice(&position(row.rest.len()).to_le_bytes());
            rests.extend_from_slice(row.rest);
            at
        });
        if is_long {
            self.long_rests.insert(row.rest.as_ptr().addr(), *place);
        }
        *place
    }

    /// All of it.
    pub fn finish(self) -> Shared {
        Shared {
            folders: self.folders.finish(),
            given_folders: self.given_folders.finish(),
            tallies: exact::list(self.tallies),
            roots: exact::list(self.roots),
            rests: exact::list(self.rests),
        }
    }
}

/// Segments are kept so small that their columns can be reached by 32 bits.
pub fn position(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
