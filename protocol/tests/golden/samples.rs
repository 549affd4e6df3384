//! The values behind the golden files: one of each, no field left at a default by chance.

use jiff::Timestamp;
use protocol::category::Category;
use protocol::file::{ContentInfo, FileInfo, FileRegistration, Source};
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::peer::Peer;
use protocol::stats::NetworkStats;

pub fn at() -> Timestamp {
    "2026-03-01T12:30:45.5Z".parse().expect("a time")
}

pub fn lena() -> PeerId {
    PeerId::of_public_key(&[7; 32])
}

pub fn content() -> ContentHash {
    ContentHash::of(b"debian")
}

pub fn stats() -> NetworkStats {
    NetworkStats {
        total_peers: 4,
        online_peers: 3,
        total_files: 1_200,
        total_bytes: 9_007_199_254_740_993,
        total_downloads: 17,
        network_health: 75,
        last_updated: at(),
    }
}

pub fn peer() -> Peer {
    Peer {
        id: lena(),
        name: "lena".to_owned(),
        address: "192.168.1.20".to_owned(),
        port: 7071,
        region: "cellar".to_owned(),
        is_online: true,
        is_verified: true,
        last_seen: at(),
        reputation: 50,
        shared_files: 38,
        shared_bytes: 220_200_960,
        version: "0.1.0".to_owned(),
    }
}

pub fn file() -> FileInfo {
    FileInfo {
        id: FileId::of(&lena(), &content()),
        filename: "odd\u{1b}\n näme.iso".to_owned(),
        path: "iso/odd\u{1b}\n näme.iso".to_owned(),
        size: 791_674_880,
        hash: content(),
        pieces_root: Some(PiecesRoot::from_bytes([0xab; 32])),
        category: Category::Archive,
        tags: vec!["näme".to_owned(), "iso".to_owned()],
        owner: lena(),
        owner_name: "lena".to_owned(),
        peer_address: "[fd00::20]:7071".to_owned(),
        upload_time: at(),
        downloads: 3,
        rating: 4.5,
        sources: 2,
    }
}

pub fn registration() -> FileRegistration {
    FileRegistration {
        filename: "näme.iso".to_owned(),
        path: Some("iso/näme.iso".to_owned()),
        size: 791_674_880,
        hash: content(),
        pieces_root: Some(PiecesRoot::from_bytes([0xab; 32])),
        category: Some(Category::Archive),
        tags: Some(vec!["iso".to_owned()]),
        owner: Some(lena().to_string()),
        peer_address: Some("[fd00::20]:7071".parse().expect("an address")),
        partial: true,
    }
}

pub fn minimal_registration() -> FileRegistration {
    FileRegistration {
        path: None,
        pieces_root: None,
        category: None,
        tags: None,
        owner: None,
        peer_address: None,
        partial: false,
        ..registration()
    }
}

pub fn content_info() -> ContentInfo {
    ContentInfo {
        hash: content(),
        size: 791_674_880,
        pieces_root: None,
        names: vec!["näme.iso".to_owned(), "netinst.iso".to_owned()],
        sources: vec![Source {
            peer: lena(),
            name: "lena".to_owned(),
            address: "192.168.1.20:7071".to_owned(),
            file_id: FileId::of(&lena(), &content()),
            pieces_root: Some(PiecesRoot::from_bytes([0xab; 32])),
            partial: true,
            is_online: false,
            reputation: 61,
        }],
    }
}
