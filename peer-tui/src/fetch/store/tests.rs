//! What is believed of an unfinished download at the next start, and how it gets its name.

use protocol::names::SafePath;
use protocol::pieces::{FileHasher, FileHashes};

mod model;

use super::place::{Target, place};
use super::*;

const PIECE: u64 = 256 * 1024;

struct Fixture {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
    hashes: FileHashes,
    layout: PieceLayout,
}

impl Fixture {
    fn new(length: u64) -> Self {
        let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8 + 1).collect();
        let mut hasher = FileHasher::new(length);
        hasher.update(&bytes);
        Self {
            folder: tempfile::tempdir().unwrap(),
            bytes,
            hashes: hasher.finish().unwrap(),
            layout: PieceLayout::of_size(length),
        }
    }

    fn open(&self) -> Opened {
        let hash = self.hashes.hash;
        Store::open(
            self.folder.path(),
            &hash,
            Some(self.hashes.root),
            self.layout,
        )
        .unwrap()
    }

    fn pieces(&self) -> (PiecesRoot, &[PieceHash]) {
        (self.hashes.root, &self.hashes.pieces)
    }

    fn write(&self, store: &Store, number: u32) -> PieceIndex {
        let piece = self.layout.piece(number).unwrap();
        let range = self.layout.range(piece);
        let from = usize::try_from(range.first()).unwrap();
        let bytes = &self.bytes[from..][..usize::try_from(range.len()).unwrap()];
        store.write_at(range.first(), bytes).unwrap();
        piece
    }
}

fn numbers(pieces: &[PieceIndex]) -> Vec<u32> {
    pieces.iter().map(|piece| piece.as_u32()).collect()
}

#[test]
fn after_a_clean_end_the_map_is_believed_once() {
    let fixture = Fixture::new(4 * PIECE + 7);
    let opened = fixture.open();
    let mut have = opened.verified;
    for number in [1, 4] {
        have.insert(fixture.write(&opened.store, number));
    }
    opened
        .store
        .suspend(&fixture.hashes.hash, fixture.pieces(), &have)
        .unwrap();
    let (folder, hash) = (fixture.folder.path(), &fixture.hashes.hash);
    let at_rest = resting::AtRest::read(folder, hash, fixture.layout).unwrap();
    assert_eq!((at_rest.root, at_rest.pieces.as_slice()), fixture.pieces());
    assert_eq!(
        (&at_rest.held, at_rest.path.as_path()),
        (&have, opened.store.path())
    );
    let again = fixture.open();
    assert_eq!((again.verified, again.doubtful), (have, Vec::new()));
    let after_kill = fixture.open();
    assert_eq!(after_kill.verified.held(), 0, "the map counted once");
    let found = numbers(&after_kill.doubtful);
    assert!(found.contains(&1) && found.contains(&4), "{found:?}");
}

#[test]
fn a_map_of_another_root_or_length_is_not_believed() {
    let fixture = Fixture::new(2 * PIECE);
    let opened = fixture.open();
    let mut have = opened.verified;
    have.insert(fixture.write(&opened.store, 0));
    let other = PiecesRoot::from_bytes([3; 32]);
    opened
        .store
        .suspend(&fixture.hashes.hash, (other, &fixture.hashes.pieces), &have)
        .unwrap();
    let (folder, hash) = (fixture.folder.path(), &fixture.hashes.hash);
    let at_rest = || resting::AtRest::read(folder, hash, fixture.layout);
    assert_eq!(at_rest(), None);
    assert_eq!(fixture.open().verified.held(), 0);
    opened
        .store
        .suspend(&fixture.hashes.hash, fixture.pieces(), &have)
        .unwrap();
    assert!(at_rest().is_some());
    opened.store.file.set_len(PIECE).unwrap();
    assert_eq!(at_rest(), None);
    assert_eq!(fixture.open().verified.held(), 0);
}

#[test]
fn bytes_on_disk_are_told_right_from_wrong() {
    let fixture = Fixture::new(2 * PIECE);
    let store = fixture.open().store;
    let right = fixture.write(&store, 0);
    let wrong = fixture.write(&store, 1);
    store.write_at(PIECE + 5, b"x").unwrap();
    assert!(store.verify(right, &fixture.hashes.pieces[0]).unwrap());
    assert!(!store.verify(wrong, &fixture.hashes.pieces[1]).unwrap());
}

#[test]
fn a_person_says_a_file_or_a_folder() {
    let fixture = Fixture::new(10);
    let inside = fixture.folder.path().join("there");
    fs::create_dir(&inside).unwrap();
    let check = |save_as: PathBuf, expected: PathBuf| {
        let store = fixture.open().store;
        store.write_at(0, &fixture.bytes).unwrap();
        let target = Target::of(Path::new("/nowhere"), "x/name.bin", Some(&save_as));
        assert_eq!(target.path(), expected, "{save_as:?}");
        assert_eq!(place(&store, &target).unwrap(), expected);
        assert_eq!(fs::read(&expected).unwrap(), fixture.bytes);
    };
    check(inside.clone(), inside.join("name.bin"));
    check(
        fixture.folder.path().join("new/"),
        fixture.folder.path().join("new/name.bin"),
    );
    check(inside.join("own.txt"), inside.join("own.txt"));
    check(inside.join(".own: 1"), inside.join(".own: 1"));
}

#[test]
fn a_file_where_a_folder_should_be_is_said_in_words() {
    let fixture = Fixture::new(10);
    fs::write(fixture.folder.path().join("a"), "in the way").unwrap();
    let target = Target::Below {
        folder: fixture.folder.path().to_owned(),
        path: SafePath::from_untrusted("a/b.bin"),
    };
    let error = place(&fixture.open().store, &target).unwrap_err();
    assert!(error.to_string().contains("in the way"), "{error}");
    assert_eq!(
        fs::read(fixture.folder.path().join("a")).unwrap(),
        b"in the way"
    );
}

#[test]
fn a_file_that_fits_no_disk_is_refused_before_a_byte_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let layout = PieceLayout::of_size(1 << 60);
    let hash = ContentHash::of(b"huge");
    let error = Store::open(folder.path(), &hash, None, layout).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("goes on by itself"), "{error}");
}

#[test]
fn a_full_disk_never_asks_for_nothing() {
    let full = io::Error::from(io::ErrorKind::StorageFull);
    let told = StoreError::of("write", Path::new("/d"), 0, full).to_string();
    assert!(told.starts_with("disk full: free 1 B more"), "{told}");
}
