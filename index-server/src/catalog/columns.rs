//! The columns of a segment: what is stored of one name of one record.
//!
//! A document is one name of one record; nearly all records have one. Numbers of documents are
//! positions in the columns of their segment.

use compact_str::CompactString;
use jiff::Timestamp;
use protocol::category::Category;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::query;
use serde::{Deserialize, Serialize};

use super::contents::Content;
use super::owners::OwnerIndex;
use super::paths::PathText;
use super::{FileEntry, RecordName, rank};

/// What a search reads of every candidate, in one cache line.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Scan {
    /// Bytes of the file.
    pub size_bytes: u64,
    /// Start of the folded file name.
    pub name_at: u32,
    /// Which of the folders of its segment.
    pub folder: u32,
    /// Whose.
    pub owner: OwnerIndex,
    /// Which content; numbered anew by each process.
    #[serde(skip)]
    pub content: Content,
    /// Kind.
    pub category: Category,
    /// How widely the content is held, see [`super::rank::crowd`]; of one that lags behind, how widely
    /// it was held before, and that is never 0.
    pub crowd: u8,
    /// Of the record: a download that is not finished.
    pub is_partial: bool,
    /// The file name is not the last part of the path; the whole path stands for the folder then.
    pub is_named_apart: bool,
    /// Which of the record's names.
    pub place: Place,
}

/// Where a name stands among those of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The only one.
    Only,
    /// Of several, the one registered last.
    Last,
    /// Of several, an older one.
    Earlier(u16),
}

impl Place {
    /// Whether this name stands for the record where any may.
    pub fn is_last(self) -> bool {
        !matches!(self, Self::Earlier(_))
    }

    /// Larger for names registered later.
    pub fn recency(self) -> u16 {
        match self {
            Self::Only | Self::Last => u16::MAX,
            Self::Earlier(index) => index,
        }
    }
}

impl Scan {
    /// Whether no other document can be of the same content.
    pub fn is_alone(&self) -> bool {
        self.crowd == 0 && self.place == Place::Only
    }
}

/// What is read of rows that are sorted or shown.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Detail {
    /// Record.
    pub id: FileId,
    /// Content.
    pub hash: ContentHash,
    /// When it was registered last, in milliseconds since 1970, as journals have it.
    pub uploaded_ms: i64,
    /// Which of the tallies of its segment.
    pub tally: u32,
    /// Start of the file name as given; nothing is stored where it equals the folded one.
    pub given_at: u32,
    /// Start of the stored rest.
    pub rest_at: u32,
    /// Which of the roots of its segment.
    pub root: u32,
}

impl Detail {
    /// What tells documents of one name apart in orders: the content, as a number, and the record.
    pub fn tie(&self) -> (u64, FileId) {
        (rank::lot(self.hash.as_bytes()), self.id)
    }

    /// When it was registered last.
    pub fn uploaded_at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.uploaded_ms).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// What others made of a record; few records have one of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Redirects given.
    pub downloads: u64,
    /// Sum of all stars.
    pub rating_sum: u64,
    /// Number of votes.
    pub rating_votes: u64,
}

impl Tally {
    /// Mean of the votes.
    pub fn rating(&self) -> f64 {
        crate::view::mean_rating(self.rating_sum, self.rating_votes)
    }
}

/// What is only read to show a row, stored packed; alike ones once.
#[derive(Debug, Default, Deserialize)]
pub struct Rest {
    tags: Vec<CompactString>,
    /// Empty where the one path says it all.
    names: Vec<RecordName>,
}

/// One document before it is stored, borrowed from an entry or from another segment.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Columns; the positions in it are set when it is stored.
    pub scan: Scan,
    /// Columns; likewise.
    pub detail: Detail,
    /// What others made of it.
    pub tally: Tally,
    /// Merkle root, where told.
    pub pieces_root: Option<PiecesRoot>,
    /// Path as given, where it stands in one piece; empty where it does not.
    pub whole_path: &'a str,
    /// Folder as given, and folded where that is known already.
    pub folder: (&'a str, Option<&'a str>),
    /// File name as given; empty where it is the folded one.
    pub given: &'a str,
    /// Folded file name.
    pub name: &'a str,
    /// Packed [`Rest`].
    pub rest: &'a [u8],
}

/// An entry made ready to be borrowed as rows.
#[derive(Debug)]
pub struct Prepared {
    entry: FileEntry,
    owner: OwnerIndex,
    content: Content,
    crowd: u8,
    /// Folded file names.
    names: Vec<CompactString>,
    rest: Vec<u8>,
}

impl Prepared {
    /// Folds and packs `entry`; `crowd` is [`super::rank::crowd`] of its content.
    pub fn new(entry: FileEntry, owner: OwnerIndex, content: Content, crowd: u8) -> Self {
        let names = entry.names.iter().map(|name| fold(parts_of(name).1));
        let names = names.collect();
        let rest = Rest::pack(&entry);
        Self {
            entry,
            owner,
            content,
            crowd,
            names,
            rest,
        }
    }

