//! What is read is what was written, or nothing, however the files were torn.

use super::*;

fn put_part(shelf: &Shelf, bytes: &[u8]) -> PartName {
    let written = shelf.put_part(|out| out.write_all(bytes));
    written.expect("written")
}

/// Two parts, put down twice with another list each time.
fn filled() -> (tempfile::TempDir, Shelf, PartName) {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::in_folder(folder.path());
    let gone = put_part(&shelf, b"was there before");
    shelf.put_list(b"first", &[gone]).expect("written");
    let part = put_part(&shelf, b"a part of some length");
    let parts = [part.clone()];
    shelf.put_list(b"second list", &parts).expect("written");
    (folder, shelf, part)
}

#[test]
fn what_was_put_down_last_comes_back_and_nothing_else_stays() {
    let (_folder, shelf, part) = filled();
    assert_eq!(shelf.list().as_deref(), Some(&b"second list"[..]));
    assert_eq!(
        shelf.part(&part).as_deref(),
        Some(&b"a part of some length"[..])
    );
    assert_eq!(shelf.part(&PartName::of(b"was there before")), None);
    assert_eq!(fs::read_dir(&shelf.folder).expect("the folder").count(), 2);
}

#[test]
fn nothing_stays_of_what_was_not_written_to_its_end() {
    let (_folder, shelf, part) = filled();
    let count = || fs::read_dir(&shelf.folder).expect("the folder").count();
    let failed = shelf.put_part(|out| {
        out.write_all(&vec![7; 3 * STEP_BYTES])?;
        Err(io::ErrorKind::StorageFull.into())
    });
    failed.expect_err("no room");
    assert_eq!(count(), 2);
    fs::write(
        shelf.folder.join(FRESH_PART),
        b"of a process that was killed",
    )
    .expect("written");
    shelf.remove_unfinished();
    assert_eq!(count(), 2);
    assert!(shelf.list().is_some() && shelf.part(&part).is_some());
}

#[test]
fn an_empty_shelf_has_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::in_folder(folder.path());
    assert_eq!(shelf.list(), None);
    assert_eq!(shelf.part(&PartName::of(b"")), None);
}

#[test]
fn every_turned_bit_every_cut_and_every_byte_too_many_is_found() {
    let (_folder, shelf, part) = filled();
    let check = |path: PathBuf, is_read: &dyn Fn() -> bool| {
        let whole = fs::read(&path).expect("the file");
        let mut torn: Vec<Vec<u8>> = (0..whole.len()).map(|end| whole[..end].to_vec()).collect();
        torn.push([&whole[..], b"x"].concat());
        torn.extend((0..whole.len() * 8).map(|bit| {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        }));
        for bytes in torn {
            fs::write(&path, &bytes).expect("torn");
            assert!(!is_read(), "{bytes:x?}");
        }
        fs::remove_file(&path).expect("removed");
        assert!(!is_read(), "gone");
        fs::write(&path, &whole).expect("mended");
        assert!(is_read(), "mended");
    };
    check(shelf.folder.join(LIST), &|| shelf.list().is_some());
    check(shelf.folder.join(part.file()), &|| {
        shelf.part(&part).is_some()
    });
}

#[test]
fn a_part_of_many_steps_comes_back_however_it_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::in_folder(folder.path());
    let long: Vec<u8> = (0..=250).cycle().take(2 * STEP_BYTES + 1_000).collect();
    for piece in [1_000, STEP_BYTES - 1, STEP_BYTES, long.len()] {
        let name = shelf.put_part(|out| {
            long.chunks(piece)
                .try_for_each(|piece| out.write_all(piece))
        });
        let name = name.expect("written");
        assert_eq!(name, PartName::of(&long), "pieces of {piece}");
        assert!(shelf.part(&name).is_some_and(|bytes| bytes == long));
    }
}
