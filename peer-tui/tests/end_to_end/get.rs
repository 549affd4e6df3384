//! `get` while the daemon has the same content under way to another place.

use std::fs;
use std::process::Stdio;

use protocol::hash::ContentHash;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};

const BYTES: usize = 1_200_000;

fn download(peer: &Peer) -> Option<Value> {
    let transfers = peer.json(&["transfers"])?;
    let mut rows = transfers.as_array()?.iter();
    rows.find(|row| row["direction"] == "down").cloned()
}

/// One peer that has a file, and one that fetches it slowly and has begun.
fn begun() -> (Network, Peer, Peer, Vec<u8>, String) {
    let network = Network::start();
    let bytes = noise(93, BYTES);
    let lena = network.peer("lena");
    lena.write("s9 a boat.raw", &bytes);
    let lena = lena.start_sharing(1);
    wait_for("it is found", PATIENCE, || {
        (network.index.count("s9 boat") == 1).then_some(())
    });
    let marta = network.peer("marta").with("--down-limit=600K").start();
    let hash = ContentHash::of(&bytes).to_string();
    wait_for("it is queued", PATIENCE, || {
        marta
            .run(&["get", "--detach", &hash])
            .status
            .success()
            .then_some(())
    });
    wait_for("it has begun", PATIENCE, || {
        (download(&marta)?["done_bytes"].as_u64()? > 0).then_some(())
    });
    (network, lena, marta, bytes, hash)
}

#[test]
fn a_place_that_is_named_gets_the_file_while_it_comes_to_another_one() {
    let (_network, _lena, marta, bytes, hash) = begun();
    let nowhere = marta.run(&["get", &hash, "-o", "/proc/nope/x"]);
    assert_eq!(nowhere.status.code(), Some(1));
    let said = String::from_utf8_lossy(&nowhere.stderr);
    assert!(said.contains("/proc/nope"), "{said}");

    let id = download(&marta).expect("it is there")["id"].to_string();
    marta.output(&["pause", &id]);
    let place = marta.home.join("elsewhere/.boat: 1");
    let path = place.to_str().expect("UTF-8");
    assert_eq!(marta.output(&["get", &hash, "-o", path]), path);
    assert!(fs::read(&place).is_ok_and(|there| there == bytes));
    assert_eq!(marta.output(&["get", &hash, "-o", path]), path, "once more");

    let piped = marta.run(&["get", &hash, "-o", "-"]);
    assert!(piped.stdout == bytes, "{piped:?}");
    marta.output(&["cancel", &id]);
    let plain = marta.output(&["get", &hash]);
    assert!(
        fs::read(&plain).is_ok_and(|there| there == bytes),
        "{plain}"
    );

    fs::write(&place, b"something else").expect("a file");
    let taken = marta.run(&["get", &hash, "-o", path]);
    assert_eq!(taken.status.code(), Some(1));
    assert!(fs::read(&place).is_ok_and(|there| there == b"something else"));
}

/// What a `get` says that is interrupted once it waits.
fn interrupted(peer: &Peer, words: &[&str], is_waiting: impl Fn() -> Option<()>) -> String {
    let mut line = peer.command("get");
    let line = line
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let get = line.spawn().expect("run peer-tui");
    wait_for("it waits", PATIENCE, is_waiting);
    let pid = i32::try_from(get.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), Signal::INT).expect("it runs");
    let output = get.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn who_stops_waiting_hears_that_the_daemon_goes_on_and_a_pipe_leaves_nothing() {
    let (_network, _lena, marta, _bytes, hash) = begun();
    let spools = || {
        let names = fs::read_dir(&marta.home).expect("a folder").flatten();
        names
            .filter(|one| {
                one.file_name()
                    .to_string_lossy()
                    .starts_with("peerdex-get-")
            })
            .count()
    };
    let rows = || Some(marta.json(&["transfers"])?.as_array()?.len());
    interrupted(&marta, &[&hash, "-o", "-"], || (rows()? == 2).then_some(()));
    assert_eq!(rows(), Some(1), "nobody reads what would come");
    assert_eq!(spools(), 0);

    let id = download(&marta).expect("it is there")["id"].to_string();
    marta.output(&["pause", &id]);
    let said = interrupted(&marta, &[&hash], || {
        (download(&marta)?["state"] != "paused").then_some(())
    });
    assert!(said.contains(&format!("peer-tui cancel {id}")), "{said}");
    wait_for("it goes on to its end", PATIENCE, || {
        (download(&marta)?["state"] == "done").then_some(())
    });
}

#[test]
fn a_start_with_an_open_download_warns_of_nothing() {
    let (_network, _lena, mut marta, bytes, hash) = begun();
    marta.output(&["stop"]);
    assert_eq!(marta.wait(), 0);
    marta.launch();
    let path = marta.output(&["get", &hash]);
    assert!(fs::read(path).is_ok_and(|there| there == bytes));
    assert!(!marta.log().contains("WARN"), "{}", marta.log());
}
