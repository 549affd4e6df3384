//! Against an index that is a sorted list cut into ranges: what is sent makes it hold the share, and
//! what lies in ranges that agree is not touched.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;
use protocol::category::Category;
use protocol::file::{BatchLine, FileInfo};
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::names::SharePath;

use super::super::line::Listed;
use super::*;
use crate::share::FileStamp;

/// Names that an index holds, in its order; one path may stand for several contents.
type Held = BTreeSet<(String, FileId, ContentHash)>;

fn owner() -> PeerId {
    PeerId::from_bytes([7; 32])
}

fn content(number: u8) -> ContentHash {
    ContentHash::of(&[number])
}

fn held(names: &BTreeSet<(String, u8)>) -> Held {
    let name = |(path, number): &(String, u8)| {
        let hash = content(*number);
        (path.clone(), FileId::of(&owner(), &hash), hash)
    };
    names.iter().map(name).collect()
}

fn shared(path: &str, number: u8) -> Arc<SharedFile> {
    let hash = content(number);
    Arc::new(SharedFile {
        id: FileId::of(&owner(), &hash),
        path: SharePath::new(path).unwrap(),
        root: PathBuf::from("/share"),
        relative: PathBuf::from(path),
        stamp: FileStamp {
            size_bytes: 1,
            modified_ns: 0,
            changed_ns: 0,
            inode: 0,
        },
        hash,
        pieces_root: PiecesRoot::from_bytes([0; 32]),
        category: Category::Other,
        tags: Vec::new(),
    })
}

fn row(path: &str, hash: ContentHash) -> FileInfo {
    serde_json::from_value(serde_json::json!({
        "id": FileId::of(&owner(), &hash), "filename": path, "path": path, "size": 1,
        "hash": hash, "pieces_root": null, "category": "other", "tags": [], "owner": owner(),
        "owner_name": "", "peer_address": "", "upload_time": "2026-01-01T00:00:00Z",
        "downloads": 0, "rating": 0.0, "sources": 1,
    }))
    .unwrap()
}

/// What the index answers, ranges of `row_count` names; the cursor is the number of its first.
fn told(held: &Held, row_count: usize) -> CatalogRanges {
    let names: Vec<_> = held.iter().collect();
    let chunks: Vec<_> = names.chunks(row_count).collect();
    let range = |(number, chunk): (usize, &&[&(String, FileId, ContentHash)])| {
        let mut digest = CatalogDigest::default();
        chunk
            .iter()
            .for_each(|(path, _, hash)| digest.toggle(path, hash));
        CatalogRange {
            cursor: (number > 0).then(|| (number * row_count).to_string()),
            until: (number + 1 < chunks.len()).then(|| chunk.last().unwrap().0.clone()),
            count: chunk.len() as u64,
            digest: digest.to_hex(),
        }
    };
    CatalogRanges {
        digest: String::new(),
        count: names.len() as u64,
        complete_digest: String::new(),
        complete_count: names.len() as u64,
        ranges: chunks.iter().enumerate().map(range).collect(),
    }
}

/// As the publisher reads a range: from its cursor on while paths lie in it.
fn listed(held: &Held, range: &CatalogRange) -> (Listed, usize) {
    let from = range
        .cursor
        .as_ref()
        .map_or(0, |cursor| cursor.parse().unwrap());
    let (mut listed, mut count) = (Listed::default(), 0);
    for (path, _, hash) in held.iter().skip(from) {
        if range.until.as_ref().is_some_and(|until| path > until) {
            break;
        }
        listed.insert(row(path, *hash));
        count += 1;
    }
    (listed, count)
}

fn apply(held: &mut Held, line: &Line) {
    match serde_json::from_slice(&line.to_json()).unwrap() {
        BatchLine::Add(file) => {
            let path = file.path.unwrap();
            held.insert((path, FileId::of(&owner(), &file.hash), file.hash));
        }
        BatchLine::Remove { id, path } => {
            let path = path.unwrap();
            held.retain(|(name, of, _)| *name != path || *of != id);
        }
    }
}

proptest! {
    #[test]
    fn what_differs_is_sent_and_the_rest_left_alone(
        own in proptest::collection::btree_set(("[a-d]{1,3}", 0..3_u8), 0..40),
        taken in proptest::collection::btree_set(("[a-d]{1,3}", 0..3_u8), 0..8),
        missing in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        row_count in 1..6_usize,
    ) {
        // Two folders that are shared may have a file of one path each.
        let own: BTreeSet<(String, u8)> = own;
        let files: Vec<_> = own.iter().map(|(path, number)| shared(path, *number)).collect();
        let mut names = own;
        let want = held(&names);
        for index in missing {
            if !names.is_empty() {
                let gone = index.get(&names.iter().cloned().collect::<Vec<_>>()).clone();
                names.remove(&gone);
            }
        }
        names.extend(taken);
        let mut index = held(&names);
        let told = told(&index, row_count);
        let (mut lines, mut read_count) = (Vec::new(), 0);
        let differing = differing(&told, &files);
        let differing_count = differing.len();
        for part in differing {
            let (listed, count) = part.range.map_or_else(Default::default, |range| listed(&index, range));
            read_count += count;
            lines.extend(listed.difference(&owner(), part.files));
        }
        let paths: BTreeSet<_> = index.iter().map(|(path, ..)| path).collect();
        let doubled_count = index.len() - paths.len();
        // A path that stands for several contents may be read with both ranges that it touches.
        prop_assert!(read_count <= differing_count * (row_count + 3), "only what differs is read");
        if index == want && doubled_count == 0 && !told.ranges.is_empty() {
            prop_assert_eq!(differing_count, 0, "nothing differs");
        }
        let lines = in_order(lines, &files);
        let differ_count = index.symmetric_difference(&want).count();
        prop_assert!(lines.len() <= differ_count + doubled_count, "a line a difference");
        for line in &lines {
            apply(&mut index, line);
        }
        prop_assert_eq!(index, want);
    }
}

#[test]
fn one_changed_file_of_many_costs_one_range() {
    let name = |number: usize| (format!("dir/{number:06}"), 0_u8);
    let names: BTreeSet<_> = (0..10_000).map(name).collect();
    let told = told(&held(&names), 200);
    let mut files: Vec<_> = names
        .iter()
        .map(|(path, number)| shared(path, *number))
        .collect();
    assert!(differing(&told, &files).is_empty());
    files[5_000] = shared("dir/005000", 1);
    let differing = differing(&told, &files);
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0].files.len(), 200);
}
