//! The shelf against what a walk over all files finds.

use std::path::PathBuf;

use proptest::prelude::*;
use protocol::hash::PiecesRoot;
use protocol::ids::PeerId;
use protocol::names::SharePath;

use super::*;
use crate::share::FileStamp;
use crate::share::describe::describe;

const ROOTS: [&str; 2] = ["/a", "/b"];
/// Names around the slash in byte order, where a prefix rule would go wrong.
const PATHS: [&str; 9] = [
    "x", "x-y", "x/y", "x/y/z", "x/y0", "x0/y", "x0", "w/x/y/z", "\u{e4}/x",
];

fn file(root: &str, path: &str, content: u8) -> Arc<SharedFile> {
    let stamp = FileStamp {
        size_bytes: u64::from(content) + 1,
        modified_ns: 0,
        changed_ns: 0,
        inode: 0,
    };
    let hashes = (ContentHash::of(&[content]), PiecesRoot::from_bytes([0; 32]));
    let owner = PeerId::from_bytes([1; 32]);
    let place = (SharePath::new(path).unwrap(), PathBuf::from(path));
    describe(&owner, Path::new(root), place, stamp, hashes)
}

/// Rows as text: `name/ files bytes` or `name`.
fn rows(shelf: &Shelf, root: &str, folder: &str) -> Vec<String> {
    let row = |node: ShareNode| match node {
        ShareNode::Folder {
            name, files, bytes, ..
        } => format!("{name}/ {files} {bytes}"),
        ShareNode::File(file) => file.path.file_name().to_owned(),
    };
    let nodes = shelf.list_folder(Path::new(root), folder);
    nodes.into_iter().map(row).collect()
}

#[test]
fn a_folder_lists_its_folders_with_sums_and_then_its_files() {
    let mut shelf = Shelf::default();
    for root in ROOTS {
        for path in PATHS {
            shelf.insert(&file(root, path, 1));
        }
    }
    let top = [
        "w/ 1 2",
        "x/ 3 6",
        "x0/ 1 2",
        "\u{e4}/ 1 2",
        "x",
        "x-y",
        "x0",
    ];
    assert_eq!(rows(&shelf, "/a", ""), top);
    assert_eq!(rows(&shelf, "/b", ""), top);
    assert_eq!(rows(&shelf, "/b", "x"), ["y/ 1 2", "y", "y0"]);
    assert_eq!(rows(&shelf, "/b", "w/x"), ["y/ 1 2"]);
    assert!(rows(&shelf, "/b", "none").is_empty());
    assert!(rows(&shelf, "/c", "").is_empty());
    assert_eq!(shelf.by_name("x/y").unwrap().path.as_str(), "x/y");
    assert_eq!(shelf.by_name("z").unwrap().path.file_name(), "z");
    assert!(shelf.by_name("missing").is_none());
}

proptest! {
    #[test]
    fn what_counts_is_each_path_and_content_once(
        steps in proptest::collection::vec(
            (any::<bool>(), 0..ROOTS.len(), 0..PATHS.len(), 0..2_u8),
            0..60,
        ),
    ) {
        let mut shelf = Shelf::default();
        let mut placed: Vec<Arc<SharedFile>> = Vec::new();
        let mut told: Vec<(String, FileId)> = Vec::new();
        for (is_insert, root, path, content) in steps {
            let file = file(ROOTS[root], PATHS[path], content);
            let at = placed.iter().position(|other| ByPlace::compare(other, &file).is_eq());
            let change = match at {
                None if is_insert => {
                    placed.push(Arc::clone(&file));
                    shelf.insert(&file)
                }
                Some(at) if !is_insert => {
                    let file = placed.swap_remove(at);
                    shelf.remove(&file, ROOTS.iter().map(Path::new))
                }
                _ => None,
            };
            match change {
                Some(ShareChange::Added(file)) => told.push((file.path.to_string(), file.id)),
                Some(ShareChange::Removed { id, path }) => {
                    let gone = (path.to_string(), id);
                    let at = told.iter().position(|entry| *entry == gone);
                    prop_assert!(at.is_some(), "{gone:?} was never told");
                    told.swap_remove(at.unwrap());
                }
                None => {}
            }
        }
        let mut expected: Vec<_> = placed
            .iter()
            .map(|file| (file.path.to_string(), file.hash, file.id, file.stamp.size_bytes))
            .collect();
        expected.sort();
        expected.dedup();
        let mut digest = CatalogDigest::default();
        for (path, hash, ..) in &expected {
            digest.toggle(path, hash);
        }
        told.sort();
        let mut names: Vec<_> = expected.iter().map(|(path, _, id, _)| (path.clone(), *id)).collect();
        names.sort();
        prop_assert_eq!(told, names);
        prop_assert_eq!(shelf.count(), expected.len());
        prop_assert_eq!(shelf.digest(), digest);
        prop_assert_eq!(shelf.total_bytes(), expected.iter().map(|(.., size)| size).sum::<u64>());
        for (path, hash, id, _) in &expected {
            let has_name = shelf.names_of(*id).any(|file| file.path.as_str() == path);
            prop_assert!(has_name && shelf.by_id(*id).is_some());
            let after = shelf.files_after(path, hash).count();
            let rank = expected.iter().filter(|other| (&other.0, other.1) > (path, *hash)).count();
            prop_assert_eq!(after, rank);
        }
        for root in ROOTS {
            let here = placed.iter().filter(|file| file.root == Path::new(root));
            prop_assert_eq!(shelf.totals(Path::new(root), "").files, here.count() as u64);
        }
    }
}
