//! Every message of the wire contract against a file under `tests/golden`, written and read back.
//!
//! A difference is a change of the contract: `UPDATE_GOLDEN=1 cargo test -p protocol --test golden`
//! writes the files anew, and the diff goes into the review.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

mod samples;

use std::fmt::Debug;
use std::path::PathBuf;

use protocol::category::Category;
use protocol::event::{
    Envelope, Event, FileRemoved, FilesChanged, Goodbye, Hello, Resync, Subscribe, Topic, Upload,
};
use protocol::file::{
    BatchLine, BatchResponse, FilePage, FileRegistered, LookupRequest, LookupResponse,
    RatingRequest, RatingResponse, RejectedLine,
};
use protocol::peer::{
    CatalogState, HeartbeatResponse, NonceResponse, Outcome, PeerPage, RegisterRequest,
    RegisterResponse, TransferReport,
};
use protocol::problem::{Problem, Slug};
use protocol::proof::ProofResponse;
use protocol::search::{Order, SearchParams, SearchResponse, Sort};
use serde::Serialize;
use serde::de::DeserializeOwned;

use samples::{
    at, content, content_info, file, lena, minimal_registration, peer, registration, stats,
};

/// The value is written as the golden file has it, and the golden file reads as the value.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.json"));
    let mut written = serde_json::to_string_pretty(value).expect("every message is JSON");
    written.push('\n');
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &written).expect("the golden folder can be written");
    }
    let golden = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; see the top of this test", file.display()));
    assert_eq!(
        written, golden,
        "{name} is written in another way than the contract has it"
    );
    let read: T = serde_json::from_str(&golden).expect("the golden file is read");
    assert_eq!(
        &read, value,
        "{name} is read in another way than it was written"
    );
    // Newer programs add fields: older ones must not mind.
    let mut newer: serde_json::Value = serde_json::from_str(&golden).expect("JSON");
    if let Some(object) = newer.as_object_mut() {
        object.insert(
            "a_field_of_tomorrow".to_owned(),
            serde_json::json!({"x": [1]}),
        );
        let read: T = serde_json::from_value(newer).expect("unknown fields are ignored");
        assert_eq!(&read, value, "{name} with a field of tomorrow");
    }
}

#[test]
fn every_event_of_the_feed() {
    let events = [
        (
            "hello",
            Event::Hello(Hello {
                stats: stats(),
                seq: 41,
                server: lena().to_string(),
                version: "0.1.0".to_owned(),
            }),
        ),
        ("peer_registered", Event::PeerRegistered(peer())),
        ("peer_online", Event::PeerOnline(peer())),
        ("peer_offline", Event::PeerOffline(peer())),
        ("peer_left", Event::PeerLeft(peer())),
        ("file_registered", Event::FileRegistered(file())),
        (
            "file_removed",
            Event::FileRemoved(FileRemoved {
                id: file().id,
                owner: lena(),
                filename: "a.iso".to_owned(),
                path: "iso/a.iso".to_owned(),
            }),
        ),
        (
            "files_changed",
            Event::FilesChanged(FilesChanged {
                owner: lena(),
                added: 100,
                updated: 2,
                removed: 3,
                sample: vec![file()],
            }),
        ),
        ("download", Event::Download(file())),
        ("network_stats", Event::NetworkStats(stats())),
        ("resync", Event::Resync(Resync { missed: Some(9) })),
        (
            "goodbye",
            Event::Goodbye(Goodbye {
                reason: "the index stops".to_owned(),
            }),
        ),
        ("file_added", Event::FileAdded(file())),
        (
            "upload",
            Event::Upload(Upload {
                id: file().id,
                filename: "a.iso".to_owned(),
                bytes: 262_144,
            }),
        ),
    ];
    for (number, (name, event)) in (41_u64..).zip(events) {
        let envelope = Envelope {
            seq: number,
            event,
            at: at(),
        };
        check(&format!("event_{name}"), &envelope);
        let json = serde_json::to_value(&envelope).expect("every message is JSON");
        let fields: Vec<_> = json
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys())
            .collect();
        assert_eq!(fields, ["at", "data", "seq", "type"], "{name}");
        assert_eq!(json["type"], name);
    }
    check(
        "subscribe",
        &Subscribe {
            subscribe: vec![Topic::Peers, Topic::Files, Topic::Stats, Topic::Downloads],
        },
    );
}

