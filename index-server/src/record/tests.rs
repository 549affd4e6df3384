//! The stored form: it never changes by accident, and what is no record is told apart.

use std::fmt::Write;

use data_encoding::HEXLOWER;
use protocol::peer::Outcome;

use super::*;
use crate::view::PeerAddress;

fn samples() -> Vec<Record> {
    let (peer, other) = (PeerId::from_bytes([1; 32]), PeerId::from_bytes([2; 32]));
    let hash = ContentHash::from_bytes([3; 32]);
    let id = FileId::from_bytes([4; 16]);
    let at = Moment::from_millis(1_800_000_000_123);
    let facts = PeerFacts {
        name: "box".into(),
        address: PeerAddress::SameMachine([127, 0, 0, 1].into()),
        port: 7071,
        region: "eu".into(),
        version: "0.1.0".into(),
        is_keyed: true,
        remote: [127, 0, 0, 1].into(),
    };
    let session = Session {
        token_sha256: [5; 32],
        expires_at: at.plus_secs(60),
    };
    let stance = Stance::default().after(Outcome::Corrupt, 0);
    let name = RecordName {
        path: "dir/a.iso".into(),
        filename: Some("a.iso".into()),
    };
    let put = PutFile {
        id,
        hash,
        pieces_root: Some(PiecesRoot::from_bytes([6; 32])),
        size_bytes: 300,
        category: Category::Dataset,
        tags: vec!["linux".into()],
        name: name.clone(),
        is_partial: true,
    };
    let held = HeldFile {
        id,
        hash,
        pieces_root: None,
        size_bytes: u64::MAX,
        category: Category::Other,
        tags: Vec::new(),
        names: vec![name],
        uploaded_at: at,
        is_partial: false,
        downloads: 7,
        rating_sum: 9,
        rating_votes: 2,
    };
    let mut state = PeerState {
        facts: facts.clone(),
        is_online: false,
        last_seen: at,
        session: Some(session),
        standing: crate::peers::Standing::default(),
    };
    state.standing.put(other, stance);
    let path = CompactString::from("dir/a.iso");
    vec![
        Record::PeerRegistered {
            at,
            id: peer,
            facts,
            session,
        },
        Record::PeerOnline { at, id: peer },
        Record::PeerOffline {
            at,
            id: peer,
            last_seen: at,
        },
        Record::PeerLeft { at, id: peer },
        Record::PeerForgotten { at, id: peer },
        Record::FilesChanged {
            at,
            owner: peer,
            ops: vec![
                FileOp::Put(Box::new(put)),
                FileOp::Unname { id, path },
                FileOp::Remove(id),
            ],
        },
        Record::Downloaded {
            at,
            owner: peer,
            file: id,
            downloads: 8,
        },
        Record::Rated {
            at,
            owner: peer,
            file: id,
            voter: other,
            stars: 5,
        },
        Record::Reported {
            at,
            about: peer,
            reporter: other,
            stance,
        },
        Record::Peer {
            id: peer,
            state: Box::new(state),
        },
        Record::Holdings {
            owner: peer,
            files: vec![held],
        },
        Record::Votes {
            file: id,
            votes: vec![(other, 4)],
        },
        Record::Totals { downloads: 11 },
    ]
}

#[test]
fn the_stored_form_of_every_record_stands() {
    let mut text = String::new();
    for record in samples() {
        let bytes = record.encode().expect("encodes");
        let debug = format!("{record:?}");
        let kind = debug.split([' ', '{']).next().expect("a name");
        writeln!(text, "{kind} {}", HEXLOWER.encode(&bytes)).expect("into a string");
        assert_eq!(Record::decode(&bytes), Ok(record));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_no_record_is_told_apart() {
    assert_eq!(Record::decode(&[]), Err(RecordError::Empty));
    for record in samples() {
        let bytes = record.encode().expect("encodes");
        let mut newer = bytes.clone();
        newer[0] = VERSION + 1;
        assert_eq!(Record::decode(&newer), Err(RecordError::Newer(VERSION + 1)));
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(matches!(
            Record::decode(&longer),
            Err(RecordError::Garbled(_))
        ));
        for length in 1..bytes.len() {
            let cut = Record::decode(&bytes[..length]);
            assert!(matches!(cut, Err(RecordError::Garbled(_))), "{record:?}");
        }
    }
    assert!(matches!(
        Record::decode(&[0, 0]),
        Err(RecordError::Garbled(_))
    ));
}

proptest::proptest! {
    #[test]
    fn random_bytes_never_do_harm(bytes in proptest::collection::vec(0..=255u8, 0..200)) {
        if let Ok(record) = Record::decode(&bytes) {
            let mut world: crate::world::World<crate::world::PlainFiles> = Default::default();
            world.apply(&record);
        }
    }
}
