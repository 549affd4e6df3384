//! Downloaders that know nothing of this network: plain HTTP is all they need.

use std::fs;
use std::path::Path;
use std::process::Command;

use protocol::file::FileInfo;
use protocol::hash::ContentHash;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};
use crate::programs::{curl, output, program};

/// Odd, and still a name that every file system takes.
const NAME: &str = "o'brien & co; a boat.raw";

/// aria2 with two connections; both peers of a test are the same host to it.
fn aria2c(folder: &Path) -> Command {
    let mut line = program("aria2c", "aria2");
    line.args(["--no-conf", "--quiet", "--file-allocation=none"])
        .args(["--split=2", "--max-connection-per-server=2"])
        .args(["--min-split-size=1M", "--dir"])
        .arg(folder)
        .env("HOME", folder);
    line
}

/// Two peers with one content, slow enough that one of them alone is not done at once.
fn twins(network: &Network, bytes: &[u8]) -> [Peer; 2] {
    let twins = [("lena", "a boat.raw"), ("kiosk", "same boat.raw")].map(|(name, path)| {
        let peer = network.peer(name).with("--up-limit=4M");
        peer.write(path, bytes);
        peer.start_sharing(1)
    });
    wait_for("both hold it", PATIENCE, || {
        let file = network.index.search("boat").results.pop()?;
        (file.sources == 2).then_some(())
    });
    twins
}

/// Every one of them has sent a part.
fn all_have_sent(peers: &[Peer]) {
    for peer in peers {
        let status = peer.json(&["status"]).expect("the daemon answers");
        let sent = status["uploads"][1].as_u64().expect("bytes sent");
        assert!(sent > 0, "{} has sent nothing", peer.name);
    }
}

fn one_file(network: &Network, bytes: &[u8]) -> (Peer, FileInfo) {
    let peer = network.peer("lena");
    peer.write(&format!("pictures/{NAME}"), bytes);
    let peer = peer.start_sharing(1);
    let file = wait_for("it is found", PATIENCE, || {
        network.index.search("boat").results.pop()
    });
    (peer, file)
}

#[test]
fn aria2_takes_one_content_from_two_peers_at_once() {
    let network = Network::start();
    let bytes = noise(81, 16 * 1024 * 1024);
    let hash = ContentHash::of(&bytes);
    let peers = twins(&network, &bytes);
    let urls = peers.each_ref().map(|peer| {
        let status = peer.json(&["status"]).expect("the daemon answers");
        let address = status["listen"].as_str().expect("an address");
        format!("http://{address}/content/{hash}")
    });
    let folder = network.folder.path().join("aria2");
    let mut line = aria2c(&folder);
    line.arg("--out=boat")
        .arg(format!("--checksum=sha-256={hash}"))
        .args(urls);
    output(&mut line);
    let there = fs::read(folder.join("boat")).expect("the fetched file");
    assert!(there == bytes, "what was fetched is what was shared");
    all_have_sent(&peers);
}

#[test]
fn aria2_follows_the_metalink_of_the_index_to_every_holder() {
    let network = Network::start();
    let bytes = noise(82, 16 * 1024 * 1024);
    let hash = ContentHash::of(&bytes);
    let peers = twins(&network, &bytes);
    let folder = network.folder.path().join("aria2");
    let url = format!("{}/content/{hash}.meta4", network.index.url);
    output(aria2c(&folder).arg("--follow-metalink=mem").arg(url));
    let fetched: Vec<_> = fs::read_dir(&folder)
        .expect("its folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let [file] = fetched.as_slice() else {
        panic!("one file was to be fetched: {fetched:?}");
    };
    let there = fs::read(file).expect("the fetched file");
    assert!(there == bytes, "what was fetched is what was shared");
    all_have_sent(&peers);
}

#[test]
fn curl_takes_a_part_and_resumes_a_file_that_was_cut() {
    let network = Network::start();
    let bytes = noise(83, 700_000);
    let (_peer, file) = one_file(&network, &bytes);
    let url = format!("{}/download/{}", network.index.url, file.id);
    let part = output(curl().args(["--location", "--range", "1000-1999", &url]));
    assert_eq!(part, &bytes[1000..2000]);
    let tail = output(curl().args(["--location", "--range", "-10", &url]));
    assert_eq!(tail, &bytes[bytes.len() - 10..]);

    let cut = network.folder.path().join("cut.raw");
    fs::write(&cut, &bytes[..123_456]).expect("the first part");
    let resume = ["--location", "--continue-at", "-", "--output"];
    output(curl().args(resume).arg(&cut).arg(&url));
    let there = fs::read(&cut).expect("the fetched file");
    assert!(there == bytes, "the rest was added to what was there");
}

#[test]
fn curl_names_the_file_as_its_owner_does() {
    let network = Network::start();
    let bytes = noise(84, 100_000);
    let (_peer, file) = one_file(&network, &bytes);
    let url = format!("{}/download/{}", network.index.url, file.id);
    let folder = network.folder.path().join("curl");
    fs::create_dir(&folder).expect("a folder");
    let mut line = curl();
    output(line.args(["-LOJ", &url]).current_dir(&folder));
    let there = fs::read(folder.join(NAME)).expect("a file of that name");
    assert!(there == bytes, "what was fetched is what was shared");
}
