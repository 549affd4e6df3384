//! The whole way of a file: dropped into a folder on one box, found and fetched on another.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use protocol::hash::ContentHash;

use crate::kit::tree::{LARGE_BYTES, noise, plant};
use crate::kit::{Network, PATIENCE, wait_for};

/// In this time every change of a folder is at the index.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn every_file_is_found_by_a_piece_of_its_name_and_fetched_identical() {
    let network = Network::start();
    let (lena, kiosk, marta) = (
        network.peer("lena"),
        network.peer("kiosk"),
        network.peer("marta"),
    );
    let large = noise(99, LARGE_BYTES);
    lena.write("iso/large s1large.img", &large);
    lena.write("empty s1empty.txt", b"");
    let mut files = plant(&lena, 1, 100);
    files.push(("iso/large s1large.img".to_owned(), large));
    files.push(("empty s1empty.txt".to_owned(), Vec::new()));
    files.extend(plant(&kiosk, 2, 100));
    plant(&marta, 3, 100);
    let lena = lena.start_sharing(102);
    let kiosk = kiosk.start_sharing(100);
    let marta = marta.start_sharing(100);
    wait_for("all are at the index", PATIENCE, || {
        (network.index.count("") >= 299).then_some(())
    });

    for (path, bytes) in &files {
        let piece = path.rsplit(' ').next().expect("a last word");
        let found = network.index.search(piece).results;
        let hash = ContentHash::of(bytes);
        assert!(
            found
                .iter()
                .any(|file| file.path == *path && file.hash == hash),
            "{path} by {piece}"
        );
    }
    for source in [&lena, &kiosk] {
        marta.output(&["get", "--folder", &format!("{}:", source.name)]);
    }
    let fetched: HashMap<&str, &[u8]> = files
        .iter()
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
        .collect();
    for (path, bytes) in fetched {
        let there = fs::read(marta.downloads().join(path));
        assert!(
            there.is_ok_and(|there| there == bytes),
            "{path} is not what was shared"
        );
    }
}

#[test]
fn a_change_of_a_folder_is_followed_within_five_seconds() {
    let network = Network::start();
    let peer = network.peer("lena");
    peer.write("first/stays.txt", b"stays");
    let peer = peer.start_sharing(1);
    let count = |query: &str| network.index.count(query);
    let follows = |what: &str, query: &str, wanted: u64| {
        wait_for(what, FOLLOWED_WITHIN, || {
            (count(query) == wanted).then_some(())
        });
    };
    follows("the first file is there", "stays", 1);

    peer.write("second/new one.txt", b"new");
    follows("a new file in a new folder", "new one", 1);

    peer.write("second/new one.txt", b"changed");
    let hash = ContentHash::of(b"changed");
    follows("a changed file", &format!("hash:{hash}"), 1);
    follows(
        "its old content",
        &format!("hash:{}", ContentHash::of(b"new")),
        0,
    );

    let (from, to) = (
        peer.share().join("second/new one.txt"),
        peer.share().join("renamed.txt"),
    );
    fs::rename(from, to).expect("rename");
    follows("a renamed file", "renamed", 1);
    follows("its old name", "new one", 0);

    fs::remove_file(peer.share().join("renamed.txt")).expect("remove");
    follows("a removed file", "renamed", 0);
    assert_eq!(count("stays"), 1);
}

#[test]
fn the_list_of_peers_tells_what_each_shares_when_it_is_asked_for() {
    let network = Network::start();
    let (lena, kiosk) = (network.peer("lena"), network.peer("kiosk"));
    lena.write("s6n0.txt", b"0");
    let lena = lena.start_sharing(1);
    let kiosk = kiosk.start();
    let told = || {
        let peers = kiosk.json(&["peers"]).expect("a list of peers");
        let mut all = peers.as_array().expect("a list").iter();
        let lena = all.find(|one| one["name"] == "lena");
        lena.and_then(|one| one["shared_files"].as_u64())
    };
    for count in 1..4 {
        wait_for("the index knows them", PATIENCE, || {
            (network.index.count("s6n") == count).then_some(())
        });
        assert_eq!(told(), Some(count));
        lena.write(&format!("s6n{count}.txt"), count.to_string().as_bytes());
    }
}

#[test]
fn any_http_client_fetches_through_the_index_and_takes_ranges_from_a_peer() {
    let network = Network::start();
    let peer = network.peer("lena");
    let bytes = noise(7, 700_000);
    peer.write("picture of a boat.raw", &bytes);
    let _peer = peer.start_sharing(1);
    let file = wait_for("it is found", PATIENCE, || {
        network.index.search("boat").results.pop()
    });

    let url = format!("{}/download/{}", network.index.url, file.id);
    let (status, body) = network.index.get(&url, &[]);
    assert_eq!((status, body == bytes), (200, true));

    let direct = format!("http://{}/download/{}", file.peer_address, file.id);
    let (status, body) = network.index.get(&direct, &[("range", "bytes=1000-1999")]);
    assert_eq!((status, body.as_slice()), (206, &bytes[1000..2000]));
    let (status, _) = network.index.get(&direct, &[("range", "bytes=900000-")]);
    assert_eq!(status, 416);
}

#[test]
fn a_stopped_peer_leaves_at_once_and_a_restart_finds_what_changed_meanwhile() {
    let network = Network::start();
    let peer = network.peer("lena");
    let files = plant(&peer, 5, 40);
    let mut peer = peer.start_sharing(40);
    wait_for("it is online", PATIENCE, || {
        network.index.is_online("lena").then_some(())
    });
    let id = network.index.peer_id("lena");

    assert_eq!(peer.output(&["stop"]), "stopped");
    assert!(!network.index.is_online("lena"), "the index was told");
    assert_eq!(peer.wait(), 0);
    assert_eq!(network.index.count("s5n001"), 0, "its files left with it");

    // Other bytes under the same size, time and inode.
    let (unseen, bytes) = &files[0];
    rewrite_unseen(&peer.share().join(unseen), bytes.len());
    peer.launch();
    wait_for("it is back", PATIENCE, || {
        network.index.is_online("lena").then_some(())
    });
    wait_for("its files are back", PATIENCE, || {
        (network.index.count("s5n") == 40).then_some(())
    });
    for (path, bytes) in &files {
        let known = network
            .index
            .count(&format!("hash:{}", ContentHash::of(bytes)));
        assert_eq!(known, u64::from(path != unseen), "{path}");
    }
    assert_eq!(network.index.peer_id("lena"), id, "the key stays");
}

fn rewrite_unseen(path: &Path, bytes: usize) {
    let mut file = OpenOptions::new()
        .write(true)
        .open(path)
        .expect("a shared file");
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    file.write_all(&noise(4242, bytes)).expect("other bytes");
    file.set_modified(modified.expect("a time"))
        .expect("the same time");
}
