//! The screen with the sample network on a real terminal, to look at:
//! `cargo test -p peer-tui --lib tui::kit::live -- --ignored --nocapture`.

use tokio::sync::mpsc;

use super::sample;
use crate::daemon::command::{Action, ClientMessage};
use crate::daemon::state::{Reply, ServerMessage};
use crate::tui::{Connection, Link, ScreenOptions, run};

fn answer(message: ClientMessage) -> Option<ServerMessage> {
    match message {
        ClientMessage::Watch(watch) => {
            Some(ServerMessage::Update(Box::new(sample::answer(&watch))))
        }
        ClientMessage::Do { number, action } => Some(ServerMessage::Reply {
            number,
            result: Ok(Reply::Done {
                note: format!("done {action:?}").chars().take(60).collect(),
                undo: Some(Box::new(Action::RescanShares)),
                ids: Vec::new(),
            }),
        }),
        ClientMessage::Hello { .. } => None,
    }
}

fn link() -> Link {
    let (to_daemon, mut asked) = mpsc::channel(64);
    let (answers, from_daemon) = mpsc::channel(64);
    std::thread::spawn(move || {
        while let Some(message) = asked.blocking_recv() {
            if let Some(answer) = answer(message)
                && answers.blocking_send(answer).is_err()
            {
                return;
            }
            if std::path::Path::new("/tmp/cut-the-link")
                .try_exists()
                .unwrap_or(false)
            {
                return;
            }
        }
    });
    Link {
        to_daemon,
        from_daemon,
    }
}

#[test]
#[ignore = "needs a terminal and a person"]
fn the_sample_network_on_this_terminal() {
    let connection = Connection {
        link: link(),
        reconnect: Box::new(|| {
            if std::path::Path::new("/tmp/cut-the-link")
                .try_exists()
                .unwrap_or(false)
            {
                return Err("connection refused".to_owned());
            }
            Ok(link())
        }),
    };
    let options = ScreenOptions {
        notes: vec!["others join with: peer-tui http://192.168.1.5:7070".to_owned()],
        is_mono: std::env::var_os("NO_COLOR").is_some(),
        ..ScreenOptions::default()
    };
    run(connection, options).expect("a screen");
}
