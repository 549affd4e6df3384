//! The second key of two: sort by a column, copy a thing, set a limit.

use protocol::search::{Order, Sort};

use super::Turn;
use crate::daemon::command::{PeerSort, TransferSort};
use crate::tui::input::Key;
use crate::tui::keymap::Command;
use crate::tui::layout::Body;
use crate::tui::model::Model;
use crate::tui::model::popup::Chord;

const SEARCH_SORTS: &[(char, &str, Sort)] = &[
    ('b', "best", Sort::Relevance),
    ('n', "name", Sort::Filename),
    ('s', "size", Sort::Size),
    ('d', "downloads", Sort::Downloads),
    ('r', "rating", Sort::Rating),
    ('t', "time", Sort::UploadTime),
];

const TRANSFER_SORTS: &[(char, &str, TransferSort)] = &[
    ('t', "state", TransferSort::State),
    ('n', "name", TransferSort::Name),
    ('s', "size", TransferSort::Size),
    ('p', "progress", TransferSort::Progress),
    ('r', "rate", TransferSort::Rate),
    ('o', "sources", TransferSort::Sources),
    ('a', "added", TransferSort::Added),
];

const PEER_SORTS: &[(char, &str, PeerSort)] = &[
    ('n', "name", PeerSort::Name),
    ('l', "latency", PeerSort::Latency),
    ('t', "trust", PeerSort::Trust),
    ('s', "shares", PeerSort::Shares),
    ('g', "got", PeerSort::Got),
    ('v', "gave", PeerSort::Gave),
];

/// What copies what.
pub(crate) const COPIES: [(char, &str, Command); 5] = [
    ('l', "link", Command::CopyLink),
    ('h', "hash", Command::CopyHash),
    ('n', "name", Command::CopyName),
    ('p', "path", Command::CopyPath),
    ('i', "id", Command::CopyId),
];

/// What sets which limit.
const LIMITS: [(char, &str, Command); 6] = [
    ('d', "down", Command::LimitDown),
    ('u', "up", Command::LimitUp),
    ('t', "this transfer", Command::LimitTransfer),
    ('p', "from peer", Command::LimitFromPeer),
    ('P', "to peer", Command::LimitToPeer),
    ('o', "off", Command::LimitsOff),
];

/// Of those, what there is something for under the cursor.
pub(crate) fn limits(body: Body) -> impl Iterator<Item = (char, &'static str, Command)> {
    let has_transfer = matches!(body, Body::Search | Body::Transfers | Body::Details);
    let has_peer = matches!(body, Body::Details | Body::Peers | Body::Browse);
    LIMITS
        .into_iter()
        .filter(move |(_, _, command)| match command {
            Command::LimitTransfer => has_transfer,
            Command::LimitFromPeer | Command::LimitToPeer => has_peer,
            _ => true,
        })
}

/// Letters and names of the columns that a list sorts by.
pub(crate) fn sorts(body: Body) -> Vec<(char, &'static str)> {
    match body {
        Body::Search => SEARCH_SORTS
            .iter()
            .map(|(key, name, _)| (*key, *name))
            .collect(),
        Body::Transfers => TRANSFER_SORTS
            .iter()
            .map(|(key, name, _)| (*key, *name))
            .collect(),
        Body::Peers => PEER_SORTS
            .iter()
            .map(|(key, name, _)| (*key, *name))
            .collect(),
        _ => Vec::new(),
    }
}

/// The letter of the column that the list of this screen is sorted by.
pub(crate) fn sort_letter(model: &Model) -> Option<char> {
    let found = match model.body() {
        Body::Search => {
            let sort = model.search.sort;
            SEARCH_SORTS.iter().find(|(.., one)| *one == sort)?.0
        }
        Body::Transfers => {
            let sort = model.transfers.sort;
            TRANSFER_SORTS.iter().find(|(.., one)| *one == sort)?.0
        }
        Body::Peers => {
            let sort = model.peers.sort;
            PEER_SORTS.iter().find(|(.., one)| *one == sort)?.0
        }
        _ => return None,
    };
    Some(found)
}

/// The name of the search's order, with its direction where it is not the usual one.
pub(crate) fn search_sort_name(sort: Sort, order: Option<Order>) -> String {
    let name = SEARCH_SORTS
        .iter()
        .find(|(_, _, found)| *found == sort)
        .map_or("best", |(_, name, _)| name);
    match order {
        Some(order) if order != sort.default_order() => format!("{name} reversed"),
        _ => name.to_owned(),
    }
}

/// The name of the peers' order.
pub(crate) fn peer_sort_name(sort: PeerSort) -> &'static str {
    PEER_SORTS
        .iter()
        .find(|(_, _, found)| *found == sort)
        .map_or("name", |(_, name, _)| name)
}

/// The name of the transfers' order.
pub(crate) fn transfer_sort_name(sort: TransferSort) -> &'static str {
    TRANSFER_SORTS
        .iter()
        .find(|(_, _, found)| *found == sort)
        .map_or("state", |(_, name, _)| name)
}

/// What moves a download where in the queue.
pub(crate) const ORDERS: [(char, &str, Command); 4] = [
    ('t', "top", Command::MoveTop),
    ('k', "up", Command::MoveUp),
    ('j', "down", Command::MoveDown),
    ('b', "bottom", Command::MoveBottom),
];

impl Turn<'_> {
    /// The key after the first one; anything unknown ends the pair.
    pub(super) fn chord_key(&mut self, chord: Chord, key: Key) {
        self.model.popup = None;
        let Some(letter) = key.typed() else { return };
        match chord {
            Chord::Sort => self.sort_by(letter),
            Chord::Copy => {
                if let Some((_, _, command)) = COPIES.iter().find(|(key, ..)| *key == letter) {
                    self.run(*command);
                }
            }
            Chord::Order => {
                if let Some((_, _, command)) = ORDERS.iter().find(|(key, ..)| *key == letter) {
                    self.run(*command);
                }
            }
            Chord::Limit => {
                let found = limits(self.model.body()).find(|(key, ..)| *key == letter);
                if let Some((_, _, command)) = found {
                    self.run(command);
                }
            }
        }
    }

    /// Sorts by the column with that letter; the other way round if it is sorted by it already.
    pub(super) fn sort_by(&mut self, letter: char) {
        match self.model.body() {
            Body::Search => {
                let found = SEARCH_SORTS.iter().find(|(key, ..)| *key == letter);
                let Some((_, _, sort)) = found else { return };
                let search = &mut self.model.search;
                let usual = sort.default_order();
                search.order = (search.sort == *sort && search.order.unwrap_or(usual) == usual)
                    .then_some(match usual {
                        Order::Asc => Order::Desc,
                        Order::Desc => Order::Asc,
                    });
                search.sort = *sort;
                self.order_changed();
            }
            Body::Transfers => {
                let found = TRANSFER_SORTS.iter().find(|(key, ..)| *key == letter);
                let Some((_, _, sort)) = found else { return };
                let tab = &mut self.model.transfers;
                tab.is_reversed = tab.sort == *sort && !tab.is_reversed;
                tab.sort = *sort;
            }
            Body::Peers => {
                let found = PEER_SORTS.iter().find(|(key, ..)| *key == letter);
                let Some((_, _, sort)) = found else { return };
                let tab = &mut self.model.peers;
                tab.is_reversed = tab.sort == *sort && !tab.is_reversed;
                tab.sort = *sort;
            }
            _ => {}
        }
    }
}
