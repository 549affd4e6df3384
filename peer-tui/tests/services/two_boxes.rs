//! Index and a peer on one box, a peer on another: each has what the other shares.

use std::process::Command;

use protocol::file::FileInfo;
use protocol::hash::ContentHash;
use protocol::search::SearchResponse;
use serde_json::Value;

use crate::boxes::{NetworkBox, pair};
use crate::kit::tree::noise;
use crate::kit::{Index, PATIENCE, Peer, program, wait_for};
use crate::programs::{curl, output};

/// A box with the index, and one without.
struct Lan {
    left: NetworkBox,
    right: NetworkBox,
    _index: Index,
    folder: tempfile::TempDir,
}

impl Lan {
    /// An index that is told nothing, so it listens at its own port.
    fn start() -> Self {
        let (left, right) = pair();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let line = left.inside(&Command::new(program("index-server")));
        let index = Index::spawn(line, folder.path());
        Self {
            left,
            right,
            _index: index,
            folder,
        }
    }

    fn peer(&self, name: &str, place: &NetworkBox, index: &str) -> Peer {
        let mut peer = Peer::new(&self.folder.path().join(name), name, index);
        peer.within = place.words();
        peer
    }

    /// The index as a program on the right box names it.
    fn url(&self) -> String {
        format!("http://{}:7070", self.left.address)
    }
}

/// What curl on that box gets.
#[track_caller]
fn fetch(place: &NetworkBox, url: &str) -> Vec<u8> {
    output(&mut place.inside(curl().args(["--location", url])))
}

/// The one file that the index names to somebody on that box.
fn find(place: &NetworkBox, index: &str, word: &str) -> FileInfo {
    wait_for(word, PATIENCE, || {
        let body = fetch(place, &format!("{index}/api/v1/files/search?q={word}"));
        let mut found: SearchResponse = serde_json::from_slice(&body).expect("a search answer");
        found.results.pop()
    })
}

/// `peer-tui get` brings the file, and it is the same.
#[track_caller]
fn gets(peer: &Peer, word: &str, name: &str, hash: ContentHash) {
    peer.output(&["get", word]);
    let there = std::fs::read(peer.downloads().join(name)).expect("the fetched file");
    assert_eq!(ContentHash::of(&there), hash, "{name} at {}", peer.name);
}

#[test]
fn two_boxes_with_no_setting_but_the_index_have_what_the_other_shares() {
    let lan = Lan::start();
    let (here, there) = ("http://127.0.0.1:7070", lan.url());
    let (dawn, lake) = (noise(61, 3_000_000), noise(62, 2_000_000));
    let (dawn_hash, lake_hash) = (ContentHash::of(&dawn), ContentHash::of(&lake));
    let lena = lan.peer("lena", &lan.left, here);
    lena.write("films/harbour at dawn.mkv", &dawn);
    let lena = lena.start_sharing(1);
    let marta = lan.peer("marta", &lan.right, &there);
    marta.write("quiet lake.mkv", &lake);
    let marta = marta.start_sharing(1);

    let file = find(&lan.right, &there, "harbour");
    assert_eq!(file.hash, dawn_hash);
    let beside = format!("{}:7071", lan.left.address);
    assert_eq!(file.peer_address, beside, "as somebody outside reaches it");
    let body = fetch(&lan.right, &format!("{there}/download/{}", file.id));
    assert_eq!(ContentHash::of(&body), dawn_hash);
    gets(&marta, "harbour", "harbour at dawn.mkv", dawn_hash);

    let file = find(&lan.left, here, "lake");
    assert_eq!(file.hash, lake_hash);
    let body = fetch(&lan.left, &format!("{here}/download/{}", file.id));
    assert_eq!(ContentHash::of(&body), lake_hash);
    gets(&lena, "lake", "quiet lake.mkv", lake_hash);
}

#[test]
fn a_box_that_is_told_nothing_finds_the_index_of_its_network() {
    let lan = Lan::start();
    let bytes = noise(63, 500_000);
    let lena = lan.peer("lena", &lan.left, "http://127.0.0.1:7070");
    lena.write("harbour at dawn.mkv", &bytes);
    let _lena = lena.start_sharing(1);
    let mut marta = lan.peer("marta", &lan.right, "");
    marta.index = None;
    let marta = marta.start();
    let header = wait_for("the index is found", PATIENCE, || {
        let status: Value = marta.json(&["status"])?;
        let header = status["header"].clone();
        (header["link"]["link"] == "live").then_some(header)
    });
    assert_eq!(header["index"], lan.url(), "not one of its own");
    let hash = ContentHash::of(&bytes);
    gets(&marta, "harbour", "harbour at dawn.mkv", hash);
}
