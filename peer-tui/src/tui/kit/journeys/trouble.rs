//! Downloads that got stuck, and what the screen says of them wherever it stands.

use super::super::TestApp;
use super::super::sample::{found_results, result};
use crate::daemon::state::{DownloadId, DownloadState, Own, Stuck, Update};

fn stuck(others: u64) -> Update {
    let reason = "last source lena-laptop went offline 11:40".to_owned();
    Update {
        stuck: Some(Stuck {
            number: others + 1,
            id: DownloadId(5),
            name: "old-backup.tar.zst".to_owned(),
            state: DownloadState::NoSource { reason },
            others,
        }),
        ..Update::default()
    }
}

#[test]
fn a_download_that_gets_stuck_out_of_sight_is_told_in_a_toast() {
    for keys in ["Alt+4", "Alt+5", "Alt+2 Enter"] {
        let mut app = TestApp::filled(120, 36);
        for key in keys.split(' ') {
            app.keys(key);
            app.feed();
        }
        app.server(stuck(0));
        let line = app.line("✗ no source: old-backup.tar.zst");
        assert!(line.contains("2 shows why"), "{line}");
        app.wait(60);
        app.line("no source: old-backup.tar.zst");
        app.keys("2");
        app.feed();
        assert!(!app.screen().contains("no source: old-backup"));
    }
}

#[test]
fn a_row_that_is_seen_needs_no_toast_and_others_that_are_not_do() {
    let mut app = TestApp::filled(120, 36);
    app.keys("Alt+2");
    app.feed();
    app.server(stuck(0));
    assert!(!app.screen().contains("no source: old-backup"));
    app.server(stuck(2));
    app.line("no source: old-backup.tar.zst and 2 more");
}

fn search_with(own: Own, name: &str, size: (u16, u16)) -> TestApp {
    let mut app = TestApp::filled(size.0, size.1);
    let search = app.watch().search.expect("a search");
    app.server(Update {
        results: Some(found_results(
            search.generation,
            &[result(name, 4 << 20, 1, own)],
            search.window,
        )),
        ..Update::default()
    });
    app
}

#[test]
fn search_says_how_a_download_of_a_result_stands() {
    for (own, note, pane) in [
        (Own::Queued, "queued", "waits in the queue"),
        (
            Own::Paused { percent: 7 },
            "paused",
            "7% downloaded, paused",
        ),
        (
            Own::NoSource { percent: 84 },
            "no source",
            "84% downloaded, no source now",
        ),
        (
            Own::DiskFull { percent: 84 },
            "disk full",
            "84% downloaded, the disk is full",
        ),
        (
            Own::Failed { percent: 84 },
            "failed",
            "84% downloaded, failed",
        ),
    ] {
        let mut app = search_with(own, "z.iso", (120, 36));
        let line = app.line("z.iso  ");
        assert!(line.ends_with(note), "{line}");
        app.line(pane);
        let mut app = search_with(own, "z.iso", (80, 24));
        let line = app.line("z.iso  ");
        assert!(line.ends_with(note), "{line}");
    }
}

#[test]
fn an_odd_name_is_told_beside_what_this_peer_has_of_it() {
    let name = "invoice\u{202e}txt.exe";
    for size in [(120, 36), (80, 24), (60, 16)] {
        let mut app = search_with(Own::Done, name, size);
        let line = app.line("invoice<U+202E>txt.exe (odd name)");
        assert!(size.0 < 80 || line.ends_with("have"), "{line}");
        let mut app = search_with(Own::None, name, size);
        app.line("odd name");
    }
    let mut app = search_with(Own::Done, name, (40, 12));
    app.line(" (odd)");
}
