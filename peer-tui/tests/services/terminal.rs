//! The screen in the terminal of a person: type, Enter, watch; close the window, come back, leave.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};
use crate::tmux::Tmux;

const FILE: &str = "harbour at dawn.mkv";
const OTHER: &str = "quiet lake.mkv";

#[test]
fn a_window_of_120x36_is_typed_into_closed_and_left() {
    check(120, 36);
}

#[test]
fn a_window_of_80x24_is_typed_into_closed_and_left() {
    check(80, 24);
}

fn check(columns: u16, lines: u16) {
    let network = Network::start();
    let lena = network.peer("lena");
    let bytes = noise(71, 3_000_000);
    lena.write(&format!("films/{FILE}"), &bytes);
    lena.write(OTHER, b"still");
    let _lena = lena.start_sharing(2);
    let marta = network.peer("marta").start_sharing(0);
    let screen = screen_of(&marta);

    let tmux = Tmux::open(&marta, columns, lines);
    tmux.enter(&screen);
    tmux.wait_to_show(OTHER);
    tmux.text("harb");
    tmux.wait("only what matches", |shown| {
        shown.contains(FILE) && !shown.contains(OTHER)
    });
    tmux.press("Enter");
    tmux.wait_to_show("done");
    let there = fs::read(marta.downloads().join(FILE)).expect("the fetched file");
    assert!(there == bytes, "what was fetched is what was shared");
    let screens = tmux.children();
    assert_eq!(screens.len(), 1, "the shell runs the screen");
    tmux.close();
    wait_for("the screen ends with its window", PATIENCE, || {
        screens.iter().all(|id| is_gone(*id)).then_some(())
    });

    let tmux = Tmux::open(&marta, columns, lines);
    let before = settings(&tmux, "before", &marta.home);
    tmux.enter(&screen);
    tmux.wait_to_show("[1 Search]");
    tmux.press("Escape");
    tmux.wait_to_show("q detach");
    tmux.press("2");
    tmux.wait("the finished transfer", |shown| {
        shown.contains("[2 ") && shown.contains(FILE) && shown.contains("done")
    });
    tmux.press("q");
    wait_for("the shell is back", PATIENCE, || {
        let is_back = tmux.children().is_empty() && tmux.state("alternate_on") == "0";
        is_back.then_some(())
    });
    let after = settings(&tmux, "after", &marta.home);
    assert_eq!(before, after, "the terminal is as it was");
    for word in ["echo", "icanon", "isig", "onlcr"] {
        let is_set = after.split_whitespace().any(|there| there == word);
        assert!(is_set, "{word} is not in {after}");
    }
    assert_eq!(tmux.state("cursor_flag"), "1", "the cursor is shown");
    assert_eq!(tmux.state("mouse_any_flag"), "0", "the mouse is let go");
    let status = marta.json(&["status"]).expect("the daemon goes on");
    assert_eq!(status["counts"]["done"], 1);
}

/// The command line of the screen, for a shell.
fn screen_of(peer: &Peer) -> String {
    let mut line = Command::new("");
    peer.settings(&mut line);
    let mut shell = String::new();
    for (name, value) in line.get_envs() {
        if let Some(value) = value {
            let value = quoted(&value.to_string_lossy());
            shell = format!("{shell}{}={value} ", name.to_string_lossy());
        }
    }
    shell += &quoted(env!("CARGO_BIN_EXE_peer-tui"));
    for word in line.get_args() {
        shell = format!("{shell} {}", quoted(&word.to_string_lossy()));
    }
    shell
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What the terminal is set to, asked for by typing into its shell.
fn settings(tmux: &Tmux, name: &str, folder: &Path) -> String {
    let (fresh, path) = (folder.join("stty"), folder.join(name));
    let [from, to] = [&fresh, &path].map(|path| quoted(&path.to_string_lossy()));
    tmux.enter(&format!("stty -a > {from} && mv {from} {to}"));
    wait_for("stty", PATIENCE, || fs::read_to_string(&path).ok())
}

/// Whether a process has ended, be it reaped or not.
fn is_gone(id: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else {
        return true;
    };
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    state == Some(Some('Z'))
}
