//! The stored form: it never changes by accident, and what is no record is told apart.

use std::fmt::Write;

use data_encoding::HEXLOWER;
use protocol::peer::Outcome;

use super::*;
use crate::view::PeerAddress;
use crate::world::{PlainFiles, World};

const PEER: PeerId = PeerId::from_bytes([1; 32]);
const OTHER: PeerId = PeerId::from_bytes([2; 32]);
const HASH: ContentHash = ContentHash::from_bytes([3; 32]);
const FILE: FileId = FileId::from_bytes([4; 16]);
const AT: Moment = Moment::from_millis(1_800_000_000_123);

fn facts() -> PeerFacts {
    PeerFacts {
        name: "box".into(),
        address: PeerAddress::SameMachine([127, 0, 0, 1].into()),
        port: 7071,
        region: "eu".into(),
        version: "0.1.0".into(),
        is_keyed: true,
        remote: [127, 0, 0, 1].into(),
    }
}

fn session() -> Session {
    Session {
        token_sha256: [5; 32],
        expires_at: AT.plus_secs(60),
    }
}

fn stance() -> Stance {
    Stance::default().after(Outcome::Corrupt, 0)
}

fn name() -> RecordName {
    RecordName {
        path: "dir/a.iso".into(),
        filename: Some("a.iso".into()),
    }
}

/// One of each kind that live traffic makes.
fn facts_of_life() -> Vec<Record> {
    let put = PutFile {
        id: FILE,
        hash: HASH,
        pieces_root: Some(PiecesRoot::from_bytes([6; 32])),
        size_bytes: 300,
        category: Category::Dataset,
        tags: vec!["linux".into()],
        name: name(),
        is_partial: true,
    };
    let ops = vec![
        FileOp::Put(Box::new(put)),
        FileOp::Unname {
            id: FILE,
            path: "dir/a.iso".into(),
        },
        FileOp::Remove(FILE),
    ];
    let (at, id, last_seen) = (AT, PEER, AT);
    vec![
        Record::PeerRegistered {
            at,
            id,
            facts: facts(),
            session: session(),
        },
        Record::PeerOnline { at, id },
        Record::PeerOffline { at, id, last_seen },
        Record::PeerLeft { at, id },
        Record::PeerForgotten { at, id },
        Record::FilesChanged { at, owner: id, ops },
        Record::Downloaded {
            at,
            owner: id,
            file: FILE,
            downloads: 8,
        },
        Record::Rated {
            at,
            owner: id,
            file: FILE,
            voter: OTHER,
            stars: 5,
        },
        Record::Reported {
            at,
            about: id,
            reporter: OTHER,
            stance: stance(),
        },
    ]
}

/// One of each kind that a snapshot is made of.
fn facts_of_snapshots() -> Vec<Record> {
    let held = HeldFile {
        id: FILE,
        hash: HASH,
        pieces_root: None,
        size_bytes: u64::MAX,
        category: Category::Other,
        tags: Vec::new(),
        names: vec![name()],
        uploaded_at: AT,
        is_partial: false,
        downloads: 7,
        rating_sum: 9,
        rating_votes: 2,
    };
    let mut state = PeerState {
        facts: facts(),
        is_online: false,
        last_seen: AT,
        session: Some(session()),
        standing: crate::peers::Standing::default(),
    };
    state.standing.put(OTHER, stance());
    vec![
        Record::Peer {
            id: PEER,
            state: Box::new(state),
        },
        Record::Holdings {
            owner: PEER,
            files: vec![held],
        },
        Record::Votes {
            file: FILE,
            votes: vec![(OTHER, 4)],
        },
        Record::Totals { downloads: 11 },
    ]
}

fn samples() -> Vec<Record> {
    let mut samples = facts_of_life();
    samples.extend(facts_of_snapshots());
    samples
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
            let mut world: World<PlainFiles> = World::default();
            world.apply(record);
        }
    }
}
