//! Commands, their results and their exit codes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use protocol::hash::ContentHash;
use serde_json::Value;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};

fn peer_tui(words: &[&str], home: &Path) -> Output {
    let mut line = Command::new(env!("CARGO_BIN_EXE_peer-tui"));
    line.args(words)
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("TMPDIR", home)
        .stdin(Stdio::null());
    line.output().expect("run peer-tui")
}

#[track_caller]
fn check(words: &[&str], home: &Path, code: i32, part: &str) {
    let output = peer_tui(words, home);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {errors}");
    assert!(errors.contains(part), "{words:?}: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn what_goes_wrong_has_its_exit_code_and_a_sentence_that_helps() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let home = home.path();
    let data = home.join("data");
    let data = data.to_str().expect("UTF-8");
    // Nobody listens at port 1.
    let gone = "http://127.0.0.1:1";
    check(&["--no-such-flag"], home, 2, "--no-such-flag");
    check(&["serach"], home, 2, "`serach`: it is no command");
    check(&["serach", "x"], home, 2, "`serach`: it is no command");
    check(&["nas:7070", "x"], home, 2, "'x'");
    for command in ["status", "transfers", "peers", "shares", "limit", "stop"] {
        check(&[command, "--data", data], home, 3, "no daemon runs");
    }
    check(
        &["daemon", "--data", data, "--up-limit", "10Q"],
        home,
        2,
        "--up-limit is `10Q`",
    );
    check(
        &["daemon", "--config", "/no/such.toml"],
        home,
        2,
        "/no/such.toml",
    );
    check(&["daemon", "--data", "/dev/null/x"], home, 1, "/dev/null/x");
    check(
        &["search", "x", "--index", gone, "--data", data],
        home,
        4,
        "127.0.0.1:1",
    );
    check(
        &["get", "x", "--index", gone, "--data", data],
        home,
        4,
        "127.0.0.1:1",
    );
    check(&["pause", "one", "--data", data], home, 2, "number");
    check(&["hash", "/no/such/file"], home, 1, "/no/such/file");
    check(&["--data", data], home, 2, "no full screen");
    check(
        &["search", "size:>zz", "--index", gone, "--data", data],
        home,
        2,
        "`size:>zz`",
    );
    check(
        &["get", "category:nonsense", "--index", gone, "--data", data],
        home,
        2,
        "nonsense",
    );
    check(
        &["get", "x", "-o", "-", "--json", "--data", data],
        home,
        2,
        "standard output",
    );
}

#[test]
fn a_wrong_setting_is_refused_by_every_command() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let file = home.path().join("peer.toml");
    fs::write(&file, "slots = \"many\"\n").expect("a file");
    let file = file.to_str().expect("UTF-8");
    for command in ["shares", "status", "stop", "transfers"] {
        for (setting, value) in [
            ("--slots", "banana"),
            ("--up-limit", "x"),
            ("--listen", "foo"),
        ] {
            let part = format!("{setting} is `{value}`: write");
            check(&[command, setting, value], home.path(), 2, &part);
        }
        check(&[command, "--config", file], home.path(), 2, "slots in /");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_peer-tui"))
        .args(["transfers"])
        .env("HOME", home.path())
        .env("PEERDEX_RESCAN_EVERY", "never")
        .output()
        .expect("run peer-tui");
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("PEERDEX_RESCAN_EVERY is `never`"),
        "{errors}"
    );
}

#[test]
fn the_keys_are_there_for_programs_too() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let output = peer_tui(&["keys", "--json"], home.path());
    let keys: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let rows = keys.as_array().expect("a list");
    let pause = rows.iter().find(|row| row["name"] == "pause");
    assert_eq!(pause.expect("a row for it")["keys"][0], "p");
    let plain = peer_tui(&["keys"], home.path());
    assert!(plain.stdout.starts_with(b"# Keys"));
    check(&["man", "--json"], home.path(), 2, "only keys are JSON");
}

#[test]
fn a_second_daemon_is_refused_and_a_missing_folder_is_said_and_survived() {
    let network = Network::start();
    let peer = network.peer("lena").with("--share=/no/such/folder").start();
    let second = peer.run(&["daemon", "--index", &network.index.url]);
    let errors = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{errors}");
    assert!(errors.contains("already runs"), "{errors}");

    let shares = wait_for("the shares are known", PATIENCE, || {
        let shares = peer.json(&["shares"])?;
        let rows = shares["rows"].as_array()?.clone();
        let missing = rows.iter().find(|row| row["key"] == "/no/such/folder")?;
        missing["is_trouble"].as_bool()?.then(|| missing.clone())
    });
    assert!(shares["note"].as_str().is_some_and(|note| !note.is_empty()));
    peer.write("still.txt", b"still");
    wait_for("the other folder is shared", PATIENCE, || {
        (network.index.count("still") == 1).then_some(())
    });
}