    /// One row a name.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let entry = &self.entry;
        let count = entry.names.len();
        let names = entry.names.iter().zip(&self.names).enumerate();
        names.map(move |(index, (name, folded))| {
            let (folder, given) = parts_of(name);
            Row {
                scan: Scan {
                    size_bytes: entry.size_bytes,
                    name_at: 0,
                    folder: 0,
                    owner: self.owner,
                    content: self.content,
                    category: entry.category,
                    crowd: self.crowd,
                    is_partial: entry.is_partial,
                    is_named_apart: folder.len() == name.path.len(),
                    place: place(index, count),
                },
                detail: Detail {
                    id: entry.id,
                    hash: entry.hash,
                    uploaded_ms: entry.uploaded_at.as_millisecond(),
                    tally: 0,
                    given_at: 0,
                    rest_at: 0,
                    root: 0,
                },
                tally: Tally {
                    downloads: entry.downloads,
                    rating_sum: entry.rating_sum,
                    rating_votes: entry.rating_votes,
                },
                pieces_root: entry.pieces_root,
                whole_path: &name.path,
                folder: (folder, None),
                given: if given == folded { "" } else { given },
                name: folded,
                rest: &self.rest,
            }
        })
    }
}

fn place(index: usize, count: usize) -> Place {
    if count == 1 {
        Place::Only
    } else if index + 1 == count {
        Place::Last
    } else {
        Place::Earlier(u16::try_from(index).unwrap_or(u16::MAX - 1))
    }
}

/// Folder and file name, as given, that words are looked for in: those of the path, or the whole
/// path and a name that is not its last part.
fn parts_of(name: &RecordName) -> (&str, &str) {
    let path = name.path.as_str();
    let (folder, file_name) = match path.rsplit_once('/') {
        None => ("", path),
        // No path that the wire carries: whole, it comes back as it was.
        Some(("", file_name)) => (path, file_name),
        Some(parts) => parts,
    };
    match name.filename.as_deref() {
        Some(given) if given != file_name => (path, given),
        _ => (folder, file_name),
    }
}

/// A part of a path folded; odd white space becomes a space, so that for phrases every separator is
/// one byte.
pub fn fold(part: &str) -> CompactString {
    let folded = query::fold(part);
    if folded.is_ascii() {
        return folded;
    }
    let plain = folded
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    plain.collect()
}

impl Rest {
    /// The rest of `entry`, packed without a copy of it before.
    #[expect(
        clippy::expect_used,
        reason = "plain integers, texts and lists in memory have no way to fail"
    )]
    fn pack(entry: &FileEntry) -> Vec<u8> {
        let is_plain = matches!(&entry.names[..], [name] if name.filename.is_none());
        let names = if is_plain { &[] } else { &entry.names[..] };
        // Fields of a struct are packed as those of a tuple are.
        postcard::to_stdvec(&(&entry.tags[..], names)).expect("packing into memory cannot fail")
    }

    /// Reads what [`Self::pack`] wrote.
    #[expect(
        clippy::expect_used,
        reason = "the bytes never left this process since they were packed"
    )]
    fn unpack(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).expect("packed by this very type")
    }

    /// The tags of a packed record, which stand first.
    #[expect(
        clippy::expect_used,
        reason = "the bytes never left this process since they were packed"
    )]
    pub fn tags(bytes: &[u8]) -> Vec<&str> {
        let (tags, _names) = postcard::take_from_bytes(bytes).expect("packed by this very type");
        tags
    }
}

impl<'a> Row<'a> {
    /// The path as given.
    pub fn path(&self) -> PathText<'a> {
        PathText::new(self.folder.0, self.filename(), self.scan.is_named_apart)
    }

    /// The file name as given.
    pub fn filename(&self) -> &'a str {
        if self.given.is_empty() {
            self.name
        } else {
            self.given
        }
    }

    /// The whole record; `owner` is the id behind the row's owner number.
    pub fn entry(&self, owner: PeerId) -> FileEntry {
        let rest = Rest::unpack(self.rest);
        let names = if rest.names.is_empty() {
            vec![self.record_name()]
        } else {
            rest.names
        };
        self.entry_of(owner, rest.tags, names)
    }

    /// The record by this name alone, however many it has.
    pub fn entry_here(&self, owner: PeerId) -> FileEntry {
        let tags = Rest::tags(self.rest).into_iter();
        let tags = tags.map(CompactString::from).collect();
        self.entry_of(owner, tags, vec![self.record_name()])
    }

    fn record_name(&self) -> RecordName {
        let is_apart = self.scan.is_named_apart;
        RecordName {
            path: self.path().to_text(),
            filename: is_apart.then(|| self.filename().into()),
        }
    }

    fn entry_of(
        &self,
        owner: PeerId,
        tags: Vec<CompactString>,
        names: Vec<RecordName>,
    ) -> FileEntry {
        FileEntry {
            id: self.detail.id,
            owner,
            hash: self.detail.hash,
            pieces_root: self.pieces_root,
            size_bytes: self.scan.size_bytes,
            category: self.scan.category,
            tags,
            names,
            uploaded_at: self.detail.uploaded_at(),
            is_partial: self.scan.is_partial,
            downloads: self.tally.downloads,
            rating_sum: self.tally.rating_sum,
            rating_votes: self.tally.rating_votes,
        }
    }
}
