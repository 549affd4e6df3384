//! A row is what serde makes of the same record.

use proptest::prelude::*;
use protocol::file::FileInfo;

use super::*;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9 ._-]{0,12}",
        "[\"\\\\/\u{0}-\u{1f}\u{7f}\u{9b}äß°東🦀\u{202e}—a]{0,8}",
    ]
}

prop_compose! {
    fn any_file()(
        texts in (any_text(), any_text(), any_text(), prop::collection::vec(any_text(), 0..3)),
        numbers in any::<(u64, u64, u64)>(),
        id: [u8; 16],
        hashes in any::<([u8; 32], Option<[u8; 32]>, [u8; 32])>(),
        address: SocketAddr,
        uploaded_ms in -377_705_116_800_000_i64..=253_402_207_200_999,
        votes in (0_u32..400, 1_u32..80),
        category in 0..Category::ALL.len(),
    ) -> FileInfo {
        FileInfo {
            id: FileId::from_bytes(id),
            filename: texts.0,
            path: texts.1,
            size: numbers.0,
            hash: ContentHash::from_bytes(hashes.0),
            pieces_root: hashes.1.map(PiecesRoot::from_bytes),
            category: Category::ALL[category],
            tags: texts.3,
            owner: PeerId::from_bytes(hashes.2),
            owner_name: texts.2,
            peer_address: address.to_string(),
            upload_time: Timestamp::from_millisecond(uploaded_ms).expect("in range"),
            downloads: numbers.1,
            rating: f64::from(votes.0) / f64::from(votes.1),
            sources: numbers.2,
        }
    }
}

proptest! {
    #[test]
    fn a_row_says_what_serde_says(file in any_file(), cuts in any::<[prop::sample::Index; 2]>()) {
        let cut = |text: &str, at: &prop::sample::Index| {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            places[at.index(places.len())]
        };
        let (head, tail) = file.path.split_at(cut(&file.path, &cuts[0]));
        let (middle, tail) = tail.split_at(cut(tail, &cuts[1]));
        let tags: Vec<&str> = file.tags.iter().map(String::as_str).collect();
        let row = FileRow {
            id: file.id,
            filename: &file.filename,
            path: [head, middle, tail],
            size: file.size,
            hash: file.hash,
            pieces_root: file.pieces_root,
            category: file.category,
            tags: &tags,
            owner: file.owner,
            owner_name: &file.owner_name,
            peer_address: file.peer_address.parse().expect("an address"),
            upload_time: file.upload_time,
            downloads: file.downloads,
            rating: file.rating,
            sources: file.sources,
        };
        let mut out = b"before".to_vec();
        row.write_json(&mut out);
        let serde = json::escaped(serde_json::to_vec(&file).expect("a wire object"));
        let expected = [b"before", serde.as_slice()].concat();
        prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
    }
}