#[test]
fn get_and_search_work_with_a_daemon_and_without_one() {
    let network = Network::start();
    let lena = network.peer("lena");
    let bytes = noise(41, 1_000_000);
    let hash = ContentHash::of(&bytes);
    lena.write("boats/the red boat.raw", &bytes);
    lena.write("boats/the blue boat.txt", b"blue");
    let lena = lena.start_sharing(2);
    wait_for("they are found", PATIENCE, || {
        (network.index.count("boat") == 2).then_some(())
    });
    let id = network.index.search("red boat").results[0].id;
    let index = network.index.url.as_str();
    let guest = network.peer("guest");
    let through_index = |words: &[&str]| guest.run(&[words, &["--index", index]].concat());
    fetch_in_every_way(&guest, &through_index, &bytes, hash, &id.to_string());
    let folder = through_index(&["get", "--folder", "lena:boats"]);
    assert!(
        folder.status.success(),
        "{}",
        String::from_utf8_lossy(&folder.stderr)
    );
    assert!(
        fs::read(guest.downloads().join("boats/the blue boat.txt"))
            .is_ok_and(|there| there == b"blue")
    );

    let member = network.peer("member").start();
    let peers = member.json(&["peers"]).expect("a list of peers");
    assert_eq!(peers.as_array().map(Vec::len), Some(2), "{peers}");
    wait_for("the member is live", PATIENCE, || {
        (member.json(&["status"])?["header"]["link"]["link"] == "live").then_some(())
    });
    fetch_in_every_way(
        &member,
        &|words| member.run(words),
        &bytes,
        hash,
        &id.to_string(),
    );
    let there = member.output(&["get", &hash.to_string()]);
    assert!(
        there.ends_with("boat.raw"),
        "a second get says where it is: {there}"
    );
    drop(lena);
}

fn fetch_in_every_way(
    peer: &Peer,
    run: &dyn Fn(&[&str]) -> Output,
    bytes: &[u8],
    hash: ContentHash,
    id: &str,
) {
    let hex = hash.to_string();
    let found = run(&["search", "red", "boat", "--json"]);
    let found: Value = serde_json::from_slice(&found.stdout).expect("one JSON document");
    assert_eq!(found["results"][0]["hash"], hex.as_str());
    assert_eq!(run(&["search", "nothing like it"]).status.code(), Some(3));
    let none = run(&["search", "nothing like it", "--json"]);
    assert_eq!(none.status.code(), Some(3));
    let none: Value = serde_json::from_slice(&none.stdout).expect("one JSON document");
    assert_eq!(none["count"], 0);
    assert_eq!(run(&["get", "nothing like it"]).status.code(), Some(3));

    let piped = run(&["get", "red boat", "-o", "-"]);
    assert!(
        piped.stdout == bytes,
        "{}",
        String::from_utf8_lossy(&piped.stderr)
    );
    let place = peer.home.join("elsewhere/boat.raw");
    let place = place.to_str().expect("UTF-8");
    let saved = run(&["get", id, "-o", place]);
    assert!(
        saved.status.success(),
        "{}",
        String::from_utf8_lossy(&saved.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&saved.stdout).trim_end(), place);
    assert!(fs::read(place).is_ok_and(|there| there == bytes));

    let plain = run(&["get", &hex, "--json"]);
    let plain: Value = serde_json::from_slice(&plain.stdout).expect("one JSON document");
    assert_eq!(plain["hash"], hex.as_str());
    let path = plain["path"].as_str().expect("a path");
    assert!(fs::read(path).is_ok_and(|there| there == bytes));
}

#[test]
fn hash_prints_what_the_network_knows_a_file_by() {
    let home = tempfile::tempdir().expect("a temporary folder");
    fs::write(home.path().join("a"), b"abc").expect("a file");
    fs::write(home.path().join("b"), b"").expect("a file");
    let folder = home.path().to_str().expect("UTF-8");
    let output = peer_tui(&["hash", folder, "--json"], home.path());
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON document a line"))
        .collect();
    let hashes: Vec<&Value> = lines.iter().map(|line| &line["hash"]).collect();
    assert_eq!(
        hashes,
        [
            &ContentHash::of(b"abc").to_string(),
            &ContentHash::of(b"").to_string()
        ]
    );
}

#[test]
fn the_demo_tells_itself_and_leaves_nothing() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let output = peer_tui(&["demo"], home.path());
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.contains("verified: SHA-256"), "{text}");
    let left: Vec<_> = fs::read_dir(home.path()).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
    let output = peer_tui(&["demo", "--json"], home.path());
    assert!(output.status.success());
    let events: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON document a line"))
        .map(|told: Value| told["event"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(events, ["index", "peers", "search", "download", "verified"]);
}

#[test]
fn a_signal_ends_the_demo_and_its_folder() {
    use rustix::process::{Pid, Signal, kill_process};
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut line = Command::new(env!("CARGO_BIN_EXE_peer-tui"));
        line.args(["demo", "--busy"])
            .env("HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
            .env("TMPDIR", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let mut demo = line.spawn().expect("run peer-tui");
        wait_for("its folder is there", PATIENCE, || {
            let mut entries = fs::read_dir(home.path()).ok()?;
            let folder = entries.next()?.ok()?.path();
            folder.join("nas-lena").is_dir().then_some(())
        });
        let id = i32::try_from(demo.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process"), signal).expect("it runs");
        let status = demo.wait().expect("it ends");
        assert_eq!(status.code(), Some(code), "{status}");
        let left: Vec<_> = fs::read_dir(home.path()).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn without_a_terminal_json_prints_no_words_for_people() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let output = peer_tui(&["--json"], home.path());
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("peer-tui search QUERY"), "{errors}");
}

#[test]
fn the_demo_makes_no_folder_to_share() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let missing = home.path().join("missing");
    let missing = missing.to_str().expect("UTF-8");
    check(
        &["demo", "--share", missing],
        home.path(),
        1,
        "share folder",
    );
    assert!(fs::symlink_metadata(missing).is_err());
}

#[test]
fn flags_that_a_running_daemon_does_not_hear_of_are_named() {
    let network = Network::start();
    let peer = network.peer("lena").start();
    let said = |flags: &[&str]| {
        let output = peer.run(&[&["status"], flags].concat());
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!(said(&[]), "", "what it has anyway is no news");
    let told = said(&["--up-limit", "1M", "--slots=3"]);
    assert!(told.contains("--slots, --up-limit not taken"), "{told}");
    assert!(told.contains("`peer-tui limit`"), "{told}");
}
