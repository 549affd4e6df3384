//! The published document itself; that answers keep it is looked at wherever a test sends a call.

use std::path::PathBuf;

use index_server::http::openapi;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use serde_json::json;

use crate::document;
use crate::kit::Lab;

/// The document as everybody can read it without an index:
/// `UPDATE_GOLDEN=1 cargo test -p index-server --test contract openapi` writes it anew.
#[test]
fn the_document_is_the_one_of_the_repository() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, openapi::text()).expect("docs can be written");
    }
    let golden = std::fs::read_to_string(&file).expect("docs/openapi.json");
    assert!(
        golden == openapi::text(),
        "docs/openapi.json is not what the code says; see the top of this test"
    );
}

#[tokio::test]
async fn an_index_serves_its_document_to_anybody() {
    let lab = Lab::open().await;
    let path = "/api/v1/openapi.json";
    let response = lab.send("GET", path, &[], "").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.unwrap(), openapi::text());
    let head = lab.send("HEAD", path, &[], "").await;
    assert_eq!(head.status(), 200);
    assert_eq!(
        head.headers()["content-length"],
        openapi::text().len().to_string()
    );
    lab.server.stop().await;
}

#[test]
fn ids_and_hashes_look_as_they_are_written_and_as_nothing_that_is_not_read() {
    for byte in 0..=u8::MAX {
        let peer = PeerId::from_bytes([byte; 32]);
        let hash = ContentHash::of(&[byte]);
        assert!(document::is_valid("PeerId", &json!(peer)), "{peer}");
        assert!(document::is_valid("ContentHash", &json!(hash)), "{hash}");
        assert!(document::is_valid(
            "FileId",
            &json!(FileId::of(&peer, &hash))
        ));
    }
    for length in [0, 1, 31, 32, 33, 51, 52, 53, 63, 64, 65] {
        for letter in ["0", "9", "a", "b", "g", "q", "A", "G", "é"] {
            let text = letter.repeat(length);
            let check = |schema: &str, is_read: bool| {
                let is_valid = document::is_valid(schema, &json!(text));
                assert_eq!(is_valid, is_read, "{schema} {text}");
            };
            check("PeerId", text.parse::<PeerId>().is_ok());
            check("FileId", text.parse::<FileId>().is_ok());
            check("ContentHash", text.parse::<ContentHash>().is_ok());
        }
    }
}
