//! Processes that die in the middle: nothing is lost, nothing wrong is finished, all goes on.

use std::fs;

use protocol::hash::ContentHash;
use serde_json::Value;

use crate::kit::tree::{noise, plant};
use crate::kit::{Network, PATIENCE, Peer, wait_for};

const BYTES: usize = 12 * 1024 * 1024;

/// Verified bytes of the only download of a peer.
fn progress(peer: &Peer) -> Option<u64> {
    let transfers = peer.json(&["transfers"])?;
    transfers
        .as_array()?
        .iter()
        .find_map(|row| (row["direction"] == "down").then(|| row["done_bytes"].as_u64())?)
}

fn state(peer: &Peer) -> Option<Value> {
    let transfers = peer.json(&["transfers"])?;
    let row = transfers
        .as_array()?
        .iter()
        .find(|row| row["direction"] == "down")?;
    Some(row["state"].clone())
}

fn wait_until_done(peer: &Peer) {
    wait_for("it is done", PATIENCE, || {
        (state(peer)? == "done").then_some(())
    });
}

fn wait_until_half_way(peer: &Peer) {
    wait_for("it is under way", PATIENCE, || {
        let done = progress(peer)?;
        (done > 512 * 1024 && done < BYTES as u64).then_some(())
    });
}

#[test]
fn a_killed_index_has_lost_nothing_and_everybody_comes_back() {
    let mut network = Network::start();
    let (lena, marta) = (network.peer("lena"), network.peer("marta"));
    let files = plant(&lena, 11, 30);
    let lena = lena.start_sharing(30);
    let marta = marta.start();
    wait_for("all are found", PATIENCE, || {
        (network.index.count("s11n") == 30).then_some(())
    });

    network.index.kill_and_restart();
    let nothing: &[(&str, &str)] = &[];
    let stats: Value = network
        .index
        .json("/api/v1/stats", nothing)
        .expect("stats answer");
    assert_eq!(stats["total_files"], 30, "what was acknowledged is there");
    wait_for("both are online again", PATIENCE, || {
        (network.index.is_online("lena") && network.index.is_online("marta")).then_some(())
    });
    wait_for("the peer is live again", PATIENCE, || {
        (marta.json(&["status"])?["header"]["link"]["link"] == "live").then_some(())
    });
    let (path, bytes) = &files[7];
    marta.output(&["get", &ContentHash::of(bytes).to_string()]);
    let name = path.rsplit('/').next().expect("a name");
    assert!(fs::read(marta.downloads().join(name)).is_ok_and(|there| there == *bytes));
    lena.write("later s11later.txt", b"later");
    wait_for("changes are followed again", PATIENCE, || {
        (network.index.count("s11later") == 1).then_some(())
    });
}

#[test]
fn a_killed_source_is_replaced_by_another() {
    let network = Network::start();
    let bytes = noise(21, BYTES);
    let slow = |name: &str| {
        let peer = network.peer(name).with("--up-limit=3M");
        peer.write("film s21.mkv", &bytes);
        peer.start_sharing(1)
    };
    let (mut lena, mut kiosk) = (slow("lena"), slow("kiosk"));
    let marta = network.peer("marta").start();
    wait_for("two have it", PATIENCE, || {
        (network.index.search("s21").results.first()?.sources == 2).then_some(())
    });
    marta.output(&["get", "--detach", "s21"]);
    wait_until_half_way(&marta);
    // Whichever of them is asked now dies.
    let sends = |peer: &Peer| {
        let transfers = peer.json(&["transfers"])?;
        let is_sending = transfers
            .as_array()?
            .iter()
            .any(|row| row["direction"] == "up");
        is_sending.then_some(())
    };
    let is_lena = wait_for("one of them sends", PATIENCE, || {
        sends(&lena)
            .map(|()| true)
            .or_else(|| sends(&kiosk).map(|()| false))
    });
    if is_lena { &mut lena } else { &mut kiosk }.kill();
    wait_until_done(&marta);
    assert!(fs::read(marta.downloads().join("film s21.mkv")).is_ok_and(|there| there == bytes));
}

#[test]
fn a_killed_downloader_goes_on_where_it_was() {
    let network = Network::start();
    let bytes = noise(31, BYTES);
    let lena = network.peer("lena").with("--up-limit=3M");
    lena.write("film s31.mkv", &bytes);
    let lena = lena.start_sharing(1);
    let mut marta = network.peer("marta").start();
    wait_for("it is found", PATIENCE, || {
        (network.index.count("s31") == 1).then_some(())
    });
    marta.output(&["get", "--detach", "s31"]);
    wait_until_half_way(&marta);
    marta.kill();
    assert!(
        !marta.downloads().join("film s31.mkv").is_file(),
        "nothing half is finished"
    );

    marta.launch();
    wait_until_done(&marta);
    assert!(fs::read(marta.downloads().join("film s31.mkv")).is_ok_and(|there| there == bytes));
    let status = lena.json(&["status"]).expect("status answers");
    let sent = status["uploads"][0].as_u64().expect("bytes sent");
    assert!(
        sent < 2 * BYTES as u64,
        "{sent} bytes were sent for {BYTES}: it began anew"
    );
}
