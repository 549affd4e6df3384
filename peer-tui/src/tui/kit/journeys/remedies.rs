//! What to do is read to its end at both usual sizes, and nothing is said that is not so.

use super::super::TestApp;
use super::super::sample::{self, found_results};
use super::network::without_index;
use crate::daemon::state::{
    Failure, FailureKind, LogRow, Results, ServerMessage, ShareKind, Update,
};
use crate::tui::message::Message;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 36)];

fn opened((width, height): (u16, u16), tab: &str) -> TestApp {
    let mut app = TestApp::filled(width, height);
    app.keys(tab);
    app.feed();
    app
}

fn without_index_of(total_peers: u64) -> Update {
    let mut update = without_index();
    if let Some(header) = &mut update.header {
        header.total_peers = total_peers;
    }
    update
}

#[test]
fn a_lost_daemon_names_the_command_that_starts_one() {
    let none_runs = "no daemon runs for /home/lena/.local/share/peerdex: `peer-tui` or \
                     `peer-tui daemon` starts one";
    let other = "the daemon that runs here is version 9, this program is 1: `peer-tui stop` ends \
                 it, then start again";
    for (reason, remedy) in [
        (none_runs, "`peer-tui daemon` starts one"),
        (other, "`peer-tui stop` ends it"),
    ] {
        for size in SIZES {
            for tab in ["Alt+1", "Alt+2", "Alt+5"] {
                let mut app = opened(size, tab);
                app.take(Message::LinkLost);
                app.take(Message::LinkFailed(reason.to_owned()));
                let line = app.line("! no daemon since 12:03:07");
                for words in ["r now", "leave", remedy] {
                    assert!(line.contains(words), "{size:?} {tab}: {line}");
                }
                assert!(
                    size.0 == 80 || line.contains("retry at 12:03:09 (1)"),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn both_rates_stand_beside_a_lost_index() {
    for tab in ["Alt+1", "Alt+3", "Alt+5"] {
        let mut app = opened((80, 24), tab);
        app.server(without_index_of(7));
        let line = app.line("no index");
        assert!(line.ends_with("○ no index ↓ 12.4M ↑ 1.1M"), "{line}");
    }
}

#[test]
fn a_share_folder_that_is_gone_says_so_in_its_row_and_what_follows_below() {
    for size in SIZES {
        let mut app = TestApp::new(size.0, size.1);
        app.keys("Alt+3");
        let watch = app.watch();
        let mut update = sample::answer(&watch);
        let why = "not there; its files are shared again once it is back";
        let path = "/srv/share/a/folder/with/a/long/way/to/it/films";
        if let Some(shares) = &mut update.shares {
            let row = shares.rows.iter_mut().find(|row| row.is_trouble);
            let row = row.expect("a folder that is gone");
            assert_eq!(row.kind, ShareKind::Root);
            row.note = Some(why.to_owned());
            shares.troubles = vec![(path.to_owned(), why.to_owned())];
        }
        app.server(update);
        assert!(app.line("films/").ends_with("✗ not there"));
        let line = app.line("shared again");
        assert!(line.starts_with("   ✗ /srv/share"), "{line}");
        assert!(line.ends_with(&format!("films: {why}")), "{line}");
    }
}

#[test]
fn shares_without_a_file_say_how_to_share() {
    let mut app = TestApp::new(80, 24);
    app.keys("Alt+3");
    let watch = app.watch();
    let mut update = sample::answer(&watch);
    if let Some(shares) = &mut update.shares {
        shares.rows.truncate(1);
        (shares.total, shares.files, shares.found_files) = (1, 0, 0);
        (shares.hashing_files, shares.troubles) = (0, Vec::new());
    }
    app.server(update.clone());
    app.line("music/");
    app.line("Nothing is shared yet: drop files into");
    if let Some(shares) = &mut update.shares {
        (shares.files, shares.found_files) = (1, 1);
    }
    app.server(update.clone());
    assert!(!app.screen().contains("Nothing is shared yet"));
    if let Some(shares) = &mut update.shares {
        (shares.files, shares.found_files) = (0, 0);
        let gone = "not there; its files are shared again once it is back";
        shares.troubles = vec![("/srv/music".to_owned(), gone.to_owned())];
    }
    app.server(update);
    app.line("✗ /srv/music: not there");
    assert!(!app.screen().contains("Nothing is shared yet"));
}

#[test]
fn a_long_toast_has_a_second_line_and_hides_no_transfer() {
    let message = "\"http://127.0.0.1:17070abc\" is not the address of an index: write it like \
                   http://192.168.1.5:7070 or nas:7070";
    let mut app = opened((80, 24), "Alt+1");
    let result = Err(Failure {
        kind: FailureKind::Refused,
        message: message.to_owned(),
    });
    app.take(Message::Server(Box::new(ServerMessage::Reply {
        number: 1,
        result,
    })));
    app.line("\"http://127.0.0.1:17070abc\" is not the address of an index:");
    app.line("http://192.168.1.5:7070 or nas:7070");
    app.line("lecture-notes-2025.zip             ▊         ▏  6%");
}

#[test]
fn lines_of_the_log_are_told_apart_by_their_ends() {
    let mut app = opened((80, 24), "Alt+5");
    let line = |number: u64| LogRow {
        number,
        at: "2026-11-24T12:00:00Z".parse().expect("a time"),
        level: "info".to_owned(),
        text: format!("finished {}/part-{number}.mkv", "/srv/folder".repeat(9)),
    };
    let mut update = sample::answer(&app.watch());
    if let Some(log) = &mut update.log {
        (log.rows, log.total) = (vec![line(1), line(2)], 2);
    }
    app.server(update);
    for ending in ["part-1.mkv", "part-2.mkv"] {
        assert!(app.line(ending).ends_with(ending));
    }
    app.line("i whole line");
}

fn trouble(generation: u64) -> Results {
    let mut results = found_results(generation, &[], crate::daemon::command::Window::default());
    results.trouble = Some("index http://nas:7070 is not reached".to_owned());
    results
}

#[test]
fn results_stay_when_the_index_goes() {
    let mut app = opened((80, 24), "Alt+1");
    app.server(without_index_of(7));
    let search = app.watch().search.expect("a search");
    app.server(Update {
        results: Some(trouble(search.generation)),
        ..Update::default()
    });
    app.line("debian-handbook.pdf");
    let line = app.line("no index since");
    assert!(line.contains("this is as it was then ─"), "{line}");
}

#[test]
fn an_index_that_never_answered_is_not_called_lost() {
    let mut app = TestApp::new(80, 24);
    app.server(without_index_of(0));
    let search = app.watch().search.expect("a search");
    app.server(Update {
        results: Some(trouble(search.generation)),
        ..Update::default()
    });
    let line = app.line("! the index does not answer");
    assert!(line.contains("Esc r tries now"), "{line}");
    assert!(!app.screen().contains("as it was then"), "{line}");
    app.line("! index http://nas:7070 is not reached");
}
