//! Downloaders that know nothing of this network at a peer that has only a part yet.

use std::fs;

use protocol::hash::ContentHash;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};
use crate::programs::{curl, output, program};

const PIECE: usize = 256 * 1024;

fn url(peer: &Peer, hash: &ContentHash) -> String {
    let status = peer.json(&["status"]).expect("the daemon answers");
    let address = status["listen"].as_str().expect("an address").to_owned();
    format!("http://{address}/content/{hash}")
}

/// A whole holder, and one that has paused in the middle of the file.
fn holders(network: &Network, bytes: &[u8]) -> (Peer, Peer) {
    let lena = network.peer("lena").with("--up-limit=2M");
    lena.write("a boat.raw", bytes);
    let lena = lena.start_sharing(1);
    wait_for("it is found", PATIENCE, || {
        (network.index.count("boat") == 1).then_some(())
    });
    let marta = network.peer("marta").with("--down-limit=400K").start();
    marta.output(&["get", "--detach", "boat"]);
    wait_for("a part is there", PATIENCE, || {
        let transfers = marta.json(&["transfers"])?;
        let done = transfers[0]["done_bytes"].as_u64()?;
        (done >= 2 * PIECE as u64).then_some(())
    });
    (lena, marta)
}

#[test]
fn a_part_holder_gives_what_it_has_verified_and_says_of_the_rest_that_it_is_not_there() {
    let network = Network::start();
    let bytes = noise(86, 16 * 1024 * 1024);
    let hash = ContentHash::of(&bytes);
    let (_lena, marta) = holders(&network, &bytes);
    let url = url(&marta, &hash);
    let held = output(curl().arg(format!("{url}/have")));
    let is_held = |piece: usize| held[piece / 8] & (0x80 >> (piece % 8)) != 0;
    let count = bytes.len() / PIECE;
    let has = (0..count)
        .find(|piece| is_held(*piece))
        .expect("a piece is there");
    let (first, last) = (has * PIECE + 10, has * PIECE + PIECE - 10);
    let part = output(curl().args(["--range", &format!("{first}-{last}"), &url]));
    assert!(
        part == bytes[first..=last],
        "a part within a verified piece"
    );

    // The last of those that it lacks: it will not have come before the question.
    let lacks = (0..count)
        .rev()
        .find(|piece| !is_held(*piece))
        .expect("not all is there");
    let range = format!("{}-{}", lacks * PIECE, lacks * PIECE + 99);
    let mut line = program("curl", "curl");
    line.args([
        "--disable",
        "--silent",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}",
    ]);
    let status = output(line.args(["--range", &range, &url]));
    assert_eq!(status, b"416");
}

#[test]
fn aria2_gets_the_file_from_a_whole_holder_beside_one_that_has_a_part() {
    let network = Network::start();
    let bytes = noise(87, 8 * 1024 * 1024);
    let hash = ContentHash::of(&bytes);
    let (lena, marta) = holders(&network, &bytes);
    let folder = network.folder.path().join("aria2");
    let mut line = program("aria2c", "aria2");
    line.args([
        "--no-conf",
        "--quiet",
        "--file-allocation=none",
        "--split=4",
    ])
    .args([
        "--min-split-size=1M",
        "--max-tries=0",
        "--retry-wait=1",
        "--out=boat",
    ])
    .arg(format!("--checksum=sha-256={hash}"))
    .arg("--dir")
    .arg(&folder)
    .env("HOME", &folder)
    .args([url(&marta, &hash), url(&lena, &hash)]);
    output(&mut line);
    let there = fs::read(folder.join("boat")).expect("the fetched file");
    assert!(there == bytes, "what was fetched is what was shared");
}
