//! A disk that runs full in the middle of a download: a small file system of its own.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};
use crate::programs::{output, program};

/// A file system in memory, there until it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path, size: &str) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "mounting needs root: run these tests as root"
        );
        fs::create_dir_all(folder).expect("a folder");
        let mut line = program("mount", "mount");
        line.args(["-t", "tmpfs", "-o", &format!("size={size}"), "peerdex-test"]);
        output(line.arg(folder));
        Self(folder.to_owned())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a daemon that is being killed may still have a file open.
        let _ = program("umount", "mount").arg("-l").arg(&self.0).status();
    }
}

fn download(peer: &Peer) -> Option<Value> {
    let transfers = peer.json(&["transfers"])?;
    let rows = transfers.as_array()?;
    rows.iter().find(|row| row["direction"] == "down").cloned()
}

#[test]
fn a_full_disk_pauses_a_download_in_words_and_room_lets_it_go_on() {
    let network = Network::start();
    let bytes = noise(91, 8 * 1024 * 1024);
    let lena = network.peer("lena").with("--up-limit=2M");
    lena.write("boat s91.raw", &bytes);
    let lena = lena.start_sharing(1);
    let marta = network.peer("marta");
    let disk = Disk::mount(&marta.downloads(), "12m");
    let marta = marta.start();
    wait_for("it is found", PATIENCE, || {
        (network.index.count("s91") == 1).then_some(())
    });
    marta.output(&["get", "--detach", "s91"]);
    wait_for("it is under way", PATIENCE, || {
        (download(&marta)?["done_bytes"].as_u64()? > 1024 * 1024).then_some(())
    });
    // Hidden, so that it is not shared; until nothing more fits.
    let filler = disk.0.join(".filler");
    let mut file = fs::File::create(&filler).expect("a file");
    while file.write_all(&[1; 4096]).is_ok() {}
    drop(file);
    let reason = wait_for("it says why it does not go on", PATIENCE, || {
        let row = download(&marta)?;
        Some(row["state"]["disk_full"]["reason"].as_str()?.to_owned())
    });
    assert!(reason.contains("disk full: free"), "{reason}");
    let told = marta.output(&["transfers"]);
    assert!(told.contains("disk full"), "{told}");
    assert!(!marta.downloads().join("boat s91.raw").is_file());
    fs::remove_file(&filler).expect("room is made");
    wait_for("it goes on by itself", PATIENCE, || {
        (download(&marta)?["state"] == "done").then_some(())
    });
    let there = fs::read(marta.downloads().join("boat s91.raw"));
    assert!(there.is_ok_and(|there| there == bytes));
    let sent = lena.json(&["status"]).expect("the daemon answers")["uploads"][0].as_u64();
    let sent = sent.expect("bytes sent");
    assert!(
        sent < bytes.len() as u64 * 3 / 2,
        "{sent}: it went on where it was"
    );
    drop(marta);
}

#[test]
fn a_full_disk_at_a_named_place_tells_what_is_missing_there() {
    let network = Network::start();
    let bytes = noise(93, 4 * 1024 * 1024);
    let lena = network.peer("lena");
    lena.write("boat s93.raw", &bytes);
    let lena = lena.start_sharing(1);
    let marta = network.peer("marta").start();
    let disk = Disk::mount(&marta.downloads().with_file_name("stick"), "1m");
    wait_for("it is found", PATIENCE, || {
        (network.index.count("s93") == 1).then_some(())
    });
    let place = disk.0.join("f.raw");
    let wanted = place.to_str().expect("a path of the test");
    let mut line = marta.command("get");
    line.args(["s93", "-o", wanted]);
    let mut get = line.spawn().expect("the program starts");
    let reason = wait_for("it says why it does not go on", PATIENCE, || {
        let row = download(&marta)?;
        Some(row["state"]["disk_full"]["reason"].as_str()?.to_owned())
    });
    assert!(reason.contains("free 3.0 MiB more"), "{reason}");
    assert!(
        reason.contains(&format!("the disk of {};", disk.0.display())),
        "{reason}"
    );
    let left = fs::read_dir(&disk.0).expect("a folder").count();
    assert_eq!(left, 0, "no piece of it");
    let mut line = program("mount", "mount");
    output(line.args(["-o", "remount,size=8m"]).arg(&disk.0));
    let ended = wait_for("it goes on by itself", PATIENCE, || {
        get.try_wait().expect("a child")
    });
    assert!(ended.success());
    assert!(fs::read(&place).is_ok_and(|there| there == bytes));
    drop((marta, lena));
}

#[test]
fn a_folder_of_small_files_waits_for_room_and_goes_on_by_itself() {
    let network = Network::start();
    let lena = network.peer("lena");
    let files: Vec<(String, Vec<u8>)> = (0..60)
        .map(|number| {
            (
                format!("roll/{number} s92.jpg"),
                noise(9200 + number, 100_000),
            )
        })
        .collect();
    for (name, bytes) in &files {
        lena.write(name, bytes);
    }
    let lena = lena.start_sharing(60);
    let marta = network.peer("marta");
    let disk = Disk::mount(&marta.downloads(), "12m");
    let marta = marta.start();
    wait_for("all are found", PATIENCE, || {
        (network.index.count("s92") == 60).then_some(())
    });
    // Room for some of them only.
    let filler = disk.0.join(".filler");
    fs::write(&filler, vec![1; 9 * 1024 * 1024]).expect("a file");
    marta.output(&["get", "--detach", "--folder", "lena:roll"]);
    let rows = || {
        let transfers = marta.json(&["transfers"])?;
        let rows = transfers.as_array()?.iter();
        Some(rows.map(|row| row["state"].clone()).collect::<Vec<_>>())
    };
    let reason = wait_for("it says why it does not go on", PATIENCE, || {
        let full = rows()?
            .into_iter()
            .find(|state| state["disk_full"].is_object());
        Some(full?["disk_full"]["reason"].as_str()?.to_owned())
    });
    assert!(reason.contains("disk full: free"), "{reason}");
    let is_failed = rows().is_some_and(|rows| rows.iter().any(|state| state["failed"].is_object()));
    assert!(!is_failed, "a full disk is no failure");
    fs::remove_file(&filler).expect("room is made");
    wait_for("it goes on by itself", PATIENCE, || {
        rows()?.iter().all(|state| state == "done").then_some(())
    });
    for (name, bytes) in &files {
        let there = fs::read(marta.downloads().join(name));
        assert!(there.is_ok_and(|there| there == *bytes), "{name}");
    }
    drop((marta, lena));
}
