//! What must never change by accident: ids, signed statements, URLs, and hostile input that every
//! reader of the wire meets.

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use protocol::event::{Envelope, Subscribe};
use protocol::file::{BatchLine, FileRegistration};
use protocol::hash::ContentHash;
use protocol::ids::{FileId, IdError, PeerId};
use protocol::peer::RegisterRequest;
use protocol::problem::Problem;
use protocol::proof::{address_statement, register_statement};
use protocol::routes;
use sha2::{Digest, Sha256};

fn peer() -> PeerId {
    PeerId::from_bytes([0x5a; 32])
}

#[test]
fn a_keyed_peer_is_named_by_its_public_key() {
    // `openssl pkey -pubout -outform DER` of the key 07 07 ..., hashed by sha256sum.
    let der = format!("302a300506032b6570032100{}", "07".repeat(32));
    let der = HEXLOWER.decode(der.as_bytes()).expect("hex");
    let expected: [u8; 32] = Sha256::digest(der).into();
    assert_eq!(
        PeerId::of_public_key(&[7; 32]),
        PeerId::from_bytes(expected)
    );
}

#[test]
fn a_file_id_names_these_bytes_at_this_owner() {
    let hash = ContentHash::of(b"abc");
    let told = ContentHash::of(format!("{}\0{hash}", peer()).as_bytes()).to_string();
    assert_eq!(FileId::of(&peer(), &hash).to_string(), told[..32]);
}

#[test]
fn ids_have_one_spelling() {
    let text = peer().to_string();
    assert_eq!((text.len(), peer().short().len()), (52, 7));
    assert_eq!(text.parse(), Ok(peer()));
    for bad in [
        text.to_uppercase(),
        text[1..].to_owned(),
        format!("{text}a"),
        "1".repeat(52),
    ] {
        assert_eq!(bad.parse::<PeerId>(), Err(IdError::Peer), "{bad}");
    }
    for bad in ["", "0", &"A".repeat(32), &"0".repeat(33), &"é".repeat(16)] {
        assert_eq!(bad.parse::<FileId>(), Err(IdError::File), "{bad}");
    }
}

#[test]
fn signed_statements_are_these_bytes() {
    let register = register_statement(&peer(), "n0nce", "192.168.1.20", 7071);
    let expected = format!(
        "00000013{}00000020{}00000005{}0000000c{}000000021b9f0000000400000001",
        HEXLOWER.encode(b"peerdex register v1"),
        "5a".repeat(32),
        HEXLOWER.encode(b"n0nce"),
        HEXLOWER.encode(b"192.168.1.20"),
    );
    assert_eq!(HEXLOWER.encode(&register), expected);
    let address = address_statement("n0nce", &peer());
    let expected = format!(
        "00000012{}00000005{}00000020{}0000000400000001",
        HEXLOWER.encode(b"peerdex address v1"),
        HEXLOWER.encode(b"n0nce"),
        "5a".repeat(32),
    );
    assert_eq!(HEXLOWER.encode(&address), expected);
}

#[test]
fn urls_are_those_of_the_contract() {
    let (peer, hash) = (peer(), ContentHash::of(b"abc"));
    let file = FileId::of(&peer, &hash);
    assert_eq!(routes::peer(&peer), format!("/api/v1/peers/{peer}"));
    assert_eq!(
        routes::peer_files(&peer),
        format!("/api/v1/peers/{peer}/files")
    );
    assert_eq!(
        routes::peer_report(&peer),
        format!("/api/v1/peers/{peer}/report")
    );
    assert_eq!(routes::file(&file), format!("/api/v1/files/{file}"));
    assert_eq!(
        routes::file_rating(&file),
        format!("/api/v1/files/{file}/rating")
    );
    assert_eq!(
        routes::content_info(&hash),
        format!("/api/v1/content/{hash}")
    );
    assert_eq!(routes::download(&file), format!("/download/{file}"));
    assert_eq!(routes::content(&hash), format!("/content/{hash}"));
    assert_eq!(
        routes::content_pieces(&hash),
        format!("/content/{hash}/pieces")
    );
    assert_eq!(routes::content_have(&hash), format!("/content/{hash}/have"));
}

#[test]
fn numbers_that_fit_no_field_are_refused() {
    for size in [
        "-1",
        "1.5",
        "1e400",
        "NaN",
        "\"1\"",
        "18446744073709551616",
        "01",
        "null",
        "[]",
        "{}",
    ] {
        let hash = "0".repeat(64);
        let body = format!(r#"{{"filename":"a","size":{size},"hash":"{hash}"}}"#);
        assert!(
            serde_json::from_str::<FileRegistration>(&body).is_err(),
            "size {size}"
        );
        let body = format!(r#"{{"port":{size}}}"#);
        assert!(
            serde_json::from_str::<RegisterRequest>(&body).is_err(),
            "port {size}"
        );
    }
    assert!(serde_json::from_str::<RegisterRequest>(r#"{"port":65536}"#).is_err());
}

/// JSON that is nearly a message, so that parsers are taken past their first token.
fn nearly_json() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"op\"",
        "\"add\"",
        "\"remove\"",
        "\"type\"",
        "\"hello\"",
        "\"resync\"",
        "\"data\"",
        "\"seq\"",
        "\"at\"",
        "\"port\"",
        "\"hash\"",
        "\"size\"",
        "\"id\"",
        "\"filename\"",
        "\"subscribe\"",
        "\"peers\"",
        "null",
        "1",
        "-1",
        "1e999",
        "\"\\ud800\"",
        "\"\u{202e}\"",
        "true",
        "{\"missed\":null}",
        "\"2026-03-01T12:30:45Z\"",
    ]);
    proptest::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![nearly_json(), any::<String>()]) {
        let _ = serde_json::from_str::<Envelope>(&text);
        let _ = serde_json::from_str::<Subscribe>(&text);
        let _ = serde_json::from_str::<BatchLine>(&text);
        let _ = serde_json::from_str::<RegisterRequest>(&text);
        let _ = serde_json::from_str::<Problem>(&text);
        let _ = text.parse::<PeerId>();
        let _ = text.parse::<FileId>();
        let _ = text.parse::<ContentHash>();
    }

    #[test]
    fn ids_and_hashes_read_back(bytes: [u8; 32]) {
        let peer = PeerId::from_bytes(bytes);
        prop_assert_eq!(peer.to_string().parse(), Ok(peer));
        let hash = ContentHash::from_bytes(bytes);
        prop_assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
        let file = FileId::of(&peer, &hash);
        prop_assert_eq!(file.to_string().parse(), Ok(file));
    }
}
