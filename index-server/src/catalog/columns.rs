//! The columns of a segment: what is stored of one name of one record.
//!
//! A document is one name of one record; nearly all records have one. Numbers of documents are
//! positions in the columns of their segment.

use compact_str::CompactString;
use jiff::Timestamp;
use protocol::category::Category;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::FileId;
use protocol::query;
use serde::{Deserialize, Serialize};

use super::contents::Content;
use super::owners::OwnerIndex;
use super::{FileEntry, RecordName};

/// What a search reads of every candidate, in one cache line.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Scan {
    /// Bytes of the file.
    pub size_bytes: u64,
    /// Start of the folded text.
    pub text_at: u32,
    /// Start of the file name inside the text.
    pub name_at: u32,
    /// Whose.
    pub owner: OwnerIndex,
    /// Which content; numbered anew by each process.
    #[serde(skip)]
    pub content: Content,
    /// Kind.
    pub category: Category,
    /// How widely the content is held, see [`super::rank::crowd`].
    pub crowd: u8,
    /// Of the record: a download that is not finished.
    pub is_partial: bool,
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
    Earlier(u8),
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
            Self::Earlier(index) => u16::from(index),
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
    /// Redirects given.
    pub downloads: u64,
    /// Mean of the votes.
    pub rating: f64,
    /// When it was registered last.
    #[serde(with = "super::stored::moment")]
    pub uploaded_at: Timestamp,
    /// Start of the path as given; nothing is stored where it equals the text.
    pub path_at: u32,
    /// Start of the stored rest.
    pub rest_at: u32,
}

/// What is only read to show a row, stored packed, once a record.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Rest {
    pieces_root: Option<PiecesRoot>,
    tags: Vec<CompactString>,
    rating_sum: u64,
    rating_votes: u64,
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
    /// Path as given.
    pub path: &'a str,
    /// Folded path and name.
    pub text: &'a str,
    /// Packed [`Rest`], whole.
    pub rest: &'a [u8],
}

/// An entry made ready to be borrowed as rows.
#[derive(Debug)]
pub struct Prepared {
    entry: FileEntry,
    owner: OwnerIndex,
    content: Content,
    crowd: u8,
    texts: Vec<(String, u32)>,
    rest: Vec<u8>,
}

impl Prepared {
    /// Folds and packs `entry`; `crowd` is [`super::rank::crowd`] of its content.
    pub fn new(entry: FileEntry, owner: OwnerIndex, content: Content, crowd: u8) -> Self {
        let texts = entry.names.iter().map(searched_text).collect();
        let rest = Rest::of(&entry).pack();
        Self {
            entry,
            owner,
            content,
            crowd,
            texts,
            rest,
        }
    }

    /// One row a name.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let count = self.entry.names.len();
        let names = self.entry.names.iter().zip(&self.texts).enumerate();
        names.map(move |(index, (name, (text, name_at)))| Row {
            scan: Scan {
                size_bytes: self.entry.size_bytes,
                text_at: 0,
                name_at: *name_at,
                owner: self.owner,
                content: self.content,
                category: self.entry.category,
                crowd: self.crowd,
                is_partial: self.entry.is_partial,
                place: place(index, count),
            },
            detail: Detail {
                id: self.entry.id,
                hash: self.entry.hash,
                downloads: self.entry.downloads,
                rating: crate::view::mean_rating(self.entry.rating_sum, self.entry.rating_votes),
                uploaded_at: self.entry.uploaded_at,
                path_at: 0,
                rest_at: 0,
            },
            path: &name.path,
            text,
            rest: &self.rest,
        })
    }
}

fn place(index: usize, count: usize) -> Place {
    if count == 1 {
        Place::Only
    } else if index + 1 == count {
        Place::Last
    } else {
        Place::Earlier(u8::try_from(index).unwrap_or(u8::MAX))
    }
}

/// The folded text that words are looked for in, and where the file name starts in it.
fn searched_text(name: &RecordName) -> (String, u32) {
    let (folder, file_name) = name.path.rsplit_once('/').unwrap_or(("", &name.path));
    let (folder, file_name) = match name.filename.as_deref() {
        Some(given) if given != file_name => (name.path.as_str(), given),
        _ => (folder, file_name),
    };
    let mut text = String::with_capacity(folder.len() + 1 + file_name.len());
    if !folder.is_empty() {
        push_folded(&mut text, folder);
        text.push('/');
    }
    let name_at = u32::try_from(text.len()).unwrap_or(u32::MAX);
    push_folded(&mut text, file_name);
    (text, name_at)
}

/// Appends `part` folded; odd white space becomes a space, so that for phrases every separator is
/// one byte.
fn push_folded(text: &mut String, part: &str) {
    let folded = query::fold(part);
    if folded.is_ascii() {
        text.push_str(&folded);
    } else {
        let plain = folded
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c });
        text.extend(plain);
    }
}

impl Rest {
    fn of(entry: &FileEntry) -> Self {
        let is_plain = matches!(&entry.names[..], [name] if name.filename.is_none());
        Self {
            pieces_root: entry.pieces_root,
            tags: entry.tags.clone(),
            rating_sum: entry.rating_sum,
            rating_votes: entry.rating_votes,
            names: if is_plain {
                Vec::new()
            } else {
                entry.names.clone()
            },
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "plain integers, texts and lists in memory have no way to fail"
    )]
    fn pack(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("packing into memory cannot fail")
    }

    /// Reads what [`Self::pack`] wrote.
    #[expect(
        clippy::expect_used,
        reason = "the bytes never left this process since they were packed"
    )]
    fn unpack(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).expect("packed by this very type")
    }

    /// The tags of a packed record.
    pub fn tags(bytes: &[u8]) -> Vec<CompactString> {
        Self::unpack(bytes).tags
    }
}

impl Row<'_> {
    /// Folded file name.
    pub fn name(&self) -> &[u8] {
        &self.text.as_bytes()[self.scan.name_at as usize..]
    }

    /// The whole record; `owner` is the id behind the row's owner number.
    pub fn entry(&self, owner: protocol::ids::PeerId) -> FileEntry {
        let rest = Rest::unpack(self.rest);
        let names = if rest.names.is_empty() {
            vec![RecordName {
                path: self.path.into(),
                filename: None,
            }]
        } else {
            rest.names
        };
        FileEntry {
            id: self.detail.id,
            owner,
            hash: self.detail.hash,
            pieces_root: rest.pieces_root,
            size_bytes: self.scan.size_bytes,
            category: self.scan.category,
            tags: rest.tags,
            names,
            uploaded_at: self.detail.uploaded_at,
            is_partial: self.scan.is_partial,
            downloads: self.detail.downloads,
            rating_sum: rest.rating_sum,
            rating_votes: rest.rating_votes,
        }
    }
}
