//! Transfers: paused, cancelled, brought back, looked at closely, limited.

use super::super::TestApp;
use super::super::sample;
use crate::daemon::command::Move;
use crate::daemon::command::{Action, LimitChange, TransferFilter};
use crate::daemon::state::{DownloadId, DownloadState, TransferRow, Update};
use crate::tui::keymap::Tab;

#[test]
fn transfers_are_paused_cancelled_and_brought_back() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("p");
    assert_eq!(
        app.actions(),
        [Action::Pause {
            ids: vec![DownloadId(1)]
        }]
    );
    app.keys("j j p");
    assert_eq!(
        app.actions(),
        [Action::Resume {
            ids: vec![DownloadId(3)]
        }]
    );
    app.keys("x");
    assert_eq!(
        app.actions(),
        [Action::Cancel {
            ids: vec![DownloadId(3)]
        }]
    );
    app.reply(
        3,
        "cancelled",
        Some(Action::Restore {
            ids: vec![DownloadId(3)],
        }),
    );
    app.keys("u");
    assert_eq!(
        app.actions(),
        [Action::Restore {
            ids: vec![DownloadId(3)]
        }]
    );
    app.reply(
        4,
        "back",
        Some(Action::Cancel {
            ids: vec![DownloadId(3)],
        }),
    );
    app.keys("u");
    assert_eq!(app.actions(), [], "an undo is not undone by undoing again");
    app.keys("G x");
    assert_eq!(
        app.actions(),
        [Action::Remove {
            ids: vec![DownloadId(6)]
        }]
    );
    app.keys("k x");
    assert_eq!(app.actions(), [], "an upload is the other peer's");
}

#[test]
fn the_failed_row_says_why_and_what_helps() {
    let mut app = TestApp::filled(120, 36);
    app.keys("Alt+2");
    app.feed();
    app.keys("j j j j");
    let line = app.line("went offline");
    assert!(line.contains("r retry · m find more sources"), "{line}");
    app.keys("r");
    assert_eq!(
        app.actions(),
        [Action::Retry {
            ids: vec![DownloadId(5)]
        }]
    );
}

#[test]
fn a_file_that_goes_to_several_is_one_row_that_tells_to_whom() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    assert!(app.watch().transfers.is_some_and(|watch| watch.is_by_file));
    let show = |app: &mut TestApp, clients: usize, client: &str| {
        let mut update = sample::answer(&app.watch());
        for row in update.transfers.iter_mut().flat_map(|all| &mut all.rows) {
            if let TransferRow::Up {
                client: to,
                clients: count,
                ..
            } = row
            {
                (*to, *count) = (client.to_owned(), clients);
            }
        }
        app.server(update);
    };
    show(&mut app, 1, "marta");
    app.keys("j j j j j");
    assert!(app.line("holiday-2024.zip → marta").contains("1 peer"));
    show(&mut app, 2, "box-3, marta");
    let line = app.line("holiday-2024.zip → 2 peers");
    assert!(line.starts_with('>'), "the cursor stays: {line}");
    assert!(line.contains("43%"), "{line}");
    app.keys("Enter");
    app.line("goes to box-3, marta");
}

#[test]
fn keys_on_the_pieces_leave_the_sources_alone() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("Enter");
    app.feed();
    assert!(app.line("nas-lena").starts_with('>'));
    app.keys("Tab j !");
    assert_eq!(app.actions(), [], "no source is meant");
    assert!(app.line("nas-lena").starts_with(' '));
    app.keys("z");
    assert!(!app.screen().contains("nas-lena"), "{}", app.screen());
    app.keys("z Tab");
    assert!(app.line("nas-lena").starts_with('>'));
    app.keys("!");
    assert!(matches!(app.actions()[..], [Action::Block { .. }]));
}

#[test]
fn the_cursor_follows_its_transfer() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("j");
    let mut rows = sample::transfers();
    rows.rotate_left(2);
    let total = rows.len();
    let Some(mut transfers) = sample::answer(&app.watch()).transfers else {
        panic!("transfers are watched");
    };
    (transfers.rows, transfers.total) = (rows, total);
    app.server(Update {
        transfers: Some(transfers),
        ..Update::default()
    });
    match app.model.transfers.list.selected() {
        Some(TransferRow::Down(status)) => assert_eq!(status.id, DownloadId(2)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_stay_calm_until_their_percent_changes() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    let before = app.line("Big Buck Bunny");
    let next = |app: &mut TestApp, bytes: u64| {
        let mut transfers = sample::answer(&app.watch()).transfers.expect("watched");
        for row in &mut transfers.rows {
            if let TransferRow::Down(status) = row
                && status.rate_bytes > 0
            {
                status.rate_bytes += 77_777;
                status.done_bytes += bytes;
            }
        }
        app.server(Update {
            transfers: Some(transfers),
            ..Update::default()
        });
    };
    app.wait(1);
    let selected = app.line("debian-13");
    next(&mut app, 10_000_000);
    assert_eq!(app.line("Big Buck Bunny"), before, "same percent, same row");
    assert_ne!(app.line("debian-13"), selected, "the selected row is live");
    next(&mut app, 100_000_000);
    assert_ne!(app.line("Big Buck Bunny"), before);
}

#[test]
fn filters_narrow_and_escape_widens() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2 →");
    let watch = app.watch().transfers.expect("transfers");
    assert_eq!(watch.filter, TransferFilter::Downloading);
    app.keys("/");
    app.letters("deb");
    assert_eq!(app.watch().transfers.expect("transfers").text, "deb");
    app.keys("Enter Esc");
    assert_eq!(app.watch().transfers.expect("transfers").text, "");
    app.keys("Esc");
    let watch = app.watch().transfers.expect("transfers");
    assert_eq!(watch.filter, TransferFilter::All);
    app.keys("Alt+5 ^F Down Down Enter");
    assert_eq!(
        app.watch().log.expect("a log").level.as_deref(),
        Some("error")
    );
}

