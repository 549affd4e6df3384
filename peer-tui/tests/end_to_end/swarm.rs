//! Many daemons at one file, and what happens to it on the way: the seed leaves, the downloader dies,
//! the file changes. In the end it is exact, or it is not there.

use std::fs;

use protocol::hash::ContentHash;
use serde_json::Value;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};

const PIECE: u64 = 256 * 1024;

fn download(peer: &Peer) -> Option<Value> {
    let transfers = peer.json(&["transfers"])?;
    let rows = transfers.as_array()?;
    rows.iter().find(|row| row["direction"] == "down").cloned()
}

fn is_done(peer: &Peer) -> bool {
    download(peer).is_some_and(|row| row["state"] == "done")
}

fn wait_until_done(peer: &Peer) {
    wait_for("it is done", PATIENCE, || is_done(peer).then_some(()));
}

fn wait_for_bytes(peer: &Peer, bytes: u64) {
    wait_for("it is under way", PATIENCE, || {
        (download(peer)?["done_bytes"].as_u64()? >= bytes).then_some(())
    });
}

fn address(peer: &Peer) -> String {
    let status = peer.json(&["status"]).expect("the daemon answers");
    status["listen"].as_str().expect("an address").to_owned()
}

fn sent_bytes(peer: &Peer) -> u64 {
    let status = peer.json(&["status"]).expect("the daemon answers");
    status["uploads"][0].as_u64().expect("bytes sent")
}

fn check_exact(peer: &Peer, name: &str, bytes: &[u8]) {
    let there = fs::read(peer.downloads().join(name));
    assert!(there.is_ok_and(|there| there == bytes), "{}", peer.name);
}

/// A different number at every run, said so that a failure can be looked into.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = u64::from(now.map_or(1, |now| now.subsec_nanos()));
    println!("seed {seed}");
    seed
}

#[test]
fn eight_finish_when_the_seed_leaves_after_every_piece_has_left_it() {
    let network = Network::start();
    let bytes = noise(41, 6 * 1024 * 1024);
    let hash = ContentHash::of(&bytes);
    let lena = network.peer("lena").with("--up-limit=3M");
    lena.write("film s41.mkv", &bytes);
    let mut lena = lena.start_sharing(1);
    let peers: Vec<Peer> = (0..8)
        .map(|number| {
            let name = format!("box{number}");
            network.peer(&name).with("--up-limit=3M").start()
        })
        .collect();
    let addresses: Vec<String> = peers.iter().map(address).collect();
    for peer in &peers {
        wait_for("it is found", PATIENCE, || {
            let got = peer.run(&["get", "--detach", &hash.to_string()]);
            got.status.success().then_some(())
        });
    }
    let piece_count = bytes.len().div_ceil(256 * 1024);
    wait_for("every piece has left the seed", PATIENCE, || {
        let mut union = vec![0_u8; piece_count.div_ceil(8)];
        for address in &addresses {
            let url = format!("http://{address}/content/{hash}/have");
            let (status, held) = network.index.get(&url, &[]);
            for (all, more) in union.iter_mut().zip(held).take_while(|_| status == 200) {
                *all |= more;
            }
        }
        let count: u32 = union.iter().map(|byte| byte.count_ones()).sum();
        (count as usize == piece_count).then_some(())
    });
    println!(
        "the seed sent {} of {} bytes",
        sent_bytes(&lena),
        bytes.len()
    );
    lena.kill();
    for peer in &peers {
        wait_until_done(peer);
        check_exact(peer, "film s41.mkv", &bytes);
    }
}

#[test]
fn a_downloader_killed_at_random_moments_fetches_a_piece_a_source_again_at_most() {
    let network = Network::start();
    let bytes = noise(42, 8 * 1024 * 1024);
    let seeds: Vec<Peer> = ["lena", "kiosk"]
        .map(|name| {
            let peer = network.peer(name).with("--up-limit=1M");
            peer.write("film s42.mkv", &bytes);
            peer.start_sharing(1)
        })
        .into();
    wait_for("two have it", PATIENCE, || {
        (network.index.search("s42").results.first()?.sources == 2).then_some(())
    });
    let mut marta = network.peer("marta").start();
    marta.output(&["get", "--detach", "s42"]);
    let (mut random, kills) = (seed(), 3);
    for number in 1..=kills {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        wait_for_bytes(
            &marta,
            (number - 1) * 1536 * 1024 + (random >> 40) % (1536 * 1024),
        );
        marta.kill();
        // One that was done before the kill came is looked at in the end like any other.
        let is_over = marta.downloads().join("film s42.mkv").is_file();
        assert!(number > 1 || !is_over, "the first kill comes early");
        marta.launch();
    }
    wait_until_done(&marta);
    check_exact(&marta, "film s42.mkv", &bytes);
    // Figures are shown a moment after the bytes.
    let sent = wait_for("all is counted", PATIENCE, || {
        let sent: u64 = seeds.iter().map(sent_bytes).sum();
        (sent >= bytes.len() as u64).then_some(sent)
    });
    let again = sent - bytes.len() as u64;
    println!("{again} bytes were sent twice");
    // At the end the last pieces are asked of both as well.
    let allowed = (kills + 1) * seeds.len() as u64 * PIECE;
    assert!(
        again <= allowed,
        "{again} bytes were sent twice, {allowed} may be"
    );
}

#[test]
fn a_file_that_changes_while_it_is_served_is_never_finished_wrong() {
    let network = Network::start();
    let bytes = noise(43, 6 * 1024 * 1024);
    let lena = network.peer("lena").with("--up-limit=2M");
    lena.write("film s43.mkv", &bytes);
    let lena = lena.start_sharing(1);
    let marta = network.peer("marta").start();
    wait_for("it is found", PATIENCE, || {
        (network.index.count("s43") == 1).then_some(())
    });
    let hash = ContentHash::of(&bytes).to_string();
    marta.output(&["get", "--detach", &hash]);
    wait_for_bytes(&marta, 1024 * 1024);
    // In place, where the open file sees it.
    lena.write("film s43.mkv", &noise(44, bytes.len()));
    let stuck = wait_for("it says why it does not go on", PATIENCE, || {
        let row = download(&marta)?;
        assert!(row["state"] != "done", "a file was finished from two");
        let reason = row["state"]["no_source"]["reason"].as_str()?;
        Some(reason.to_owned())
    });
    assert!(!stuck.is_empty());
    wait_for("the log says so too", PATIENCE, || {
        let log = marta.log();
        log.contains("download has no source (").then_some(())
    });
    assert!(!marta.downloads().join("film s43.mkv").is_file());
    let kiosk = network.peer("kiosk");
    kiosk.write("the old film.mkv", &bytes);
    let _kiosk = kiosk.start_sharing(1);
    wait_until_done(&marta);
    check_exact(&marta, "film s43.mkv", &bytes);
}