#[test]
fn registration_and_life_of_a_peer() {
    check(
        "register_request_minimal",
        &RegisterRequest {
            port: 7071,
            ..Default::default()
        },
    );
    check(
        "register_request",
        &RegisterRequest {
            id: Some(lena().to_string()),
            name: Some("lena".to_owned()),
            address: Some("192.168.1.20".to_owned()),
            port: 7071,
            shared_files: 38,
            region: Some("cellar".to_owned()),
            version: Some("0.1.0".to_owned()),
            public_key: Some("07".repeat(32)),
            signature: Some("ab".repeat(64)),
            nonce: Some("cd".repeat(32)),
            catalog_digest: Some("0".repeat(32)),
        },
    );
    check(
        "register_response",
        &RegisterResponse {
            id: lena(),
            session_token: "ef".repeat(32),
            heartbeat_interval: 30,
            peer: peer(),
            catalog: Some(CatalogState::SendAll),
            next_heartbeat_ms: Some(28_400),
        },
    );
    check("catalog_in_sync", &CatalogState::InSync);
    check(
        "nonce_response",
        &NonceResponse {
            nonce: "cd".repeat(32),
            index_id: lena(),
            expires_in: 60,
        },
    );
    check(
        "proof_response",
        &ProofResponse {
            id: lena(),
            public_key: "07".repeat(32),
            signature: "ab".repeat(64),
        },
    );
    check(
        "heartbeat_response",
        &HeartbeatResponse {
            stats: stats(),
            next_heartbeat_ms: Some(29_100),
        },
    );
    for outcome in [
        Outcome::Ok,
        Outcome::Corrupt,
        Outcome::Failed,
        Outcome::Unreachable,
    ] {
        let name = format!("transfer_report_{outcome:?}").to_lowercase();
        check(
            &name,
            &TransferReport {
                content: content(),
                outcome,
                bytes: 262_144,
            },
        );
    }
    check(
        "peer_page",
        &PeerPage {
            peers: vec![peer()],
            count: 1,
            next_cursor: Some("opaque".to_owned()),
        },
    );
}

#[test]
fn registration_of_files() {
    check("file_registration", &registration());
    check("file_registration_minimal", &minimal_registration());
    check(
        "file_registered",
        &FileRegistered {
            id: file().id,
            created: true,
            file: file(),
        },
    );
    check("batch_add", &BatchLine::Add(minimal_registration()));
    check("batch_add_partial", &BatchLine::Add(registration()));
    check(
        "batch_remove",
        &BatchLine::Remove {
            id: file().id,
            path: None,
        },
    );
    check(
        "batch_remove_name",
        &BatchLine::Remove {
            id: file().id,
            path: Some("iso/a.iso".to_owned()),
        },
    );
    check(
        "batch_response",
        &BatchResponse {
            added: 3,
            updated: 2,
            removed: 1,
            rejected: vec![RejectedLine {
                line: 7,
                slug: Slug::InvalidField.to_string(),
                detail: "/path: a path may not be empty".to_owned(),
            }],
            rejected_count: 1,
        },
    );
    check(
        "file_page",
        &FilePage {
            files: vec![file()],
            count: 1,
            next_cursor: None,
        },
    );
}

#[test]
fn search_and_holders() {
    check(
        "search_response",
        &SearchResponse {
            results: vec![file()],
            count: 1,
            total: 10_001,
            total_is_exact: false,
            cut: false,
            next_cursor: Some("opaque".to_owned()),
            corrected: None,
            took_us: 180,
        },
    );
    check(
        "search_response_cut_and_corrected",
        &SearchResponse {
            results: Vec::new(),
            count: 0,
            total: 12,
            total_is_exact: false,
            cut: true,
            next_cursor: Some("opaque".to_owned()),
            corrected: Some("holiday".to_owned()),
            took_us: 9_000,
        },
    );
    check("search_params_default", &SearchParams::default());
    check(
        "search_params",
        &SearchParams {
            q: "debian".to_owned(),
            category: Some(Category::Archive),
            tags: vec!["iso".to_owned()],
            sort: Sort::UploadTime,
            order: Some(Order::Asc),
            limit: 200,
            cursor: Some("opaque".to_owned()),
            min_size: Some(1),
            max_size: Some(u64::MAX),
            hash: Some(content()),
            owner: Some(lena()),
            online: false,
            collapse: false,
        },
    );
    check("content_info", &content_info());
    check(
        "lookup_request",
        &LookupRequest {
            hashes: vec![content()],
        },
    );
    check(
        "lookup_response",
        &LookupResponse {
            contents: vec![content_info()],
        },
    );
    check("rating_request", &RatingRequest { stars: 5 });
    check(
        "rating_response",
        &RatingResponse {
            rating: 4.25,
            votes: 4,
        },
    );
    check("network_stats", &stats());
    check("categories", &Category::ALL.to_vec());
}

#[test]
fn refusals() {
    check(
        "problem",
        &Problem::new(Slug::UnknownPeer, "register again"),
    );
    check(
        "problem_of_a_field",
        &Problem::new(Slug::InvalidField, "a port is 1 to 65535").at("/port"),
    );
    let table: Vec<(&str, u16, &str)> = Slug::ALL
        .iter()
        .map(|slug| (slug.as_str(), slug.status(), slug.title()))
        .collect();
    let table = serde_json::to_value(table).expect("every slug is JSON");
    check("problem_slugs", &table);
    for slug in Slug::ALL {
        assert_eq!(slug.as_str().parse(), Ok(*slug));
    }
}
