//! What the cache keeps, forgets, and does with a file that it cannot read.

use super::*;

const NOW: u64 = 1_800_000_000;

fn stamp(size_bytes: u64) -> FileStamp {
    FileStamp {
        size_bytes,
        modified_ns: -5,
        changed_ns: 1_700_000_000_999_999_999,
        inode: u64::MAX,
    }
}

fn hashes(seed: u8) -> (ContentHash, PiecesRoot) {
    (ContentHash::of(&[seed]), PiecesRoot::from_bytes([seed; 32]))
}

fn put(cache: &Cache, path: &str, seed: u8, now_secs: u64) {
    let pieces = [PieceHash::from_bytes([seed; 32]); 3];
    cache.put(path.into(), stamp(700_000), hashes(seed), &pieces, now_secs);
}

fn found(cache: &Cache, path: &str, stamp: FileStamp) -> Option<ContentHash> {
    let found = cache.look_up(&[(path.into(), stamp)], NOW);
    found[0].map(|entry| entry.hash)
}

fn has_pieces(cache: &Cache, seed: u8) -> bool {
    let (hash, root) = hashes(seed);
    cache.pieces(&hash, 700_000, &root).is_ok()
}

#[test]
fn an_entry_is_found_in_its_state_alone_before_and_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let cache = Cache::open(data.path()).unwrap();
    put(&cache, "/s/f", 1, NOW);
    let check = |cache: &Cache| {
        assert_eq!(found(cache, "/s/f", stamp(700_000)), Some(hashes(1).0));
        assert_eq!(found(cache, "/s/f", stamp(700_001)), None);
        let written_to = FileStamp {
            changed_ns: stamp(700_000).changed_ns + 1,
            ..stamp(700_000)
        };
        assert_eq!(found(cache, "/s/f", written_to), None);
        assert_eq!(found(cache, "/s/g", stamp(700_000)), None);
        assert!(has_pieces(cache, 1) && !has_pieces(cache, 2));
    };
    check(&cache);
    cache.save().unwrap();
    check(&cache);
    drop(cache);
    check(&Cache::open(data.path()).unwrap());
}

#[test]
fn a_cache_in_use_is_refused_in_words() {
    let data = tempfile::tempdir().unwrap();
    let _held = Cache::open(data.path()).unwrap();
    let error = Cache::open(data.path()).unwrap_err().to_string();
    assert!(error.contains("another daemon"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_put_aside() {
    for content in [
        &b"no database at all"[..],
        &[0xff; 10_000],
        b"redb\x1a\x0a\xa9\x0d\x0a and then nothing of it",
    ] {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(CACHE_FILE), content).unwrap();
        let cache = Cache::open(data.path()).unwrap();
        put(&cache, "/s/f", 1, NOW);
        cache.save().unwrap();
        let aside = std::fs::read(data.path().join("hashes.redb.damaged")).unwrap();
        assert_eq!(aside, content);
    }
}

#[test]
fn what_was_not_seen_for_a_month_goes_with_its_pieces() {
    let data = tempfile::tempdir().unwrap();
    let cache = Cache::open(data.path()).unwrap();
    for (path, seed, age_secs) in [
        ("/s/gone", 1, KEPT_SECS + 1),
        ("/s/there", 2, KEPT_SECS + 1),
        ("/s/new", 3, 0),
    ] {
        put(&cache, path, seed, NOW - age_secs);
    }
    cache.save().unwrap();
    assert!(found(&cache, "/s/there", stamp(700_000)).is_some());
    cache.save().unwrap();
    assert_eq!(cache.prune(NOW).unwrap(), 1);
    assert_eq!(found(&cache, "/s/gone", stamp(700_000)), None);
    assert!(!has_pieces(&cache, 1) && has_pieces(&cache, 2) && has_pieces(&cache, 3));
}

#[test]
fn what_was_remembered_without_change_times_counts_unless_it_changed_since() {
    let data = tempfile::tempdir().unwrap();
    let stamp = stamp(700_000);
    let seen_secs = 1_700_000_000;
    drop(Cache::open(data.path()).unwrap());
    {
        let database = Database::create(data.path().join(CACHE_FILE)).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(OLD_FILES).unwrap();
        for (path, seed, seen_secs) in [("/s/f", 1, seen_secs), ("/s/g", 2, seen_secs - 1)] {
            let (hash, pieces_root) = hashes(seed);
            let old = OldEntry {
                stamp: (stamp.size_bytes, stamp.modified_ns, stamp.inode),
                hash,
                pieces_root,
                seen_secs,
            };
            let value = postcard::to_stdvec(&old).unwrap();
            table.insert(path.as_bytes(), value.as_slice()).unwrap();
        }
        drop(table);
        transaction.commit().unwrap();
    }
    let cache = Cache::open(data.path()).unwrap();
    assert_eq!(
        found(&cache, "/s/g", stamp),
        None,
        "changed after it was seen"
    );
    assert_eq!(found(&cache, "/s/f", stamp), Some(hashes(1).0));
    cache.close().unwrap();
    // In the present form by now: its change time is held to.
    let cache = Cache::open(data.path()).unwrap();
    assert_eq!(found(&cache, "/s/f", stamp), Some(hashes(1).0));
    let earlier = FileStamp {
        changed_ns: stamp.changed_ns - 1,
        ..stamp
    };
    assert_eq!(found(&cache, "/s/f", earlier), None);
}
