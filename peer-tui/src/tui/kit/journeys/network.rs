//! Peers, shares, the daemon, help, leaving.

use super::super::TestApp;
use ratatui::style::Color;

use super::super::sample::{hash, header, peer};
use super::wished;
use crate::daemon::command::Action;
use crate::daemon::state::{
    DownloadId, Failure, FailureKind, LinkState, Log, LogRow, ServerMessage, TransferRow, Update,
};
use crate::tui::connection::Exit;
use crate::tui::effect::Effect;
use crate::tui::keymap::Tab;
use crate::tui::message::Message;
use crate::tui::model::DaemonLink;

#[test]
fn help_finds_a_key_and_palette_runs_it() {
    let mut app = TestApp::filled(80, 24);
    app.keys("?");
    assert!(app.screen().contains("Keys: Search"));
    app.letters("pieces");
    assert!(!app.screen().contains("Keys: Search") || !app.screen().contains("suspend"));
    app.keys("Esc Alt+2 :");
    app.feed();
    app.letters("look for more");
    app.keys("Enter");
    assert_eq!(
        app.actions(),
        [Action::MoreSources {
            ids: vec![DownloadId(1)]
        }]
    );
}

#[test]
fn a_peer_is_browsed_and_a_folder_fetched_whole() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Esc b");
    let browse = app.watch().browse.expect("a browse");
    assert_eq!(
        (browse.peer, browse.folder.as_str()),
        (peer("nas-lena"), "")
    );
    app.feed();
    app.keys("D");
    assert_eq!(
        app.actions(),
        [Action::DownloadFolder {
            peer: peer("nas-lena").to_string(),
            folder: "iso".to_owned()
        }]
    );
    app.keys("Enter");
    assert_eq!(app.watch().browse.expect("a browse").folder, "iso");
    app.feed();
    app.keys("Space Space Enter");
    assert_eq!(wished(&app.actions()).len(), 2);
    app.keys("Esc");
    app.feed();
    assert_eq!(app.watch().browse.expect("a browse").folder, "");
    app.keys("Esc");
    assert_eq!(app.model.tab, Tab::Search, "back where it began");
}

#[test]
fn peers_are_blocked_and_never_oneself() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+4");
    app.feed();
    app.keys("!");
    assert_eq!(app.actions(), []);
    app.keys("j !");
    assert_eq!(
        app.actions(),
        [Action::Block {
            peer: peer("nas-lena")
        }]
    );
    app.keys("j j j !");
    assert_eq!(
        app.actions(),
        [Action::Unblock {
            peer: peer("mirror-x")
        }]
    );
}

#[test]
fn shares_open_close_and_are_added() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+3");
    app.feed();
    assert_eq!(
        app.watch().shares.expect("shares").open,
        ["films", "iso", "music"]
    );
    app.keys("h");
    assert_eq!(app.watch().shares.expect("shares").open, ["films", "iso"]);
    app.keys("a");
    app.letters("films");
    app.keys("Enter");
    assert!(app.screen().contains("give the whole path"));
    app.keys("^U");
    app.letters("/mnt/films");
    app.keys("Enter");
    assert_eq!(
        app.actions(),
        [Action::AddShare {
            folder: "/mnt/films".into()
        }]
    );
    app.keys("x");
    assert_eq!(app.actions(), [], "taking a share away asks");
    app.keys("y");
    assert_eq!(
        app.actions(),
        [Action::RemoveShare {
            folder: "/srv/share/music".into()
        }]
    );
}

