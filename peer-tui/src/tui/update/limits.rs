//! Limits: of everything, of downloads, of one peer.

use protocol::byte_size::parse_bytes;

use super::Turn;
use crate::daemon::command::{Action, LimitChange};
use crate::daemon::state::DownloadId;
use crate::tui::keymap::Command;
use crate::tui::layout::Body;
use crate::tui::model::popup::{Ask, Limited};
use crate::tui::model::tabs::DetailsView;

impl Turn<'_> {
    pub(super) fn limit(&mut self, command: Command) {
        let (down, up) = self.limits();
        match command {
            Command::LimitDown => self.ask_limit(Limited::Down, down),
            Command::LimitUp => self.ask_limit(Limited::Up, up),
            Command::LimitFromPeer | Command::LimitToPeer => self.ask_peer_limit(command),
            _ => self.act(Action::LiftLimits),
        }
    }

    /// Of everything, in and out.
    fn limits(&self) -> (Option<u64>, Option<u64>) {
        let header = self.model.header.as_ref();
        header.map_or((None, None), |header| (header.down_limit, header.up_limit))
    }

    fn ask_limit(&mut self, which: Limited, now: Option<u64>) {
        self.ask(Ask::Limit(which), &limit_text(now));
    }

    pub(super) fn ask_transfer_limit(&mut self, ids: Vec<DownloadId>, limit: Option<u64>) {
        if ids.is_empty() {
            return self.note("a finished download takes nothing more");
        }
        self.ask_limit(Limited::Transfers(ids), limit);
    }

    /// The peer under the cursor, or the one whose files are shown.
    fn ask_peer_limit(&mut self, command: Command) {
        let peers = &self.model.peers.list;
        let peer = match self.model.body() {
            Body::Peers => match peers.selected() {
                Some(row) if row.is_me => return self.note("this is you"),
                row => row.map(|row| row.id),
            },
            Body::Details => {
                let details = self.model.details.as_ref();
                let source = details.and_then(DetailsView::source);
                source.map(|source| source.peer)
            }
            Body::Browse => self.model.browse.as_ref().map(|browse| browse.peer),
            _ => None,
        };
        let Some(peer) = peer else {
            return self.note("no peer here");
        };
        let row = peers.rows().iter().find(|row| row.id == peer);
        let (down, up) = row.map_or((None, None), |row| (row.down_limit, row.up_limit));
        if command == Command::LimitFromPeer {
            self.ask_limit(Limited::FromPeer(peer), down);
        } else {
            self.ask_limit(Limited::ToPeer(peer), up);
        }
    }

    pub(super) fn set_limit(&mut self, which: Limited, limit: Option<u64>) {
        let (down, up) = self.limits();
        self.act(match which {
            Limited::Down => Action::SetLimits { down: limit, up },
            Limited::Up => Action::SetLimits { down, up: limit },
            Limited::Transfers(ids) => Action::LimitTransfers { ids, down: limit },
            Limited::FromPeer(peer) => Action::LimitPeer {
                peer: peer.to_string(),
                down: LimitChange::to(limit),
                up: LimitChange::Keep,
            },
            Limited::ToPeer(peer) => Action::LimitPeer {
                peer: peer.to_string(),
                down: LimitChange::Keep,
                up: LimitChange::to(limit),
            },
        });
    }
}

fn limit_text(limit: Option<u64>) -> String {
    limit.map_or_else(String::new, |limit| format!("{}K", limit.div_ceil(1024)))
}

pub(super) fn read_limit(text: &str) -> Result<Option<u64>, String> {
    let text = text.trim_end_matches("/s");
    if matches!(text, "" | "none" | "off" | "0") {
        return Ok(None);
    }
    match parse_bytes(text) {
        Ok(bytes) if bytes > 0 => Ok(Some(bytes)),
        Ok(_) => Ok(None),
        Err(_) => Err("give bytes a second such as 500K or 2M, or nothing for no limit".to_owned()),
    }
}