#[test]
fn limits_are_typed_as_people_say_them() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Esc t d");
    app.letters("1.5M/s");
    app.keys("Enter");
    let up = Some(2 << 20);
    assert_eq!(
        app.actions(),
        [Action::SetLimits {
            down: Some(3 << 19),
            up
        }]
    );
    app.keys("t d ^U");
    app.letters("fast");
    app.keys("Enter");
    assert!(app.screen().contains("such as 500K"));
    app.keys("Esc t o");
    assert_eq!(app.actions(), [Action::LiftLimits]);
}

#[test]
fn the_dock_is_a_pane_of_its_own() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Esc Tab j p");
    assert_eq!(
        app.actions(),
        [Action::Pause {
            ids: vec![DownloadId(2)]
        }]
    );
    app.keys("Enter");
    assert_eq!(app.watch().transfer, Some(DownloadId(2)));
    app.feed();
    app.keys("]");
    assert_eq!(app.watch().transfer, Some(DownloadId(3)));
    app.keys("Esc");
    assert_eq!(app.model.tab, Tab::Search);
}

#[test]
fn downloads_are_moved_in_the_queue_and_back() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    let moved = |ids: &[u64], to| Action::Reorder {
        ids: ids.iter().copied().map(DownloadId).collect(),
        to,
    };
    app.keys("j K");
    assert_eq!(app.actions(), [moved(&[2], Move::Up)]);
    let order = vec![DownloadId(1), DownloadId(2)];
    app.reply(
        1,
        "moved",
        Some(Action::Arrange {
            order: order.clone(),
        }),
    );
    app.keys("u");
    assert_eq!(app.actions(), [Action::Arrange { order }]);
    app.keys("J o");
    assert_eq!(app.actions(), [moved(&[2], Move::Down)]);
    assert!(app.screen().contains("move to"), "{}", app.screen());
    app.keys("t o b");
    let both = [moved(&[2], Move::Top), moved(&[2], Move::Bottom)];
    assert_eq!(app.actions(), both);
    app.keys("k Space Space J J");
    let again = moved(&[1, 2], Move::Down);
    assert_eq!(app.actions(), [again.clone(), again], "marks move together");
}

#[test]
fn one_peer_is_limited_by_keys() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+4");
    app.feed();
    app.keys("j");
    let peer = app.model.peers.list.selected().expect("a peer").id;
    let limited = |down, up| Action::LimitPeer {
        peer: peer.to_string(),
        down,
        up,
    };
    app.keys("t");
    let screen = app.screen();
    assert!(screen.contains("from peer"), "{screen}");
    assert!(!screen.contains("this transfer"), "{screen}");
    app.keys("p");
    app.letters("300K");
    app.keys("Enter t P");
    app.letters("1M");
    app.keys("Enter t p ^U Enter");
    let expected = [
        limited(LimitChange::To(300 << 10), LimitChange::Keep),
        limited(LimitChange::Keep, LimitChange::To(1 << 20)),
        limited(LimitChange::Lift, LimitChange::Keep),
    ];
    assert_eq!(app.actions(), expected);
    app.keys("Alt+2");
    app.feed();
    app.keys("t p");
    assert_eq!(app.actions(), [], "no peer under the cursor");
}

#[test]
fn one_download_is_limited_by_keys() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("t t");
    app.letters("300K");
    app.keys("Enter");
    let limited = |down| Action::LimitTransfers {
        ids: vec![DownloadId(1)],
        down,
    };
    assert_eq!(app.actions(), [limited(Some(300 << 10))]);
    app.keys("t t ^U Enter");
    assert_eq!(app.actions(), [limited(None)]);
}

#[test]
fn a_transfer_that_stands_still_says_so_of_its_sources_too() {
    let mut app = TestApp::filled(120, 36);
    app.keys("Alt+2");
    app.feed();
    app.keys("Enter");
    app.feed();
    assert!(app.line("nas-lena").contains("▼ sending"));
    let id = app.watch().transfer.expect("a transfer");
    let mut show = |state| {
        let mut detail = sample::detail(id).expect("a detail");
        detail.status.state = state;
        app.server(Update {
            transfer: Some(detail),
            ..Update::default()
        });
        app.screen()
    };
    let paused = show(DownloadState::Paused);
    assert!(paused.contains("‖ not asked"), "{paused}");
    assert!(!paused.contains("in use"), "{paused}");
    let done = show(DownloadState::Done);
    assert!(done.contains("✓ done"), "{done}");
    for screen in [paused, done] {
        assert!(!screen.contains("sending"), "{screen}");
        assert!(!screen.contains("▒▒"), "{screen}");
        assert!(screen.contains("○ offline"), "{screen}");
    }
}