#[test]
fn copying_goes_to_the_clipboard() {
    let mut app = TestApp::filled(80, 24);
    app.effects.clear();
    app.keys("Esc y h");
    let text = hash("debian-13.1.0-amd64-netinst.iso").to_string();
    assert!(app.effects.contains(&Effect::Copy(text)));
    app.effects.clear();
    app.keys("y l");
    match app.effects.as_slice() {
        [Effect::Copy(link)] => assert!(link.starts_with("http://192.168.1.5:7070/api/v1/")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn leaving_is_safe_and_stopping_asks() {
    let mut app = TestApp::filled(80, 24);
    app.effects.clear();
    app.keys("Esc q");
    assert!(app.effects.contains(&Effect::Leave(Exit::Detached)));
    app.effects.clear();
    app.keys("Q");
    assert!(app.screen().contains("4 downloads and 2 uploads stop."));
    app.keys("Enter");
    assert_eq!(app.effects, [], "the default is harmless");
    app.keys("Q y");
    assert!(app.effects.contains(&Effect::Leave(Exit::StopDaemon)));
    assert_eq!(app.actions(), [Action::Stop]);
    app.keys("/");
    app.letters("q");
    assert_eq!(app.watch().search.expect("a search").query, "q");
    app.keys("^C");
    assert!(app.effects.contains(&Effect::Leave(Exit::Detached)));
}

#[test]
fn a_lost_daemon_is_told_tried_again_and_found() {
    let mut app = TestApp::filled(120, 36);
    app.keys("Alt+2");
    app.feed();
    app.take(Message::LinkLost);
    assert!(app.line("no daemon").contains("retry at 12:03:08"));
    app.effects.clear();
    app.wait(1);
    assert_eq!(app.effects, [Effect::Reconnect]);
    app.take(Message::LinkFailed("connection refused".to_owned()));
    assert!(app.line("no daemon").contains("retry at 12:03:10 (1)"));
    app.effects.clear();
    app.keys("r");
    assert_eq!(app.effects, [Effect::Reconnect]);
    app.keys("p");
    assert_eq!(app.actions(), [], "nothing is promised without a daemon");
    app.take(Message::LinkUp);
    assert_eq!(app.model.link, DaemonLink::Up);
    assert!(
        app.watch().transfers.is_some(),
        "the new daemon learns what is watched"
    );
}

#[test]
fn errors_stay_until_a_key_and_news_go_by_themselves() {
    let mut app = TestApp::filled(80, 24);
    app.take(Message::Server(Box::new(ServerMessage::Reply {
        number: 9,
        result: Err(Failure {
            kind: FailureKind::Failed,
            message: "no space left\u{1b}[2J on device".to_owned(),
        }),
    })));
    app.wait(60);
    assert!(app.line("no space left").contains("<ESC>[2J"));
    app.keys("Down");
    assert!(!app.screen().contains("no space left"));
}

/// The index has been away for a while.
pub(super) fn without_index() -> Update {
    let mut header = header();
    header.link = LinkState::Lost {
        since: "2026-11-24T11:59:00Z".parse().expect("a time"),
        retry_at: "2026-11-24T12:04:00Z".parse().expect("a time"),
        tries: 2,
        reason: "connection refused".to_owned(),
    };
    Update {
        header: Some(header),
        ..Update::default()
    }
}

#[test]
fn what_the_network_told_looks_old_while_the_index_is_away() {
    let mut app = TestApp::filled(80, 24);
    assert_eq!(app.style_of("713 MiB").fg, Some(Color::Reset));
    app.server(without_index());
    assert!(
        app.line("no index since 11:59:00")
            .contains("Esc r tries now")
    );
    assert_eq!(app.style_of("713 MiB").fg, Some(Color::DarkGray));
    let transfers = app.style_of("8.2 MiB/s");
    assert_eq!(transfers.fg, Some(Color::Reset), "transfers go on");
    app.keys("Alt+4");
    app.feed();
    app.server(without_index());
    assert!(app.line("no index since").contains(" r tries now"));
    assert_eq!(app.style_of("● online").fg, Some(Color::DarkGray));
    app.keys("r");
    assert_eq!(app.actions(), [Action::Reconnect]);
}

#[test]
fn no_list_is_called_empty_that_was_never_seen() {
    let mut app = TestApp::new(80, 24);
    app.take(Message::LinkLost);
    for tab in ["Alt+1", "Alt+2", "Alt+3", "Alt+4", "Alt+5"] {
        app.keys(tab);
        let screen = app.screen();
        assert!(screen.contains("Nothing is known of it"), "{tab}\n{screen}");
        assert!(!screen.contains("Nothing is moving"), "{tab}\n{screen}");
    }
}

#[test]
fn a_line_of_the_log_is_read_whole_and_leads_to_its_transfer() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("Alt+5");
    let line = |number, text: &str| LogRow {
        number,
        at: "2026-11-24T12:00:00Z".parse().expect("a time"),
        level: "info".to_owned(),
        text: text.to_owned(),
    };
    let long = format!(
        "finished /srv/{}/lecture-notes-2025.zip",
        "folder".repeat(20)
    );
    app.server(Update {
        log: Some(Log {
            first: 0,
            rows: vec![line(1, "registered"), line(2, &long)],
            total: 2,
        }),
        ..Update::default()
    });
    let whole = "folder".repeat(10);
    assert!(!app.screen().contains(&whole));
    app.keys("i");
    app.line(&whole);
    app.keys("Enter");
    assert_eq!(app.model.tab, Tab::Transfers);
    match app.model.transfers.list.selected() {
        Some(TransferRow::Down(status)) => assert_eq!(status.name, "lecture-notes-2025.zip"),
        other => panic!("{other:?}"),
    }
}
