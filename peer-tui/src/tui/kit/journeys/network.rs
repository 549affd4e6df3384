//! Peers, shares, the daemon, help, leaving.

use super::super::TestApp;
use super::super::sample::{hash, peer};
use super::wished;
use crate::daemon::command::Action;
use crate::daemon::state::{DownloadId, Failure, FailureKind, ServerMessage};
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
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.take(Message::LinkLost);
    assert!(
        app.line("no daemon since 12:03:07")
            .contains("retry at 12:03:08")
    );
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
