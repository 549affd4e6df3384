//! What a person does, key by key, with the whole screen and without a daemon.

mod network;
mod orders;
mod remedies;
mod search;
mod steps;
mod transfers;
mod trouble;

use super::TestApp;
use super::sample::{found_results, result};
use crate::daemon::command::{Action, Window};
use crate::daemon::state::{Own, Reply, ServerMessage, Update};
use crate::tui::message::Message;

impl TestApp {
    pub(super) fn reply(&mut self, number: u64, note: &str, undo: Option<Action>) {
        let reply = Reply::Done {
            note: note.to_owned(),
            undo: undo.map(Box::new),
            ids: Vec::new(),
        };
        self.take(Message::Server(Box::new(ServerMessage::Reply {
            number,
            result: Ok(reply),
        })));
    }

    /// Results for the search that is watched now.
    pub(super) fn find(&mut self, names: &[&str]) {
        let rows: Vec<_> = names
            .iter()
            .map(|name| result(name, 1_000, 1, Own::None))
            .collect();
        let generation = self.watch().search.expect("a search").generation;
        let update = Update {
            results: Some(found_results(
                generation,
                &rows,
                Window {
                    first: 0,
                    count: 90,
                },
            )),
            ..Update::default()
        };
        self.server(update);
    }

    pub(super) fn selected(&self) -> String {
        let row = self.model.search.list.selected();
        row.map(|row| row.name.clone()).unwrap_or_default()
    }
}

pub(super) fn wished(actions: &[Action]) -> Vec<&str> {
    match actions {
        [Action::Download { wishes }] => wishes.iter().map(|wish| wish.path.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}
