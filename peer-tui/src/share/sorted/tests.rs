//! The chunked set against a plain sorted set, through any changes.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::PeerId;
use protocol::names::SharePath;

use super::*;
use crate::share::FileStamp;
use crate::share::describe::describe;
use crate::share::shelf::ByPath;

fn file(number: u32, size_bytes: u64) -> Arc<SharedFile> {
    let name = format!("f{number:05}");
    let path = SharePath::new(&name).unwrap();
    let stamp = FileStamp {
        size_bytes,
        modified_ns: 0,
        changed_ns: 0,
        inode: u64::from(number),
    };
    let hashes = (ContentHash::of(b""), PiecesRoot::from_bytes([0; 32]));
    let owner = PeerId::from_bytes([1; 32]);
    describe(&owner, Path::new("/r"), (path, name.into()), stamp, hashes)
}

fn check(set: &SortedFiles<ByPath>, model: &BTreeMap<u32, u64>, (a, b): (u32, u32)) {
    let inodes = set.iter().map(|file| file.stamp.inode);
    assert!(inodes.eq(model.keys().map(|number| u64::from(*number))));
    assert_eq!(set.len(), model.len());
    let (a, b) = (a.min(b), a.max(b));
    let totals = set.totals(
        |file| file.stamp.inode < u64::from(a),
        |file| file.stamp.inode < u64::from(b),
    );
    let expected = FolderTotals {
        files: model.range(a..b).count() as u64,
        bytes: model.range(a..b).map(|(_, size)| size).sum(),
    };
    assert_eq!(totals, expected, "{a}..{b}");
    let from = set.iter_from(|file| file.stamp.inode < u64::from(a));
    assert_eq!(from.count(), model.range(a..).count());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_changes_leave_the_set_sorted_and_its_sums_right(
        steps in proptest::collection::vec((any::<bool>(), 0..3_000_u32, 0..9_u64), 0..4_000),
        cut in (0..3_000_u32, 0..3_000_u32),
    ) {
        let mut set = SortedFiles::<ByPath>::default();
        let mut model = BTreeMap::new();
        let half = steps.len() / 2;
        let mut kept = None;
        for (at, (is_insert, number, size)) in steps.into_iter().enumerate() {
            if at == half {
                kept = Some((set.clone(), model.clone()));
            }
            if is_insert || at % 3 == 0 {
                let is_new = set.insert(file(number, size));
                prop_assert_eq!(is_new, !model.contains_key(&number));
                model.entry(number).or_insert(size);
            } else {
                let taken = set.remove(&file(number, 0)).map(|file| file.stamp.size_bytes);
                prop_assert_eq!(taken, model.remove(&number));
            }
        }
        check(&set, &model, cut);
        // A copy taken half-way is not touched by what came later.
        if let Some((set, model)) = kept {
            check(&set, &model, cut);
        }
    }
}
